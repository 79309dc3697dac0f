import Ethereum
import GRDB
import Oracle
import Simulator
import StoreSQLite
import Tokens

/// Compares what a store holds with what the simulated chain knows, and with another store.
enum Verdict {
    /// The first difference between the export and the oracle's table; nil: none.
    static func difference(
        _ store: SQLiteStore,
        _ chain: ChainID,
        _ owners: OwnerTable,
        only contracts: [Address]
    ) throws -> String? {
        let only = contracts.isEmpty ? nil : Set(contracts.map(\.hex))
        let expected = owners.exportLines(chainID: chain, only: only)
        var found: [String] = []
        let summary = try store.holdings(of: chain, at: nil) { found.append(text($0, chain)) }
        for (left, right) in zip(expected, found) where left != right {
            return "expected \(left)\n   found    \(right)"
        }
        if expected.count != found.count {
            let next =
                expected.count > found.count ? "missing \(expected[found.count])" : "extra \(found[expected.count])"
            return "\(expected.count) lines expected, \(found.count) found; \(next)"
        }
        let negative = owners.negativeSums(only: only)
        return summary.negativeSums == negative ? nil : "\(negative) negative sums, \(summary.negativeSums) counted"
    }

    private static func text(_ line: HoldingLine, _ chain: ChainID) -> String {
        let last = line.tokenTo.map { #","tokenIdTo":"\#($0)""# } ?? ""
        return #"{"chainId":\#(chain),"contract":"\#(line.contract)","#
            + #""standard":"\#(line.rule == .unique ? "erc721" : "erc1155")","#
            + #""tokenId":"\#(line.token)"\#(last),"owner":"\#(line.owner)","amount":"\#(line.amount)"}"#
    }

    /// Everything that does not depend on the order of commits, as text.
    static func dump(_ path: String) throws -> [String] {
        try queue(path).read { db in
            try [
                """
                SELECT 'digest ' || hex(c.bytes) || ' ' || rows || ' ' || digest_high || ' ' || digest_low
                FROM contract JOIN address c ON c.id = contract.contract ORDER BY 1
                """,
                """
                SELECT 'owner ' || hex(c.bytes) || ' ' || hex(token) || ' ' || hex(o.bytes) || ' ' || block || ' '
                  || log_index || ' ' || ordinal
                FROM owner JOIN address c ON c.id = contract JOIN address o ON o.id = owner.owner ORDER BY 1
                """,
                """
                SELECT 'balance ' || hex(c.bytes) || ' ' || hex(token) || ' ' || hex(o.bytes) || ' ' || hex(amount)
                FROM balance JOIN address c ON c.id = contract JOIN address o ON o.id = balance.owner ORDER BY 1
                """,
                """
                SELECT 'supply ' || hex(c.bytes) || ' ' || hex(token) || ' ' || hex(amount) || ' ' || movements
                FROM supply JOIN address c ON c.id = contract ORDER BY 1
                """,
                "SELECT 'malformed ' || block || ' ' || log_index || ' ' || reason FROM malformed_log ORDER BY 1",
                """
                SELECT 'counters ' || transfers_processed || ' ' || tokens_discovered || ' ' || error_count FROM chain
                """,
            ].flatMap { try String.fetchAll(db, sql: $0) }
        }
    }

    /// Counters that are not the number of their rows, hashes that are not the chain's; nil: all is well.
    ///
    /// - Parameter hashes: of the chain's blocks, by height.
    static func inconsistency(_ path: String, _ hashes: [Hash32]) throws -> String? {
        try queue(path).read { db in
            let counted = try Int.fetchAll(
                db,
                sql: """
                    SELECT transfers_processed - (SELECT count(*) FROM transfer) - (SELECT count(*) FROM token_range)
                    FROM chain
                    UNION ALL
                    SELECT tokens_discovered - (SELECT count(*) FROM owner) - (SELECT count(*) FROM supply) FROM chain
                    UNION ALL
                    SELECT error_count - (SELECT count(*) FROM malformed_log) FROM chain
                    """
            )
            guard counted == [0, 0, 0] else { return "counters differ from rows by \(counted)" }
            for row in try Row.fetchAll(db, sql: "SELECT number, lower(hex(hash)) AS hash FROM block") {
                let (number, hash): (Int64, String) = (row["number"], row["hash"])
                let expected = hashes.indices.contains(Int(number)) ? hashes[Int(number)].hex : nil
                guard expected == "0x" + hash else { return "block \(number) is held as \(hash)" }
            }
            return nil
        }
    }

    static func queue(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
