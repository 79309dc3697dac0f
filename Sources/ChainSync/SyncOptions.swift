package import Ethereum

/// How an engine follows a chain.
///
/// Defaults suit an unknown chain with one public endpoint.
package struct SyncOptions: Sendable {
    /// Blocks behind the head that count as final where the `finalized` tag does not work.
    package var confirmations: UInt64 = 20
    /// Pause between two looks at the head.
    package var pollInterval: Duration = .seconds(1)
    /// Pause after a failed round; doubled up to ``retryPauseMax`` while it goes on failing.
    package var retryPause: Duration = .milliseconds(500)
    package var retryPauseMax: Duration = .seconds(15)
    /// Rows that make a backfill commit; 20,000 is where SQLite's rate stops growing.
    package var commitRows = 20_000
    /// A backfill commit is made at least this often while rows wait.
    package var commitInterval: Duration = .milliseconds(250)
    /// Blocks that the tail takes over in one commit at most.
    package var followBlocksMax = 64
    /// Blocks further behind than this are read in ranges, not one by one.
    package var jumpBlocksMin: UInt64 = 128

    /// A head that does not move for so long is called silent.
    ///
    /// Twenty blocks of the slowest chains; not a fault of ours, and nothing that a restart would mend.
    package var silentAfter: Duration = .seconds(300)

    package init() {}
}

/// Why an engine stopped by itself.
///
/// Anything that may pass by waiting is retried and never ends here.
package enum SyncError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process took the chain over.
    case superseded
    /// The chain changed deeper than may be undone without an operator.
    case deepReorg(tip: BlockRef, head: BlockRef)
    case wrongChain(String)
    case unservable(String)

    package var description: String {
        switch self {
        case .superseded: "another instance took this chain over; it goes on there"
        case .deepReorg(let tip, let head):
            "deep reorg: our block \(tip.number) (\(tip.hash)) and the head \(head.number) (\(head.hash)) have no common "
                + "ancestor within reach, and no two operators agree that ours is gone down to an unfinalized block; add an "
                + "endpoint of another operator, or `holdfast rewind --to-block N`"
        case .wrongChain(let what): what
        case .unservable(let what): what
        }
    }
}
