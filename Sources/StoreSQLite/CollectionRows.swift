import Ethereum
import GRDB
import Tokens

/// What is to be looked at again of one contract: its budget, the sweep under way, and the next one.
struct CollectionRows {
    private let reading: ListReading
    private let contract: AddressID
    private var due: Int64
    private var changedAt: Int64
    private var budget: RefreshBudget
    /// What the sweep under way has still to go through.
    private var sweep: ClosedRange<U256>?
    /// What the next one goes through; nil: everything.
    private var wanted: ClosedRange<U256>?
    /// Whether ``write()`` has anything to write.
    private(set) var isChanged = false

    /// Tokens that one step of a sweep looks at.
    private static let swept: Int64 = 1_000
    /// How long a sweep whose budget is used up waits: for two steps' worth.
    private static let budgetPause: Int64 = 360

    /// Keeps a contract's row as it was left; one that has none has nothing to sweep yet.
    init(_ reading: ListReading, _ contract: AddressID, now: Int64) throws {
        self.reading = reading
        self.contract = contract
        let row = try reading.first(
            "SELECT * FROM metadata_collection WHERE chain = ?1 AND contract = ?2",
            [reading.chain, contract]
        )
        guard let row else {
            (due, changedAt, budget) = (now + SweepSchedule.pause(sinceChange: 0), now, RefreshBudget())
            return
        }
        (due, changedAt) = (row["due"], row["changed_at"])
        budget = RefreshBudget(left: row["budget_left"], at: row["budget_at"])
        sweep = try Self.range(row, "sweep_first", "sweep_last")
        wanted = try Self.range(row, "wanted_first", "wanted_last")
    }

    private static func range(_ row: Row, _ first: String, _ last: String) throws -> ClosedRange<U256>? {
        guard let lower: Data_ = row[first], let upper: Data_ = row[last] else { return nil }
        guard let lower = Blob.number(orderedKey: lower), let upper = Blob.number(orderedKey: upper), lower <= upper
        else { throw ListReading.damaged(first) }
        return lower...upper
    }

    /// The contract whose sweep has waited longest among those that are due.
    static func due(_ now: Int64, _ reading: ListReading) throws -> CollectionRows? {
        let row = try reading.first(
            "SELECT contract FROM metadata_collection WHERE chain = ?1 AND due <= ?2 ORDER BY due LIMIT 1",
            [reading.chain, now]
        )
        return try row.map { try CollectionRows(reading, $0[0], now: now) }
    }

    /// A document of the contract changed, so that more may change soon.
    mutating func changed(now: Int64) {
        changedAt = now
        if sweep == nil { due = min(due, now + SweepSchedule.pause(sinceChange: 0)) }
    }

    /// Makes a job of one token that was looked at before, or has it swept where the budget is used up.
    mutating func ask(for token: U256, now: Int64) throws {
        try freeClaims(token...token)
        guard try isAnyKnown(token...token) else { return }
        isChanged = true
        guard budget.spend(1, now: now) == 1 else { return want(token...token, now: now) }
        let key = ListReading.key(token)
        _ = try enqueue("m.token BETWEEN ?3 AND ?4", [key, key])
    }

    /// Has a range swept; ranges that are asked for meanwhile become one.
    mutating func ask(for tokens: ClosedRange<U256>, now: Int64) throws {
        try freeClaims(tokens)
        guard try isAnyKnown(tokens) else { return }
        isChanged = true
        want(tokens, now: now)
    }

    private mutating func want(_ tokens: ClosedRange<U256>, now: Int64) {
        let (first, last) = (tokens.lowerBound, tokens.upperBound)
        wanted = wanted.map { min($0.lowerBound, first)...max($0.upperBound, last) } ?? tokens
        if sweep == nil { due = min(due, now) }
    }

    /// Takes from the budget for a token that somebody asked for; false where it is used up.
    mutating func grants(now: Int64) -> Bool { budget.spend(1, now: now) == 1 }

