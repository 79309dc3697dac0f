/// Logs of ranges and blocks over a script: windows, splits, what is refused, what is put right.
import ChainClient
import Ethereum
import Testing

@Suite struct LogsTests {
    private let chain = FakeChain()

    @Test(arguments: [true, false]) func `a range cap shrinks the window at once and costs one request`(
        _ namesNumber: Bool
    ) async throws {
        let (client, transport) = client { _, asked in
            asked.width > 1_000
                ? failure(
                    asked,
                    code: -32602,
                    namesNumber ? "exceed maximum block range: 1000" : "block range too large"
                ) : nil
        }
        let answer = try await client.logs(in: 0...99_999, matching: filterA)
        #expect(answer.range == 0...999)
        #expect(answer.page.logs.map(\.blockNumber) == (0..<10).map { $0 * 100 })
        #expect(transport.asked.filter { $0.method == "eth_getLogs" }.map(\.width) == [2_000, 1_000])
        #expect(try await client.logs(in: 1_000...99_999, matching: filterA).range == 1_000...1_999)
        #expect(transport.count("eth_getLogs") == 3)
    }

    @Test func `a cap that falls and rises in mid-run costs at most half more requests`() async throws {
        @Sendable func cap(_ asked: Asked) -> UInt64 {
            (asked.from ?? 0) < 33_333 || (asked.from ?? 0) >= 66_666 ? 10_000 : 50
        }
        let (client, transport) = client(logs: { _, asked in
            asked.width > cap(asked) ? failure(asked, code: -32005, "query exceeds max block range \(cap(asked))") : nil
        })
        var from: UInt64 = 0
        while from <= 99_999 {
            let answer = try await client.logs(in: from...99_999, matching: filterA)
            #expect(answer.range.lowerBound == from)
            from = answer.range.upperBound + 1
        }
        let known = 4 + 667 + 4
        #expect(
            Double(transport.count("eth_getLogs")) <= 1.5 * Double(known),
            "\(transport.count("eth_getLogs")) of \(known)"
        )
    }

    @Test func `a suggested range gives its width only`() async throws {
        let (client, transport) = client { _, asked in
            asked.width > 500
                ? failure(
                    asked,
                    code: -32005,
                    "query returned more than 10000 results. Try with this block range [0x2710, 0x28ff]."
                ) : nil
        }
        let answer = try await client.logs(in: 1_000...50_000, matching: filterA)
        #expect(answer.range == 1_000...1_495)
        #expect(transport.asked.filter { $0.method == "eth_getLogs" }.allSatisfy { $0.from == 1_000 })
    }

    @Test func `an unknown text is tried once with half the window, and learnt from`() async throws {
        let (client, transport) = client { _, asked in
            asked.width > 1_000 ? failure(asked, code: -32000, "computer says no") : nil
        }
        #expect(try await client.logs(in: 0...99_999, matching: filterA).range == 0...999)
        #expect(try await client.logs(in: 1_000...99_999, matching: filterA).range == 1_000...1_999)
        #expect(transport.asked.filter { $0.method == "eth_getLogs" }.map(\.width) == [2_000, 1_000, 1_000])
    }

    @Test func `an unknown text that comes again is not bisected down to nothing`() async throws {
        let (client, transport) = client { _, asked in failure(asked, code: -32602, "computer says no") }
        await #expect(throws: ChainError.self) { try await client.logs(in: 0...99_999, matching: filterA) }
        #expect(transport.count("eth_getLogs") == 2)
    }

    @Test func `a window that times out twice is made smaller`() async throws {
        let (client, transport) = client { _, asked throws(TransportError) in
            if asked.width > 500 { throw .timedOut }
            return nil
        }
        #expect(try await client.logs(in: 0...99_999, matching: filterA).range.upperBound < 1_000)
        #expect(transport.asked.filter { $0.method == "eth_getLogs" }.map(\.width).prefix(2) == [2_000, 2_000])
    }

    @Test func `one block that is too much is split by address, then by topic`() async throws {
        let (client, transport) = client { _, asked in
            let count = asked.text.split(separator: "\"0x").count {
                $0.hasPrefix("000000000000000000000000000000000000000")
            }
            return count > 2
                ? failure(asked, code: -32005, "query returned more than 10000 results") : result(asked, "[]")
        }
        let filter = LogFilter(addresses: [contractA, contractB], topics0: [topicA, topicB])
        let answer = try await client.logs(in: 5...5, matching: filter)
        #expect(answer.range == 5...5 && answer.page.logs.isEmpty)
        // All four, two halves by address, and each of those by topic.
        #expect(transport.count("eth_getLogs") == 1 + 2 + 4)
    }

    @Test func `parts of a block are all or nothing`() async throws {
        let fake = chain
        let (client, _) = client { _, asked in
            if asked.text.contains("aaaa"), asked.text.contains("bbbb") {
                return failure(asked, code: -32005, "too many results")
            }
            return asked.text.contains("bbbb")
                ? failure(asked, code: -32000, "missing trie node") : result(asked, "[\(fake.log(5))]")
        }
        await #expect(throws: ChainError.self) {
            try await client.logs(in: 5...5, matching: LogFilter(topics0: [topicA, topicB]))
        }
    }

    @Test func `parts are merged in order with their data`() async throws {
        let fake = chain
        let (client, _) = client { _, asked in
            if asked.text.contains("aaaa"), asked.text.contains("bbbb") {
                return failure(asked, code: -32005, "too many results")
            }
            let isA = asked.text.contains("aaaa")
            return result(
                asked,
                "[\(fake.log(5, index: isA ? 7 : 3, topic: isA ? 0xAAAA : 0xBBBB, data: isA ? "0xaa" : "0xbbbb"))]"
            )
        }
        let page = try await client.logs(in: 5...5, matching: LogFilter(topics0: [topicA, topicB])).page
        #expect(page.logs.map(\.logIndex) == [3, 7])
        #expect(
            page.logs.map { Array(page.data[$0.dataOffset..<($0.dataOffset + $0.dataCount)]) } == [
                [0xBB, 0xBB], [0xAA],
            ]
        )
    }

    @Test func `one block over every cap is unservable where there are no receipts either`() async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            switch asked.method {
            case "eth_getLogs": failure(asked, code: -32005, "query returned more than 10000 results")
            case "eth_getBlockReceipts": failure(asked, code: -32601, "the method does not exist/is not available")
            default: fake.reply(asked)
            }
        }
        let client = RPCChain("a", over: transport)
        await #expect { try await client.logs(in: 5...5, matching: filterA) } throws: { isUnservable($0) }
    }

    @Test func `more than a thousand addresses are asked in parts`() async throws {
        let addresses = (0..<2_500).map { Address(high: 1, middle: 0, low: UInt32($0)) }
        let (client, transport) = client { _, asked in result(asked, "[]") }
        _ = try await client.logs(in: 0...99, matching: LogFilter(addresses: addresses, topics0: [topicA]))
        #expect(transport.count("eth_getLogs") == 3)
        #expect(transport.asked.allSatisfy { !$0.text.contains("\"address\":[]") })
    }

    @Test func `a node that takes fewer addresses is asked with fewer`() async throws {
        let addresses = (0..<1_000).map { Address(high: 1, middle: 0, low: UInt32($0)) }
        let (client, transport) = client { _, asked in
            asked.text.split(separator: "0x0000000000000001").count > 251
                ? failure(asked, code: -32602, "exceed max addresses or topics per search position")
                : result(asked, "[]")
        }
        let filter = LogFilter(addresses: addresses, topics0: [topicA])
        #expect(try await client.logs(in: 0...99, matching: filter).range == 0...99)
        let first = transport.count("eth_getLogs")
        _ = try await client.logs(in: 100...199, matching: filter)
        #expect(transport.count("eth_getLogs") - first == 4, "what was learnt is kept")
    }

    // MARK: What is refused

    @Test(arguments: [
        (FakeChain().log(2_500), "another block"), (FakeChain().log(100, address: 0xC), "another contract"),
        (FakeChain().log(100, topic: 0xCCCC), "another topic"),
        (FakeChain(fork: 2).log(199), "another fork at the end"),
        (FakeChain().log(100) + "," + FakeChain(fork: 2).log(100, index: 1), "two forks in one block"),
        (FakeChain().log(100).replacing("\"removed\":false", with: "\"removed\":true"), "removed"),
    ])
    func `an answer with a log that cannot be right is refused as a whole`(_ text: String, _ what: String) async throws
    {
        let fake = chain
        let (client, _) = client("liar", "honest") { endpoint, asked in
            endpoint.name == "liar" ? result(asked, "[\(fake.log(101)),\(text)]") : result(asked, "[\(fake.log(102))]")
        }
        let filter = LogFilter(addresses: [contractA], topics0: [topicA])
        let answer = try await client.logs(in: 100...199, matching: filter)
        #expect(answer.page.logs.map(\.blockNumber) == [102], "\(what)")
        #expect(
            client.counters.snapshot().contains {
                $0.endpoint.hasPrefix("liar") && ($0.kind == .inconsistent || $0.kind == .reorgSignal)
            }
        )
    }

    @Test func `a window whose last block changes meanwhile is read again`() async throws {
        let asked = Shared(0)
        let transport = ScriptedTransport { _, question in
            if question.method == "eth_getLogs" { return result(question, "[]") }
            let fork: UInt64 =
                question.block == 199
                ? asked.withLock {
                    $0 += 1; return $0 == 1 ? 1 : 2
                } : 1
            return FakeChain(fork: fork).reply(question)
        }
        let client = RPCChain("a", over: transport)
        let answer = try await client.logs(in: 100...199, matching: filterA)
        #expect(answer.anchor.hash.w3 == 2 << 32 | 199)
        #expect(transport.count("eth_getLogs") == 2)
    }

    @Test func `when everybody contradicts himself nothing is answered`() async throws {
        let fake = chain
        let (client, _) = client("a", "b") { _, asked in result(asked, "[\(fake.log(5_000))]") }
        await #expect { try await client.logs(in: 100...199, matching: filterA) } throws: { isInconsistent($0) }
    }

    // MARK: What is put right

    @Test func `logs are sorted, identical ones once, pending and shorter ones left out`() async throws {
        let fake = chain
        let pending = fake.log(150).replacing("\"\(word(fake.hash(150)))\"", with: "null").replacing(
            "\"0x96\"",
            with: "null"
        )
        let (client, _) = client { _, asked in
            result(
                asked,
                "[\(fake.log(120, index: 4, data: "0x01")),\(fake.log(110)),\(pending),\(fake.log(120, index: 4, data: "0x01"))]"
            )
        }
        let answer = try await client.logs(in: 100...199, matching: filterA)
        #expect(answer.page.logs.map(\.blockNumber) == [110, 120])
        let repairs = Dictionary(uniqueKeysWithValues: client.counters.repairs().map { ($0.0, $0.1) })
        #expect(repairs[.duplicateLogsDropped] == 1 && repairs[.pendingLogsDropped] == 1)
        let short = try await client.logs(in: 100...199, matching: LogFilter(topics0: [topicA], topicCountMin: 4))
        #expect(short.page.logs.isEmpty)
    }
}
