package import Ethereum
import GRDB
package import Tokens

/// Answers about where chains stand and who holds a token, each from one snapshot.
extension SQLiteStore: Catalog {
    package func chains() throws -> [ChainSummary] {
        try pool.read { db in try ChainTable.chains(db).map { try summary($0, db) } }
    }

    private func summary(_ row: ChainTable.Row, _ db: Database) throws -> ChainSummary {
        let counters = try Row.fetchOne(
            db,
            sql: """
                SELECT transfers_processed, tokens_discovered, tokens_enriched, error_count,
                  audit_agreed, audit_different, audit_unanswered,
                  (SELECT count(*) FROM conflict WHERE conflict.chain = chain.id) AS conflicts
                FROM chain WHERE id = ?
                """,
            arguments: [row.id]
        )
        let state = try ChainTable.state(of: row, db)
        var summary = ChainSummary(
            identity: row.identity,
            version: row.version,
            tip: row.tip,
            checkpoint: row.checkpoint,
            checkpointHash: try row.checkpoint.flatMap { try hash(of: $0, chain: row.id, db) },
            finalized: [row.finalized, row.settled].compactMap(\.self).max(),
            rewinds: row.rewinds,
            counters: ChainSummary.Counters(
                transfersProcessed: count(counters, "transfers_processed"),
                tokensDiscovered: count(counters, "tokens_discovered"),
                tokensEnriched: count(counters, "tokens_enriched"),
                errorCount: count(counters, "error_count")
            ),
            scopes: state.scopes.map { scope in scopeSummary(scope, state) }
        )
        summary.holder = holder(of: row)
        summary.audit = AuditTotals(
            agreed: count(counters, "audit_agreed"),
            different: count(counters, "audit_different"),
            unanswered: count(counters, "audit_unanswered")
        )
        summary.conflicts = count(counters, "conflicts")
        return summary
    }

    private func count(_ row: Row?, _ column: String) -> UInt64 {
        guard let value: Int64 = row?[column] else { return 0 }
        return UInt64(max(0, value))
    }

    private func scopeSummary(_ scope: Scope, _ state: ChainState) -> ChainSummary.ScopeSummary {
        var least: UInt64?
        var evidence: Evidence?
        for eventSet in scope.eventSets(of: state.eventSets) {
            let coverage = state.coverage[CoverageKey(scope: scope.id, eventSet: eventSet)] ?? Coverage()
            let blocks = coverage.ranges.reduce(UInt64(0)) { $0 + ($1.range.upperBound - $1.range.lowerBound + 1) }
            least = min(least ?? blocks, blocks)
            for covered in coverage.ranges { evidence = evidence?.intersection(covered.evidence) ?? covered.evidence }
        }
        return ChainSummary.ScopeSummary(scope: scope, coveredBlocks: least ?? 0, evidence: evidence)
    }

    func hash(of block: BlockNumber, chain: Int64, _ db: Database) throws -> Hash32? {
        let bytes = try Data_.fetchOne(
            db,
            sql: "SELECT hash FROM block WHERE chain = ? AND number = ?",
            arguments: [chain, Int64(bitPattern: block)]
        )
        return bytes.flatMap { Hash32(bytes: $0) }
    }

    // MARK: One token

    package func holders(of token: TokenID, on chain: ChainID, at block: BlockNumber?) throws -> TokenHolders {
        try pool.read { db in
            let asOf = try self.asOf(block, contract: token.contract, on: chain, db)
            guard let contract = try addressID(token.contract, db) else {
                return TokenHolders(token: token, unique: nil, counted: [], asOf: asOf.answer)
            }
            return TokenHolders(
                token: token,
                unique: try unique(token.token, contract, at: block, chain: asOf.chain, db),
                counted: try counted(token.token, contract, at: block, chain: asOf.chain, db),
                asOf: asOf.answer
            )
        }
    }

    /// The state to answer from: the checkpoint, or a past block at or below it.
    func asOf(
        _ block: BlockNumber?,
        contract: Address?,
        on chain: ChainID,
        _ db: Database
    ) throws -> (chain: Int64, answer: AsOf, state: ChainState) {
        guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
        let state = try ChainTable.state(of: row, db)
        let reached = state.reach(of: contract)
        if let block {
            guard let reached, block <= reached, block >= state.origin(of: contract) ?? 0 else {
                throw StoreError.notCovered(block: block, reached: reached)
            }
            let hash = try hash(of: block, chain: row.id, db)
            return (row.id, AsOf(block: hash.map { BlockRef(number: block, hash: $0) }, isComplete: true), state)
        }
        return (row.id, AsOf(block: row.tip, isComplete: reached != nil && reached == row.tip?.number), state)
    }

    func addressID(_ address: Address, _ db: Database) throws -> AddressID? {
        try Int64.fetchOne(
            db,
            sql: "SELECT id FROM address WHERE bytes = ?",
            arguments: [Blob.data(address.bytes)]
        )
    }

