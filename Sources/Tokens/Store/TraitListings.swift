package import Ethereum

/// The questions about what the tokens of a collection have.
///
/// Counted are tokens that somebody holds now and of which a document is held. Burned tokens count nowhere, nor do those
/// that only ever moved in ERC-2309 ranges, of which nobody asks for documents.
package protocol TraitListings: Sendable {
    /// A contract's traits and how many tokens have each: by type, then by value, both in the order of first appearance.
    /// - Throws: ``ListingError/tooMuchHistory(_:)`` for a collection beyond ``CollectionLimits``.
    func traits(
        of contract: Address,
        on chain: ChainID,
        _ page: PageRequest<TraitPosition>
    ) throws -> CollectionPage<TraitCount, TraitPosition>
    /// The tokens by rarity, the rarest first, equals by id.
    /// - Throws: as ``traits(of:on:_:)``
    func ranking(
        of contract: Address,
        on chain: ChainID,
        _ page: PageRequest<RarityPosition>
    ) throws -> CollectionPage<TokenRarity, RarityPosition>
    /// One token among the others of its contract: a page of that token, or of none where it does not count.
    /// - Throws: as ``traits(of:on:_:)``
    func rarity(of token: TokenID, on chain: ChainID) throws -> CollectionPage<TokenRarity, RarityPosition>
    /// A contract's held tokens that match a filter, by id.
    ///
    /// The work for one page is bounded, so that a page may be short or empty and still have a next one.
    /// - Throws: ``ListingError/tooMuchHistory(_:)`` for a contract of more than 100,000 ranges.
    func tokens(
        in contract: Address,
        on chain: ChainID,
        matching filter: TokenFilter,
        _ page: PageRequest<TokenPosition>
    ) throws -> CollectionPage<FoundToken, TokenPosition>
}

/// How large a collection may be of which traits are counted.
///
/// Both bounds together keep a count to some seconds, and to 50 MB while it is made (300 MB where every token has types
/// of its own, which is the worst there is) and 12 MB (44 MB) kept.
package enum CollectionLimits {
    /// Tokens that ever had an owner or were counted.
    package static let tokensMax = 250_000
    /// Traits of all its tokens together.
    package static let traitsMax = 2_000_000
}

/// One page about a collection, and the collection it is about.
package struct CollectionPage<Item: Sendable, Position: Sendable>: Sendable {
    package var items: [Item]
    /// Where the next page starts; nil at the end.
    package var next: Position?
    /// Its revision is the collection's, not the chain's: another number where holdings, traits or names of it changed.
    package var standing: Standing
    /// nil where nothing was counted for the answer.
    package var tally: CollectionTally?

    package init(
        items: [Item],
        next: Position?,
        standing: Standing,
        tally: CollectionTally? = nil
    ) {
        self.items = items
        self.next = next
        self.standing = standing
        self.tally = tally
    }
}

/// What shares and ranks are of.
package struct CollectionTally: Sendable, Equatable {
    /// Tokens that count.
    package var tokens: Int
    /// Held tokens that do not, because no document of theirs is held yet.
    package var unknown: Int
    /// In bits; see ``TraitCensus``.
    package var entropy: Double

    package init(tokens: Int, unknown: Int, entropy: Double) {
        self.tokens = tokens
        self.unknown = unknown
        self.entropy = entropy
    }
}

/// A value with its kind in JSON, because `7` and `"7"` are two values.
package struct TraitValue: Sendable, Hashable {
    package var kind: Kind
    /// Numbers as they were written.
    package var text: String

    /// Stored: never renumber.
    package enum Kind: Int64, Sendable, Hashable {
        case string = 0
        case number = 1
        case bool = 2
    }

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// One value of one type, and how many tokens have it.
package struct TraitCount: Sendable, Equatable {
    /// Empty for properties without a name.
    package var type: String
    package var value: TraitValue
    package var count: Int

    package init(type: String, value: TraitValue, count: Int) {
        self.type = type
        self.value = value
        self.count = count
    }
}

/// Where a list of traits goes on.
package struct TraitPosition: Sendable, Hashable {
    package var type: Int64
    package var trait: Int64

    package init(type: Int64, trait: Int64) {
        self.type = type
        self.trait = trait
    }
}

/// What tokens are looked for: all of it must match.
package struct TokenFilter: Sendable, Hashable {
    /// A part of the name, nil: any; ASCII letters match in either case, all else byte for byte.
    package var name: String?
    /// Types and values; a value matches as text, whatever its kind.
    package var traits: [Trait]

    package struct Trait: Sendable, Hashable {
        package var type: String
        package var value: String

        package init(type: String, value: String) {
            self.type = type
            self.value = value
        }
    }

    package init(name: String? = nil, traits: [Trait] = []) {
        self.name = name
        self.traits = traits
    }

    package var isEmpty: Bool { name == nil && traits.isEmpty }
}

/// A held token that a search found.
package struct FoundToken: Sendable, Equatable {
    package var token: HeldToken
    /// nil where its document names none.
    package var name: String?

    package init(token: HeldToken, name: String?) {
        self.token = token
        self.name = name
    }
}
