package import Ethereum

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the tokens of one collection have, counted, and how rare each is by it.
///
/// Rarity is information content as the OpenRarity method defines it (github.com/OpenRarity/open-rarity, "information
/// content scoring"): with `n` tokens, of which `c` have a trait, the trait carries `log2(n / c)` bits. A token's bits are
/// the sum over its traits, and over the types that it lacks, of which lacking them is a value like any other. Its score
/// is its bits divided by the collection's entropy: the sum of `p · log2(1 / p)` over every value of every type, lacking
/// it among them.
///
/// Left out, on purpose: the number of traits as a trait of its own, and tokens with unique traits before all others;
/// both are later additions to the method. Types and values are compared exactly, not without regard to case and spaces.
/// A token that has several values of one type has the bits of each. Where all tokens are alike the entropy is 0, and so
/// is every score.
///
/// Sums are integers in units of 2^-32 bit, so that they are the same in any order.
package struct TraitCensus: Sendable {
    /// The tokens that count, in order of ids.
    private let tokens: [U256]
    /// The bits of each token, and its rank; both by its place in ``tokens``.
    private let bits: [Int64]
    private let ranks: [Int32]
    /// Places in ``tokens`` by rank, then by id.
    private let order: [Int32]
    /// Traits with how many tokens have them, in order of ``Trait/id``.
    private let traits: [Counted]
    /// Bits of information that a token's traits carry on average.
    package let entropy: Double

    /// Bits that differ by no more than this (2^-24) are equal: rounding tells nobody from his equals.
    static let tolerance: Int64 = 1 << 8
    fileprivate static let unit = Double(1 << 32 as Int64)

    /// One value of one type, as the store numbers them; numbers are compared, never shown.
    package struct Trait: Sendable, Hashable {
        package var id: Int64
        package var type: Int64

        package init(id: Int64, type: Int64) {
            self.id = id
            self.type = type
        }
    }

    private struct Counted: Sendable {
        var id: Int64
        var count: Int32
    }

    /// How many tokens were counted.
    package var supply: Int { tokens.count }

    /// What it occupies in memory, about.
    package var bytes: Int { tokens.count * 48 + traits.count * 16 + 256 }

    /// How many tokens have a trait; 0 for one that no counted token has.
    ///
    /// O(log traits).
    package func count(of trait: Int64) -> Int {
        let index = Self.first(in: traits.count) { traits[$0].id >= trait }
        return index < traits.count && traits[index].id == trait ? Int(traits[index].count) : 0
    }

    /// A token's rank and score; nil for one that was not counted.
    ///
    /// O(log tokens).
    package func rarity(of token: U256) -> TokenRarity? {
        let index = Self.first(in: tokens.count) { tokens[$0] >= token }
        return index < tokens.count && tokens[index] == token ? rarity(at: index) : nil
    }

    /// The tokens by rank, then id, from a position on: at most `limit`, and where the next ones start.
    package func ranking(
        from position: RarityPosition?,
        limit: Int
    ) -> (items: [TokenRarity], next: RarityPosition?) {
        let start = position.map { from in
            Self.first(in: order.count) { place in
                let index = Int(order[place])
                return (Int(ranks[index]), tokens[index]) >= (from.rank, from.token)
            }
        }
        let from = start ?? 0
        let end = min(order.count, from + limit)
        let items = order[from..<end].map { rarity(at: Int($0)) }
        guard end < order.count else { return (items, nil) }
        let next = rarity(at: Int(order[end]))
        return (items, RarityPosition(rank: next.rank, token: next.token))
    }

    private func rarity(at index: Int) -> TokenRarity {
        let bits = Double(bits[index]) / Self.unit
        return TokenRarity(
            token: tokens[index],
            rank: Int(ranks[index]),
            bits: bits,
            score: entropy > 0 ? bits / entropy : 0
        )
    }

    /// The first of `0..<count` for which a condition holds that holds for all after it.
    private static func first(in count: Int, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    // MARK: Counting

    /// Takes tokens one by one, and counts.
    package struct Builder {
        private var traits: [Counted] = []
        /// The place of each trait in ``traits``, and of its type.
        private var places: [Int64: Int32] = [:]
        private var types: [Int32] = []
        private var typePlaces: [Int64: Int32] = [:]
        /// Tokens that have at least one value of a type.
        private var typeCounts: [Int32] = []
        private var tokens: [U256] = []
        /// The traits of all tokens, one after another, and where each token's end.
        private var held: [Int32] = []
        private var ends: [Int32] = []

        package init() {}

        /// Counts a token.
        ///
        /// - Parameters:
        ///   - token: greater than every one before; another is not counted.
        ///   - traits: each once; one that comes twice would count twice.
        package mutating func add(_ token: U256, _ traits: [Trait]) {
            if let last = tokens.last, last >= token { return }
            tokens.append(token)
            let start = held.count
            for trait in traits {
                let place = place(of: trait)
                self.traits[Int(place)].count += 1
                held.append(place)
            }
            ends.append(Int32(held.count))
            for type in Set(held[start...].map { types[Int($0)] }) { typeCounts[Int(type)] += 1 }
        }

        private mutating func place(of trait: Trait) -> Int32 {
            if let place = places[trait.id] { return place }
            let place = Int32(traits.count)
            places[trait.id] = place
            traits.append(Counted(id: trait.id, count: 0))
            let next = Int32(typeCounts.count)
            let type = typePlaces[trait.type] ?? next
            if type == next {
                typePlaces[trait.type] = type
                typeCounts.append(0)
            }
            types.append(type)
            return place
        }

        /// O(n log n) for n tokens, and O(1) for each trait of each.
        package consuming func census() -> TraitCensus {
            let bits = bits()
            var order = tokens.indices.map { Int32($0) }
            order.sort { bits[Int($0)] > bits[Int($1)] }
            let ranks = Self.ranks(bits, &order)
            return TraitCensus(
                tokens: tokens,
                bits: bits,
                ranks: ranks,
                order: order,
                traits: traits.sorted { $0.id < $1.id },
                entropy: entropy()
            )
        }

        /// The bits of lacking everything, less those of lacking what a token has, and those of what it has; for every token.
        private func bits() -> [Int64] {
            let supply = Double(tokens.count)
            func information(_ count: Int) -> Int64 {
                count == 0 ? 0 : Int64((log2(supply / Double(count)) * TraitCensus.unit).rounded())
            }
            let having = traits.map { information(Int($0.count)) }
            let lacking = typeCounts.map { information(tokens.count - Int($0)) }
            // At most 2^21 types of 18 bits in units of 2^-32: less than 2^58.
            let none = lacking.reduce(0, &+)
            var start = 0
            return ends.map { end in
                let own = held[start..<Int(end)]
                start = Int(end)
                let kept = Set(own.map { types[Int($0)] }).reduce(Int64(0)) { $0 &+ lacking[Int($1)] }
                return own.reduce(none &- kept) { $0 &+ having[Int($1)] }
            }
        }

        /// Equal bits share a rank, and the next rank skips as many; equals come by id.
        private static func ranks(_ bits: [Int64], _ order: inout [Int32]) -> [Int32] {
            var ranks = [Int32](repeating: 0, count: bits.count)
            var start = 0
            while start < order.count {
                let most = bits[Int(order[start])]
                var end = start + 1
                while end < order.count, most &- bits[Int(order[end])] <= TraitCensus.tolerance { end += 1 }
                for place in start..<end { ranks[Int(order[place])] = Int32(start + 1) }
                // Places are in order of ids.
                order[start..<end].sort()
                start = end
            }
            return ranks
        }

        /// Equal counts are summed at once, from the least: the same sum whatever the order of traits.
        private func entropy() -> Double {
            let supply = Double(tokens.count)
            var tally: [Int: Int] = [:]
            for trait in traits { tally[Int(trait.count), default: 0] += 1 }
            for count in typeCounts { tally[tokens.count - Int(count), default: 0] += 1 }
            return tally.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
                guard entry.key > 0 else { return sum }
                let share = Double(entry.key) / supply
                return sum + Double(entry.value) * share * log2(1 / share)
            }
        }
    }
}

/// How rare one token is among those of its collection.
package struct TokenRarity: Sendable, Equatable {
    package var token: U256
    /// 1 is the rarest; equals share a rank, and the next one skips as many.
    package var rank: Int
    /// The information that its traits carry, in bits.
    package var bits: Double
    /// ``bits`` by the collection's entropy: 1 is what a token carries on average.
    package var score: Double

    package init(token: U256, rank: Int, bits: Double, score: Double) {
        self.token = token
        self.rank = rank
        self.bits = bits
        self.score = score
    }
}

/// Where a ranking goes on.
package struct RarityPosition: Sendable, Hashable {
    package var rank: Int
    package var token: U256

    package init(rank: Int, token: U256) {
        self.rank = rank
        self.token = token
    }
}
