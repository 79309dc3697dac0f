package import Ethereum

/// What the logs of one or more answers mean, collected: transfers, ranges, oddities and the blocks they hang on.
package struct DecodedLogs: Sendable {
    package var transfers: ContiguousArray<Transfer> = []
    package var ranges: [RangeTransfer] = []
    package var malformed: [MalformedLog] = []
    /// One record for each block that anything above hangs on; in the order met, without repeats in a row.
    package var blocks: [BlockRecord] = []
    /// Logs that are none of ours: other topics, ERC-20 transfers.
    package var ignored = 0

    package init() {}

    /// Rows that a commit would write.
    package var rowCount: Int { transfers.count + ranges.count + malformed.count }

    @inlinable
    package mutating func note(blockOf log: Log) {
        if let last = blocks.last, last.number == log.blockNumber, last.hash == log.blockHash { return }
        blocks.append(
            BlockRecord(
                number: log.blockNumber,
                hash: log.blockHash,
                timestamp: log.blockTimestamp == 0 ? nil : log.blockTimestamp,
                role: .events
            )
        )
    }

    /// Keeps a log that moves nothing, with the reason.
    mutating func keep(_ log: Log, _ data: Span<UInt8>, reason: MalformedLog.Reason) {
        let kept = min(log.dataCount, MalformedLog.dataBytesMax)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kept)
        for offset in 0..<kept { bytes.append(data[offset]) }
        malformed.append(
            MalformedLog(
                place: Place(block: log.blockNumber, logIndex: log.logIndex),
                contract: log.address,
                topics: Array([log.topic0, log.topic1, log.topic2, log.topic3].prefix(Int(log.topicCount))),
                data: bytes,
                dataCount: log.dataCount,
                reason: reason
            )
        )
    }

    /// Adds all of `other`.
    package mutating func append(_ other: consuming DecodedLogs) {
        transfers.append(contentsOf: other.transfers)
        ranges.append(contentsOf: other.ranges)
        malformed.append(contentsOf: other.malformed)
        blocks.append(contentsOf: other.blocks)
        ignored += other.ignored
    }
}
