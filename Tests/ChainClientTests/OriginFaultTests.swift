@testable import ChainClient
import Ethereum
import Testing

/// Faults of the system that this one replaces, by number.
@Suite struct OriginFaultTests {
    @Test func `F12: pauses grow exponentially, with full jitter, up to a cap`() {
        // The bound doubles: a random number at its greatest gives base times two to the tries.
        let greatest = (0..<12).map { Backoff.pause(failures: $0, random: .max) }
        let least = (0..<12).map { Backoff.pause(failures: $0, random: 0) }
        #expect(least.allSatisfy { $0 <= .milliseconds(1) })
        for (shorter, longer) in zip(greatest, greatest.dropFirst()) where longer < .seconds(29) {
            #expect(longer > shorter * 3 / 2)
        }
        #expect(greatest.allSatisfy { $0 <= .seconds(30) })
        #expect(greatest[11] > .seconds(29))
    }

    @Test func `F12: every request has a deadline, and so has every call with all its tries`() {
        let options = RPCOptions()
        for deadline in [options.headDeadline, options.bulkDeadline, options.callDeadline] {
            #expect(deadline > .zero && deadline <= .seconds(120))
        }
    }

    @Test func `F13: the right chain id is not enough, and an empty answer without the blocks is none`() async throws {
        let transport = ScriptedTransport { endpoint, asked in
            let isOther = endpoint.name == "other"
            let isBehind = endpoint.name == "behind"
            if asked.method == "eth_getLogs", isOther || isBehind { return result(asked, "[]") }
            return FakeChain(head: isBehind ? 500 : 1_000, genesis: isOther ? 8 : 7).reply(asked)
        }
        let client = RPCChain("behind", "other", "honest", "second", over: transport)
        #expect(try await client.identity().genesis.w3 == 7 << 32)
        let answer = try await client.logs(in: 600...900, matching: filterA)
        #expect(answer.page.logs.map(\.blockNumber) == [600, 700, 800, 900])
        #expect(transport.asked(of: "behind").count { $0.method == "eth_getLogs" } == 0)
        #expect(transport.asked(of: "other").count { $0.method == "eth_getLogs" } == 0)

        // Nobody else to ask: no answer, rather than no transfers.
        let alone = RPCChain("behind", over: transport)
        await #expect(throws: ChainError.self) { try await alone.logs(in: 600...900, matching: filterA) }
    }

    @Test func `F13: an empty answer to a block's hash that the endpoint does not know is none`() async throws {
        let transport = ScriptedTransport { _, asked in
            asked.method == "eth_getLogs" ? result(asked, "[]") : FakeChain(head: 500).reply(asked)
        }
        let header = Header(number: 500, hash: topicB, parentHash: topicA, timestamp: 0)
        await #expect(throws: ChainError.self) {
            try await RPCChain("a", over: transport).logs(of: header, matching: filterA)
        }
    }
}
