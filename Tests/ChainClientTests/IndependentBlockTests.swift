/// Whole blocks that other people's libraries made, from bytes to verdict: `Independent/vectors.py` writes them.
import ChainClient
import Ethereum
import Foundation
import Proofs
import Testing

@Suite(.enabled(if: Vectors.path != nil, "HOLDFAST_ETHEREUM_VECTORS names no file of Independent/vectors.py"))
struct IndependentBlockTests {
    @Test func `blocks that py-evm's receipts and the trie package made are proved`() throws {
        let vectors = try Vectors.all(of: "block")
        try #require(vectors.count >= 100)
        var (types, deposits): (Set<UInt8>, Int) = ([], 0)
        for (number, vector) in vectors.enumerated() {
            let (block, receipts) = try vector.scanned
            #expect(block.hashIsProved == true)
            let verdict = try #require(Self.verdict(block, receipts))
            #expect(verdict.failures.isEmpty, "vector \(number)")
            let page = try #require(verdict.logs)
            #expect(page.logs.map(\.logIndex) == Array(0..<UInt32(page.logs.count)))
            #expect(page.logs.count == vector.output.components(separatedBy: "\"logIndex\"").count - 1)
            types.formUnion(receipts.rows.map(\.type))
            deposits += receipts.rows.count { $0.deposit?.version != nil }
        }
        #expect(types.isSuperset(of: [0, 1, 2, 3, 4, 0x7E]))
        #expect(deposits > 10)
    }

    /// What no receipt commits to, and what is derived or made anew.
    private static let free: Set<String> = [
        "transactionHash", "gasUsed", "contractAddress", "logIndex", "depositNonce",
    ]
    /// Said once where it counts and copied to where nobody looks.
    private static let copied: Set<String> = ["transactionIndex", "blockNumber"]

    @Test func `one digit altered in the receipts' text is noticed wherever it counts`() throws {
        var random = SplitMix64(state: 5)
        var noticed = 0
        for vector in try Vectors.all(of: "block").prefix(80) {
            let block = try vector.scanned.block
            let text = Array(vector.output.utf8)
            for _ in 0..<6 where text.count > 2 {
                let place = Int(random.next() % UInt64(text.count))
                let digits = Array("0123456789abcdef".utf8)
                guard digits.contains(text[place]), let key = Self.key(at: place, in: text), !Self.free.contains(key)
                else { continue }
                var altered = text
                repeat { altered[place] = digits[Int(random.next() % 16)] } while altered[place] == text[place]
                guard let receipts = try? ReceiptScanner.scanWhole(array: altered) else {
                    noticed += 1
                    continue
                }
                let verdict = try #require(Self.verdict(block, receipts))
                if verdict.conclusion == .proved, Self.copied.contains(key) { continue }
                #expect(verdict.conclusion == .unproved, "\(key) at \(place)")
                noticed += 1
            }
        }
        #expect(noticed > 100)
    }

    @Test func `ordered tries of short and long values have the trie package's roots`() throws {
        let vectors = try Vectors.all(of: "trie")
        try #require(vectors.count >= 100)
        for vector in vectors {
            let values = try (vector.items ?? []).map { try Hex.bytes($0) }
            #expect(OrderedTrie.root(of: values).hex == vector.output)
        }
    }

    private static func verdict(_ block: ScannedHeader, _ receipts: BlockReceipts) -> ReceiptsVerdict? {
        guard let full = block.full, let count = block.transactionCount else { return nil }
        return ReceiptsProof.verdict(
            on: receipts,
            header: full,
            hash: block.header.hash,
            transactionCount: count
        )
    }

    /// The key whose value the byte is in; nil inside keys.
    private static func key(at place: Int, in text: [UInt8]) -> String? {
        guard text[..<place].count(where: { $0 == 0x22 }) % 2 == 1 else { return nil }
        let before = String(decoding: text[..<place], as: UTF8.self)
        guard let colon = before.range(of: "\": ", options: .backwards) else { return nil }
        let after = String(decoding: text[place...], as: UTF8.self)
        if let quote = after.firstIndex(of: "\""), after[quote...].hasPrefix("\":") { return nil }
        return before[..<colon.lowerBound].split(separator: "\"").last.map { String($0) }
    }
}

private enum Vectors {
    struct Vector: Decodable {
        var input: String?
        var output: String
        var items: [String]?

        var scanned: (block: ScannedHeader, receipts: BlockReceipts) {
            get throws {
                let block = try #require(try HeaderScanner.scan(object: Array((input ?? "").utf8)))
                return (block, try #require(try ReceiptScanner.scanWhole(array: Array(output.utf8))))
            }
        }
    }

    static var path: String? { ProcessInfo.processInfo.environment["HOLDFAST_ETHEREUM_VECTORS"] }

    static func all(of kind: String) throws -> [Vector] {
        let lines = try Data(contentsOf: URL(filePath: path ?? "")).split(separator: UInt8(ascii: "\n"))
        let marker = Data("{\"kind\": \"\(kind)\",".utf8)
        return try lines.filter { $0.starts(with: marker) }.map { try JSONDecoder().decode(Vector.self, from: $0) }
    }
}
