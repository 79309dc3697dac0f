import ChainSync
import Ethereum
import Foundation

/// Shows how far a running engine is: a bar on a terminal, a line every few seconds elsewhere; always on stderr.
struct Progress {
    /// What is shown: one line for each engine.
    private let statuses: @Sendable () -> [SyncStatus]
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private static let lineInterval = 5.0
    private static let barInterval = 0.2

    init(status: SyncStatus) { statuses = { [status] } }

    init(fleet: Fleet) { statuses = { fleet.statuses } }

    /// Prints until cancelled.
    func run() async {
        let started = Date()
        var last: [Int: (time: Date, rows: UInt64, rate: Double)] = [:]
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(isTerminal ? Self.barInterval : Self.lineInterval))
            let now = Date()
            for (index, status) in statuses().enumerated() {
                let snapshot = status.snapshot
                var mark = last[index] ?? (started, 0, 0)
                let elapsed = now.timeIntervalSince(mark.time)
                if elapsed >= 1 {
                    mark = (now, snapshot.rowsWritten, Double(snapshot.rowsWritten - mark.rows) / elapsed)
                }
                last[index] = mark
                write(line(snapshot, rate: mark.rate, elapsed: now.timeIntervalSince(started)))
            }
        }
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }

    private func line(_ snapshot: SyncStatus.Snapshot, rate: Double, elapsed: Double) -> String {
        let done = snapshot.blocksTotal > snapshot.blocksLeft ? snapshot.blocksTotal - snapshot.blocksLeft : 0
        var text = "\(snapshot.phase.rawValue)"
        if snapshot.phase == .backfill, snapshot.blocksTotal > 0 {
            let share = Double(done) / Double(snapshot.blocksTotal)
            let width = 24
            let filled = Int(share * Double(width))
            text += " [" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled) + "]"
            text += String(format: " %.1f %%", share * 100)
            if share > 0.01 {
                let left = elapsed / share - elapsed
                text += " ETA " + Self.clock(left)
            }
        }
        if let tip = snapshot.tip { text += " block \(tip.number)" }
        if let head = snapshot.head { text += " of \(head)" }
        text += " · \(snapshot.rowsWritten) rows"
        if rate > 0 { text += String(format: " · %.0f rows/s", rate) }
        if let reason = snapshot.reason { text += " · waiting: \(reason)" }
        return text
    }

    private func write(_ line: String) {
        let text = isTerminal ? "\r\u{1b}[K" + String(line.prefix(160)) : line + "\n"
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 359_999))
        return String(format: "%d:%02d:%02d", whole / 3_600, whole / 60 % 60, whole % 60)
    }
}
