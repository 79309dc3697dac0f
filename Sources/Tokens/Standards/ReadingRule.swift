/// By what a contract's logs are read where the shape of its events does not say it.
///
/// The raw value is stored with the contract's scope: never reuse or renumber one.
package enum ReadingRule: UInt8, Sendable, Hashable, CaseIterable {
    /// By the shape of each event, as every contract of which nothing is known.
    case byShape = 0
    /// `Transfer(from, to, id)` with two indexed addresses and the id in its data: an NFT's, though it looks like ERC-20.
    case idInData = 1
    /// By the events of its own that ``CryptoPunks`` knows.
    case cryptoPunks = 2

    /// The name in options and answers.
    package var name: String {
        switch self {
        case .byShape: "shape"
        case .idInData: "id-in-data"
        case .cryptoPunks: "cryptopunks"
        }
    }

    package init?(name: String) {
        guard let rule = ReadingRule.allCases.first(where: { $0.name == name }) else { return nil }
        self = rule
    }

    /// What a contract is read for by its rule, besides what every contract that is named is read for.
    package var eventSets: [EventSet] {
        switch self {
        case .byShape: []
        case .idInData: [.idInData]
        case .cryptoPunks: [.cryptoPunks]
        }
    }
}
