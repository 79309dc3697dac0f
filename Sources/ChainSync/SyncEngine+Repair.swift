import Ethereum
import Logging
import Tokens

/// Rows that an audit proved to be missing, put in by the one that holds the chain.
extension SyncEngine {
    /// Puts in what waits, each repair in a commit of its own; one that was found in another state is dropped.
    ///
    /// - Throws: what a commit throws; the repair is dropped then, and the audit finds it again.
    func putInRepairs(_ state: inout ChainState) async throws {
        while let repair = repairs.next() {
            let id = ID128(high: random(), low: random())
            guard let update = repair.update(of: state, commitID: id) else { continue }
            let committed = try await commit(update, &state)
            status.update { $0.rowsRepaired += UInt64(committed.inserted) }
            logger.warning("missed rows were put in", metadata: ["rows": "\(committed.inserted)"])
        }
    }
}
