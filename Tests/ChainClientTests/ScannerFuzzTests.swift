/// Hostile bytes: never a crash, and never another answer than a slow, plain reader would give.
import ChainClient
import Ethereum
import Foundation
import Testing

@Suite struct ScannerFuzzTests {
    static let mutationsPerSeed = 13_000

    /// What Foundation makes of the same text, for the fields that matter; nil when it is no such answer.
    private func reference(_ bytes: [UInt8]) -> [[String]]? {
        guard
            let array = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
                as? [[String: Any]]
        else { return nil }
        return array.map { log in
            [
                (log["address"] as? String ?? "?").lowercased(), (log["data"] as? String ?? "?").lowercased(),
                ((log["topics"] as? [Any]) ?? []).map { "\($0)".lowercased() }.joined(separator: ","),
                (log["blockHash"] as? String ?? "?").lowercased(),
            ]
        }
    }

    private func shown(_ page: LogPage) -> [[String]] {
        page.logs.map { log in
            let topics = [log.topic0, log.topic1, log.topic2, log.topic3].prefix(Int(log.topicCount))
            return [
                Hex.text(log.address.bytes), Hex.text(page.data[log.dataOffset..<(log.dataOffset + log.dataCount)]),
                topics.map { Hex.text($0.bytes) }.joined(separator: ","), Hex.text(log.blockHash.bytes),
            ]
        }
    }

    @Test(arguments: UInt64(1)...8) func `mutated logs give an error or what a plain reader reads`(_ seed: UInt64) {
        var random = SplitMix64(state: seed)
        let chain = FakeChain()
        let second = chain.log(2, index: 3).replacing(
            "\"removed\":false",
            with: "\"x\":[{\"y\":1.5},null],\"removed\":false"
        )
        let whole = Array("[\(chain.log(1, data: "0x0123456789abcdef0011")),\(second)]".utf8)
        var accepted = 0
        for round in 0..<Self.mutationsPerSeed {
            var text = whole
            for _ in 0...Int(random.next() % 3) { mutate(&text, &random) }
            guard let scanned = try? LogScanner.scan(array: text) else { continue }
            accepted += 1
            // Odd but tolerated spellings (padded addresses, missing prefixes, duplicate unknown keys) are compared
            // only where the plain reader spells them the same way.
            guard scanned.pendingCount == 0, let plain = reference(text),
                !String(decoding: text, as: UTF8.self).contains("\\")
            else {
                continue
            }
            let ours = shown(scanned.page)
            for (left, right) in zip(ours, plain)
            where right.allSatisfy({ $0.isEmpty || $0.hasPrefix("0x") }) && right[0].count == 42 {
                #expect(left == right, "seed \(seed) round \(round)")
            }
            #expect(ours.count == plain.count, "seed \(seed) round \(round)")
        }
        #expect(accepted > 100)
    }

    @Test(arguments: UInt64(1)...4) func `mutated headers, receipts and envelopes never crash`(_ seed: UInt64) {
        var random = SplitMix64(state: seed &* 77)
        let chain = FakeChain()
        let texts = [
            Array(chain.header(5).utf8),
            Array(
                "[{\"blockHash\":\"\(word(1))\",\"transactionHash\":\"\(word(2))\",\"transactionIndex\":\"0x0\",\"logs\":[\(chain.log(1).replacing(word(chain.hash(1)), with: word(1)))]}]"
                    .utf8
            ),
            Array(
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32005,\"message\":\"a\\u00e9\\ud83d\\ude00\",\"data\":{\"a\":[1]}},\"result\":null}"
                    .utf8
            ),
        ]
        let whole = Array(
            "[{\(WholeReceiptsTests.common.replacing("[]", with: "[\(chain.log(1).replacing(word(chain.hash(1)), with: word(9)))]")),\"type\":\"0x7e\",\"status\":\"0x1\",\"root\":null,\"depositNonce\":\"0x1\",\"depositReceiptVersion\":\"0x1\"}]"
                .utf8
        )
        #expect((try? ReceiptScanner.scanWhole(array: whole)) != nil)
        #expect((try? HeaderScanner.scan(object: texts[0])) != nil)
        #expect((try? ReceiptScanner.scan(array: texts[1])) != nil)
        for _ in 0..<6_000 {
            for text in texts + [whole] {
                var mutated = text
                for _ in 0...Int(random.next() % 3) { mutate(&mutated, &random) }
                _ = try? HeaderScanner.scan(object: mutated)
                _ = try? ReceiptScanner.scan(array: mutated)
                _ = try? ReceiptScanner.scanWhole(array: mutated)
                _ = Answers.fault(mutated, status: 200, retryAfter: nil, asked: .logs(width: 2))
                _ = Answers.fault(mutated, status: 500, retryAfter: nil, asked: .batch)
            }
        }
    }

    private func mutate(_ text: inout [UInt8], _ random: inout SplitMix64) {
        guard !text.isEmpty else { return }
        let place = Int(random.next() % UInt64(text.count))
        let interesting: [UInt8] = Array("\"\\{}[]:,0x9afgNn \u{0}\u{7F}".utf8) + [0xFF, 0xC3, 0x80, 0x1F]
        switch random.next() % 7 {
        case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: text[place] = interesting[Int(random.next() % UInt64(interesting.count))]
        case 2: text.remove(at: place)
        case 3: text.insert(interesting[Int(random.next() % UInt64(interesting.count))], at: place)
        case 4: text.removeLast(Int(random.next() % UInt64(text.count)) / 8)
        case 5:
            let end = min(text.count, place + 1 + Int(random.next() % 40))
            text.insert(contentsOf: Array(text[place..<end]), at: Int(random.next() % UInt64(text.count)))
        default:
            let end = min(text.count, place + 1 + Int(random.next() % 20))
            text.removeSubrange(place..<end)
        }
    }

    @Test func `depth is bounded`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(Answers.fault(Array(deep.utf8), status: 200, retryAfter: nil, asked: .call)?.kind == .transient)
        #expect(throws: ScanError.self) { try HeaderScanner.scan(object: Array("{\"a\":\(deep)".utf8)) }
    }
}
