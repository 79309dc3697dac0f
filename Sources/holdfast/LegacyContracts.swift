import Ethereum

/// Known NFT contracts whose `Transfer` has fewer than four topics, by chain: data, so that a contract is one line.
///
/// A busy chain is read as a whole for indexed forms only, because the others would bring every ERC-20 transfer over the
/// wire; these are asked for by address besides. They are listed by `holdfast contracts list` and can be removed there.
enum LegacyContracts {
    private static let all: [ChainID: [String]] = [
        1: [
            // CryptoKitties: Transfer(from, to, id) with nothing indexed.
            "0x06012c8cf97bead5deae237070f9587f8e7a266d"
        ]
    ]

    static func of(_ chain: ChainID) -> [Address] {
        (all[chain] ?? []).compactMap { try? Address(text: $0) }
    }
}
