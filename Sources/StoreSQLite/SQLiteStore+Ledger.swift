package import Ethereum
import GRDB
package import Tokens

/// The rim: the ledger's questions, moved to where blocking is allowed.
extension SQLiteStore: Ledger {
    package func open(_ request: ChainRequest, holder: ID128) async throws -> ChainState {
        try await run { try self.opening(request, holder: holder) }
    }

    package func state(of chain: ChainID) async throws -> ChainState {
        try await run { try self.reading(chain) }
    }

    package func apply(_ update: ChainUpdate, to chain: ChainID) async throws -> Committed {
        try await run { try self.applying(update, to: chain) }
    }

    package func buildIndexes() async throws {
        try await run { try self.buildingIndexes() }
    }
}
