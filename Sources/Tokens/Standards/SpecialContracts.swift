package import Ethereum

/// One NFT contract that a reading of the whole chain would miss or misread.
package struct SpecialContract: Sendable, Hashable {
    package var address: Address
    package var rule: ReadingRule

    package init(_ address: Address, _ rule: ReadingRule) {
        self.address = address
        self.rule = rule
    }
}

/// Known NFT contracts that need a rule or a question of their own, by chain: data, so that a contract is one line.
///
/// A chain is read as a whole for the four standard events, busy ones for their indexed forms only; these contracts are
/// followed by address besides. `holdfast contracts list` shows them, `contracts remove` drops one for good, and
/// `contracts add … --read-as …` is the same for a contract that is not listed here.
package enum SpecialContracts {
    package static let all: [ChainID: [(address: String, rule: ReadingRule)]] = [
        1: [
            // CryptoKitties: Transfer(from, to, id) with nothing indexed. Its shape says what it is, but on a busy chain
            // that shape is asked for by address only.
            ("0x06012c8cf97BEaD5deAe237070F9587f8E7A266d", .byShape),
            // CryptoPunks: older than ERC-721, with events of its own.
            ("0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB", .cryptoPunks),
        ]
    ]

    package static func of(_ chain: ChainID) -> [SpecialContract] {
        (all[chain] ?? []).compactMap { entry in
            (try? Address(text: entry.address)).map { SpecialContract($0, entry.rule) }
        }
    }

    /// The rule of a contract; ``ReadingRule/byShape`` where it is not listed.
    package static func rule(of contract: Address, on chain: ChainID) -> ReadingRule {
        of(chain).first { $0.address == contract }?.rule ?? .byShape
    }
}
