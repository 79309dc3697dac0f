import Ethereum
import Proofs

/// Blocks, logs and receipts as the JSON that nodes send.
enum BlockText {
    static func header(_ block: SimulatedBlock) -> String {
        let header = block.header
        let transactions = block.transactions.map { "\"\($0.hash.hex)\"" }.joined(separator: ",")
        let fields: [(String, String)] = [
            ("number", Hex.quantity(header.number)), ("hash", block.hash.hex), ("parentHash", header.parentHash.hex),
            ("sha3Uncles", header.ommersHash.hex), ("miner", header.beneficiary.hex),
            ("stateRoot", header.stateRoot.hex), ("transactionsRoot", header.transactionsRoot.hex),
            ("receiptsRoot", header.receiptsRoot.hex), ("logsBloom", header.logsBloom.hex),
            ("difficulty", Hex.quantity(header.difficulty)), ("gasLimit", Hex.quantity(header.gasLimit)),
            ("gasUsed", Hex.quantity(header.gasUsed)), ("timestamp", Hex.quantity(header.timestamp)),
            ("extraData", Hex.text(header.extraData)), ("mixHash", header.mixHash.hex),
            ("nonce", Hex.text(U256(header.nonce).bytes.suffix(8))),
            ("baseFeePerGas", Hex.quantity(header.baseFeePerGas ?? .zero)), ("size", "0x220"),
        ]
        let text = fields.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
        return "{\(text),\"uncles\":[],\"transactions\":[\(transactions)]}"
    }

    /// One log and what filters ask about.
    struct PlacedLog: Sendable {
        var address: Address
        var topics: [Hash32]
        var text: String
    }

    /// All logs of a block, in order.
    static func logs(_ block: SimulatedBlock) -> [PlacedLog] {
        var out: [PlacedLog] = []
        for (index, transaction) in block.transactions.enumerated() {
            for log in transaction.logs {
                let text = self.log(log, block.ref, transaction.hash, index, out.count, block.header.timestamp)
                out.append(PlacedLog(address: log.address, topics: log.topics, text: text))
            }
        }
        return out
    }

    private static func log(
        _ log: Receipt.Entry,
        _ block: BlockRef,
        _ transaction: Hash32,
        _ transactionIndex: Int,
        _ logIndex: Int,
        _ timestamp: UInt64
    ) -> String {
        let topics = log.topics.map { "\"\($0.hex)\"" }.joined(separator: ",")
        return "{\"address\":\"\(log.address.hex)\",\"topics\":[\(topics)],\"data\":\"\(Hex.text(log.data))\","
            + "\"blockNumber\":\"\(Hex.quantity(block.number))\",\"blockHash\":\"\(block.hash.hex)\","
            + "\"transactionHash\":\"\(transaction.hex)\","
            + "\"transactionIndex\":\"\(Hex.quantity(UInt64(transactionIndex)))\","
            + "\"logIndex\":\"\(Hex.quantity(UInt64(logIndex)))\",\"blockTimestamp\":\"\(Hex.quantity(timestamp))\","
            + "\"removed\":false}"
    }

    /// A log that is in no block yet, as old nodes send them.
    static let pending =
        "{\"address\":\"\(EventMaker.plain.hex)\",\"topics\":[\"\(EventMaker.transfer.hex)\","
        + "\"\(Hash32.zero.hex)\",\"\(Hash32.zero.hex)\",\"\(Hash32.zero.hex)\"],\"data\":\"0x\",\"blockNumber\":null,"
        + "\"blockHash\":null,\"transactionHash\":\"\(Hash32.zero.hex)\",\"transactionIndex\":null,\"logIndex\":null,"
        + "\"removed\":false}"

    static func receipts(_ block: SimulatedBlock, _ logs: [PlacedLog]) -> String {
        var next = 0
        var out: [String] = []
        for (index, transaction) in block.transactions.enumerated() {
            out.append(receipt(block, index, logs[next..<next + transaction.logs.count]))
            next += transaction.logs.count
        }
        return "[\(out.joined(separator: ","))]"
    }

    /// The receipt of the transaction at `index`, with its logs.
    static func receipt(_ block: SimulatedBlock, _ index: Int, _ logs: ArraySlice<PlacedLog>) -> String {
        let own = logs.map(\.text).joined(separator: ",")
        let gas = Hex.quantity(SimulatedBlock.gasPerTransaction * UInt64(index + 1))
        return "{\"type\":\"0x2\",\"status\":\"0x1\",\"cumulativeGasUsed\":\"\(gas)\","
            + "\"logsBloom\":\"\(block.blooms[index].hex)\","
            + "\"blockNumber\":\"\(Hex.quantity(block.number))\",\"blockHash\":\"\(block.hash.hex)\","
            + "\"transactionHash\":\"\(block.transactions[index].hash.hex)\","
            + "\"transactionIndex\":\"\(Hex.quantity(UInt64(index)))\",\"logs\":[\(own)]}"
    }
}
