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

    package func untimedBlocks(
        of chain: ChainID,
        from block: BlockNumber,
        limit: Int
    ) async throws -> [BlockRef] {
        try await run { try self.untimed(chain, from: block, limit: limit) }
    }

    private func untimed(_ chain: ChainID, from block: BlockNumber, limit: Int) throws -> [BlockRef] {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT number, hash FROM block INDEXED BY block_untimed
                    WHERE chain = ? AND number >= ? AND timestamp IS NULL AND role & 1 ORDER BY number LIMIT ?
                    """,
                arguments: [row.id, Int64(clamping: block), limit]
            ).compactMap { row in
                let (number, bytes): (Int64, Data_) = (row["number"], row["hash"])
                return Hash32(bytes: bytes).map { BlockRef(number: UInt64(bitPattern: number), hash: $0) }
            }
        }
    }

    package func heldBlock(of chain: ChainID, atOrBelow number: BlockNumber) async throws -> BlockRef? {
        try await run {
            try self.pool.read { db in
                guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
                return try ChainTable.heldBlock(of: row, atOrBelow: number, db)
            }
        }
    }

    package func renewLease(of chain: ChainID, as version: ChainVersion) async throws {
        try await run { try self.renewingLease(of: chain, as: version) }
    }

    package func releaseLease(of chain: ChainID, as version: ChainVersion) async throws {
        try await run { try self.releasingLease(of: chain, as: version) }
    }

    package func buildIndexes(of chain: ChainID, as version: ChainVersion) async throws {
        try await run { try self.buildingIndexes(of: chain, as: version) }
    }
}
