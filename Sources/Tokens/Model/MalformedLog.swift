package import Ethereum

/// A log with a topic of ours that moves nothing: kept whole and counted, never dropped, never guessed at.
package struct MalformedLog: Sendable, Hashable {
    package var place: Place
    package var contract: Address
    package var topics: [Hash32]
    /// At most ``dataBytesMax`` bytes of the log's data.
    package var data: [UInt8]
    /// How many bytes the log's data really had.
    package var dataCount: Int
    package var reason: Reason

    /// A hostile log can carry megabytes; what is kept of one is bounded.
    package static let dataBytesMax = 65_536

    /// Why nothing was applied.
    ///
    /// The raw value is stored and shown.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// An address word whose upper twelve bytes are not zero.
        case dirtyAddress = "dirty-address"
        /// An ERC-1155 batch whose two arrays differ in length; the standard says that they must not.
        case unequalLengths = "unequal-lengths"
        /// An ERC-1155 batch of no positions: it moves nothing.
        case emptyBatch = "empty-batch"
        /// Data that is too short or whose offsets point outside it.
        case badData = "bad-data"
        /// A number of topics that no known form of the event has.
        case unknownShape = "unknown-shape"
        /// An ERC-2309 range whose first id is greater than its last.
        case reversedRange = "reversed-range"
        /// A CryptoPunks sale that names no buyer, without the log before it that does.
        case missingNeighbour = "missing-neighbour"
        /// More than 2^32 positions, or more than one log may carry.
        case tooManyPositions = "too-many-positions"
    }

    package init(
        place: Place,
        contract: Address,
        topics: [Hash32],
        data: [UInt8],
        dataCount: Int,
        reason: Reason
    ) {
        self.place = place
        self.contract = contract
        self.topics = topics
        self.data = data
        self.dataCount = dataCount
        self.reason = reason
    }
}
