import Ethereum
import GRDB
import Tokens

/// Counts one collection from one snapshot: four walks in order of ids, side by side.
struct CensusReader {
    let reading: ListReading
    let contract: AddressID
    var limits = CensusLimits()

    init(_ reading: ListReading, _ contract: AddressID, limits: CensusLimits = CensusLimits()) {
        self.reading = reading
        self.contract = contract
        self.limits = limits
    }

    private var place: StatementArguments { [reading.chain, contract] }

    /// What a count depends on; nil for a contract without transfers.
    func key() throws -> CensusCache.Key? {
        try reading.first(TraitSQL.version, place).map {
            CensusCache.Key(
                chain: reading.chain,
                contract: contract,
                transfers: $0[0],
                digest: [$0[1], $0[2]],
                traits: $0[3]
            )
        }
    }

    /// - Throws: ``ListingError/tooMuchHistory(_:)`` for a collection beyond the bounds; no more is read than to know it.
    func counted() throws -> CensusCache.Counted {
        try refuseTooLarge()
        let types = try types()
        let ranges = try reading.rangeOwnership(of: contract, most: limits.rangesMax)
        var owners = try IDWalk(reading.rows(TraitSQL.owners, place))
        var supplies = try IDWalk(reading.rows(TraitSQL.supplies, place))
        var names = try IDWalk(reading.rows(TraitSQL.names, place))
        var traits = try IDWalk(reading.rows(TraitSQL.held, place))
        var builder = TraitCensus.Builder()
        var unknown = 0
        while let token = [owners.token, supplies.token].compactMap(\.self).min() {
            var isHeld = false
            if let row = owners.row(of: token) {
                isHeld = isOwned(token, row, ranges)
                try owners.step()
            }
            if let row = supplies.row(of: token) {
                let amount = try ListReading.sum(row, 1)
                isHeld = isHeld || !(amount.isNegative || amount.isZero)
                try supplies.step()
            }
            guard isHeld else { continue }
            try names.skip(to: token)
            guard names.token == token else {
                unknown += 1
                continue
            }
            try traits.skip(to: token)
            var own: [TraitCensus.Trait] = []
            while let row = traits.row(of: token) {
                let trait: Int64 = row[1]
                guard let type = types[trait] else { throw ListReading.damaged("trait") }
                own.append(TraitCensus.Trait(id: trait, type: type))
                try traits.step()
            }
            builder.add(token, own)
        }
        return CensusCache.Counted(census: builder.census(), unknown: unknown)
    }

    private func refuseTooLarge() throws {
        let row = try reading.first(TraitSQL.sizes, place + [limits.tokensMax, limits.traitsMax])
        let tokens = max(row?[0] as Int? ?? 0, row?[1] as Int? ?? 0)
        guard tokens <= limits.tokensMax else {
            throw ListingError.tooMuchHistory("the collection has more than \(limits.tokensMax) tokens")
        }
        guard row?[2] as Int? ?? 0 <= limits.traitsMax else {
            throw ListingError.tooMuchHistory(
                "the collection's tokens have more than \(limits.traitsMax) traits in all"
            )
        }
    }

    /// A token may be owned by its row, or by a range that is newer; 0 is nobody's number.
    private func isOwned(_ token: U256, _ row: Row, _ ranges: RangeOwnership?) -> Bool {
        if let segment = ranges?.segment(covering: token), segment.place > ListReading.place(row, from: 2) {
            return segment.owner != .zero
        }
        return row[1] as Int64 != 0
    }

    private func types() throws -> [Int64: Int64] {
        var out: [Int64: Int64] = [:]
        let rows = try reading.rows(TraitSQL.types, place)
        while let row = try rows.next() { out[row[0]] = row[1] }
        return out
    }
}

extension ListReading {
    /// Who owns what of a contract by ranges, to be held against its tokens' own rows; nil where it has none, as nearly all.
    /// - Throws: ``ListingError/tooMuchHistory(_:)`` for more ranges than `most`.
    func rangeOwnership(of contract: AddressID, most: Int) throws -> RangeOwnership? {
        var out: [RangeTransfer] = []
        let ranges = try rows(ListSQL.ranges, [chain, contract, most + 1, Int64.max])
        while let row = try ranges.next() {
            out.append(
                RangeTransfer(
                    place: Self.place(row, from: 0, ordinal: false),
                    contract: .zero,
                    first: try Self.token(row, 2),
                    last: try Self.token(row, 3),
                    from: .zero,
                    to: try Self.address(row, 4),
                    transactionHash: .zero,
                    transactionIndex: 0
                )
            )
        }
        guard out.count <= most else {
            throw ListingError.tooMuchHistory("the contract has more than \(most) ranges")
        }
        return out.isEmpty ? nil : RangeOwnership(out)
    }
}

/// How much one count may read.
struct CensusLimits: Sendable {
    /// As ``CollectionLimits``; owners and supplies each.
    var tokensMax = CollectionLimits.tokensMax
    var traitsMax = CollectionLimits.traitsMax
    /// As for a look-up on a queue.
    var rangesMax = ListLimits().rangeStepsMax
}

/// Rows in order of ids, of which the first column is the id, with one look ahead.
private struct IDWalk {
    private let rows: RowCursor
    private var ahead: Row?
    /// The id of the row ahead; nil at the end.
    private(set) var token: U256?

    init(_ rows: RowCursor) throws {
        self.rows = rows
        try step()
    }

    /// The row ahead, if it is of this id; good until the next step.
    func row(of token: U256) -> Row? { self.token == token ? ahead : nil }

    mutating func step() throws {
        ahead = try rows.next()
        token = try ahead.map { try ListReading.token($0, 0) }
    }

    mutating func skip(to token: U256) throws {
        while let ahead = self.token, ahead < token { try step() }
    }
}
