package import Ethereum
import Synchronization

/// What people and the API may know of a running engine: a snapshot, replaced as a whole.
package final class SyncStatus: Sendable {
    package enum Phase: String, Sendable {
        case backfill, tail, blocked, maintenance, idle
    }

    package struct Snapshot: Sendable {
        package var phase = Phase.idle
        /// Why it is blocked, or what it waits for.
        package var reason: String?
        package var head: BlockNumber?
        /// Looks at the head that were answered: where these go on, the loop lives, whatever the chain does.
        package var looks: UInt64 = 0
        /// How long the head has not moved, from ``SyncOptions/silentAfter`` on; nil: it moves.
        package var silentFor: Duration?
        package var finalized: BlockNumber?
        package var tip: BlockRef?
        package var checkpoint: BlockNumber?
        /// Blocks a backfill still has to read, and had at its start.
        package var blocksLeft: UInt64 = 0
        package var blocksTotal: UInt64 = 0
        /// Rows written since the engine started.
        package var rowsWritten: UInt64 = 0
        package var commits: UInt64 = 0
        /// Rows that were missed once and put in since the engine started.
        package var rowsRepaired: UInt64 = 0
        package var rewinds: UInt64 = 0
        /// Blocks undone by the deepest rewind.
        package var rewindDepthMax: UInt64 = 0
        /// Blocks undone by all rewinds.
        package var rewoundBlocks: UInt64 = 0
        /// Rewinds of at most so many blocks as the bound beside it in ``rewindDepthBounds``, and of more than the last.
        package var rewindsByDepth = [UInt64](repeating: 0, count: rewindDepthBounds.count)

        /// One block is everyday, and beyond the last something is wrong with the chain.
        package static let rewindDepthBounds: [UInt64] = [1, 2, 4, 8, 16, 32, 64, 128]

        mutating func rewound(_ depth: UInt64) {
            rewinds += 1
            rewindDepthMax = max(rewindDepthMax, depth)
            rewoundBlocks += depth
            if let index = Self.rewindDepthBounds.firstIndex(where: { depth <= $0 }) { rewindsByDepth[index] += 1 }
        }
    }

    private let state = Mutex(Snapshot())

    package init() {}

    package var snapshot: Snapshot { state.withLock { $0 } }

    package func update(_ change: (inout Snapshot) -> Void) {
        state.withLock { change(&$0) }
    }
}
