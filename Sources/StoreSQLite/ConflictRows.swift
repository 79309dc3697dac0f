import Ethereum
import GRDB
import Tokens

/// Rows of contradictions between contracts and their events: one for each holding, the newest observation.
enum ConflictRows {
    /// Stored: never renumber.
    private enum Kind: Int64 {
        case nothing = 0
        case owner = 1
        case amount = 2
        case malformed = 3
    }

    private static let columns = """
        SELECT (SELECT bytes FROM address WHERE id = contract), token, rule,
          (SELECT bytes FROM address WHERE id = claimed_owner), claimed_amount, kind, observed, block, block_hash
        FROM conflict
        """

    static func all(_ reading: ListReading, limit: Int) throws -> [OwnershipConflict] {
        try read("\(columns) WHERE chain = ?1 LIMIT ?2", [reading.chain, limit], reading)
    }

    static func about(_ token: U256, _ contract: AddressID, _ reading: ListReading) throws -> [OwnershipConflict] {
        let arguments: StatementArguments = [reading.chain, contract, ListReading.key(token)]
        return try read("\(columns) WHERE chain = ?1 AND contract = ?2 AND token = ?3", arguments, reading)
    }

    static func has(_ contract: AddressID, _ reading: ListReading) throws -> Bool {
        let sql = "SELECT EXISTS(SELECT 1 FROM conflict WHERE chain = ?1 AND contract = ?2)"
        return try reading.first(sql, [reading.chain, contract])?[0] ?? false
    }

    private static func read(
        _ sql: String,
        _ arguments: StatementArguments,
        _ reading: ListReading
    ) throws -> [OwnershipConflict] {
        var found: [OwnershipConflict] = []
        let rows = try reading.rows(sql, arguments)
        while let row = try rows.next() {
            let rule: Int64 = row[2]
            found.append(
                OwnershipConflict(
                    claimed: ClaimedHolding(
                        contract: try ListReading.address(row, 0),
                        token: try ListReading.token(row, 1),
                        rule: rule == 0 ? .unique : .counted,
                        owner: try ListReading.address(row, 3),
                        amount: try ListReading.sum(row, 4)
                    ),
                    observed: try observed(row),
                    block: BlockRef(number: ListReading.number(row, 7), hash: try ListReading.hash(row, 8))
                )
            )
        }
        return found
    }

    private static func observed(_ row: Row) throws -> ObservedHolding {
        switch Kind(rawValue: row[5]) {
        case .nothing: .nothing
        case .owner: .owner(try ListReading.address(row, 6))
        case .amount: .amount(try ListReading.amount(row, 6))
        case .malformed: .malformed
        case nil: throw ListReading.damaged("observation")
        }
    }

    static func insert(_ conflict: OwnershipConflict, _ reading: ListReading) throws {
        let claimed = conflict.claimed
        guard let contract = try reading.id(of: claimed.contract), let owner = try reading.id(of: claimed.owner) else {
            // A holding comes out of rows that name both.
            throw ListReading.damaged("address")
        }
        let (kind, observed): (Kind, [UInt8]) =
            switch conflict.observed {
            case .nothing: (.nothing, [])
            case .owner(let address): (.owner, address.bytes)
            case .amount(let amount): (.amount, Blob.shortest(amount))
            case .malformed: (.malformed, [])
            }
        try reading.db.execute(
            sql: "INSERT OR REPLACE INTO conflict VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                reading.chain, contract, ListReading.key(claimed.token), claimed.rule == .unique ? 0 : owner,
                claimed.rule == .unique ? 0 : 1, owner, Blob.data(claimed.amount.shortestBytes), kind.rawValue,
                Blob.data(observed), Int64(bitPattern: conflict.block.number), Blob.data(conflict.block.hash.bytes),
            ]
        )
    }

    static func remove(_ holding: ClaimedHolding, _ reading: ListReading) throws {
        guard let contract = try reading.id(of: holding.contract), let owner = try reading.id(of: holding.owner) else {
            return
        }
        try reading.db.execute(
            sql: "DELETE FROM conflict WHERE chain = ? AND contract = ? AND token = ? AND owner = ?",
            arguments: [
                reading.chain, contract, ListReading.key(holding.token), holding.rule == .unique ? 0 : owner,
            ]
        )
    }
}