    /// One step of the sweep under way, or of the next one.
    ///
    /// - Returns: jobs made.
    mutating func step(now: Int64) throws -> Int {
        let range = sweep ?? wanted ?? .zero ... .max
        if sweep == nil { wanted = nil }
        let granted = budget.spend(Self.swept, now: now)
        guard granted > 0 else {
            (sweep, due) = (range, now + Self.budgetPause)
            return 0
        }
        let place: StatementArguments = [ListReading.key(range.lowerBound), ListReading.key(range.upperBound)]
        let end = try reading.first(
            """
            SELECT token FROM token_metadata WHERE chain = ?1 AND contract = ?2 AND token BETWEEN ?3 AND ?4
            ORDER BY token LIMIT 1 OFFSET ?5
            """,
            [reading.chain, contract] + place + [granted]
        )
        let made: Int
        if let end {
            let key: Data_ = end[0]
            made = try enqueue("m.token >= ?3 AND m.token < ?4", [ListReading.key(range.lowerBound), key])
            (sweep, due) = (try ListReading.token(end, 0)...range.upperBound, now)
        } else {
            made = try enqueue("m.token BETWEEN ?3 AND ?4", place)
            (sweep, due) = (nil, wanted == nil ? now + SweepSchedule.pause(sinceChange: now - changedAt) : now)
        }
        budget.giveBack(granted - Int64(made))
        return made
    }

    /// Whoever looks at one of the tokens at this moment may have asked before it changed: what they bring is late.
    private func freeClaims(_ tokens: ClosedRange<U256>) throws {
        try reading.db.cachedStatement(
            sql: """
                UPDATE metadata_job INDEXED BY metadata_job_claimed
                SET due = 0, attempts = 0, claim = NULL, claim_until = 0
                WHERE claim IS NOT NULL AND chain = ?1 AND contract = ?2 AND token BETWEEN ?3 AND ?4
                """
        ).execute(arguments: [
            reading.chain, contract, ListReading.key(tokens.lowerBound), ListReading.key(tokens.upperBound),
        ])
    }

    private func isAnyKnown(_ tokens: ClosedRange<U256>) throws -> Bool {
        try reading.first(
            "SELECT 1 FROM token_metadata WHERE chain = ?1 AND contract = ?2 AND token BETWEEN ?3 AND ?4 LIMIT 1",
            [reading.chain, contract, ListReading.key(tokens.lowerBound), ListReading.key(tokens.upperBound)]
        ) != nil
    }

    /// Makes jobs, due at once, of tokens that were looked at before and are not burned.
    ///
    /// Whoever works on one asked the contract before it said that something changed: what they bring is late.
    private func enqueue(_ condition: String, _ arguments: StatementArguments) throws -> Int {
        try reading.db.cachedStatement(
            sql: """
                INSERT INTO metadata_job(chain, contract, token, rule)
                SELECT m.chain, m.contract, m.token,
                  EXISTS(SELECT 1 FROM supply s
                    WHERE s.chain = m.chain AND s.contract = m.contract AND s.token = m.token)
                FROM token_metadata m
                WHERE m.chain = ?1 AND m.contract = ?2 AND \(condition)
                  AND NOT EXISTS(SELECT 1 FROM owner o
                    WHERE o.chain = m.chain AND o.contract = m.contract AND o.token = m.token AND o.owner = 0)
                ON CONFLICT(chain, contract, token)
                DO UPDATE SET due = 0, attempts = 0, claim = NULL, claim_until = 0
                """
        ).execute(arguments: [reading.chain, contract] + arguments)
        return reading.db.changesCount
    }

    func write() throws {
        try reading.db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO metadata_collection(
                  chain, contract, due, changed_at, sweep_first, sweep_last, wanted_first, wanted_last,
                  budget_left, budget_at)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            reading.chain, contract, due, changedAt,
            key(sweep?.lowerBound), key(sweep?.upperBound), key(wanted?.lowerBound), key(wanted?.upperBound),
            budget.left, budget.at,
        ])
    }

    private func key(_ token: U256?) -> Data_? { token.map { ListReading.key($0) } }
}
