/// Which chain the endpoints are of, and what is final on it.
import ChainClient
import Ethereum
import Testing

@Suite struct IdentityTests {
    private let chain = FakeChain()

    @Test func `an endpoint of another chain is put away and never asked again`() async throws {
        let transport = ScriptedTransport { endpoint, asked in
            FakeChain(chainID: endpoint.name == "wrong" ? 1 : 321).reply(asked)
        }
        let client = RPCChain("wrong", "a", "b", over: transport)
        #expect(try await client.identity().chainID == 321)
        let before = transport.asked(of: "wrong").count
        for number in UInt64(0)...9 { _ = try await client.header(number: number) }
        #expect(transport.asked(of: "wrong").count == before)
        #expect(client.counters.snapshot().contains { $0.kind == .wrongChain })
    }

    @Test func `the same id with another genesis is another chain`() async throws {
        let transport = ScriptedTransport { endpoint, asked in
            FakeChain(genesis: endpoint.name == "fork" ? 8 : 7).reply(asked)
        }
        let client = RPCChain("a", "b", "fork", over: transport)
        #expect(try await client.identity().genesis.w3 == 7 << 32)
        #expect(client.counters.snapshot().contains { $0.endpoint.hasPrefix("fork") && $0.kind == .wrongChain })
    }

    @Test func `when all are of another chain than was named, that is said`() async throws {
        var options = RPCOptions()
        options.chainID = 1
        let fake = chain
        let client = RPCChain("a", "b", options: options, over: ScriptedTransport { _, asked in fake.reply(asked) })
        for _ in 0..<2 {
            await #expect { try await client.identity() } throws: {
                if case ChainError.wrongChain = $0 { true } else { false }
            }
            await #expect { try await client.head() } throws: {
                if case ChainError.wrongChain = $0 { true } else { false }
            }
        }
    }

    @Test func `S-30: no range is taken from an endpoint that has had another chain for a moment`() async throws {
        let isOther = Shared(false)
        let transport = ScriptedTransport { endpoint, asked in
            let other = endpoint.name == "a" && isOther.withLock { $0 }
            return FakeChain(fork: other ? 2 : 1, genesis: other ? 8 : 7).reply(asked)
        }
        let client = RPCChain("a", "b", over: transport)
        _ = try await client.identity()
        for _ in 0..<2 { _ = try await client.head() }
        isOther.withLock { $0 = true }
        let answer = try await client.logs(in: 100...199, matching: filterA)
        #expect(answer.anchor.hash.w3 == FakeChain().hash(199))
        #expect(answer.page.logs.map(\.blockHash.w3) == [FakeChain().hash(100)])
        // The other one was asked, was found out, and is put away.
        #expect(transport.asked(of: "a").contains { $0.method == "eth_getLogs" })
        #expect(client.counters.snapshot().contains { $0.index == 0 && $0.kind == .wrongChain })
        let asked = transport.asked(of: "a").count
        #expect(try await client.logs(in: 200...299, matching: filterA).page.logs.count == 1)
        #expect(transport.asked(of: "a").count == asked)
    }

    @Test func `a first block that is null now and then makes no other chain`() async throws {
        let isMissing = Shared(false)
        let transport = ScriptedTransport { _, asked in
            asked.block == 0 && isMissing.withLock { $0 } ? result(asked, "null") : FakeChain().reply(asked)
        }
        let client = RPCChain("a", over: transport)
        let identity = try await client.identity()
        isMissing.withLock { $0 = true }
        #expect(try await client.identity() == identity)
        #expect(try await client.logs(in: 100...199, matching: filterA).page.logs.count == 1)
        #expect(client.counters.snapshot().allSatisfy { $0.kind != .wrongChain })
    }

    @Test func `an endpoint that changes its chain is noticed within the hour`() async throws {
        let clock = JumpingClock()
        let id = Shared<UInt64>(321)
        let transport = ScriptedTransport { endpoint, asked in
            FakeChain(chainID: endpoint.name == "a" ? id.withLock { $0 } : 321).reply(asked)
        }
        let client = RPCChain("a", "b", clock: clock, over: transport)
        _ = try await client.identity()
        id.withLock { $0 = 1 }
        clock.advance(.seconds(3_700))
        _ = try await client.head()
        #expect(client.counters.snapshot().contains { $0.endpoint.hasPrefix("a") && $0.kind == .wrongChain })
    }

    // MARK: Finality

    @Test(arguments: [
        "null", "{\"error\":{\"code\":-32000,\"message\":\"finalized block not found\"}}",
        "{\"error\":{\"code\":-39001,\"message\":\"Unknown block\"}}",
        "{\"error\":{\"code\":-32603,\"message\":\"internal\"}}",
        "{\"error\":{\"code\":-32602,\"message\":\"malformed blocknumber\"}}",
        "{\"error\":{\"code\":-32601,\"message\":\"x\"}}",
        FakeChain().header(0),
    ])
    func `a finalized tag that does not work is unknown, never zero`(_ answer: String) async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            guard asked.params.contains("finalized") else { return fake.reply(asked) }
            return answer.hasPrefix("{\"error\"")
                ? .json("{\"jsonrpc\":\"2.0\",\"id\":\(asked.id),\(answer.dropFirst())") : result(asked, answer)
        }
        let client = RPCChain("a", "b", over: transport)
        #expect(try await client.finalized() == nil)
        let asked = transport.asked.count
        #expect(try await client.finalized() == nil)
        #expect(transport.asked.count == asked, "what was refused is not asked again at once")
    }

    @Test func `an outage is not an unknown finalized block`() async throws {
        let fake = chain
        let client = RPCChain(
            "a",
            over: ScriptedTransport { _, asked throws(TransportError) in
                if asked.params.contains("finalized") { throw .timedOut }
                return fake.reply(asked)
            }
        )
        await #expect(throws: ChainError.self) { try await client.finalized() }
    }
}
