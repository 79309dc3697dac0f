import Ethereum

/// What is known of chains in advance: data, so that a chain is one entry.
///
/// An unknown chain works with ``unknown``.
struct ChainPreset: Sendable {
    var name: String
    var chainID: ChainID
    /// Where the `finalized` tag does not work.
    var confirmations: UInt64
    /// Between two looks at the head; about half a block time.
    var pollInterval: Duration
    /// Whether forms of `Transfer` with fewer than four topics are asked for on the whole chain.
    ///
    /// On a busy chain that would bring every ERC-20 transfer over the wire; contracts named are always read for all
    /// forms.
    var asksUnindexed: Bool
    /// Asked when no endpoint is given.
    var rpc: String?
    /// Whether receipts can be recomputed: Polygon puts state-sync receipts among them that no root covers.
    var receiptsHold = true
}

enum ChainPresets {
    static let all = [
        ChainPreset(
            name: "kcc",
            chainID: 321,
            confirmations: 20,
            pollInterval: .seconds(1.5),
            asksUnindexed: true,
            rpc: "http://localhost:8545"
        ),
        ChainPreset(
            name: "kcc-testnet",
            chainID: 322,
            confirmations: 20,
            pollInterval: .seconds(1.5),
            asksUnindexed: true
        ),
        ChainPreset(name: "ethereum", chainID: 1, confirmations: 64, pollInterval: .seconds(6), asksUnindexed: false),
        ChainPreset(
            name: "sepolia",
            chainID: 11_155_111,
            confirmations: 64,
            pollInterval: .seconds(6),
            asksUnindexed: false
        ),
        ChainPreset(
            name: "polygon",
            chainID: 137,
            confirmations: 256,
            pollInterval: .seconds(1),
            asksUnindexed: false,
            receiptsHold: false
        ),
        ChainPreset(name: "bnb", chainID: 56, confirmations: 64, pollInterval: .seconds(1), asksUnindexed: false),
        ChainPreset(name: "base", chainID: 8453, confirmations: 512, pollInterval: .seconds(1), asksUnindexed: false),
        ChainPreset(name: "optimism", chainID: 10, confirmations: 512, pollInterval: .seconds(1), asksUnindexed: false),
        ChainPreset(
            name: "arbitrum",
            chainID: 42_161,
            confirmations: 1_024,
            pollInterval: .seconds(1),
            asksUnindexed: false
        ),
        ChainPreset(
            name: "local",
            chainID: 31_337,
            confirmations: 20,
            pollInterval: .milliseconds(250),
            asksUnindexed: true,
            rpc: "http://localhost:8545"
        ),
    ]

    /// Safe for a chain that nobody told us about.
    static func unknown(_ chainID: ChainID) -> ChainPreset {
        ChainPreset(
            name: String(chainID),
            chainID: chainID,
            confirmations: 20,
            pollInterval: .seconds(1),
            asksUnindexed: true
        )
    }

    static func preset(for chainID: ChainID) -> ChainPreset {
        all.first { $0.chainID == chainID } ?? unknown(chainID)
    }

    static func id(named name: String) throws -> ChainID {
        if let preset = all.first(where: { $0.name == name.lowercased() }) { return preset.chainID }
        guard let id = ChainID(name), id > 0 else {
            let names = all.map(\.name).joined(separator: ", ")
            throw Failure.usage("--chain \(name): name one of \(names), or give the chain id")
        }
        return id
    }
}
