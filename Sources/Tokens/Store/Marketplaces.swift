package import Ethereum

/// The wallets in which marketplaces keep what is on sale, as an operator named them.
///
/// A token is on sale if one of them is its owner by its events; nothing else is looked at. Marketplaces that leave tokens with
/// their sellers are not seen by this, and sale events are not: they say what was sold.
package struct Marketplaces: Sendable, Hashable {
    /// By chain; nil: of every chain that is not named.
    package var wallets: [ChainID?: Set<Address>]

    package init(_ wallets: [ChainID?: Set<Address>] = [:]) {
        self.wallets = wallets
    }

    package func wallets(on chain: ChainID) -> Set<Address> { wallets[chain] ?? wallets[nil] ?? [] }

    /// nil where no marketplace is named, so that nobody takes "unknown" for "no".
    package func hasOnSale(_ owner: Address, on chain: ChainID) -> Bool? {
        let wallets = wallets(on: chain)
        return wallets.isEmpty ? nil : wallets.contains(owner)
    }

    /// Of one chain: each costs a walk of its own for a page of what is on sale.
    package static let walletsMax = 16
}
