/// Counts of traits, and rarity computed from them.
import Ethereum
import Testing
import Tokens

@Suite struct TraitCensusTests {
    private typealias Trait = TraitCensus.Trait

    /// Tokens 1, 2, … with traits written as type × 100 + value.
    private static func census(_ tokens: [[Int64]]) -> TraitCensus {
        var builder = TraitCensus.Builder()
        for (index, traits) in tokens.enumerated() {
            builder.add(U256(UInt64(index + 1)), traits.map { Trait(id: $0, type: $0 / 100) })
        }
        return builder.census()
    }

    private static func ranks(_ census: TraitCensus) -> [Int?] {
        (0..<census.supply).map { census.rarity(of: U256(UInt64($0 + 1)))?.rank }
    }

    /// Four tokens.
    ///
    /// Hat: Red (101) of three, Gold (102) of one. Eyes: Blue (201) of two, Green (202) of one, none of one.
    ///
    /// Bits: Red log2(4/3) = 0.41503750, Gold log2(4/1) = 2, Blue log2(4/2) = 1, Green 2, no Eyes 2. So the tokens have
    /// 1.41503750, the same, 4, and 2.41503750. Entropy: 3/4 · 0.41503750 + 1/4 · 2 for Hat, which is 0.81127812,
    /// and 2/4 · 1 + 1/4 · 2 + 1/4 · 2 = 1.5 for Eyes; together 2.31127812. Scores: bits / 2.31127812.
    @Test func `scores are bits by entropy, as computed by hand`() throws {
        let census = Self.census([[101, 201], [101, 201], [102], [101, 202]])
        #expect(abs(census.entropy - 2.311_278_124_459_133) < 1e-12)
        let expected: [(rank: Int, bits: Double, score: Double)] = [
            (3, 1.415_037_499_278_844, 0.612_231_597_878_330), (3, 1.415_037_499_278_844, 0.612_231_597_878_330),
            (1, 4, 1.730_644_165_092_009), (2, 2.415_037_499_278_844, 1.044_892_639_151_332),
        ]
        for (index, expected) in expected.enumerated() {
            let rarity = try #require(census.rarity(of: U256(UInt64(index + 1))))
            #expect(rarity.rank == expected.rank)
            #expect(abs(rarity.bits - expected.bits) < 1e-8)
            #expect(abs(rarity.score - expected.score) < 1e-8)
        }
        #expect([101, 102, 201, 202, 203].map { census.count(of: $0) } == [3, 1, 2, 1, 0])
    }

    @Test(
        arguments: [
            ([], []), ([[]], [1]), ([[101]], [1]), ([[101], [101], [101]], [1, 1, 1]),
            // Lacking what all others have is what is rare.
            ([[101], [101], [], [101]], [2, 2, 1, 2]),
            // Two values of one type are the bits of both.
            ([[101, 102], [101], [101], [102]], [1, 3, 3, 2]),
            // Equals share a rank, and the next one skips as many.
            ([[101], [102], [103], [104], [104]], [1, 1, 1, 4, 4]),
        ] as [([[Int64]], [Int])]
    )
    func `ranks`(_ tokens: [[Int64]], _ ranks: [Int]) {
        #expect(Self.ranks(Self.census(tokens)) == ranks)
    }

    @Test func `where all are alike nobody has a score`() {
        let census = Self.census([[101, 201], [101, 201]])
        #expect(census.entropy == 0)
        #expect(census.rarity(of: .one)?.score == 0)
        #expect(census.rarity(of: .one)?.bits == 0)
        #expect(census.rarity(of: U256(3)) == nil)
    }

    /// Of 64 tokens, 6 and 35 have the first's traits, 10 and 21 the second's: 6 · 35 = 10 · 21, so that both carry
    /// log2(64 · 64 / 210) bits, though the terms round to different sums.
    @Test func `tokens whose bits differ by rounding alone share a rank`() {
        func run(_ trait: Int64, _ count: Int) -> [Int64] { Array(repeating: trait, count: count) }
        let hats = run(101, 6) + run(102, 10) + run(103, 48)
        let eyes = run(201, 6) + run(202, 21) + run(201, 29) + run(203, 8)
        let census = Self.census(zip(hats, eyes).map { [$0, $1] })
        #expect([101, 102, 201, 202].map { census.count(of: $0) } == [6, 10, 35, 21])
        let (first, second) = (census.rarity(of: U256(1)), census.rarity(of: U256(7)))
        #expect(first?.bits != second?.bits)
        #expect(first?.rank == second?.rank)
    }

    @Test func `neither the order of traits nor their numbers change anything`() {
        let tokens = (0..<200 as Range<Int64>).map { index in
            (1...5 as ClosedRange<Int64>).filter { (index * $0 * 7) % 11 != 0 }.map { $0 * 100 + index * $0 % 7 }
        }
        let census = Self.census(tokens)
        let other = Self.census(
            tokens.map { traits in
                traits.reversed().map { (trait: Int64) -> Int64 in (9 - trait / 100) * 100 + 99 - trait % 100 }
            }
        )
        #expect(other.entropy == census.entropy)
        #expect(other.ranking(from: nil, limit: 200).items == census.ranking(from: nil, limit: 200).items)
    }

    @Test(arguments: [1, 3, 100]) func `pages of a ranking together are the ranking`(limit: Int) {
        let census = Self.census((0..<50).map { [Int64(100 + $0 % 7), Int64(200 + $0 % 3)] })
        var items: [TokenRarity] = []
        var position: RarityPosition?
        repeat {
            let page = census.ranking(from: position, limit: limit)
            #expect(page.items.count <= limit)
            items += page.items
            position = page.next
        } while position != nil && items.count <= 50
        #expect(items == items.sorted { ($0.rank, $0.token) < ($1.rank, $1.token) })
        #expect(Set(items.map(\.token)).count == 50)
        #expect(items == census.ranking(from: nil, limit: 50).items)
    }

    @Test func `a position that is none of the ranking's leads to what comes after it`() {
        let census = Self.census([[101], [102], [102]])
        #expect(census.ranking(from: RarityPosition(rank: 2, token: .zero), limit: 9).items.map(\.rank) == [2, 2])
        #expect(census.ranking(from: RarityPosition(rank: .max, token: .max), limit: 9).items.isEmpty)
    }

    @Test func `a token that does not come in order of ids is not counted`() {
        var builder = TraitCensus.Builder()
        for token in [5, 5, 4, 6] as [UInt64] { builder.add(U256(token), [Trait(id: 1, type: 1)]) }
        let census = builder.census()
        #expect(census.supply == 2)
        #expect(census.count(of: 1) == 2)
    }

    @Test func `ten thousand traits of one token, and as many types, are counted as any`() {
        var builder = TraitCensus.Builder()
        builder.add(.zero, (0..<10_000).map { Trait(id: $0, type: $0) })
        builder.add(.one, [])
        let census = builder.census()
        // Having and lacking each is one bit.
        #expect(census.rarity(of: .zero)?.bits == 10_000)
        #expect(census.rarity(of: .one)?.bits == 10_000)
        #expect(census.entropy == 10_000)
    }
}
