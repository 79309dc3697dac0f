/// Bad answers by their scenario's number, through the whole client over a script.
@testable import ChainClient
import Ethereum
import Testing

@Suite struct BadAnswerScenarioTests {
    private let chain = FakeChain()

    /// Reads a range to its end as the engine does; the numbers of the blocks whose logs came.
    private func walk(_ client: RPCChain, _ range: ClosedRange<UInt64>) async throws -> [UInt64] {
        var (from, blocks) = (range.lowerBound, [UInt64]())
        while from <= range.upperBound {
            let answer = try await client.logs(in: from...range.upperBound, matching: filterA)
            try #require(answer.range.lowerBound == from && answer.range.upperBound <= range.upperBound)
            blocks += answer.page.logs.map(\.blockNumber)
            from = answer.range.upperBound + 1
        }
        return blocks
    }

    private func expectClosed(_ client: RPCChain) {
        for index in client.endpoints.indices {
            for methods in Breaker.Class.allCases {
                #expect(client.upstream(index).breaker(methods).state(client.timeline.now) == .closed)
            }
        }
    }

    private static let sizes = QuirkFixture.all.filter {
        $0.asked.hasPrefix("logs ") && ["E1", "E2", "E3"].contains($0.kind) && !$0.addresses
    }

    @Test(arguments: sizes)
    func `S-20: a range-limit text shrinks the window, opens no breaker and skips no block`(
        _ fixture: QuirkFixture
    ) async throws {
        let served = min(fixture.cap ?? fixture.width ?? 300, 10_000)
        var options = RPCOptions()
        options.widthInitial = 90_000
        let (client, transport) = client(options: options) { _, asked in
            guard asked.width > served else { return nil }
            let text = String(decoding: fixture.body, as: UTF8.self).replacing("\"id\":1,", with: "\"id\":\(asked.id),")
                .replacing("\"id\":1}", with: "\"id\":\(asked.id)}")
            return .json(text, status: fixture.status)
        }
        let range = 1_000...(1_000 + 4 * served + 6)
        #expect(try await walk(client, range) == range.filter { $0 % 100 == 0 })
        let widths = transport.asked.filter { $0.method == "eth_getLogs" }.map(\.width)
        #expect(widths.contains { $0 > served } && widths.count <= 80, "\(widths)")
        expectClosed(client)
    }

    @Test(arguments: [
        "later", "inverted", "equal", "empty",
    ])
    func `S-21: a suggested range that is none skips no block and ends`(_ kind: String) async throws {
        let (client, transport) = client { _, asked in
            guard asked.width > 100, let from = asked.from, let to = asked.to else { return nil }
            let (first, last) =
                switch kind {
                case "later": (from + 50, from + 80)
                case "inverted": (from + 80, from)
                case "equal": (from, to)
                default: (UInt64(0), UInt64(0))
                }
            return failure(
                asked,
                code: -32602,
                "Log response size exceeded; this block range should work: [\(hex(first)), \(hex(last))]"
            )
        }
        #expect(try await walk(client, 1_000...3_999) == (10...39).map { $0 * 100 })
        #expect(transport.count("eth_getLogs") < 300)
        expectClosed(client)
    }

    @Test(arguments: [
        "", " ", "{\"jsonrpc\":\"2.0\",\"id\":", "<html><title>502</title></html>", "\u{1F}\u{8B}\u{8}", "{}", "[",
        "{\"jsonrpc\":\"2.0\"}", "OK",
    ])
    func `S-27: what is no whole JSON is E6, and another endpoint is asked`(_ body: String) async throws {
        let fake = chain
        let transport = ScriptedTransport { endpoint, asked in
            endpoint.name == "cut" && asked.method != "eth_chainId" && asked.block != 0
                ? .json(body) : fake.reply(asked)
        }
        let client = RPCChain("cut", "whole", over: transport)
        #expect(try await client.header(number: 7)?.number == 7)
        #expect(try await walk(client, 100...199) == [100])
        let faults = client.counters.snapshot().filter { $0.kind != nil }
        #expect(!faults.isEmpty && faults.allSatisfy { $0.kind == .transient && $0.index == 0 }, "\(faults)")
    }

