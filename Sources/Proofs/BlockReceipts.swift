package import Ethereum

/// All receipts of one block in the order of their transactions, their logs side by side in one page.
///
/// As a node gave them: nothing is checked here. ``ReceiptsProof`` checks.
package struct BlockReceipts: Sendable {
    /// A receipt without its logs.
    package struct Row: Sendable, Hashable {
        /// Which transaction it is of, and its logs' places in ``BlockReceipts/page``.
        package var transaction: TransactionLogs
        /// The envelope's type byte (EIP-2718), below 0x80; 0 is a receipt without an envelope.
        package var type: UInt8
        package var outcome: Receipt.Outcome
        /// Gas of this transaction and all before it in the block.
        package var cumulativeGasUsed: UInt64
        /// The filter over the logs, as the receipt says it.
        package var bloom: Bloom
        /// For ``Receipt/depositType`` alone; not committed to by other types.
        package var deposit: Receipt.Deposit?

        package init(
            transaction: TransactionLogs,
            type: UInt8,
            outcome: Receipt.Outcome,
            cumulativeGasUsed: UInt64,
            bloom: Bloom,
            deposit: Receipt.Deposit? = nil
        ) {
            self.transaction = transaction
            self.type = type
            self.outcome = outcome
            self.cumulativeGasUsed = cumulativeGasUsed
            self.bloom = bloom
            self.deposit = deposit
        }
    }

    package var rows: [Row]
    package var page: LogPage
    /// The block that they say they are of; nil where they say none, as when there are none.
    package var blockHash: Hash32?

    package init(rows: [Row], page: LogPage, blockHash: Hash32? = nil) {
        self.rows = rows
        self.page = page
        self.blockHash = blockHash
    }

    /// Receipts that somebody made, at places 0, 1, …; their logs are of no block yet.
    package init(_ receipts: [Receipt]) {
        self.init(rows: [], page: LogPage())
        for (index, receipt) in receipts.enumerated() {
            let first = page.logs.count
            for entry in receipt.logs { page.append(entry, transactionIndex: UInt32(index)) }
            rows.append(
                Row(
                    transaction: TransactionLogs(hash: .zero, index: UInt32(index), logs: first..<page.logs.count),
                    type: receipt.type,
                    outcome: receipt.outcome,
                    cumulativeGasUsed: receipt.cumulativeGasUsed,
                    bloom: receipt.bloom,
                    deposit: receipt.deposit
                )
            )
        }
    }

    /// Puts the receipts of further transactions behind these.
    package mutating func append(_ other: BlockReceipts) {
        let (logs, data) = (page.logs.count, page.data.count)
        for var row in other.rows {
            let places = row.transaction.logs
            row.transaction.logs = (places.lowerBound + logs)..<(places.upperBound + logs)
            rows.append(row)
        }
        for var log in other.page.logs {
            log.dataOffset += data
            page.logs.append(log)
        }
        page.data.append(contentsOf: other.page.data)
    }

    /// What the header's `receiptsRoot` has to be.
    ///
    /// - Cost: a Keccak over every receipt and about one per eight receipts above them.
    package var root: Hash32 {
        let (bytes, ends) = encoded
        return OrderedTrie.root(of: bytes, ends: ends)
    }

    /// The values in the receipts' trie, one behind the other, and where each ends.
    var encoded: (bytes: [UInt8], ends: [Int]) {
        var encoder = RLPEncoder(reserving: 300 * rows.count + 160 * page.logs.count + page.data.count)
        var ends: [Int] = []
        ends.reserveCapacity(rows.count)
        for row in rows {
            append(row, to: &encoder)
            ends.append(encoder.bytes.count)
        }
        return (encoder.bytes, ends)
    }

    // MARK: Encoding

    /// The type byte where there is one, then the same list for every type; deposits with a version have two fields more.
    private func append(_ row: Row, to encoder: inout RLPEncoder) {
        var logsCount = 0
        for log in page.logs[row.transaction.logs] { logsCount += Self.listCount(entryCount(log)) }
        let outcomeCount = if case .stateRoot = row.outcome { 33 } else { 1 }
        var count = outcomeCount + RLP.encodedCount(row.cumulativeGasUsed) + 259 + Self.listCount(logsCount)
        let deposit = row.committedDeposit
        if let deposit { count += RLP.encodedCount(deposit.nonce) + RLP.encodedCount(deposit.version) }

        if row.type != 0 { encoder.append(encoded: CollectionOfOne(row.type)) }
        encoder.appendListPrefix(payload: count)
        switch row.outcome {
        case .status(let succeeded): encoder.append(UInt64(succeeded ? 1 : 0))
        case .stateRoot(let root): encoder.append(root)
        }
        encoder.append(row.cumulativeGasUsed)
        encoder.append(row.bloom)
        encoder.appendListPrefix(payload: logsCount)
        for log in page.logs[row.transaction.logs] { append(log, to: &encoder) }
        if let deposit {
            encoder.append(deposit.nonce)
            encoder.append(deposit.version)
        }
    }

    private func append(_ log: Log, to encoder: inout RLPEncoder) {
        encoder.appendListPrefix(payload: entryCount(log))
        encoder.append(log.address)
        encoder.appendListPrefix(payload: 33 * Int(log.topicCount))
        if log.topicCount > 0 { encoder.append(log.topic0) }
        if log.topicCount > 1 { encoder.append(log.topic1) }
        if log.topicCount > 2 { encoder.append(log.topic2) }
        if log.topicCount > 3 { encoder.append(log.topic3) }
        encoder.append(page.data[log.dataOffset..<log.dataOffset + log.dataCount])
    }

    /// Bytes of a log's list without its prefix.
    private func entryCount(_ log: Log) -> Int {
        let isOneByte = log.dataCount == 1 && page.data[log.dataOffset] < 0x80
        let dataCount = isOneByte ? 1 : RLP.prefixCount(payload: log.dataCount) + log.dataCount
        return 21 + Self.listCount(33 * Int(log.topicCount)) + dataCount
    }

    private static func listCount(_ payload: Int) -> Int { RLP.prefixCount(payload: payload) + payload }
}

extension BlockReceipts.Row {
    /// What a deposit's receipt commits to besides: op-geth leaves the nonce out as long as there is no version, and
    /// writes a missing nonce in front of a version as zero.
    fileprivate var committedDeposit: (nonce: UInt64, version: UInt64)? {
        guard type == Receipt.depositType, let deposit, let version = deposit.version else { return nil }
        return (deposit.nonce ?? 0, version)
    }
}

extension LogPage {
    fileprivate mutating func append(_ entry: Receipt.Entry, transactionIndex: UInt32) {
        let topic = { (place: Int) in place < entry.topics.count ? entry.topics[place] : .zero }
        logs.append(
            Log(
                blockNumber: 0,
                blockHash: .zero,
                transactionHash: .zero,
                transactionIndex: transactionIndex,
                logIndex: UInt32(logs.count),
                address: entry.address,
                topicCount: UInt8(entry.topics.count),
                topic0: topic(0),
                topic1: topic(1),
                topic2: topic(2),
                topic3: topic(3),
                dataOffset: data.count,
                dataCount: entry.data.count,
                blockTimestamp: 0
            )
        )
        data.append(contentsOf: entry.data)
    }
}
