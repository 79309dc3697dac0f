/// Receipts that stop coming: what waits for them, for how long, and what is taken without them.
@testable import ChainClient
import Ethereum
import Logging
import Simulator
import Testing

/// A simulated node whose receipts are cut off while the outage lasts.
private struct OutageTransport: Transport {
    let node: SimulatedNode
    let isOut: Shared<Bool>

    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        let isReceipts = String(decoding: body, as: UTF8.self).contains("eth_getBlockReceipts")
        guard !(isReceipts && isOut.withLock { $0 }), case .reply(let reply) = SimulatedLink(node).send(body) else {
            throw .closed("no answer")
        }
        return TransportReply(status: reply.status, retryAfter: reply.retryAfter, body: reply.body)
    }
}

@Suite struct ReceiptsOutageTests {
    private let clock = JumpingClock()
    private let isOut = Shared(false)
    private let shared: SharedChain
    /// `Transfer(address,address,uint256)`.
    private let filter: LogFilter

    init() throws {
        let topic = try Hash32(hex: "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
        filter = LogFilter(topics0: [topic], topicCountMin: 4)
        var options = SimulatedChain.Options()
        options.emptyPerMille = 500
        var chain = SimulatedChain(seed: 7, options: options)
        for _ in 0..<60 { chain.mine() }
        chain.finalize(through: 50)
        shared = SharedChain(chain)
    }

    private func client(_ level: EvidenceLevel, _ rates: [FaultPoint: Int] = [:]) -> RPCChain {
        var options = RPCOptions()
        options.evidence = level
        options.widthInitial = 20
        options.widthMax = 20
        return RPCChain(
            endpoints: [Endpoint(url: "http://one", name: "one", operator: "one")],
            transport: OutageTransport(
                node: SimulatedNode(shared, faults: Faults(seed: 3, rates: rates)),
                isOut: isOut
            ),
            options: options,
            clock: clock,
            random: seeded(1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func read(_ chain: RPCChain) async throws -> RangeAnswer {
        try await chain.logs(in: 20...39, matching: filter)
    }

    /// Ends with receipts out and their breaker open.
    private func openBreaker(_ chain: RPCChain) async throws {
        _ = try await chain.identity()
        _ = try await chain.head()
        isOut.withLock { $0 = true }
        for _ in 0..<20 where chain.upstream(0).breaker(.receipts).state(chain.timeline.now) != .open {
            _ = try? await read(chain)
        }
        #expect(chain.upstream(0).breaker(.receipts).state(chain.timeline.now) == .open)
    }

    @Test(arguments: [(.receipts, [:]), (.bloom, [.withheldBlock: 1_000])] as [(EvidenceLevel, [FaultPoint: Int])])
    func `a block that is to be proved waits for receipts that came a moment ago, and for ten minutes`(
        level: EvidenceLevel,
        rates: [FaultPoint: Int]
    ) async throws {
        let whole = try await read(client(.receipts)).page.logs.count
        #expect(whole > 0)
        let chain = client(level, rates)
        _ = try await chain.identity()
        _ = try await chain.head()
        #expect(try await read(chain).page.logs.count == whole)
        try await openBreaker(chain)
        await #expect(throws: ChainError.self) { try await read(chain) }
        // Back again: proved as before, and what was withheld is put in.
        isOut.withLock { $0 = false }
        clock.advance(.seconds(301))
        #expect(try await read(chain).page.logs.count == whole)
        // Out for good: taken with less evidence, which is said.
        try await openBreaker(chain)
        clock.advance(Upstream.receiptsAwaitedFor)
        var last: RangeAnswer?
        for _ in 0..<20 where last == nil { last = try? await read(chain) }
        let evidence = try #require(last?.page.evidence)
        #expect(!evidence.contains(.receipts) && evidence.contains(.anchored))
    }

    @Test func `receipts that never came are not waited for`() async throws {
        let chain = client(.receipts)
        try await openBreaker(chain)
        let answer = try await read(chain)
        #expect(!answer.page.evidence.contains(.receipts))
    }

    @Test func `below L3 a block that gave its logs does not wait`() async throws {
        let chain = client(.bloom)
        _ = try await chain.identity()
        _ = try await chain.head()
        let header = try #require(try await firstBlockWithLogs(chain))
        try await openReceiptsNearHead(chain, header)
        let page = try await chain.logs(of: header, matching: filter)
        #expect(!page.logs.isEmpty && !page.evidence.contains(.receipts))
    }

    private func firstBlockWithLogs(_ chain: RPCChain) async throws -> Header? {
        for number in UInt64(1)...60 {
            guard let header = try await chain.header(number: number) else { continue }
            if try await !chain.logs(of: header, matching: filter).logs.isEmpty { return header }
        }
        return nil
    }

    private func openReceiptsNearHead(_ chain: RPCChain, _ header: Header) async throws {
        isOut.withLock { $0 = true }
        for _ in 0..<20 where chain.upstream(0).breaker(.receipts).state(chain.timeline.now) != .open {
            _ = try? await chain.logs(of: header, matching: filter)
        }
        #expect(chain.upstream(0).breaker(.receipts).state(chain.timeline.now) == .open)
    }
}

extension ReceiptsOutageTests {
    @Test func `an endpoint that said that it has none is not waited for`() {
        var upstream = Upstream(Endpoint(url: "http://one", name: "one", operator: "one"), RPCOptions())
        #expect(!upstream.mayGiveReceipts(.seconds(1)))
        upstream.gaveReceipts(now: .seconds(1))
        #expect(upstream.mayGiveReceipts(.seconds(600)) && !upstream.mayGiveReceipts(.seconds(601)))
        // A status of what stands in front of it says little; the node's own word says all.
        upstream.refuses(.receipts, now: .seconds(2), isCertain: false)
        #expect(upstream.mayGiveReceipts(.seconds(3)))
        upstream.refuses(.receipts, now: .seconds(2))
        #expect(!upstream.mayGiveReceipts(.seconds(3)))
    }
}
