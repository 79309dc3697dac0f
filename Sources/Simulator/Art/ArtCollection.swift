import Ethereum

/// One contract of a simulated chain as a collection: what it calls itself, and the document of each of its tokens.
///
/// All of it lies in the contract, as `data:` URIs, so that nobody needs a network to see it.
struct ArtCollection: Sendable {
    enum Art: Sendable, Equatable {
        case scene(Subject)
        case tiles
    }

    var contract: Address
    var name: String
    /// Of one token, in front of its number.
    var tokenName: String
    var symbol: String
    var about: String
    var art: Art

    private static let all: [ArtCollection] = [
        ArtCollection(
            contract: EventMaker.plain,
            name: "Lanterns",
            tokenName: "Lantern",
            symbol: "LNTN",
            about: "Lights that were hung up for somebody to find the way home.",
            art: .scene(.lantern)
        ),
        ArtCollection(
            contract: EventMaker.ranges,
            name: "Paper Boats",
            tokenName: "Boat",
            symbol: "BOAT",
            about: "Folded in one go, thousands at a time, and let go one by one.",
            art: .scene(.boat)
        ),
        ArtCollection(
            contract: EventMaker.counted,
            name: "Tide Glass",
            tokenName: "Tide Glass",
            symbol: "TIDE",
            about: "Worn smooth by the sea; there is never only one of a kind.",
            art: .tiles
        ),
        ArtCollection(
            contract: EventMaker.mixed,
            name: "Kites",
            tokenName: "Kite",
            symbol: "KITE",
            about: "Some are one of their kind, some are cut from the same cloth.",
            art: .scene(.kite)
        ),
        ArtCollection(
            contract: EventMaker.kitties,
            name: "Small Worlds",
            tokenName: "World",
            symbol: "WRLD",
            about: "From before there was a standard: even the name is in the old form.",
            art: .scene(.planet)
        ),
    ]

    static func of(_ contract: Address) -> ArtCollection? { all.first { $0.contract == contract } }

    /// The picture of a token: the same for the same seed, whatever the chain does.
    ///
    /// Where a contract has both kinds under one id, they are two.
    func picture(_ id: U256, seed: UInt64, isCounted: Bool = false) -> Picture {
        var random = SplitMix64(seed: isCounted ? ~seed : seed)
        for word in [UInt64(contract.low), id.w0, id.w1, id.w2, id.w3] {
            random = SplitMix64(seed: random.next() ^ word)
        }
        return switch art {
        case .scene(let subject): Picture.scene(subject, &random)
        case .tiles: Picture.tiles(&random)
        }
    }

    /// The token's document in a `data:` URI, its picture inside it in another.
    ///
    /// Of a counted token it has an `{id}` for the reader to fill in (ERC-1155, metadata).
    func uri(_ id: U256, seed: UInt64, isCounted: Bool) -> String {
        let picture = picture(id, seed: seed, isCounted: isCounted)
        let traits = picture.traits
            .map { #"{"trait_type":"\#($0.type)","value":"\#($0.value)"}"# }
            .joined(separator: ",")
        let link = isCounted ? #","external_url":"https://\#(symbol.lowercased()).example/{id}""# : ""
        return Self.uri(
            json: #"{"name":"\#(tokenName) #\#(id.decimal)","description":"\#(about)","#
                + #""image":"\#(Self.uri(svg: picture.svg))"\#(link),"attributes":[\#(traits)]}"#
        )
    }

    /// What the contract says about itself (ERC-7572).
    func contractURI(seed: UInt64) -> String {
        Self.uri(
            json: #"{"name":"\#(name)","symbol":"\#(symbol)","description":"\#(about)","#
                + #""image":"\#(Self.uri(svg: picture(.zero, seed: seed).svg))"}"#
        )
    }

    private static func uri(json: String) -> String { "data:application/json;base64," + Base64Text.text(json) }

    private static func uri(svg: String) -> String { "data:image/svg+xml;base64," + Base64Text.text(svg) }
}
