package import Ethereum
import GRDB
package import Tokens

/// What live reads ask: whether something moved since a block, and the ledger's last word.
extension SQLiteStore: LiveLedger {
    /// Rows passed for all questions about contracts in one look: some milliseconds.
    private static let recentRowsMax = 5_000
    /// Rows counted for one collection: a tenth of a second.
    private static let censusRowsMax = 250_000

    package func marks(for probes: [MoveProbe], on chain: ChainID) async throws -> LedgerMarks? {
        try await run {
            try self.pool.read { db in
                guard try ChainTable.row(of: chain, db) != nil else { return nil }
                let reading = try ListReading(db, chain)
                return LedgerMarks(
                    rewinds: reading.row.rewinds,
                    tip: reading.row.tip,
                    finalized: [reading.row.finalized, reading.row.settled].compactMap(\.self).max(),
                    rules: ContractRules(try ChainTable.scopes(of: reading.chain, db)),
                    isOutdated: try RecentMoves(reading, probes, rowsMax: Self.recentRowsMax).isOutdated()
                )
            }
        }
    }

    package func word(on holding: HoldingQuestion, of chain: ChainID) async throws -> LedgerWord? {
        try await run {
            try self.pool.read { db in
                guard try ChainTable.row(of: chain, db) != nil else { return nil }
                let reading = try ListReading(db, chain)
                guard let tip = reading.row.tip, let found = try self.holding(holding, reading) else { return nil }
                // With a hole in the history the owner may be one of long ago; that a token is counted any event tells.
                let standing = try reading.standing(of: holding.contract)
                guard standing.isComplete || found == .counted else { return nil }
                let row = try reading.first(Self.timeOfBlock, [reading.chain, Int64(bitPattern: tip.number)])
                let time: Int64? = row?[0]
                return LedgerWord(
                    holding: found,
                    block: tip,
                    isFinal: standing.isFinal,
                    timestamp: time.map(UInt64.init(bitPattern:))
                )
            }
        }
    }

    private static let timeOfBlock = "SELECT timestamp FROM block WHERE chain = ?1 AND number = ?2"

    private func holding(_ question: HoldingQuestion, _ reading: ListReading) throws -> LedgerWord.Holding? {
        switch question {
        case .owner(let token):
            guard let contract = try reading.id(of: token.contract) else { return nil }
            if let owner = try reading.unique(token, contract, at: nil, limits: ListLimits())?.owner {
                return owner == .zero ? .burned : .owner(owner)
            }
            return try reading.isCounted(token.token, contract) ? .counted : nil
        case .amount(let wallet, let token):
            guard let contract = try reading.id(of: token.contract), let id = try reading.id(of: wallet) else {
                return nil
            }
            let key = ListReading.key(token.token)
            guard let row = try reading.first(Self.amount, [reading.chain, contract, key, id]) else { return nil }
            return try ListReading.sum(row, 0).clampedToZero.amount.map { .amount($0) }
        }
    }

    private static let amount = """
        SELECT amount FROM balance WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND owner = ?4
        """

    package func census(of contract: Address, on chain: ChainID) async throws -> HolderCensus? {
        try await run {
            try self.pool.read { db in
                guard try ChainTable.row(of: chain, db) != nil else { return nil }
                let reading = try ListReading(db, chain)
                guard let id = try reading.id(of: contract),
                    let row = try reading.first(HoldingSQL.rows, [reading.chain, id])
                else { return nil }
                var census = HolderCensus(
                    tokens: nil,
                    holders: nil,
                    transfers: ListReading.number(row, 0),
                    standing: try reading.standing(of: contract)
                )
                let kinds = try reading.first(ListSQL.hasRangesAndCounted, [reading.chain, id])
                // Who holds which id of a range is decided id by id.
                guard kinds?[0] != true else { return census }
                let counts = try reading.first(Self.census, [reading.chain, id, Self.censusRowsMax + 1])
                guard let counts, ListReading.number(counts, 0) <= UInt64(Self.censusRowsMax) else { return census }
                (census.tokens, census.holders) = (ListReading.number(counts, 1), ListReading.number(counts, 2))
                return census
            }
        }
    }

