import ChainClient
import Ethereum
import Logging
import Simulator
import Testing
import Tokens

/// Nodes without delays: what is sent is answered at once.
private struct DirectTransport: Transport {
    let nodes: [String: SimulatedNode]
    /// Whether every header says that its block has no logs, as on chains that do not fill blooms in.
    var hidesBlooms = false

    private static let noBloom = "\"logsBloom\":\"0x\(String(repeating: "0", count: 512))\""

    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        guard let node = nodes[endpoint.url] else { throw .cannotConnect("no such node") }
        guard case .reply(let reply) = SimulatedLink(node).send(body) else { throw .closed("no answer") }
        guard allowance.admits(reply.body.count) else { throw .overReservation }
        var answer = reply.body
        if hidesBlooms {
            let text = String(decoding: answer, as: UTF8.self)
            answer = Array(text.replacing(/"logsBloom":"0x[0-9a-f]+"/, with: Self.noBloom).utf8)
        }
        return TransportReply(status: reply.status, retryAfter: reply.retryAfter, body: answer)
    }
}

/// What each level of evidence sees of an endpoint that leaves logs out, and what it says of one that does not.
@Suite struct EvidenceTests {
    private let shared: SharedChain
    private static let filter = LogFilter(topics0: EventSet.topics, topicCountMin: 4)

    init() {
        var options = SimulatedChain.Options()
        options.emptyPerMille = 500
        var chain = SimulatedChain(seed: 7, options: options)
        for _ in 0..<400 { chain.mine() }
        chain.finalize(through: 390)
        shared = SharedChain(chain)
    }

