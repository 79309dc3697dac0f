/// The client as the engine sees it, over a script: fail-over, heads, ranges, identity.
import ChainClient
import Ethereum
import Logging
import Testing

@Suite struct RPCChainTests {
    private let chain = FakeChain()

    @Test func `one honest endpoint answers everything`() async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in fake.reply(asked) }
        let client = RPCChain("a", over: transport)
        let identity = try await client.identity()
        #expect(identity.chainID == 321 && identity.genesis.w3 == 7 << 32)
        #expect(try await client.head().number == 100_000)
        #expect(try await client.finalized()?.number == 99_980)
        #expect(try await client.header(number: 5)?.timestamp == 15)
        #expect(try await client.header(hash: Hash32(w0: 0, w1: 0, w2: 0, w3: 1 << 32 | 9))?.number == 9)
        #expect(try await client.header(hash: topicA) == nil)
        let answer = try await client.logs(in: 100...100_000, matching: filterA)
        #expect(answer.range.lowerBound == 100 && answer.range.upperBound >= 1_000)
        #expect(answer.anchor.number == answer.range.upperBound)
        #expect(answer.page.logs.map(\.blockNumber).allSatisfy { answer.range.contains($0) && $0 % 100 == 0 })
        let header = try #require(try await client.header(number: 700))
        #expect(try await client.logs(of: header, matching: filterA).logs.count == 1)
        #expect(client.pagesInFlight >= 4)
    }

    @Test func `a dead endpoint is passed over, and rests`() async throws {
        let fake = chain
        let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
            guard endpoint.name == "alive" else { throw .closed("reset") }
            return fake.reply(asked)
        }
        let client = RPCChain("dead", "alive", over: transport)
        for number in UInt64(1)...20 { #expect(try await client.header(number: number)?.number == number) }
        #expect(transport.asked(of: "dead").count < 10)
    }

    @Test func `when nobody answers the error names everybody and no key`() async throws {
        let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
            failure(asked, code: -32603, "boom at http://\(endpoint.name).test:8545/v2/s3cr3tk3y key s3cr3tk3y")
        }
        let client = RPCChain("a", "b", over: transport)
        do {
            _ = try await client.header(number: 1)
            Issue.record("an answer came out of nothing")
        } catch {
            guard case .unavailable(let text) = error else { return #expect(Bool(false), "\(error)") }
            #expect(text.contains("a (http://a.test:8545)") && text.contains("b (http://b.test:8545)"))
            #expect(text.contains("boom"))
            #expect(!text.contains("s3cr3t"))
        }
        // First tries and three more, however long the outage.
        #expect(transport.asked.count <= 2 + 3)
        #expect(client.counters.snapshot().contains { $0.kind == .transient && $0.count > 0 })
    }

    @Test func `no key is in any log line or description`() async throws {
        let lines = Shared<[String]>([])
        let logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        let transport = ScriptedTransport { _, asked in
            failure(asked, code: -32000, "apikey s3cr3tk3y is on another chain\\n\\u001b[31m")
        }
        let client = RPCChain("a", logger: logger, over: transport)
        await #expect(throws: ChainError.self) { try await client.identity() }
        await #expect(throws: ChainError.self) { try await client.head() }
        let text = lines.withLock { $0 }.joined()
        #expect(text.contains("is on another chain"))
        #expect(!text.contains("s3cr3t") && !text.contains("\u{1B}"))
        let endpoint = Endpoint(
            url: "https://user:passw0rd@h.example/v3/0123456789abcdef?key=fedcba9876",
            name: "x",
            headers: [.init(name: "X", value: "Bearer tok3n-tok3n")]
        )
        for shown in [
            "\(endpoint)", String(reflecting: endpoint), "\([endpoint])",
            endpoint.redact("Bearer tok3n-tok3n fedcba9876 passw0rd 0123456789abcdef"),
        ] {
            for secret in ["passw0rd", "0123456789", "fedcba", "tok3n"] { #expect(!shown.contains(secret), "\(shown)") }
        }
        var dumped = ""
        dump(endpoint, to: &dumped)
        #expect(!dumped.contains("fedcba"))
    }

    @Test func `the same fault is logged once in ten seconds`() async throws {
        let lines = Shared<[String]>([])
        let logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            asked.method == "eth_getLogs" ? failure(asked, code: -32000, "missing trie node") : fake.reply(asked)
        }
        let client = RPCChain("a", logger: logger, over: transport)
        for _ in 0..<5 {
            _ = try? await client.logs(
                of: Header(number: 5, hash: topicA, parentHash: topicB, timestamp: 0),
                matching: filterA
            )
        }
        #expect(lines.withLock { $0.count { $0.contains("missing trie") } } <= 2)
    }

    // MARK: Heads and missing blocks

    @Test func `an announced block that is null is asked for again at the same endpoint`() async throws {
        let fake = chain
        let nulls = Shared(2)
        let transport = ScriptedTransport { _, asked in
            if asked.block == 100_000, nulls.withLock({ left in (left > 0, left -= 1).0 }) {
                return result(asked, "null")
            }
            return fake.reply(asked)
        }
        let client = RPCChain("a", over: transport)
        _ = try await client.head()
        #expect(try await client.header(number: 100_000)?.number == 100_000)
        #expect(transport.asked.count { $0.block == 100_000 } == 3)
    }

    @Test func `a block nobody has is nil, and asked for anew the next time`() async throws {
        let head = Shared<UInt64>(100)
        let transport = ScriptedTransport { _, asked in FakeChain(head: head.withLock { $0 }).reply(asked) }
        let client = RPCChain("a", "b", over: transport)
        #expect(try await client.header(number: 101) == nil)
        head.withLock { $0 = 101 }
        #expect(try await client.header(number: 101)?.number == 101)
    }

    @Test func `an outage is never taken for a missing block`() async throws {
        let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
            if endpoint.name == "down", asked.block == 101 { throw .timedOut }
            return FakeChain(head: 100).reply(asked)
        }
        let client = RPCChain("down", "behind", over: transport)
        await #expect(throws: ChainError.self) { try await client.header(number: 101) }
    }

    @Test func `an endpoint that is stuck does not hold the head back`() async throws {
        let head = Shared<UInt64>(500)
        let transport = ScriptedTransport { endpoint, asked in
            FakeChain(head: endpoint.name == "stuck" ? 400 : head.withLock { $0 }).reply(asked)
        }
        let client = RPCChain("stuck", "alive", over: transport)
        _ = try await client.head()
        _ = try await client.head()
        for number in UInt64(501)...520 {
            head.withLock { $0 = number }
            #expect(try await client.head().number == number)
        }
    }

    @Test func `logs are asked only of an endpoint whose head has come so far`() async throws {
        let transport = ScriptedTransport { endpoint, asked in
            FakeChain(head: endpoint.name == "behind" ? 500 : 1_000).reply(asked)
        }
        let client = RPCChain("behind", "ahead", over: transport)
        let answer = try await client.logs(in: 600...900, matching: filterA)
        #expect(answer.range == 600...900)
        #expect(transport.asked(of: "behind").count { $0.method == "eth_getLogs" } == 0)
    }

    @Test func `header, logs and header come from one endpoint, in this order`() async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in fake.reply(asked) }
        let client = RPCChain("a", "b", over: transport)
        _ = try await client.identity()
        for start in [1_000, 5_000, 9_000] as [UInt64] {
            _ = try await client.logs(in: start...(start + 99), matching: filterA)
        }
        for endpoint in ["a", "b"] {
            let asked = transport.asked(of: endpoint)
            for (index, one) in asked.enumerated() where one.method == "eth_getLogs" {
                #expect(asked[index - 1].block == one.to && asked[index + 1].block == one.to)
            }
        }
        #expect(transport.count("eth_getLogs") == 3)
    }

    @Test func `a range beyond the head is served up to the head`() async throws {
        let transport = ScriptedTransport { _, asked in FakeChain(head: 1_000).reply(asked) }
        let client = RPCChain("a", over: transport)
        _ = try await client.head()
        #expect(try await client.logs(in: 900...5_000, matching: filterA).range == 900...1_000)
        #expect(transport.asked.allSatisfy { ($0.to ?? 0) <= 1_000 })
        await #expect(throws: ChainError.self) { try await client.logs(in: 2_000...5_000, matching: filterA) }
    }

    // MARK: Ends

    @Test(.timeLimit(.minutes(1))) func `a call ends by its deadline, however slow everybody is`() async throws {
        let clock = JumpingClock()
        let transport = ScriptedTransport { _, _ throws(TransportError) in
            clock.advance(.seconds(30))
            throw .timedOut
        }
        let client = RPCChain("a", "b", "c", clock: clock, over: transport)
        let start = clock.now
        await #expect(throws: ChainError.self) { try await client.header(number: 1) }
        #expect(start.duration(to: clock.now) <= .seconds(160))
    }

    @Test func `cancellation is said as such`() async throws {
        let transport = ScriptedTransport { _, _ throws(TransportError) in throw .cancelled }
        let client = RPCChain("a", over: transport)
        await #expect(throws: ChainError.cancelled) { try await client.head() }
    }

    @Test func `a quota that is gone is not asked again`() async throws {
        let transport = ScriptedTransport { _, asked in failure(asked, code: -32005, "Monthly capacity limit exceeded")
        }
        let client = RPCChain("a", over: transport)
        for _ in 0..<5 { await #expect(throws: ChainError.self) { try await client.head() } }
        #expect(transport.asked.count == 1)
    }

    @Test func `a request that the node calls wrong is tried at one other endpoint only`() async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            asked.block == 5 ? failure(asked, code: -32602, "invalid argument") : fake.reply(asked)
        }
        let client = RPCChain("a", "b", "c", over: transport)
        await #expect { try await client.header(number: 5) } throws: {
            if case ChainError.unservable = $0 { true } else { false }
        }
        #expect(transport.asked.count { $0.block == 5 } == 2)
    }

    @Test func `a daily budget is kept`() async throws {
        let clock = JumpingClock()
        let fake = chain
        let transport = ScriptedTransport { _, asked in fake.reply(asked) }
        let client = RPCChain(
            endpoints: [Endpoint(url: "http://a.test", name: "a", requestsPerDay: 10)],
            transport: transport,
            clock: clock,
            random: seeded(1),
            logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        )
        var served = 0
        for number in UInt64(1)...30 where (try? await client.header(number: number)) != nil { served += 1 }
        #expect(transport.asked.count == 10 && served == 8)
        clock.advance(.seconds(25 * 3_600))
        #expect(try await client.header(number: 1) != nil)
    }

    @Test func `that logs were pruned is believed for an hour, not for ever`() async throws {
        let clock = JumpingClock()
        let isRestoring = Shared(true)
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            asked.method == "eth_getLogs" && isRestoring.withLock { $0 }
                ? failure(asked, code: 4444, "pruned history unavailable") : fake.reply(asked)
        }
        let client = RPCChain("a", clock: clock, over: transport)
        for _ in 0..<3 {
            await #expect { try await client.logs(in: 100...199, matching: filterA) } throws: { isUnservable($0) }
        }
        #expect(transport.count("eth_getLogs") == 1, "what was refused is not asked again at once")
        isRestoring.withLock { $0 = false }
        clock.advance(.seconds(3_700))
        #expect(try await client.logs(in: 100...199, matching: filterA).page.logs.count == 1)
    }
}