    /// Rows read, tokens that somebody holds, wallets that hold any; both ledgers together.
    private static let census = """
        SELECT count(*), count(DISTINCT iif(held, token, NULL)), count(DISTINCT iif(held, owner, NULL)) FROM (
          SELECT * FROM (
            SELECT token, owner, owner <> 0 AS held FROM owner WHERE chain = ?1 AND contract = ?2 LIMIT ?3)
          UNION ALL
          SELECT * FROM (
            SELECT token, owner, owner <> 0 AND amount > x'00' AND amount < x'80' FROM balance
            WHERE chain = ?1 AND contract = ?2 LIMIT ?3)
        )
        """
}

/// Whether tokens or contracts moved after the blocks that they were read at.
private struct RecentMoves {
    private let reading: ListReading
    private let probes: [MoveProbe]
    /// Rows of the chain that are passed for what has no index.
    private let rowsMax: Int

    init(_ reading: ListReading, _ probes: [MoveProbe], rowsMax: Int) {
        self.reading = reading
        self.probes = probes
        self.rowsMax = rowsMax
    }

    func isOutdated() throws -> [Bool] {
        var ids: [Address: AddressID?] = [:]
        for probe in probes where ids[probe.contract] == nil {
            ids[probe.contract] = try reading.id(of: probe.contract)
        }
        let isIndexed = (try? reading.requireIndexes()) != nil
        let passed = try recent(isIndexed: isIndexed)
        var replaced: [BlockRef: Bool] = [:]
        return try probes.map { probe in
            if replaced[probe.block] == nil { replaced[probe.block] = try isReplaced(probe.block) }
            if replaced[probe.block] == true { return true }
            guard let id = ids[probe.contract] ?? nil else { return false }
            let block = Int64(clamping: probe.since)
            if try reading.first(Self.rangeAfter, [reading.chain, id, block]) != nil { return true }
            if case .token(let token) = probe.subject, isIndexed {
                let key = ListReading.key(token.token)
                return try reading.first(ListSQL.movesAfter, [reading.chain, id, key, block]) != nil
            }
            return passed?.hasMoved(probe, id) ?? true
        }
    }

    private static let rangeAfter = """
        SELECT 1 FROM token_range INDEXED BY token_range_by_contract
        WHERE chain = ?1 AND contract = ?2 AND block > ?3 LIMIT 1
        """
    private static let recentRows = """
        SELECT block, contract, token FROM transfer WHERE chain = ?1 AND block > ?2 ORDER BY block LIMIT ?3
        """

    /// Another block than the one that was read is held at its height.
    private func isReplaced(_ block: BlockRef) throws -> Bool {
        let sql = "SELECT hash FROM block WHERE chain = ?1 AND number = ?2"
        guard let row = try reading.first(sql, [reading.chain, Int64(clamping: block.number)]) else { return false }
        return try ListReading.hash(row, 0) != block.hash
    }

    /// What moved since the oldest block that is asked for without an index; nil where that is too much to be passed.
    private func recent(isIndexed: Bool) throws -> Passed? {
        let open = probes.filter { probe in
            if case .token = probe.subject { return !isIndexed }
            return true
        }
        guard let oldest = open.map(\.since).min() else { return Passed() }
        let rows = try reading.rows(Self.recentRows, [reading.chain, Int64(clamping: oldest), rowsMax + 1])
        var passed = Passed()
        var count = 0
        while let row = try rows.next() {
            count += 1
            guard count <= rowsMax else { return nil }
            let (block, contract) = (ListReading.number(row, 0), row[1] as AddressID)
            passed.contracts[contract] = max(block, passed.contracts[contract] ?? 0)
            if !isIndexed {
                let key = Passed.Token(contract: contract, token: try ListReading.token(row, 2))
                passed.tokens[key] = max(block, passed.tokens[key] ?? 0)
            }
        }
        return passed
    }

    /// The newest block in which each moved, of those that were passed.
    private struct Passed {
        struct Token: Hashable {
            var contract: AddressID
            var token: U256
        }

        var contracts: [AddressID: BlockNumber] = [:]
        var tokens: [Token: BlockNumber] = [:]

        func hasMoved(_ probe: MoveProbe, _ contract: AddressID) -> Bool {
            let newest =
                switch probe.subject {
                case .token(let token): tokens[Token(contract: contract, token: token.token)]
                case .contract: contracts[contract]
                }
            return newest.map { $0 > probe.since } ?? false
        }
    }
}

extension HoldingQuestion {
    fileprivate var contract: Address {
        switch self {
        case .owner(let token), .amount(_, let token): token.contract
        }
    }
}

extension MoveProbe {
    fileprivate var contract: Address {
        switch subject {
        case .token(let token): token.contract
        case .contract(let contract): contract
        }
    }
}
