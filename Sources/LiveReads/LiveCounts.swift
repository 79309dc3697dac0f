/// What became of the questions since the start; each counts in exactly one of the first four, and failures by kind besides.
package struct LiveCounts: Sendable, Equatable {
    /// Read from the chain.
    package var live: UInt64 = 0
    package var cached: UInt64 = 0
    /// The last known value instead of one that could not be read.
    package var stale: UInt64 = 0
    /// No value at all.
    package var failed: UInt64 = 0
    /// Reads that failed, also where a last known value was given.
    package var failures: [LiveFailure.Kind: UInt64] = [:]
    /// Questions that waited for a read that was on its way.
    package var joined: UInt64 = 0
    /// Kept answers that a transfer or a reorg made void.
    package var voided: UInt64 = 0
    /// Answers kept now.
    package var entries: UInt64 = 0

    package init() {}
}
