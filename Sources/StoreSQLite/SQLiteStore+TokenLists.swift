package import Ethereum
import GRDB
package import Tokens

/// A wallet's tokens and a contract's tokens, a page at a time, with the ids that are held through ranges.
extension SQLiteStore {
    package func tokens(
        of wallet: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<HeldToken, TokenPosition> {
        try tokens(of: wallet, on: chain, at: block, page, limits: ListLimits())
    }

    func tokens(
        of wallet: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>,
        limits: ListLimits
    ) throws -> Page<HeldToken, TokenPosition> {
        try list(chain) { try Self.tokens(of: wallet, at: block, page, limits: limits, $0) }
    }

    /// A wallet's tokens in a reading that is open already.
    static func tokens(
        of wallet: Address,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>,
        limits: ListLimits,
        _ reading: ListReading
    ) throws -> Page<HeldToken, TokenPosition> {
        let standing = try reading.standing(of: nil, at: block)
        try reading.requireIndexes()
        if block != nil { try reading.requireWalletIndexes() }
        var list = TokenList(reading, owner: wallet, at: block, limit: page.limit, limits: limits)
        let id = try reading.id(of: wallet)
        if let id, wallet != .zero {
            var contract = try page.position.map { try reading.id(of: $0.contract) ?? .max } ?? 0
            var position = page.position
            while let next = try list.nextContract(of: id, from: contract) {
                let start = next == contract ? position : nil
                guard try list.addContract(next, wallet: id, from: start) else { break }
                contract = next + 1
                position = nil
            }
        }
        return list.page(standing)
    }

    /// What a wallet has of one contract in a reading that is open already.
    static func tokens(
        in contract: Address,
        _ id: AddressID,
        of wallet: Address,
        _ owner: AddressID,
        _ page: PageRequest<TokenPosition>,
        _ standing: Standing,
        _ reading: ListReading
    ) throws -> Page<HeldToken, TokenPosition> {
        var list = TokenList(reading, owner: wallet, at: nil, limit: page.limit, limits: ListLimits())
        _ = try list.addContract(id, wallet: owner, from: page.position)
        return list.page(standing)
    }

    package func tokens(
        in contract: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<HeldToken, TokenPosition> {
        try tokens(in: contract, on: chain, at: block, page, limits: ListLimits())
    }

    func tokens(
        in contract: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>,
        limits: ListLimits
    ) throws -> Page<HeldToken, TokenPosition> {
        try list(chain) { reading in
            let standing = try reading.standing(of: contract, at: block)
            var list = TokenList(reading, owner: nil, at: block, limit: page.limit, limits: limits)
            if let id = try reading.id(of: contract) {
                _ = try list.addContract(id, wallet: nil, from: page.position)
            }
            return list.page(standing)
        }
    }
}

/// One page of tokens while it is filled, contract by contract.
private struct TokenList {
    private let reading: ListReading
    private let owner: Address?
    /// nil: now.
    private let block: BlockNumber?
    private let limit: Int
    private let limits: ListLimits
    /// Rows that may still be read for this page: of unique tokens and ranges, and of counted tokens.
    private var budget: Int
    private var countedBudget: Int
    private var items: [HeldToken] = []
    private var next: TokenPosition?
    private var isTruncated = false
    /// Whether the page is past its first contract.
    private var hasAdded = false

    init(_ reading: ListReading, owner: Address?, at block: BlockNumber?, limit: Int, limits: ListLimits) {
        self.reading = reading
        self.owner = owner
        self.block = block
        self.limit = limit
        self.limits = limits
        budget = limits.rowsMax
        countedBudget = limits.rowsMax
    }

    func page(_ standing: Standing) -> Page<HeldToken, TokenPosition> {
        Page(items: items, next: next, isTruncated: isTruncated, standing: standing)
    }

    // MARK: Contracts of a wallet

    /// The next contract in which the wallet may hold something; nil at the end or when the page is over.
    ///
    /// One that nobody reads any more is passed over: what is held of it grows old.
    mutating func nextContract(of wallet: AddressID, from: AddressID) throws -> AddressID? {
        guard next == nil else { return nil }
        let candidates =
            block == nil
            ? [ListSQL.nextOwnedContract, ListSQL.nextBalanceContract, ListSQL.nextRangedContract]
            : [ListSQL.nextReceivedContract, ListSQL.nextSentContract, ListSQL.nextRangedContract]
                + (reading.openings.contracts.isEmpty ? [] : [ListSQL.nextOpeningContract])
        var from = from
        while true {
            var least: AddressID?
            for sql in candidates {
                if let found: AddressID = try reading.first(sql, [reading.chain, from, wallet])?[0] {
                    least = min(least ?? found, found)
                }
            }
            guard let contract = least else { return nil }
            let address = try reading.address(of: contract)
            guard min(budget, countedBudget) > 0 || !hasAdded else {
                next = TokenPosition(contract: address, token: .zero, rule: .unique)
                return nil
            }
            if reading.serves(address) { return contract }
            budget -= 1
            hasAdded = true
            from = contract + 1
        }
    }

    // MARK: Tokens of one contract

    /// Adds a contract's tokens from a position on; false when the page is over.
    mutating func addContract(_ id: AddressID, wallet: AddressID?, from start: TokenPosition?) throws -> Bool {
        hasAdded = true
        let contract = try reading.address(of: id)
        let from = start?.token ?? .zero
        let rows = TokenRows(
            reading: reading,
            contract: id,
            wallet: wallet,
            block: block,
            movementsMax: limits.movementsMax
        )
        var counted = CountedAhead(next: try rows.counted(from: from), budget: countedBudget)
        defer { countedBudget = counted.budget }
        var uniqueEnd: U256?
        if start?.rule == .counted, from == .max {
            uniqueEnd = nil
        } else {
            let first = start?.rule == .counted ? from.addingReportingOverflow(.one).partialValue : from
            uniqueEnd = try addUnique(rows, contract, from: first, merging: &counted)
        }
        // Counted tokens below where the unique walk ended are in; the others wait when it did not end by itself.
        try addCounted(&counted, contract, before: uniqueEnd)
        if let waiting = try counted.waiting(before: uniqueEnd) {
            next = TokenPosition(contract: contract, token: waiting.token, rule: waiting.rule)
            return false
        }
        if let uniqueEnd {
            next = TokenPosition(contract: contract, token: uniqueEnd, rule: .unique)
            return false
        }
        return true
    }

    /// Adds the counted tokens below an id (nil: all), as long as there is room and budget.
    private mutating func addCounted(_ counted: inout CountedAhead, _ contract: Address, before end: U256?) throws {
        while items.count < limit, let line = try counted.first(), end.map({ line.token < $0 }) ?? true {
            items.append(
                HeldToken(contract: contract, token: line.token, rule: .counted, owner: owner, amount: line.amount)
            )
            counted.removeFirst()
        }
    }

    /// Adds unique tokens and, before each, the counted ones with smaller ids.
    /// - Returns: the id to go on with; nil when the contract's unique tokens are done.
    private mutating func addUnique(
        _ rows: TokenRows,
        _ contract: Address,
        from: U256,
        merging counted: inout CountedAhead
    ) throws -> U256? {
        let ranges = try ranges(of: rows.contract)
        let tooMany = ranges.count > limits.rangesMax
        isTruncated = isTruncated || tooMany
        let looked = Array(ranges.prefix(limits.rangesMax))
        let ownership = RangeOwnership(looked)
        var walk = UniqueWalk(
            ownership,
            oldestRange: tooMany ? looked.last?.place : nil,
            owner: owner,
            left: limit - items.count,
            budget: budget
        )
        defer { budget = walk.budget }
        for zone in Self.zones(ownership, of: owner, from: from) {
            // In a wallet's own ranges every row counts, because it may have sold ids; elsewhere only its own rows do.
            let next = try rows.uniques(in: zone.ids, onlyReceived: !zone.isOwned)
            var found: [HeldToken] = []
            let open = try walk.walk(zone.ids, next: next) { token in
                var held = HeldToken(
                    contract: contract,
                    token: token.token,
                    rule: .unique,
                    owner: token.owner,
                    amount: SignedSum(1)
                )
                held.isObserved = token.place.isOpening
                found.append(held)
            }
            if let open = try merge(found, contract, &counted) ?? open { return open }
        }
        return nil
    }

    /// Appends unique tokens with the counted ones before them; the first that found no room, if the page is full.
    private mutating func merge(
        _ unique: [HeldToken],
        _ contract: Address,
        _ counted: inout CountedAhead
    ) throws -> U256? {
        for token in unique {
            try addCounted(&counted, contract, before: token.token)
            guard items.count < limit, try counted.waiting(before: token.token) == nil else { return token.token }
            items.append(token)
        }
        return nil
    }

    /// The ids from `from` on, cut where ranges of the wallet begin and end.
    private static func zones(
        _ ownership: RangeOwnership,
        of owner: Address?,
        from: U256
    ) -> [(ids: ClosedRange<U256>, isOwned: Bool)] {
        var out: [(ids: ClosedRange<U256>, isOwned: Bool)] = []
        var position = from
        for segment in ownership.segments where owner != nil && segment.owner == owner && segment.last >= position {
            let start = max(position, segment.first)
            if position < start {
                out.append((position...start.subtractingReportingOverflow(.one).partialValue, false))
            }
            out.append((start...segment.last, true))
            if segment.last == .max { return out }
            position = segment.last.addingReportingOverflow(.one).partialValue
        }
        out.append((position ... .max, false))
        return out
    }

    /// The newest ranges of a contract: one more than are looked at, to tell whether there are more.
    private mutating func ranges(of contract: AddressID) throws -> [RangeTransfer] {
        var out: [RangeTransfer] = []
        let rows = try reading.rows(
            ListSQL.ranges,
            [reading.chain, contract, limits.rangesMax + 1, block.map { Int64($0) } ?? .max]
        )
        while let row = try rows.next() {
            budget -= 1
            out.append(
                RangeTransfer(
                    place: ListReading.place(row, from: 0, ordinal: false),
                    contract: .zero,
                    first: try ListReading.token(row, 2),
                    last: try ListReading.token(row, 3),
                    from: .zero,
                    to: try ListReading.address(row, 4),
                    transactionHash: .zero,
                    transactionIndex: 0
                )
            )
        }
        return out
    }
}
