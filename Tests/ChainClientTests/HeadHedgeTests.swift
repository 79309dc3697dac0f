/// Second looks at a head: when, how many, and which answer wins.
@testable import ChainClient
import Ethereum
import Logging
import Synchronization
import Testing

@Suite struct HeadHedgeTests {
    @Test func `the delay is the ninety-fifth percentile of recent looks`() {
        var hedge = HeadHedge()
        for milliseconds in 1...100 {
            hedge.began()
            hedge.ended(after: .milliseconds(milliseconds))
        }
        #expect(hedge.delay == .milliseconds(96))
        for _ in 0..<100 { hedge.ended(after: .milliseconds(1)) }
        #expect(hedge.delay == .milliseconds(20))
    }

    @Test func `too few looks say nothing`() {
        var hedge = HeadHedge()
        for _ in 0..<19 {
            hedge.began()
            hedge.ended(after: .seconds(1))
        }
        #expect(hedge.delay == nil)
    }

    @Test func `at most a twentieth is asked twice`() {
        var (hedge, extra) = (HeadHedge(), 0)
        for _ in 0..<1_000 {
            hedge.began()
            hedge.ended(after: .seconds(1))
            if hedge.delay != nil, hedge.takes() { extra += 1 }
        }
        #expect((48...50).contains(extra))
    }

    @Test(.timeLimit(.minutes(1))) func `a head that does not come is had from another endpoint`() async throws {
        let transport = HangingTransport()
        let client = RPCChain(
            endpoints: ["a", "b"].map { (name: String) in Endpoint(url: "http://\(name).test", name: name) },
            transport: transport,
            random: seeded(3),
            logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        )
        _ = try await client.identity()
        for _ in 0..<40 { _ = try await client.head() }
        transport.hangs.withLock { $0 = "a" }
        for _ in 0..<2 { #expect(try await client.head().number == 100_000) }
        #expect(client.counters.repairs().contains { $0.0 == .headsHedged && (1...2).contains($0.1) })
    }
}

/// An honest node whose answers stop coming.
private final class HangingTransport: Transport {
    let hangs = Mutex("")

    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        if hangs.withLock({ $0 == endpoint.name }) {
            do { try await Task.sleep(for: .seconds(60)) } catch { throw .cancelled }
        }
        return FakeChain().reply(Asked(text: String(decoding: body, as: UTF8.self)))
    }
}