    /// The unique ledger's answer: the greatest place among the token's own transfers and the ranges over it.
    private func unique(
        _ token: U256,
        _ contract: AddressID,
        at block: BlockNumber?,
        chain: Int64,
        _ db: Database
    ) throws -> TokenHolders.Unique? {
        let key = Blob.data(Blob.orderedKey(token))
        let last = Int64(bitPattern: block ?? UInt64(Int64.max))
        let single = try Row.fetchOne(
            db,
            sql: """
                SELECT block, log_index, ordinal, bytes, tx_hash FROM transfer
                JOIN address ON address.id = transfer.recipient
                WHERE chain = ? AND contract = ? AND token = ? AND kind IN \(KindSQL.unique) AND block <= ?
                ORDER BY block DESC, log_index DESC, ordinal DESC LIMIT 1
                """,
            arguments: [chain, contract, key, last]
        )
        let range = try Row.fetchOne(
            db,
            sql: """
                SELECT block, log_index, 0 AS ordinal, bytes, tx_hash FROM token_range
                JOIN address ON address.id = token_range.recipient
                WHERE chain = ? AND contract = ? AND first <= ? AND last >= ? AND block <= ?
                ORDER BY block DESC, log_index DESC LIMIT 1
                """,
            arguments: [chain, contract, key, key, last]
        )
        var candidates = [range.map { ($0, true) }].compactMap(\.self).compactMap(holder)
        let own = single.flatMap { holder($0, isRange: false) }
        if let opening = try Openings(db, chain: chain).deciding(contract, token, at: block, over: own?.place),
            let owner = try address(of: opening.owner, db)
        {
            candidates.append(.init(owner: owner, place: opening.place, transactionHash: .zero, isRange: false))
        } else if let own {
            candidates.append(own)
        }
        return candidates.max { $0.place < $1.place }
    }

    private func address(of id: AddressID, _ db: Database) throws -> Address? {
        try Data_.fetchOne(db, sql: ListSQL.addressBytes, arguments: [id]).flatMap { Address(bytes: $0) }
    }

    private func holder(_ row: Row, isRange: Bool) -> TokenHolders.Unique? {
        let (block, log, ordinal): (Int64, Int64, Int64) = (row["block"], row["log_index"], row["ordinal"])
        let (bytes, transaction): (Data_, Data_) = (row["bytes"], row["tx_hash"])
        guard let owner = Address(bytes: bytes), let hash = Hash32(bytes: transaction) else { return nil }
        return TokenHolders.Unique(
            owner: owner,
            place: Place(
                block: UInt64(bitPattern: block),
                logIndex: UInt32(truncatingIfNeeded: log),
                ordinal: UInt32(truncatingIfNeeded: ordinal)
            ),
            transactionHash: hash,
            isRange: isRange
        )
    }

    private func counted(
        _ token: U256,
        _ contract: AddressID,
        at block: BlockNumber?,
        chain: Int64,
        _ db: Database
    ) throws -> [TokenHolders.Balance] {
        let key = Blob.data(Blob.orderedKey(token))
        if let block { return try pastBalances(key, contract, at: block, chain: chain, db) }
        return try Row.fetchAll(
            db,
            sql: """
                SELECT bytes, amount FROM balance JOIN address ON address.id = balance.owner
                WHERE chain = ? AND contract = ? AND token = ? ORDER BY bytes
                """,
            arguments: [chain, contract, key]
        ).compactMap { row in
            let (bytes, amount): (Data_, Data_) = (row["bytes"], row["amount"])
            guard let owner = Address(bytes: bytes), let sum = SignedSum(shortestBytes: amount) else { return nil }
            return TokenHolders.Balance(owner: owner, amount: sum)
        }
    }

    private func pastBalances(
        _ key: Data_,
        _ contract: AddressID,
        at block: BlockNumber,
        chain: Int64,
        _ db: Database
    ) throws -> [TokenHolders.Balance] {
        var sums = BalanceSums()
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT sender.bytes AS sender, recipient.bytes AS recipient, amount FROM transfer
                JOIN address AS sender ON sender.id = transfer.sender
                JOIN address AS recipient ON recipient.id = transfer.recipient
                WHERE chain = ? AND contract = ? AND token = ? AND kind IN \(KindSQL.counted) AND block <= ?
                """,
            arguments: [chain, contract, key, Int64(bitPattern: block)]
        )
        while let row = try rows.next() { try sums.add(row) }
        return sums.balances
    }
}

/// Sums the balances of one token from its transfers, for answers about the past.
struct BalanceSums {
    private var sums: [Address: SignedSum] = [:]

    mutating func add(_ row: Row) throws {
        let (sender, recipient, bytes): (Data_, Data_, Data_) = (row["sender"], row["recipient"], row["amount"])
        guard let from = Address(bytes: sender), let to = Address(bytes: recipient), let amount = U256(bytes: bytes),
            from != to
        else { return }
        if from != .zero { try sums[from, default: .zero].subtract(amount) }
        if to != .zero { try sums[to, default: .zero].add(amount) }
    }

    /// In order of addresses; balances of nothing are left out.
    var balances: [TokenHolders.Balance] {
        sums.filter { !$0.value.isZero }.sorted { $0.key < $1.key }
            .map { TokenHolders.Balance(owner: $0.key, amount: $0.value) }
    }
}
