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
        package var finalized: BlockNumber?
        package var tip: BlockRef?
        package var checkpoint: BlockNumber?
        /// Blocks a backfill still has to read, and had at its start.
        package var blocksLeft: UInt64 = 0
        package var blocksTotal: UInt64 = 0
        /// Rows written since the engine started.
        package var rowsWritten: UInt64 = 0
        package var commits: UInt64 = 0
        package var rewinds: UInt64 = 0
        /// Blocks undone by the deepest rewind.
        package var rewindDepthMax: UInt64 = 0
    }

    private let state = Mutex(Snapshot())

    package init() {}

    package var snapshot: Snapshot { state.withLock { $0 } }

    package func update(_ change: (inout Snapshot) -> Void) {
        state.withLock { change(&$0) }
    }
}