    private func client(
        _ level: EvidenceLevel,
        _ nodes: [(name: String, rates: [FaultPoint: Int])],
        profile: SimulatedNode.Profile = SimulatedNode.Profile(),
        hidesBlooms: Bool = false,
        silent: [String] = []
    ) -> RPCChain {
        var options = RPCOptions()
        options.evidence = level
        options.widthInitial = 40
        options.widthMax = 40
        let made = nodes.map { node in
            (
                "http://\(node.name)",
                SimulatedNode(shared, profile: profile, faults: Faults(seed: 3, rates: node.rates))
            )
        }
        return RPCChain(
            endpoints: (nodes.map(\.name) + silent).map { Endpoint(url: "http://\($0)", name: $0, operator: $0) },
            transport: DirectTransport(nodes: Dictionary(uniqueKeysWithValues: made), hidesBlooms: hidesBlooms),
            options: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// All logs of the chain through one client, and the evidence that every range reached.
    private func read(
        _ chain: RPCChain
    ) async throws -> (
        count: Int, evidence: Evidence, isLinked: Bool, data: [UInt8]
    ) {
        _ = try await chain.identity()
        _ = try await chain.head()
        var (next, count, evidence, isLinked) = (UInt64(0), 0, Evidence(rawValue: .max), true)
        var data: [UInt8] = []
        var anchor: BlockRef?
        while next <= 400 {
            let answer = try await chain.logs(in: next...400, matching: Self.filter)
            count += answer.page.logs.count
            for log in answer.page.logs { data += answer.page.data[log.dataOffset..<(log.dataOffset + log.dataCount)] }
            evidence.formIntersection(answer.page.evidence)
            if next > 0 { isLinked = isLinked && answer.parent == anchor }
            anchor = answer.anchor.ref
            next = answer.range.upperBound + 1
        }
        return (count, evidence, isLinked, data)
    }

    private func repairs(_ chain: RPCChain) -> [Counters.Repair: Int] {
        Dictionary(uniqueKeysWithValues: chain.counters.repairs())
    }

    private func honestCount() async throws -> Int { try await read(client(.anchored, [("honest", [:])])).count }

    @Test(
        arguments: [
            (.trusted, []), (.anchored, .anchored), (.bloom, [.anchored, .bloom]),
            (.receipts, [.anchored, .bloom, .receipts]), (.corroborated, [.anchored, .bloom, .receipts]),
        ] as [(EvidenceLevel, Evidence)]
    )
    func `an honest endpoint reaches the level that is wanted, but nobody corroborates himself`(
        level: EvidenceLevel,
        reached: Evidence
    ) async throws {
        let chain = client(level, [("honest", [:])])
        let seen = try await read(chain)
        #expect(seen.evidence == reached)
        #expect(try await seen.count == honestCount())
        #expect(seen.isLinked == (level >= .bloom))
        #expect(repairs(chain)[.withheldLogs] == nil && repairs(chain)[.deviatingBlocks] == nil)
    }

    @Test func `two operators that agree corroborate`() async throws {
        let seen = try await read(client(.corroborated, [("one", [:]), ("two", [:])]))
        #expect(seen.evidence == [.anchored, .bloom, .receipts, .corroborated])
        #expect(seen.evidence.level == 4)
    }

    @Test func `an endpoint that drops one log in a hundred is caught at L3 and named`() async throws {
        let whole = try await honestCount()
        let chain = client(.receipts, [("liar", [.withheldLog: 10])])
        let seen = try await read(chain)
        #expect(seen.count == whole)
        #expect(seen.evidence.contains(.receipts))
        #expect(repairs(chain)[.withheldLogs] ?? 0 > 0)
        let named = chain.counters.snapshot().filter { $0.kind == .inconsistent && $0.method == .logs }
        #expect(named.map(\.endpoint) == ["liar (http://liar)"])
        // The same endpoint, believed: the logs are gone and nobody knows.
        let believed = try await read(client(.anchored, [("liar", [.withheldLog: 10])]))
        #expect(believed.count < whole)
    }

    @Test func `a log whose data was altered is caught at L3, and the endpoint named`() async throws {
        let whole = try await read(client(.anchored, [("honest", [:])])).data
        let chain = client(.receipts, [("liar", [.alteredLog: 10]), ("honest", [:])])
        #expect(try await read(chain).data == whole)
        let named = chain.counters.snapshot().filter { $0.kind == .inconsistent && $0.method == .logs }
        #expect(named.map(\.endpoint) == ["liar (http://liar)"])
        #expect(try await read(client(.anchored, [("liar", [.alteredLog: 10])])).data != whole)
    }

    @Test func `a quiet block whose logs are left out is caught at L2 by its bloom`() async throws {
        let whole = try await honestCount()
        let chain = client(.bloom, [("liar", [.withheldBlock: 50])])
        let seen = try await read(chain)
        #expect(seen.count == whole)
        #expect(repairs(chain)[.suspiciousBlocks] ?? 0 > 0)
        #expect(try await read(client(.anchored, [("liar", [.withheldBlock: 50])])).count < whole)
    }

    @Test func `F13: an empty answer from the right chain is not "no transfers"`() async throws {
        let whole = try await honestCount()
        #expect(try await read(client(.bloom, [("empty", [.withheldBlock: 1_000])])).count == whole)
    }

    @Test func `without receipts a suspicion stays open, and no proof is claimed`() async throws {
        var profile = SimulatedNode.Profile()
        profile.servesReceipts = false
        let seen = try await read(client(.receipts, [("bare", [.withheldBlock: 100])], profile: profile))
        #expect(!seen.evidence.contains(.receipts))
        #expect(!seen.evidence.contains(.bloom))
    }

    @Test func `a chain whose blooms are empty is read all the same, without that evidence`() async throws {
        let whole = try await honestCount()
        let chain = client(.bloom, [("one", [:]), ("two", [:])], hidesBlooms: true)
        // Until it is known to be the chain's way, calls fail, as they do for contradictions; the engine asks again.
        var tries = 0
        while repairs(chain)[.deviatingBlocks] ?? 0 < 3, tries < 40 {
            tries += 1
            _ = try? await read(chain)
        }
        let looks = repairs(chain)[.deviatingBlocks]
        let seen = try await read(chain)
        #expect(seen.count == whole)
        #expect(!seen.evidence.contains(.bloom) && seen.evidence.contains(.anchored))
        // The check was given up: nothing more is looked at everywhere.
        #expect(repairs(chain)[.deviatingBlocks] == looks)
    }

    @Test func `one endpoint without the finalized tag and one that is dead are no outage`() async throws {
        var profile = SimulatedNode.Profile()
        profile.hasFinalizedTag = false
        let chain = client(.anchored, [("kcc", [:])], profile: profile, silent: ["dead"])
        _ = try await chain.identity()
        #expect(try await chain.finalized() == nil)
    }

    @Test func `near the head every block that may have logs is proved`() async throws {
        let whole = try await honestCount()
        let chain = client(.bloom, [("liar", [.withheldLog: 300])])
        _ = try await chain.identity()
        var count = 0
        for number in UInt64(0)...400 {
            guard let header = try await chain.header(number: number) else { continue }
            count += try await chain.logs(of: header, matching: Self.filter).logs.count
        }
        #expect(count == whole)
        #expect(repairs(chain)[.withheldLogs] ?? 0 > 0)
    }
}

@Suite struct DeviationsTests {
    @Test func `a check that fails at one endpoint is that endpoint's, at all of them twice it is the chain's`() {
        var deviations = Deviations()
        let block = Hash32(w0: 1, w1: 0, w2: 0, w3: 0)
        var said: [Bool] = []
        for endpoint in [0, 0, 0, 1, 1] {
            said.append(deviations.failed(block, .receipts, at: endpoint, usable: [0, 1]))
        }
        #expect(said == [false, false, false, false, true])
    }

    @Test func `after three blocks that failed everywhere the check is the chain's own`() {
        var deviations = Deviations()
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(!deviations.isChains(.bloom))
            for _ in 0..<2 {
                _ = deviations.failed(Hash32(w0: number, w1: 0, w2: 0, w3: 0), .bloom, at: 0, usable: [0])
            }
        }
        #expect(deviations.isChains(.bloom) && !deviations.isChains(.receipts))
    }

    @Test func `what is remembered is bounded`() {
        var deviations = Deviations()
        let first = Hash32(w0: 0, w1: 0, w2: 0, w3: 0)
        _ = deviations.failed(first, .receipts, at: 0, usable: [0])
        for number in 1...UInt64(Deviations.blocksMax) {
            _ = deviations.failed(Hash32(w0: number, w1: 0, w2: 0, w3: 0), .receipts, at: 0, usable: [0])
        }
        let again = deviations.failed(first, .receipts, at: 0, usable: [0])
        #expect(!again)
    }
}
