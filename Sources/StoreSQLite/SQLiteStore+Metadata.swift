package import Ethereum
import GRDB
package import Tokens

/// What was found out about tokens' metadata: results in, answers out.
extension SQLiteStore {
    package func finishMetadata(
        _ results: [MetadataResult],
        of chain: ChainID,
        as claim: ID128,
        now: Int64
    ) async throws -> MetadataTally {
        guard !results.isEmpty else { return MetadataTally() }
        return try await run {
            try self.writing { db in
                let reading = try ListReading(db, chain)
                var rows = MetadataRows(reading)
                for result in results { try rows.take(result, as: claim) }
                for contract in rows.changed.sorted() {
                    var collection = try CollectionRows(reading, contract, now: now)
                    collection.changed(now: now)
                    try collection.write()
                }
                if rows.enriched != 0 {
                    try db.execute(
                        sql: "UPDATE chain SET tokens_enriched = tokens_enriched + ? WHERE id = ?",
                        arguments: [rows.enriched, reading.chain]
                    )
                }
                return rows.tally
            }
        }
    }

    package func metadata(of chain: ChainID, _ body: (TokenMetadata) throws -> Void) throws {
        try pool.read { db in try MetadataRows(ListReading(db, chain)).all(body) }
    }

    package func metadata(of token: TokenID, on chain: ChainID) throws -> TokenMetadata? {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            guard let contract = try reading.id(of: token.contract) else { return nil }
            return try MetadataRows(reading).held(token, contract)
        }
    }
}
