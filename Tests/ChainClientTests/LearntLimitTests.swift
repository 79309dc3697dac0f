/// What is learnt of endpoints outlives the client that learnt it, for a day.
@testable import ChainClient
import Ethereum
import Logging
import Testing

@Suite struct LearntLimitTests {
    private func capped(_ asked: Asked) -> TransportReply? {
        asked.width > 700 ? failure(asked, code: -32602, "exceed maximum block range: 700") : nil
    }

    @Test func `a range cap is not learnt again after a restart, until a day is over`() async throws {
        let (first, _) = client { _, asked in capped(asked) }
        #expect(try await first.logs(in: 0...99_999, matching: filterA).range == 0...699)
        let kept = first.limits(since: [:], wallSeconds: 1_000)
        #expect(kept.values.first?.contains(LearntLimit(.rangeOfEveryContract, 700, learntAt: 1_000)) == true)

        for (later, requests) in [(1_000 + 86_399, 1), (1_000 + 86_400, 2), (999, 2)] as [(Int64, Int)] {
            let (second, transport) = client { _, asked in capped(asked) }
            second.recall(kept, wallSeconds: later)
            #expect(try await second.logs(in: 0...99_999, matching: filterA).range == 0...699)
            #expect(transport.count("eth_getLogs") == requests, "\(later)")
        }
    }

    @Test func `a fact keeps its time while it keeps its value`() async throws {
        let (client, _) = client { _, asked in capped(asked) }
        _ = try await client.logs(in: 0...99_999, matching: filterA)
        let first = client.limits(since: [:], wallSeconds: 1_000)
        #expect(client.limits(since: first, wallSeconds: 50_000) == first)
        let other = first.mapValues { $0.map { LearntLimit($0.name, $0.value + 1, learntAt: $0.learntAt) } }
        #expect(
            client.limits(since: other, wallSeconds: 50_000)
                == first.mapValues {
                    $0.map { LearntLimit($0.name, $0.value, learntAt: 50_000) }
                }
        )
    }

    @Test func `refusals, batch sizes, addresses and unknown hashes are taken over`() throws {
        let (client, _) = client { _, _ in nil }
        let key = client.limitKeys[0]
        let facts: [LearntLimit] = [
            .init(.rangeOfContracts, 50, learntAt: 5), .init(.addressesPerRequest, 20, learntAt: 5),
            .init(.batchSize, 3, learntAt: 5), .init(.refusesReceipts, 1, learntAt: 5),
            .init(.refusesUnknownHash, 0, learntAt: 5),
        ]
        client.recall([key: facts], wallSeconds: 10)
        let upstream = client.upstream(0)
        #expect(upstream.contracts.learntCap == 50 && upstream.everyContract.learntCap == nil)
        #expect(upstream.addressesMax == 20 && upstream.batchSize == 3)
        #expect(!upstream.can(.receipts, now: .zero) && upstream.can(.logs, now: .zero))
        #expect(upstream.unknownHash == .answersEmpty)
        #expect(client.limits(since: [key: facts], wallSeconds: 10) == [key: facts])
    }

    @Test func `nonsense from the store does no harm`() async throws {
        let (client, _) = client { _, _ in nil }
        client.recall(
            [
                client.limitKeys[0]: LearntLimit.Name.allCases.filter { $0 != .refusesLogs }.flatMap { name in
                    [0, UInt64.max].map { LearntLimit(name, $0, learntAt: 1) }
                }
            ],
            wallSeconds: 2
        )
        #expect(try await client.logs(in: 100...100, matching: filterA).page.logs.count == 1)
    }

    @Test func `a daily budget goes on where it was`() async throws {
        func make(_ clock: JumpingClock) -> (RPCChain, ScriptedTransport) {
            let transport = ScriptedTransport { _, asked in FakeChain().reply(asked) }
            let client = RPCChain(
                endpoints: [Endpoint(url: "http://a.test", name: "a", requestsPerDay: 10)],
                transport: transport,
                clock: clock,
                random: seeded(1),
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
            )
            return (client, transport)
        }
        let (first, _) = make(JumpingClock())
        for number in UInt64(1)...5 { _ = try await first.header(number: number) }
        let kept = first.limits(since: [:], wallSeconds: 1_000)
        let clock = JumpingClock()
        let (second, transport) = make(clock)
        second.recall(kept, wallSeconds: 1_600)
        for number in UInt64(1)...9 { _ = try? await second.header(number: number) }
        #expect(transport.asked.count == 3, "seven of ten were sent before")
        clock.advance(.seconds(86_400 - 500))
        #expect(try await second.header(number: 1) != nil)
    }

    @Test func `keys hold no secret and tell endpoints of one label apart`() {
        let client = RPCChain("a", "a", "b", over: ScriptedTransport { _, asked in FakeChain().reply(asked) })
        #expect(
            client.limitKeys == ["a (http://a.test:8545)", "a (http://a.test:8545) #2", "b (http://b.test:8545)"]
        )
    }

    @Test func `what changed is saved, each half minute at most, and at the end`() async throws {
        let (client, _) = client { _, asked in capped(asked) }
        let saved = Shared<[RPCChain.Limits]>([])
        let keeping = Task {
            await client.keepLimits(
                since: [:],
                wallSeconds: { 7 },
                save: { limits in saved.withLock { $0.append(limits) } }
            )
        }
        while saved.withLock({ $0.isEmpty }) { await Task.yield() }
        _ = try await client.logs(in: 0...99_999, matching: filterA)
        keeping.cancel()
        await keeping.value
        let last = saved.withLock { $0.last }
        #expect(last?.values.first?.contains { $0.name == .rangeOfEveryContract && $0.value == 700 } == true)
        #expect(saved.withLock { $0.count } <= 3)
    }
}
