import Ethereum
import Foundation
import Proofs

/// Bench blocks as the JSON that nodes send: logs with all their fields, headers and receipts that can be proved.
struct BlockText {
    /// The logs that the indexed filter lets through.
    var logs = Slices()
    /// All logs, ERC-20 transfers too; unused where there are none.
    var allLogs = Slices()
    var headers = Slices()
    /// Of the first blocks only: with its bloom a receipt is twice its log.
    var receipts = Slices()

    mutating func append(_ block: BlockSealer.Draft, withReceipts: Bool) {
        var index: UInt32 = 0
        var text: [UInt8] = []
        for (item, receipt) in zip(block.items, block.receipts) {
            if withReceipts { put(index == 0 ? "[" : ",", &text) }
            if withReceipts { open(receipt, item, block, &text) }
            let first = index
            for log in receipt.logs {
                var one: [UInt8] = []
                one.reserveCapacity(700)
                append(log, item, index, block.hash, &one)
                if withReceipts {
                    if index > first { put(",", &text) }
                    text += one
                }
                one.append(UInt8(ascii: ","))
                // Fewer than four topics: an ERC-20 transfer, which the filter's nulls keep out.
                if log.topics.count == 4 { logs.bytes += one }
                if receipt.logs.count > 1 { allLogs.bytes += one }
                index += 1
            }
            if withReceipts { put("]}", &text) }
        }
        logs.close()
        allLogs.close()
        header(block, &headers.bytes)
        headers.close()
        guard withReceipts else { return }
        if block.items.isEmpty { put("[", &text) }
        put("]", &text)
        receipts.bytes += text
        receipts.close()
    }

    private func header(_ block: BlockSealer.Draft, _ out: inout [UInt8]) {
        let header = block.header
        put(
            """
            {"number":"\(Hex.quantity(header.number))","hash":"\(block.hash)","parentHash":"\(header.parentHash)",\
            "sha3Uncles":"\(header.ommersHash)","miner":"\(header.beneficiary)","stateRoot":"\(header.stateRoot)",\
            "transactionsRoot":"\(header.transactionsRoot)","receiptsRoot":"\(header.receiptsRoot)",\
            "logsBloom":"\(header.logsBloom.hex)","difficulty":"0x0","gasLimit":"\(Hex.quantity(header.gasLimit))",\
            "gasUsed":"\(Hex.quantity(header.gasUsed))","timestamp":"\(Hex.quantity(header.timestamp))",\
            "extraData":"0x","mixHash":"\(header.mixHash)","nonce":"0x0000000000000000"}
            """,
            &out
        )
    }

    private func open(_ receipt: Receipt, _ item: Dataset.Item, _ block: BlockSealer.Draft, _ out: inout [UInt8]) {
        put(
            """
            {"type":"0x0","status":"0x1","cumulativeGasUsed":"\(Hex.quantity(receipt.cumulativeGasUsed))",\
            "gasUsed":"\(Hex.quantity(BlockSealer.gasPerTransaction))","transactionHash":"\(item.transactionHash)",\
            "transactionIndex":"\(Hex.quantity(UInt64(item.transactionIndex)))","blockHash":"\(block.hash)",\
            "blockNumber":"\(Hex.quantity(block.number))","logsBloom":"\(receipt.bloom.hex)","logs":[
            """,
            &out
        )
    }

    private func append(
        _ log: Receipt.Entry,
        _ item: Dataset.Item,
        _ index: UInt32,
        _ blockHash: Hash32,
        _ out: inout [UInt8]
    ) {
        put("{\"address\":\"", &out)
        put(log.address.word, from: 12, &out)
        put("\",\"topics\":[", &out)
        for (index, topic) in log.topics.enumerated() {
            put(index == 0 ? "\"" : ",\"", &out)
            put(topic, from: 0, &out)
            put("\"", &out)
        }
        put("],\"data\":\"0x", &out)
        for byte in log.data { put(byte, &out) }
        put("\",\"blockNumber\":\"", &out)
        put(Hex.quantity(item.block), &out)
        put("\",\"transactionHash\":\"", &out)
        put(item.transactionHash, from: 0, &out)
        put("\",\"transactionIndex\":\"", &out)
        put(Hex.quantity(UInt64(item.transactionIndex)), &out)
        put("\",\"blockHash\":\"", &out)
        put(blockHash, from: 0, &out)
        put("\",\"logIndex\":\"", &out)
        put(Hex.quantity(UInt64(index)), &out)
        put("\",\"removed\":false}", &out)
    }

    private func put(_ text: String, _ out: inout [UInt8]) { out.append(contentsOf: text.utf8) }

    private func put(_ word: Hash32, from skip: Int, _ out: inout [UInt8]) {
        put("0x", &out)
        for index in skip..<32 {
            let part = index < 16 ? (index < 8 ? word.w0 : word.w1) : (index < 24 ? word.w2 : word.w3)
            put(UInt8(truncatingIfNeeded: part >> UInt64(56 - 8 * (index % 8))), &out)
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private func put(_ byte: UInt8, _ out: inout [UInt8]) {
        out.append(Self.digits[Int(byte >> 4)])
        out.append(Self.digits[Int(byte & 15)])
    }
}

/// Many texts in one buffer.
struct Slices {
    var bytes: [UInt8] = []
    /// Where each text starts, and where the last one ends.
    private(set) var starts: [Int] = [0]

    var count: Int { starts.count - 1 }

    /// Ends the text that was appended to ``bytes``.
    mutating func close() { starts.append(bytes.count) }

    /// Where texts `first` to `last` lie.
    func range(_ first: Int, through last: Int) -> Range<Int> { starts[first]..<starts[last + 1] }

    mutating func append(_ other: Slices) {
        let offset = bytes.count
        bytes += other.bytes
        starts += other.starts.dropFirst().map { $0 + offset }
    }
}
