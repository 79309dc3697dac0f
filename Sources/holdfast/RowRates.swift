import Ethereum

/// Rows a second of several chains, each measured for itself, over at least a second.
struct RowRates {
    private struct Mark {
        /// Seconds on the caller's clock.
        var time: Double
        var rows: UInt64
        var rate: Double
    }

    private let started: Double
    private var marks: [ChainID: Mark] = [:]
    private static let window = 1.0

    init(started: Double) { self.started = started }

    /// The chain's latest rate.
    ///
    /// - Parameter rows: written so far; fewer than before, as of an engine that was made anew, count as none.
    mutating func rate(of chain: ChainID, rows: UInt64, at time: Double) -> Double {
        var mark = marks[chain] ?? Mark(time: started, rows: 0, rate: 0)
        let elapsed = time - mark.time
        if elapsed >= Self.window {
            let written = rows >= mark.rows ? rows - mark.rows : 0
            mark = Mark(time: time, rows: rows, rate: Double(written) / elapsed)
        }
        marks[chain] = mark
        return mark.rate
    }
}
