package import Ethereum
import GRDB
package import Tokens

/// Which contracts are to be asked what they are, and what they said.
extension SQLiteStore: ContractQueue {
    /// Contracts that one look goes through; most of them were heard already.
    private static let contractsAtOnce = 1_000

    package func contractsToRead(
        of chain: ChainID,
        contract: Address?,
        whose: MetadataScope,
        after: ContractPosition?,
        now: Int64,
        all: Bool
    ) async throws -> (contracts: [ContractToRead], next: ContractPosition?) {
        try await run {
            try self.list(chain) { reading in
                var (first, last): (AddressID, AddressID) = ((after?.contract ?? -1) + 1, .max)
                if let contract {
                    guard let id = try reading.id(of: contract) else { return ([], nil) }
                    (first, last) = (max(first, id), id)
                }
                return try Self.contracts(first, last, whose, now: now, all: all, reading)
            }
        }
    }

    private static func contracts(
        _ first: AddressID,
        _ last: AddressID,
        _ whose: MetadataScope,
        now: Int64,
        all: Bool,
        _ reading: ListReading
    ) throws -> (contracts: [ContractToRead], next: ContractPosition?) {
        let rows = try reading.rows(
            """
            SELECT t.contract, a.bytes, d.contract IS NULL OR (d.due IS NOT NULL AND d.due <= ?4), ifnull(d.attempts, 0)
            FROM contract t JOIN address a ON a.id = t.contract
            LEFT JOIN contract_data d ON d.chain = t.chain AND d.contract = t.contract
            WHERE t.chain = ?1 AND t.contract BETWEEN ?2 AND ?3 AND \(whose.condition) ORDER BY t.contract LIMIT ?5
            """,
            [reading.chain, first, last, now, contractsAtOnce]
        )
        var out: [ContractToRead] = []
        var (count, position): (Int, AddressID) = (0, first)
        while let row = try rows.next() {
            (count, position) = (count + 1, row[0])
            let (address, isDue): (Address, Bool) = (try ListReading.address(row, 1), row[2])
            // One that nobody reads any more is not asked either.
            guard all || isDue, reading.serves(address) else { continue }
            out.append(ContractToRead(contract: address, attempts: all ? 0 : row[3]))
        }
        return (out, count == contractsAtOnce ? ContractPosition(contract: position) : nil)
    }

    package func finishContracts(_ readings: [ContractReading], of chain: ChainID) async throws -> ContractTally {
        guard !readings.isEmpty else { return ContractTally() }
        return try await run {
            try self.writing { db in
                let held = try ListReading(db, chain)
                var tally = ContractTally()
                for reading in readings { try ContractRows.take(reading, held, &tally) }
                return tally
            }
        }
    }
}
