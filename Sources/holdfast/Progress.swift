import ChainSync
import Ethereum
import Foundation

/// Shows how far a running engine is: a bar on a terminal, a line every few seconds elsewhere; always on stderr.
struct Progress {
    /// What is shown: one line for each engine, in order of chains; chains may join later.
    private let statuses: @Sendable () -> [(ChainID, SyncStatus)]
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private static let lineInterval = 5.0
    private static let barInterval = 0.2

    init(chain: ChainID, status: SyncStatus) { statuses = { [(chain, status)] } }

    init(fleet: Fleet) { statuses = { fleet.statuses } }

    /// Prints until cancelled.
    func run() async {
        let clock = ContinuousClock()
        let started = clock.now
        var rates = RowRates(started: 0)
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(isTerminal ? Self.barInterval : Self.lineInterval))
            let elapsed = (clock.now - started) / .seconds(1)
            for (chain, status) in statuses() {
                let snapshot = status.snapshot
                let rate = rates.rate(of: chain, rows: snapshot.rowsWritten, at: elapsed)
                write(line(snapshot, rate: rate, elapsed: elapsed))
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
