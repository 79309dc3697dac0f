/// Endpoints that are left behind on another branch of the same chain: what they say of the past is of their own past.
import ChainClient
import Ethereum
import Testing

@Suite struct ForkedEndpointTests {
    private let ours = FakeChain()
    /// The same chain id and first block, everything above another.
    private let theirs = FakeChain(fork: 2)

    private func held(_ number: UInt64) -> BlockRef {
        BlockRef(number: number, hash: Hash32(w0: 0, w1: 0, w2: 0, w3: ours.hash(number)))
    }

    private func transport() -> ScriptedTransport {
        let (ours, theirs) = (ours, theirs)
        return ScriptedTransport { endpoint, asked in (endpoint.name == "stale" ? theirs : ours).reply(asked) }
    }

    @Test func `history is not taken from one that does not serve what is held`() async throws {
        let transport = transport()
        let client = RPCChain("stale", "a", over: transport)
        for start in stride(from: 100, to: 1_000, by: 100) as StrideTo<UInt64> {
            let answer = try await client.logs(in: start...(start + 99), matching: filterA, beside: held(5_000))
            #expect(answer.page.logs.map(\.blockHash.w3) == [ours.hash(start)])
        }
        // It was asked, so that this shows something.
        #expect(transport.asked(of: "stale").contains { $0.method == "eth_getLogs" })
    }

    @Test func `where nobody serves what is held, that is a reorg and no answer`() async throws {
        let client = RPCChain("stale", over: transport())
        await #expect { try await client.logs(in: 100...199, matching: filterA, beside: held(5_000)) } throws: {
            if case ChainError.reorged = $0 { true } else { false }
        }
        await #expect { try await client.header(number: 9_000, beside: held(5_000)) } throws: {
            if case ChainError.reorged = $0 { true } else { false }
        }
    }

    @Test func `one that has not got so far yet is waited for`() async throws {
        let client = RPCChain("a", over: transport())
        let ahead = held(200_000)
        #expect(try await client.header(number: 9_000, beside: ahead) == nil)
        await #expect { try await client.logs(in: 100...199, matching: filterA, beside: ahead) } throws: {
            if case ChainError.unavailable = $0 { true } else { false }
        }
    }

    @Test func `two blocks of one chain come from one endpoint`() async throws {
        let client = RPCChain("stale", "a", over: transport())
        for number in 9_000...9_009 as ClosedRange<UInt64> {
            #expect(try await client.header(number: number, beside: held(5_000))?.hash.w3 == ours.hash(number))
        }
    }

    @Test(arguments: [100, 200] as [UInt64])
    func `a log that is not kept gives away an answer of another fork`(_ number: UInt64) async throws {
        // Fewer topics than asked for, as nodes send that ignore trailing nulls; its block has two hashes, or not the last one.
        let (ours, theirs) = (ours, theirs)
        let transport = ScriptedTransport { _, asked in
            guard asked.method == "eth_getLogs" else { return ours.reply(asked) }
            let logs = [number == 100 ? ours.log(100) : nil, theirs.log(number, index: 1)].compactMap(\.self)
            return result(asked, "[\(logs.joined(separator: ","))]")
        }
        let client = RPCChain("a", over: transport)
        var filter = filterA
        filter.topicCountMin = 4
        await #expect(throws: ChainError.self) { try await client.logs(in: 101...200, matching: filter) }
        await #expect(throws: ChainError.self) { try await client.logs(in: 50...200, matching: filter) }
    }

    @Test func `a chain has one identity, whether its first block is given or only named`() async throws {
        let (ours, isMissing) = (ours, Shared(true))
        let transport = ScriptedTransport { _, asked in
            asked.block == 0 && isMissing.withLock { $0 } ? result(asked, "null") : ours.reply(asked)
        }
        let named = try await RPCChain("a", over: transport).identity()
        isMissing.withLock { $0 = false }
        #expect(try await RPCChain("a", over: transport).identity() == named)
    }
}
