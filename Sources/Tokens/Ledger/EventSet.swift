package import Ethereum

/// A group of event shapes that is asked for together and whose coverage is kept apart.
///
/// A later release that reads a new standard adds a set: its coverage starts empty, so that history is read again for
/// its topics only. The raw value is stored: never reuse or renumber one.
package enum EventSet: UInt8, Sendable, Hashable, CaseIterable, Comparable {
    /// Events with four topics: ERC-721, ERC-1155, ERC-2309.
    case indexed = 1
    /// Older forms with fewer topics (CryptoKitties, drafts of ERC-1155); on a whole busy chain they cost every ERC-20
    /// transfer on the wire.
    case unindexed = 2
    /// `Transfer` with an id in its data, of contracts with the rule ``ReadingRule/idInData``.
    case idInData = 3
    /// The events of ``CryptoPunks``, of contracts with that rule.
    case cryptoPunks = 4

    /// What every contract that is named is read for: asked by address, older forms cost nothing.
    package static let ofEveryContract: [EventSet] = [.indexed, .unindexed]

    /// Topic 0 of the standards' events: what a chain is asked for as a whole, and each contract.
    package static let topics: [Hash32] = [
        ERC721.transfer, ERC1155.transferSingle, ERC1155.transferBatch, ERC2309.consecutiveTransfer,
    ]

    /// Topic 0 of events that only contracts which are read for this set are asked for, besides ``topics``.
    package var ownTopics: [Hash32] { self == .cryptoPunks ? CryptoPunks.topics : [] }

    package static func < (left: EventSet, right: EventSet) -> Bool { left.rawValue < right.rawValue }
}
