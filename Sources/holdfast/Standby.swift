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
                return try await store.open(request, holder: holder)
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
}
