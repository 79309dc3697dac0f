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
            guard let contract = try reading.id(of: token.contract),
                let held = try MetadataRows(reading).held(token, contract)
            else { return nil }
            return try Self.hasMoved(token.token, contract, reading) ? held : nil
        }
    }

    package func document(of token: TokenID, version: UInt64?, on chain: ChainID) throws -> HeldDocument? {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            guard let contract = try reading.id(of: token.contract) else { return nil }
            let row = try reading.first(
                """
                SELECT d.raw, d.hash, v.version FROM metadata_version v JOIN metadata_document d ON d.id = v.document
                WHERE v.chain = ?1 AND v.contract = ?2 AND v.token = ?3 AND v.version = ifnull(?4, v.version)
                ORDER BY v.version DESC LIMIT 1
                """,
                [
                    reading.chain, contract, ListReading.key(token.token),
                    version.map { Int64(clamping: $0) },
                ]
            )
            guard let row, try Self.hasMoved(token.token, contract, reading) else { return nil }
            let raw: Data_ = row[0]
            return HeldDocument(
                raw: Array(raw),
                hash: try ListReading.hash(row, 1),
                version: ListReading.number(row, 2)
            )
        }
    }

    /// Whether the chain as it is now knows the token: what was found out about one whose mint was undone is kept, and not shown.
    private static func hasMoved(_ token: U256, _ contract: AddressID, _ reading: ListReading) throws -> Bool {
        try reading.first(
            """
            SELECT EXISTS(SELECT 1 FROM owner WHERE chain = ?1 AND contract = ?2 AND token = ?3)
              OR EXISTS(SELECT 1 FROM supply WHERE chain = ?1 AND contract = ?2 AND token = ?3)
              OR EXISTS(SELECT 1 FROM token_range WHERE chain = ?1 AND contract = ?2 AND first <= ?3 AND last >= ?3)
            """,
            [reading.chain, contract, ListReading.key(token)]
        )?[0] ?? false
    }
}
