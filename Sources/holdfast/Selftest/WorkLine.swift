import Foundation
import Synchronization

/// How far a piece of work is, with rate and time left, on stderr: one changing line on a terminal, else one now and then.
final class WorkLine: Sendable {
    private struct State {
        var shown = ContinuousClock.Instant?.none
        var total: Int?
    }

    private let name: String
    private let started = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state: Mutex<State>

    init(_ name: String, of total: Int?) {
        self.name = name
        state = Mutex(State(total: total))
    }

    /// Seconds between two lines.
    private var interval: Duration { isTerminal ? .milliseconds(200) : .seconds(5) }

    func show(_ done: Int, of total: Int? = nil) {
        let now = ContinuousClock.now
        let text: String? = state.withLock { state in
            if let total { state.total = total }
            guard (state.shown ?? started) + interval <= now else { return nil }
            state.shown = now
            return line(done, of: state.total, after: (now - started) / .seconds(1))
        }
        guard let text else { return }
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1b}[K\(text)" : "\(text)\n").utf8))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }

    private func line(_ done: Int, of total: Int?, after seconds: Double) -> String {
        let rate = Double(done) / max(seconds, 0.001)
        var text = "\(name) \(done)"
        if let total { text += " of \(total)" }
        text += String(format: " · %.1f/s", rate)
        if let total, rate > 0, done < total {
            let left = Int(Double(total - done) / rate)
            text += String(format: " · ETA %d:%02d", left / 60, left % 60)
        }
        return text
    }
}
