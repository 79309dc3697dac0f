import Ethereum
import Foundation
import Tokens

/// Renders the bench chain as JSON text: logs with all their fields, headers with valid hash and bloom.
struct Renderer {
    private let digits = Array("0123456789abcdef".utf8)

    mutating func render(_ data: Dataset, into logs: inout [UInt8], starts: inout [Int]) -> [[UInt8]] {
        var headers: [[UInt8]] = []
        var parent = Hash32.zero
        var pending: [Dataset.Item] = []
        func close(_ block: UInt64, _ out: inout [UInt8]) {
            let header = header(block, parent: parent, pending)
            parent = header.computedHash ?? .zero
            headers.append(text(header, parent))
            for item in pending { append(item, parent, &out) }
            pending.removeAll(keepingCapacity: true)
            starts.append(out.count)
        }
        starts = [0]
        close(0, &logs)
        var current: UInt64 = 1
        data.forEach { item in
            if item.block != current {
                close(current, &logs)
                current = item.block
            }
            pending.append(item)
        }
        close(current, &logs)
        return headers
    }

    private func topics(_ item: Dataset.Item) -> [Hash32] {
        switch item.kind {
        case .erc721: [ERC721.transfer, item.from.word, item.to.word, item.moves[0].token.word]
        case .erc1155Single: [ERC1155.transferSingle, item.from.word, item.from.word, item.to.word]
        default: [ERC1155.transferBatch, item.from.word, item.from.word, item.to.word]
        }
    }

    private func header(_ block: UInt64, parent: Hash32, _ items: [Dataset.Item]) -> FullHeader {
        var bloom = Bloom()
        for item in items {
            bloom.insert(item.contract)
            for topic in topics(item) { bloom.insert(topic) }
        }
        var header = FullHeader(number: block, parentHash: parent, timestamp: 1_600_000_000 + block * 12)
        header.logsBloom = bloom
        return header
    }

    private func text(_ header: FullHeader, _ hash: Hash32) -> [UInt8] {
        Array(
            """
            {"number":"0x\(String(header.number, radix: 16))","hash":"\(hash)","parentHash":"\(header.parentHash)",\
            "timestamp":"0x\(String(header.timestamp, radix: 16))","logsBloom":"\(header.logsBloom.hex)",\
            "receiptsRoot":"\(header.receiptsRoot)","gasUsed":"0x0"}
            """.utf8
        )
    }

    private func append(_ item: Dataset.Item, _ blockHash: Hash32, _ out: inout [UInt8]) {
        put("{\"address\":\"", &out)
        put(item.contract.word, from: 12, &out)
        put("\",\"topics\":[", &out)
        for (index, topic) in topics(item).enumerated() {
            put(index == 0 ? "\"" : ",\"", &out)
            put(topic, from: 0, &out)
            put("\"", &out)
        }
        put("],\"data\":\"0x", &out)
        for word in data(item) { put(word, from: 0, prefix: false, &out) }
        put("\",\"blockNumber\":\"0x\(String(item.block, radix: 16))\",\"transactionHash\":\"", &out)
        put(item.transactionHash, from: 0, &out)
        put("\",\"transactionIndex\":\"0x\(String(item.transactionIndex, radix: 16))\",\"blockHash\":\"", &out)
        put(blockHash, from: 0, &out)
        put("\",\"logIndex\":\"0x\(String(item.logIndex, radix: 16))\",\"removed\":false},", &out)
    }

    private func data(_ item: Dataset.Item) -> [Hash32] {
        func word(_ value: UInt64) -> Hash32 { U256(value).word }
        switch item.kind {
        case .erc721: return []
        case .erc1155Single: return [item.moves[0].token.word, word(item.moves[0].amount)]
        default:
            let count = UInt64(item.moves.count)
            return [word(64), word(96 + 32 * count), word(count)] + item.moves.map(\.token.word) + [word(count)]
                + item.moves.map { word($0.amount) }
        }
    }

    private func put(_ text: String, _ out: inout [UInt8]) { out.append(contentsOf: text.utf8) }

    private func put(_ word: Hash32, from skip: Int, prefix: Bool = true, _ out: inout [UInt8]) {
        if prefix { out.append(contentsOf: [0x30, 0x78]) }
        for index in skip..<32 {
            let part = [word.w0, word.w1, word.w2, word.w3][index / 8]
            let byte = UInt8(truncatingIfNeeded: part >> UInt64(56 - 8 * (index % 8)))
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
    }
}
