/// Endpoints that go away and come back, over a script: breakers as the whole client uses them.
@testable import ChainClient
import Ethereum
import Testing

@Suite struct FailOverTests {
    private let chain = FakeChain()

    @Test func `network failure: retry, breaker open → half-open → closed, fail-over`() async throws {
        let (fake, clock) = (chain, JumpingClock())
        let down = Shared<Set<String>>([])
        let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
            guard !down.withLock({ $0.contains(endpoint.name) }) else { throw .cannotConnect("refused") }
            return fake.reply(asked)
        }
        let client = RPCChain("a", "b", clock: clock, over: transport)
        @Sendable func state(_ index: Int) -> Breaker.State {
            client.upstream(index).breaker(.head).state(client.timeline.now)
        }
        _ = try await client.identity()
        #expect(state(0) == .closed && state(1) == .closed)

        // Fail-over: one is down, the other answers, and the one that is down is left alone.
        down.withLock { $0 = ["a"] }
        for number in UInt64(1)...20 { #expect(try await client.header(number: number)?.number == number) }
        #expect(transport.asked(of: "a").count { $0.block ?? 0 > 0 } <= 1)

        // Retry: both are down; the call tries again, then says so, and the breakers open.
        down.withLock { $0 = ["a", "b"] }
        var sent = transport.asked.count
        while state(0) != .open || state(1) != .open {
            await #expect(throws: ChainError.self) { try await client.header(number: 21) }
            try #require(transport.asked.count < sent + 20)
        }
        #expect(transport.asked.count > sent + 2)

        // Open: however much is asked, each is probed once a second in turn at most.
        sent = transport.asked.count
        let start = client.timeline.now
        for _ in 0..<10 { await #expect(throws: ChainError.self) { try await client.header(number: 22) } }
        let seconds = Int((client.timeline.now - start).seconds)
        #expect(transport.asked.count - sent <= seconds + 10)

        // Half-open: b is back; one probe finds it, three calls close it.
        down.withLock { $0 = ["a"] }
        #expect(try await client.header(number: 23)?.number == 23)
        #expect(state(1) == .halfOpen)
        for number in UInt64(24)...26 { #expect(try await client.header(number: number)?.number == number) }
        #expect(state(1) == .closed)

        // And a: closed again after its time, by calls that are for somebody.
        down.withLock { $0 = [] }
        clock.advance(.seconds(301))
        for number in UInt64(27)...40 { #expect(try await client.header(number: number)?.number == number) }
        #expect(state(0) == .closed)
    }

    @Test func `a node whose receipts fail is asked for logs, and one whose logs fail for headers`() async throws {
        let fake = chain
        let transport = ScriptedTransport { endpoint, asked in
            if asked.method == "eth_getLogs", endpoint.name == "a" {
                return failure(asked, code: -32603, "internal error", status: 500)
            }
            return fake.reply(asked)
        }
        let client = RPCChain("a", over: transport)
        for _ in 0..<8 { _ = try? await client.logs(in: 5...9, matching: filterA) }
        let upstream = client.upstream(0)
        #expect(upstream.breaker(.logs).state(client.timeline.now) != .closed)
        #expect(upstream.breaker(.head).state(client.timeline.now) == .closed)
        #expect(try await client.head().number == 100_000)
    }

    @Test func `wrong data twice is a quarantine for every method`() async throws {
        let (fake, clock) = (chain, JumpingClock())
        let transport = ScriptedTransport { endpoint, asked in
            asked.method == "eth_getLogs" && endpoint.name == "liar"
                ? result(asked, "[\(fake.log(77_000))]") : fake.reply(asked)
        }
        let client = RPCChain("liar", "honest", clock: clock, over: transport)
        for start in stride(from: UInt64(100), to: 1_000, by: 100) {
            #expect(try await client.logs(in: start...start, matching: filterA).page.logs.count == 1)
            clock.advance(.seconds(2))
        }
        #expect(client.upstream(0).quarantine.isOn(client.timeline.now))
        let before = transport.asked(of: "liar").count
        for number in UInt64(1)...9 { _ = try await client.header(number: number) }
        #expect(transport.asked(of: "liar").count == before)
    }

    @Test func `nobody waits for ever, though all are in quarantine`() async throws {
        let (fake, clock) = (chain, JumpingClock())
        let isLying = Shared(true)
        let transport = ScriptedTransport { _, asked in
            asked.method == "eth_getLogs" && isLying.withLock { $0 }
                ? result(asked, "[\(fake.log(77_000))]") : fake.reply(asked)
        }
        let client = RPCChain("a", "b", clock: clock, over: transport)
        for _ in 0..<4 {
            await #expect(throws: ChainError.self) { try await client.logs(in: 100...100, matching: filterA) }
            clock.advance(.seconds(2))
        }
        #expect((0...1).allSatisfy { client.upstream($0).quarantine.isOn(client.timeline.now) })
        isLying.withLock { $0 = false }
        #expect(try await client.logs(in: 100...100, matching: filterA).page.logs.count == 1)
    }
}