    @Test func `S-28: what never comes in time is asked elsewhere, and neither time nor memory is lost`() async throws {
        let (fake, clock) = (chain, JumpingClock())
        let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
            guard endpoint.name == "slow", asked.method == "eth_getLogs" else { return fake.reply(asked) }
            clock.advance(.seconds(30))
            if asked.width == 1 { throw .tooLarge(bytesMax: 16 << 20) }
            throw .timedOut
        }
        let client = RPCChain("slow", "quick", clock: clock, over: transport)
        let start = clock.now
        #expect(try await walk(client, 100...399) == [100, 200, 300])
        #expect(start.duration(to: clock.now) < .seconds(120))
        #expect(client.bytes.reserved == 0)
    }

    @Test(
        arguments: [
            ("0", 0...1), ("5", 5...6), ("86400", 300...301), ("Wed, 21 Oct 2026 07:28:00 GMT", 30...31), ("-1", 0...1),
            ("soon", 0...1),
        ] as [(String, ClosedRange<Int>)]
    )
    func `S-29: a rate limit is waited for as told, up to five minutes, while others are asked`(
        _ retryAfter: String,
        _ seconds: ClosedRange<Int>
    ) async throws {
        let (fake, clock, isLimited) = (chain, JumpingClock(), Shared(false))
        let transport = ScriptedTransport { endpoint, asked in
            guard endpoint.name == "a", isLimited.withLock({ $0 }) else { return fake.reply(asked) }
            return TransportReply(status: 429, retryAfter: retryAfter, body: Array("slow down".utf8))
        }
        let client = RPCChain("a", "b", clock: clock, over: transport)
        _ = try await client.identity()
        isLimited.withLock { $0 = true }
        let start = client.timeline.now
        #expect(try await client.header(number: 5)?.number == 5)
        let closed = client.upstream(0).throttle.closedUntil - start
        #expect(closed > .zero && closed >= .seconds(seconds.lowerBound) && closed <= .seconds(seconds.upperBound))
        let asked = transport.asked(of: "a").count
        while client.timeline.now < start + closed - .milliseconds(50) {
            #expect(try await client.header(number: 6)?.number == 6)
            clock.advance(closed / 8)
        }
        #expect(transport.asked(of: "a").count == asked)
        expectClosed(client)
    }

    /// Logs that are put behind the honest ones, and whether they refuse the whole answer.
    private static let strange: [(what: String, log: String, isRefused: Bool)] = {
        let log = FakeChain().log(150)
        let topic = "\"\(word(0xAAAA))\""
        func topics(_ count: Int) -> String { Array(repeating: topic, count: count).joined(separator: ",") }
        return [
            ("the same again", FakeChain().log(100), false),
            (
                "of no block yet",
                log.replacing("\"\(hex(150))\"", with: "null").replacing("\"\(word(1 << 32 | 150))\"", with: "null"),
                false
            ),
            ("removed", log.replacing("\"removed\":false", with: "\"removed\":true"), true),
            ("of a block without a number", log.replacing("\"\(hex(150))\"", with: "null"), true),
            ("of a block without a hash", log.replacing("\"\(word(1 << 32 | 150))\"", with: "null"), true),
            ("of another contract", FakeChain().log(150, address: 0xB), true),
            ("of another topic", FakeChain().log(150, topic: 0xBBBB), true),
            ("of another block", FakeChain().log(250), true),
            ("without a topic", log.replacing(topic, with: ""), true),
            ("with five topics", log.replacing(topic, with: topics(5)), true),
        ]
    }()

    @Test(arguments: strange.indices)
    func `S-31: a strange log is left out, or refuses the whole answer, and nothing is counted twice`(
        _ index: Int
    ) async throws {
        let (fake, strange) = (chain, Self.strange[index])
        let transport = ScriptedTransport { endpoint, asked in
            guard asked.method == "eth_getLogs", endpoint.name == "strange" else { return fake.reply(asked) }
            return result(asked, "[\(fake.log(100)),\(strange.log)]")
        }
        let filter = LogFilter(addresses: [contractA], topics0: [topicA])
        let client = RPCChain("strange", "honest", over: transport)
        let answer = try await client.logs(in: 100...199, matching: filter)
        #expect(answer.page.logs.map(\.blockNumber) == [100])
        let faults = client.counters.snapshot().filter { $0.kind == .inconsistent || $0.kind == .reorgSignal }
        #expect(faults.isEmpty != strange.isRefused, "\(strange.what): \(faults)")
        #expect(faults.allSatisfy { $0.index == 0 })
        // Nobody else to ask: then there is no answer.
        let alone = RPCChain("strange", over: transport)
        if strange.isRefused {
            await #expect(throws: ChainError.self) { try await alone.logs(in: 100...199, matching: filter) }
        }
    }

    @Test(arguments: 1...4, 1...4)
    func `S-31: a log has one to four topics, and those with fewer than asked for are left out`(
        _ count: Int,
        _ wanted: Int
    ) async throws {
        let fake = chain
        let topics = Array(repeating: "\"\(word(0xAAAA))\"", count: count).joined(separator: ",")
        let (client, _) = client { _, asked in
            result(asked, "[\(fake.log(150).replacing("\"\(word(0xAAAA))\"", with: topics))]")
        }
        let filter = LogFilter(topics0: [topicA], topicCountMin: wanted)
        let logs = try await client.logs(in: 100...199, matching: filter).page.logs
        #expect(logs.map(\.topicCount) == (count < wanted ? [] : [UInt8(count)]))
    }

    @Test(
        arguments: [
            ("\"0x\"", 0), ("\"0x00\"", 0), ("\"0x01f\"", 31), ("\"0X1F\"", 31), ("\"0x1F\"", 31), ("\"31\"", 31),
            ("31", 31),
            ("\"0xffffffffffffffff\"", .max), ("\"0x10000000000000000\"", nil), ("\"-0x1\"", nil), ("-1", nil),
            ("1.5", nil), ("\"\"", nil), ("\"0x1g\"", nil), ("1e3", nil), ("{}", nil),
        ] as [(String, UInt64?)]
    )
    func `S-33: a quantity is read leniently or refused, and never crashes`(
        _ text: String,
        _ value: UInt64?
    ) async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            guard asked.block == 5 else { return fake.reply(asked) }
            return result(asked, fake.header(5).replacing("\"timestamp\":\"0xf\"", with: "\"timestamp\":\(text)"))
        }
        let client = RPCChain("a", over: transport)
        if let value {
            #expect(try await client.header(number: 5)?.timestamp == value)
        } else {
            await #expect(throws: ChainError.self) { try await client.header(number: 5) }
        }
    }
}
