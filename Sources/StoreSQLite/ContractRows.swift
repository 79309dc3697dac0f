import Ethereum
import GRDB
import Tokens

/// Rows of what contracts said of themselves: one for each contract that was asked.
enum ContractRows {
    static let columns = "name, symbol, supply, uri, interfaces, block, block_hash"

    /// nil: never heard.
    static func facts(of contract: AddressID, _ reading: ListReading) throws -> ContractFacts? {
        try reading.first(
            "SELECT \(columns) FROM contract_data WHERE chain = ?1 AND contract = ?2 AND block IS NOT NULL",
            [reading.chain, contract]
        ).map(facts)
    }

    /// What a contract calls itself; nil where it does not, or was not heard.
    static func name(of contract: AddressID, _ reading: ListReading) throws -> String? {
        try reading.first(
            "SELECT name FROM contract_data WHERE chain = ?1 AND contract = ?2",
            [reading.chain, contract]
        )?[0]
    }

    private static func facts(_ row: Row) throws -> ContractFacts {
        var supply: U256?
        if let bytes: Data_ = row[2] {
            guard let number = U256(shortestBytes: bytes) else { throw ListReading.damaged("supply") }
            supply = number
        }
        return ContractFacts(
            name: row[0],
            symbol: row[1],
            totalSupply: supply,
            uri: row[3],
            interfaces: (row[4] as Int64?).map { ContractFacts.Interfaces(rawValue: $0) },
            block: BlockRef(number: ListReading.number(row, 5), hash: try ListReading.hash(row, 6))
        )
    }

    /// Has a contract that was heard asked again with the next look; what it said stays until then.
    static func askAgain(_ contract: AddressID, now: Int64, _ reading: ListReading) throws {
        try reading.db.execute(
            sql: "UPDATE contract_data SET attempts = 0, due = ? WHERE chain = ? AND contract = ?",
            arguments: [now, reading.chain, contract]
        )
    }

    /// Writes down what was heard, where it differs from what is held.
    static func take(_ reading: ContractReading, _ held: ListReading, _ tally: inout ContractTally) throws {
        guard let contract = try held.id(of: reading.contract) else { throw ListReading.damaged("address") }
        guard let facts = reading.facts else {
            tally.failed += 1
            return try held.db.execute(
                sql: """
                    INSERT INTO contract_data(chain, contract, attempts, due) VALUES(?1, ?2, 1, ?3)
                    ON CONFLICT(chain, contract) DO UPDATE SET attempts = attempts + 1, due = ?3
                    """,
                arguments: [held.chain, contract, reading.retryAt]
            )
        }
        guard try held.isOnChain(facts.block) else {
            tally.unheard += 1
            return
        }
        if let before = try self.facts(of: contract, held), try held.isOnChain(before.block),
            isSame(before, facts) || before.block.number > facts.block.number
        {
            // Somebody else may have asked later and been quicker: what is newer stays.
            tally.unchanged += 1
            // A try that failed meanwhile is over.
            return try held.db.execute(
                sql: """
                    UPDATE contract_data SET attempts = 0, due = NULL
                    WHERE chain = ? AND contract = ? AND (attempts <> 0 OR due IS NOT NULL)
                    """,
                arguments: [held.chain, contract]
            )
        }
        tally.changed += 1
        try held.db.execute(
            sql: """
                INSERT OR REPLACE INTO contract_data(chain, contract, \(columns), attempts, due)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)
                """,
            arguments: [
                held.chain, contract, facts.name, facts.symbol, facts.totalSupply.map { Blob.data($0.shortestBytes) },
                facts.uri, facts.interfaces?.rawValue, Int64(bitPattern: facts.block.number),
                Blob.data(facts.block.hash.bytes),
            ]
        )
    }

    /// The same words at another block are no news.
    private static func isSame(_ before: ContractFacts, _ after: ContractFacts) -> Bool {
        var before = before
        before.block = after.block
        return before == after
    }
}
