import Ethereum
import GRDB
import Tokens

/// Draws holdings at random from a ledger that is too large to be read for it, by seeking.
struct HoldingDraw<Generator: RandomNumberGenerator> {
    let pinned: PinnedHoldings
    var generator: Generator
    private var drawn: Set<ClaimedHolding> = []

    /// Rows that one look reads at most; a window of blocks is chosen so that a quarter of them is expected.
    private static var rowsMax: Int { 512 }
    /// Looks for each holding wanted, at most: one in eight is expected to give one.
    private static var looksMax: Int { 400 }
    /// Later transfers of one token that are passed to see whether an account received it again.
    private static var laterMax: Int { 1_000 }
    /// The least share of draws that ranges get where there are any.
    private static var rangeShare: Double { 0.1 }

    init(_ pinned: PinnedHoldings, _ generator: Generator) {
        self.pinned = pinned
        self.generator = generator
    }

    private var reading: ListReading { pinned.reading }

    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }

    /// Calls `look` until so many different holdings were found or the looks are used up.
    private mutating func collect(
        _ count: Int,
        _ look: (inout Self) throws -> ClaimedHolding?
    ) throws -> [ClaimedHolding] {
        var found: [ClaimedHolding] = []
        for _ in 0..<(count * Self.looksMax) where found.count < count {
            if let holding = try look(&self), drawn.insert(holding).inserted { found.append(holding) }
        }
        return found
    }

    // MARK: A whole chain

    /// Through transfers: each is as likely, and gives a holding only if it is the one that decided it.
    mutating func fromChain(_ count: Int, transfers: UInt64) throws -> [ClaimedHolding] {
        let chain = reading.chain
        guard let first = try reading.first(HoldingSQL.firstBlock, [chain]).map({ ListReading.number($0, 0) }),
            let last = try reading.first(HoldingSQL.lastBlock, [chain, pinned.number]).map({
                ListReading.number($0, 0)
            })
        else { return try fromRanges(count, of: nil) }
        let blocks = last - first + 1
        let width = max(1, UInt64(Double(blocks) * Double(Self.rowsMax / 4) / Double(max(1, transfers))))
        let windows = (blocks + width - 1) / width
        let hasRanges = try reading.first(HoldingSQL.firstRangeBlock, [chain]) != nil
        let ranged = hasRanges ? max(1, Int(Double(count) * Self.rangeShare)) : 0
        let byRange = try fromRanges(ranged, of: nil)
        return try byRange
            + collect(count - byRange.count) { draw in
                let start = first + UInt64.random(in: 0..<windows, using: &draw.generator) * width
                return try draw.fromWindow(start...min(last, start + width - 1))
            }
    }

    private mutating func fromWindow(_ window: ClosedRange<BlockNumber>) throws -> ClaimedHolding? {
        let arguments: StatementArguments = [
            reading.chain, Int64(bitPattern: window.lowerBound), Int64(bitPattern: window.upperBound), Self.rowsMax,
        ]
        let rows = try Row.fetchAll(reading.db.cachedStatement(sql: HoldingSQL.window), arguments: arguments)
        // A full window is always taken and an emptier one less often, so that each transfer is as likely.
        guard !rows.isEmpty, chance(Double(rows.count) / Double(Self.rowsMax)),
            let row = try rows.count < Self.rowsMax
                ? rows.randomElement(using: &generator) : denseRow(UInt64.random(in: window, using: &generator))
        else { return nil }
        let contract: AddressID = row[3]
        guard let address = try pinned.contract(contract) else { return nil }
        let place = ListReading.place(row, from: 0)
        let token = try ListReading.token(row, 4)
        if row[6] as Bool {
            guard try pinned.single(contract, token)?.place == place else { return nil }
            return try unique(contract, address, token, in: pinned.ranges(contract, address))
        }
        let recipient: AddressID = row[5]
        guard recipient != zeroAddressID else { return nil }
        let later = try reading.first(
            HoldingSQL.receivedLater,
            [
                reading.chain, contract, ListReading.key(token), pinned.number, recipient, Int64(place.block),
                Int64(place.logIndex), Self.laterMax, Int64(place.ordinal),
            ]
        )
        guard later == nil else { return nil }
        return try counted(contract, address, token, recipient)
    }

    /// Any transfer of a block that may have more than one look reads: a random log's, and of those a random one.
    private mutating func denseRow(_ block: BlockNumber) throws -> Row? {
        let (chain, number) = (reading.chain, Int64(bitPattern: block))
        guard let lastLog: Int64 = try reading.first(HoldingSQL.lastLog, [chain, number])?[0] else { return nil }
        let start = Int64.random(in: 0...lastLog, using: &generator)
        guard let log: Int64 = try reading.first(HoldingSQL.transferFrom, [chain, number, start, 0])?[1],
            let lastOrdinal: Int64 = try reading.first(HoldingSQL.lastOrdinal, [chain, number, log])?[0]
        else { return nil }
        let ordinal = Int64.random(in: 0...lastOrdinal, using: &generator)
        return try reading.first(HoldingSQL.transferFrom, [chain, number, log, ordinal])
    }

    // MARK: Ranges

    /// A range, each nearly as likely, and any id in it.
    private mutating func fromRanges(_ count: Int, of contract: AddressID?) throws -> [ClaimedHolding] {
        guard count > 0 else { return [] }
        let chain = reading.chain
        if let contract {
            let arguments: StatementArguments = [chain, contract, pinned.number, PinnedHoldings.rangesMax]
            let statement = try reading.db.cachedStatement(sql: HoldingSQL.rangesOfContract)
            let rows = try Row.fetchAll(statement, arguments: arguments)
            guard !rows.isEmpty else { return [] }
            return try collect(count) { draw in try draw.id(in: rows.randomElement(using: &draw.generator)) }
        }
        guard let first = try reading.first(HoldingSQL.firstRangeBlock, [chain]).map({ ListReading.number($0, 0) }),
            let last = try reading.first(HoldingSQL.lastRangeBlock, [chain, pinned.number]).map({
                ListReading.number($0, 0)
            }), first <= last
        else { return [] }
        return try collect(count) { draw in
            let start = UInt64.random(in: first...last, using: &draw.generator)
            let arguments: StatementArguments = [chain, Int64(start), draw.pinned.number, Self.rowsMax]
            let statement = try draw.reading.db.cachedStatement(sql: HoldingSQL.rangesFrom)
            let rows = try Row.fetchAll(statement, arguments: arguments)
            return try draw.id(in: rows.randomElement(using: &draw.generator))
        }
    }

    private mutating func id(in row: Row?) throws -> ClaimedHolding? {
        guard let row else { return nil }
        let contract: AddressID = row[0]
        guard let address = try pinned.contract(contract) else { return nil }
        let (first, last) = (try ListReading.token(row, 1), try ListReading.token(row, 2))
        let span = last.subtractingReportingOverflow(first).partialValue
        let token = first.addingReportingOverflow(U256.random(through: span, using: &generator)).partialValue
        return try unique(contract, address, token, in: pinned.ranges(contract, address))
    }

    // MARK: One contract

    /// By random ids, of every length in bytes in proportion to how many there can be.
    mutating func fromContract(
        _ count: Int,
        _ contract: AddressID,
        _ address: Address,
        rows: UInt64
    ) throws
        -> [ClaimedHolding]
    {
        let singles = try spans(contract, HoldingSQL.singles, HoldingSQL.lastSingleBefore, rows)
        let supplies = try spans(contract, HoldingSQL.supplies, HoldingSQL.lastSupplyBefore, rows)
        let ranges = try pinned.ranges(contract, address)
        var found: [ClaimedHolding] = []
        if !ranges.segments.isEmpty {
            let share = singles.isEmpty && supplies.isEmpty ? 1 : Self.rangeShare
            found = try fromRanges(max(1, Int(Double(count) * share)), of: contract)
        }
        let all = singles.map { ($0, true) } + supplies.map { ($0, false) }
        let total = all.reduce(0) { $0 + $1.0.weight }
        guard total > 0 else { return found }
        return try found
            + collect(count - found.count) { draw in
                // Half by the number of ids, and half without: a few ids may have most of the holders.
                var at = Double.random(in: 0..<total, using: &draw.generator)
                let byIDs = all.first { span, _ in
                    at -= span.weight
                    return at < 0
                }
                let isByIDs = draw.chance(0.5)
                guard let (span, isUnique) = isByIDs ? byIDs : all.randomElement(using: &draw.generator) else {
                    return nil
                }
                let sql = isUnique ? HoldingSQL.singles : HoldingSQL.supplies
                guard let token = try draw.token(in: span, contract, sql) else { return nil }
                if isUnique { return try draw.unique(contract, address, token, in: ranges) }
                guard let holder = try draw.holder(of: token, contract) else { return nil }
                return try draw.counted(contract, address, token, holder)
            }
    }

    /// Ids of one length in bytes: from the least to the greatest that there is.
    private struct Span {
        var first: U256
        var last: U256
        var weight: Double
    }

    private func spans(_ contract: AddressID, _ forward: String, _ backward: String, _ rows: UInt64) throws -> [Span] {
        var found: [Span] = []
        var length: UInt8 = 0
        while length <= 32 {
            let from = Blob.data([length])
            guard let first = try reading.first(forward, [reading.chain, contract, from, 1]) else { break }
            let least = try ListReading.token(first, 0)
            length = UInt8(least.byteCount)
            let end = Blob.data([length + 1])
            guard let last = try reading.first(backward, [reading.chain, contract, end]) else { break }
            let greatest = try ListReading.token(last, 0)
            let ids = greatest.subtractingReportingOverflow(least).partialValue
            // More ids than rows there cannot be.
            let weight = ids.uint64.map { min(Double($0) + 1, Double(rows)) } ?? Double(rows)
            found.append(Span(first: least, last: greatest, weight: weight))
            length += 1
        }
        return found
    }

    /// One of the ids that follow a random one.
    private mutating func token(in span: Span, _ contract: AddressID, _ sql: String) throws -> U256? {
        let width = span.last.subtractingReportingOverflow(span.first).partialValue
        let start = span.first.addingReportingOverflow(U256.random(through: width, using: &generator)).partialValue
        let arguments: StatementArguments = [reading.chain, contract, ListReading.key(start), Self.rowsMax / 4]
        let rows = try Row.fetchAll(reading.db.cachedStatement(sql: sql), arguments: arguments)
        return try rows.map { try ListReading.token($0, 0) }.filter { $0 <= span.last }.randomElement(using: &generator)
    }

    private mutating func holder(of token: U256, _ contract: AddressID) throws -> AddressID? {
        let arguments: StatementArguments = [reading.chain, contract, ListReading.key(token)]
        guard let last: AddressID = try reading.first(HoldingSQL.lastBalance, arguments)?[0] else { return nil }
        let start = AddressID.random(in: -1..<max(0, last), using: &generator)
        let statement = try reading.db.cachedStatement(sql: HoldingSQL.balances)
        let rows = try Row.fetchAll(statement, arguments: arguments + [start, Self.rowsMax / 4])
        return rows.randomElement(using: &generator)?[0]
    }

    // MARK: Values

    private func unique(
        _ contract: AddressID,
        _ address: Address,
        _ token: U256,
        in ranges: RangeOwnership
    ) throws -> ClaimedHolding? {
        try pinned.owner(contract, token, in: ranges).map { found in
            ClaimedHolding(
                contract: address,
                token: token,
                rule: .unique,
                owner: found.owner,
                amount: SignedSum(1)
            )
        }
    }

    private func counted(
        _ contract: AddressID,
        _ address: Address,
        _ token: U256,
        _ holder: AddressID
    ) throws -> ClaimedHolding? {
        let amount = try pinned.balance(contract, token, of: holder)
        guard !amount.isZero else { return nil }
        return ClaimedHolding(
            contract: address,
            token: token,
            rule: .counted,
            owner: try reading.address(of: holder),
            amount: amount
        )
    }
}
