/// One event record as the chain gave it.
///
/// Fixed size: its data lies in the page that carries it.
package struct Log: Sendable, Hashable {
    package var blockNumber: BlockNumber
    package var blockHash: Hash32
    package var transactionHash: Hash32
    package var transactionIndex: UInt32
    /// Position in the *block* as the node gave it, never a count over a filtered answer.
    package var logIndex: UInt32
    package var address: Address
    /// 0…4.
    ///
    /// Topics beyond it are zero.
    package var topicCount: UInt8
    package var topic0: Hash32
    package var topic1: Hash32
    package var topic2: Hash32
    package var topic3: Hash32
    /// Where this log's data starts in ``LogPage/data``.
    package var dataOffset: Int
    /// How many bytes of data it has.
    package var dataCount: Int
    /// Seconds since 1970; 0 where the node does not send `blockTimestamp`.
    package var blockTimestamp: UInt64

    package init(
        blockNumber: BlockNumber,
        blockHash: Hash32,
        transactionHash: Hash32,
        transactionIndex: UInt32,
        logIndex: UInt32,
        address: Address,
        topicCount: UInt8,
        topic0: Hash32,
        topic1: Hash32,
        topic2: Hash32,
        topic3: Hash32,
        dataOffset: Int,
        dataCount: Int,
        blockTimestamp: UInt64
    ) {
        self.blockNumber = blockNumber
        self.blockHash = blockHash
        self.transactionHash = transactionHash
        self.transactionIndex = transactionIndex
        self.logIndex = logIndex
        self.address = address
        self.topicCount = topicCount
        self.topic0 = topic0
        self.topic1 = topic1
        self.topic2 = topic2
        self.topic3 = topic3
        self.dataOffset = dataOffset
        self.dataCount = dataCount
        self.blockTimestamp = blockTimestamp
    }
}

/// The logs of one answer and the bytes of their data, side by side, so that no log owns memory of its own.
package struct LogPage: Sendable {
    package var logs: ContiguousArray<Log>
    package var data: ContiguousArray<UInt8>
    /// Whether the logs were numbered from their blocks' receipts, because this chain's own numbers cannot be used.
    package var isRenumbered = false
    /// What was checked of the answer that these logs are.
    package var evidence: Evidence = .anchored

    package init(logs: ContiguousArray<Log> = [], data: ContiguousArray<UInt8> = []) {
        self.logs = logs
        self.data = data
    }
}

/// Which logs to ask for: any of `addresses` (none given: every contract) and a pattern of topics.
package struct LogFilter: Sendable, Hashable {
    /// Empty means every contract.
    ///
    /// At most ``addressesMax`` are sent in one request.
    package var addresses: [Address]
    /// Values allowed for topic 0.
    package var topics0: [Hash32]
    /// How many topics a log has at least.
    ///
    /// With 4 the request carries `null`s, so that geth-family nodes drop logs with fewer topics and ERC-20 transfers
    /// never cross the wire.
    package var topicCountMin: Int

    package static let addressesMax = 1_000

    package init(addresses: [Address] = [], topics0: [Hash32], topicCountMin: Int = 1) {
        self.addresses = addresses
        self.topics0 = topics0
        self.topicCountMin = topicCountMin
    }
}
