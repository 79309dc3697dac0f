package import Ethereum

/// What a contract says of itself when it is asked: its own words, which nobody has to believe.
///
/// A name can be anybody's, a supply can be a cap, and the answers to ERC-165 decide nothing: events do.
package struct ContractFacts: Sendable, Hashable {
    /// nil: the contract has no such function, reverted, or gave no text; it may also be empty.
    package var name: String?
    package var symbol: String?
    package var totalSupply: U256?
    /// `contractURI()` (ERC-7572) as it was given.
    package var uri: String?
    /// nil: it answers to none of ERC-165's questions.
    package var interfaces: Interfaces?
    /// The block in whose state it was asked.
    package var block: BlockRef

    /// Bytes; longer ones are cut at a character.
    package static let nameMax = 256
    package static let symbolMax = 64
    /// Bytes; a longer one is left out, since half an address is another one.
    package static let uriMax = 64 << 10

    /// The interfaces that a contract says it has (ERC-165); stored: never renumber.
    package struct Interfaces: OptionSet, Sendable, Hashable {
        package let rawValue: Int64

        package init(rawValue: Int64) { self.rawValue = rawValue }

        /// 0x80ac58cd.
        package static let erc721 = Interfaces(rawValue: 1 << 0)
        /// 0xd9b67a26.
        package static let erc1155 = Interfaces(rawValue: 1 << 1)
        /// 0x780e9d63.
        package static let erc721Enumerable = Interfaces(rawValue: 1 << 2)
        /// It says yes to 0xffffffff as well, which no contract may have: its yes means nothing.
        package static let everything = Interfaces(rawValue: 1 << 3)

        /// In the order of their numbers.
        package var names: [String] {
            let all: [(Interfaces, String)] = [
                (.erc721, "erc721"), (.erc1155, "erc1155"), (.erc721Enumerable, "erc721Enumerable"),
                (.everything, "everything"),
            ]
            return all.filter { contains($0.0) }.map(\.1)
        }
    }

    package init(
        name: String? = nil,
        symbol: String? = nil,
        totalSupply: U256? = nil,
        uri: String? = nil,
        interfaces: Interfaces? = nil,
        block: BlockRef
    ) {
        self.name = name
        self.symbol = symbol
        self.totalSupply = totalSupply
        self.uri = uri
        self.interfaces = interfaces
        self.block = block
    }
}
