import Foundation
import Synchronization
import Tokens

/// How far `enrich` is: a bar on a terminal, a line every few seconds elsewhere; always on stderr.
final class EnrichProgress: Sendable {
    private let jobs: Int
    private let started = ContinuousClock.now
    private let last = Mutex<ContinuousClock.Instant?>(nil)
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(jobs: Int) { self.jobs = jobs }

    func show(_ tally: MetadataTally) {
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
        let isDue = last.withLock { last in
            if let last, now - last < interval { return false }
            last = now
            return true
        }
        guard isDue else { return }
        write(line(tally, (now - started) / .seconds(1)))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }

    private func line(_ tally: MetadataTally, _ elapsed: Double) -> String {
        let done = tally.changed + tally.unchanged
        let share = jobs > 0 ? min(1, Double(done) / Double(jobs)) : 1
        let filled = Int(share * 24)
        var text = "enrich [" + String(repeating: "█", count: filled) + String(repeating: "·", count: 24 - filled) + "]"
        text += String(format: " %d of %d · %.0f/s", done, jobs, Double(done) / max(0.001, elapsed))
        if share > 0.01, share < 1 { text += String(format: " · ETA %.0f s", elapsed / share - elapsed) }
        if tally.failed + tally.refused > 0 { text += " · \(tally.failed) failed, \(tally.refused) refused" }
        return text
    }

    private func write(_ line: String) {
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1b}[K" + line : line + "\n").utf8))
    }
}
