import Ethereum
import Logging
import Tokens

/// A chain turns out to be one whose nodes give unusable log numbers: everything is read again, numbered from receipts.
///
/// Rows held so far carry the nodes' numbers. Read again they would have other keys and count twice, so none may stay.
extension SyncEngine {
    /// An answer was numbered from receipts while the ledger's rows were not.
    struct RenumberedAnswer: Error {}

    /// Marks the chain and undoes all of it, in one transaction; the next round begins at the first block.
    func renumber(_ state: inout ChainState) async throws {
        let first = BlockRef(number: 0, hash: state.identity.genesis)
        var update = update(from: state)
        update.renumbers = true
        if state.tip != nil {
            update.rewindTo = 0
            update.tip = first
            update.blocks = [BlockRecord(number: 0, hash: first.hash, timestamp: nil, role: .anchor)]
        }
        let committed = try await commit(update, &state)
        state.isRenumbered = true
        if state.tip != nil { state.window = [first] }
        status.update { $0.blocksTotal = 0 }
        logger.warning(
            "log numbers of this chain cannot be used: all of it is read again, numbered from receipts",
            metadata: ["rowsUndone": "\(committed.undone)"]
        )
    }
}
