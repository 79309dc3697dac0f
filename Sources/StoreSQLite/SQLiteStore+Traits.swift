package import Ethereum
import GRDB
package import Tokens

/// Traits, rarity and searches; each answer from one snapshot.
extension SQLiteStore: TraitListings {
    package func traits(
        of contract: Address,
        on chain: ChainID,
        _ page: PageRequest<TraitPosition>
    ) throws -> CollectionPage<TraitCount, TraitPosition> {
        try traits(of: contract, on: chain, page, limits: ListLimits())
    }

    func traits(
        of contract: Address,
        on chain: ChainID,
        _ page: PageRequest<TraitPosition>,
        limits: ListLimits
    ) throws -> CollectionPage<TraitCount, TraitPosition> {
        try collection(contract, on: chain) { reading, id, counted in
            var list = TraitList(reading: reading, census: counted.census, limit: page.limit, budget: limits.rowsMax)
            try list.fill(contract: id, from: page.position)
            return (list.items, list.next)
        }
    }

    package func ranking(
        of contract: Address,
        on chain: ChainID,
        _ page: PageRequest<RarityPosition>
    ) throws -> CollectionPage<TokenRarity, RarityPosition> {
        try collection(contract, on: chain) { _, _, counted in
            counted.census.ranking(from: page.position, limit: page.limit)
        }
    }

    package func rarity(
        of token: TokenID,
        on chain: ChainID
    ) throws -> CollectionPage<TokenRarity, RarityPosition> {
        try collection(token.contract, on: chain) { _, _, counted in
            (counted.census.rarity(of: token.token).map { [$0] } ?? [], nil)
        }
    }

    package func tokens(
        in contract: Address,
        on chain: ChainID,
        matching filter: TokenFilter,
        _ page: PageRequest<TokenPosition>
    ) throws -> CollectionPage<FoundToken, TokenPosition> {
        try tokens(in: contract, on: chain, matching: filter, page, limits: ListLimits())
    }

    func tokens(
        in contract: Address,
        on chain: ChainID,
        matching filter: TokenFilter,
        _ page: PageRequest<TokenPosition>,
        limits: ListLimits
    ) throws -> CollectionPage<FoundToken, TokenPosition> {
        try list(chain) { reading in
            var standing = try reading.standing(of: contract)
            guard let id = try reading.id(of: contract) else {
                return CollectionPage(items: [], next: nil, standing: standing)
            }
            standing.revision = try CensusReader(reading, id).key()?.version ?? 0
            var search = try TokenSearch(reading, contract, id, filter, limit: page.limit, limits: limits)
            try search.fill(from: page.position)
            return CollectionPage(items: search.items, next: search.next, standing: standing)
        }
    }

    /// Asks the count of a collection: the one that is kept, where it is of this snapshot's state, else a new one.
    private func collection<Item, Position>(
        _ contract: Address,
        on chain: ChainID,
        _ body: (ListReading, AddressID, CensusCache.Counted) throws -> (items: [Item], next: Position?)
    ) throws -> CollectionPage<Item, Position> {
        try list(chain) { reading in
            var standing = try reading.standing(of: contract)
            let none = CollectionTally(tokens: 0, unknown: 0, entropy: 0)
            guard let id = try reading.id(of: contract), let key = try CensusReader(reading, id).key() else {
                return CollectionPage(items: [], next: nil, standing: standing, tally: none)
            }
            standing.revision = key.version
            let counted = try censuses.counted(key) { try CensusReader(reading, id).counted() }
            let answer = try body(reading, id, counted)
            return CollectionPage(
                items: answer.items,
                next: answer.next,
                standing: standing,
                tally: CollectionTally(
                    tokens: counted.census.supply,
                    unknown: counted.unknown,
                    entropy: counted.census.entropy
                )
            )
        }
    }
}

/// One page of traits while it is filled, type by type.
private struct TraitList {
    let reading: ListReading
    let census: TraitCensus
    let limit: Int
    /// Rows that may still be read: also of traits that only burned tokens have.
    var budget: Int
    private(set) var items: [TraitCount] = []
    private(set) var next: TraitPosition?

    init(reading: ListReading, census: TraitCensus, limit: Int, budget: Int) {
        self.reading = reading
        self.census = census
        self.limit = limit
        self.budget = budget
    }

    mutating func fill(contract: AddressID, from start: TraitPosition?) throws {
        let types = try reading.rows(TraitSQL.typesFrom, [reading.chain, contract, start?.type ?? 0])
        while next == nil, let type = try types.next() {
            let id: Int64 = type[0]
            try fill(id, type[1], from: id == start?.type ? start?.trait ?? 0 : 0)
        }
    }

    /// Adds the values of one type.
    private mutating func fill(_ type: Int64, _ name: String, from first: Int64) throws {
        let rows = try reading.rows(TraitSQL.values, [type, first, budget + 1])
        while let row = try rows.next() {
            let id: Int64 = row[0]
            let count = census.count(of: id)
            guard budget > 0, count == 0 || items.count < limit else {
                next = TraitPosition(type: type, trait: id)
                return
            }
            budget -= 1
            guard count > 0 else { continue }
            guard let kind = TraitValue.Kind(rawValue: row[2]) else { throw ListReading.damaged("kind") }
            items.append(TraitCount(type: name, value: TraitValue(kind, row[1]), count: count))
        }
    }
}
