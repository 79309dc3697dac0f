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

    /// Topic 0 of every event the release understands.
    package static let topics: [Hash32] = [
        ERC721.transfer, ERC1155.transferSingle, ERC1155.transferBatch, ERC2309.consecutiveTransfer,
    ]

    package static func < (left: EventSet, right: EventSet) -> Bool { left.rawValue < right.rawValue }
}
