import ChainSync
import Ethereum
import Logging
import StoreSQLite
import Tokens

/// Waits for a chain that another instance holds, and says so meanwhile; or does not wait at all.
struct Standby: Sendable {
    /// false: the first refusal is thrown.
    var waits: Bool
    var logger: Logger
    /// Told of every wait, with what the chain's status is to be.
    var noting: @Sendable (ChainID, SyncStatus.Phase, String) -> Void = { _, _, _ in }

    /// Between two tries; a lease that runs out is taken within this and its rest.
    private static let pause: Duration = .seconds(1)

    /// Opens the chain for writing as soon as nobody else holds it.
    ///
    /// - Throws: ``LedgerError/held(by:)`` where it does not wait.
    func open(_ request: ChainRequest, _ store: SQLiteStore, holder: ID128) async throws -> ChainState {
        var said: String?
        func note(_ phase: SyncStatus.Phase, _ reason: String) {
            noting(request.identity.chainID, phase, reason)
            guard said != reason else { return }
            said = reason
            logger.notice("standing by", metadata: ["chain": "\(request.identity.chainID)", "reason": "\(reason)"])
        }
        while true {
            do {
                let state = try await store.open(request, holder: holder)
                if let predecessor = state.predecessor { report(predecessor, state) }
                return state
            } catch LedgerError.held(let by) where waits {
                note(by.work == nil ? .idle : .maintenance, LedgerError.held(by: by).description)
            } catch let error as StoreError {
                // Somebody stopped inside a transaction: nothing can be written until he goes on or ends.
                guard waits, case .busy = error else { throw error }
                note(.blocked, error.description)
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// A COMMIT that was sent and whose answer nobody read is decided here: what is held is what was applied.
    private func report(_ predecessor: Predecessor, _ state: ChainState) {
        logger.notice(
            "the instance before did not end by itself; its last commit was applied",
            metadata: [
                "chain": "\(state.identity.chainID)", "process": "\(predecessor.process)",
                "revision": "\(predecessor.version.revision)", "commit": "\(predecessor.version.commitID)",
                "tip": "\(state.tip.map { String($0.number) } ?? "none")",
            ]
        )
    }
}
