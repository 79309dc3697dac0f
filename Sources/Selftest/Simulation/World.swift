import ChainClient
import ChainSync
import Ethereum
import Foundation
import Logging
import Oracle
package import Simulator
import StoreSQLite
import Synchronization
import Tokens

/// One simulated world of one seed: a chain that grows and forks, nodes that misbehave, a store that fails, and the real
/// engine, client and store between them.
package final class World: Sendable {
    let seed: UInt64
    let dice: Dice
    let clock = SimulatedClock()
    let executor: SeededExecutor
    let shared: SharedChain
    let nodes: [SimulatedNode]
    package let faults: Faults
    let findings = Findings()
    package let trace: Trace
    let directory: String
    let shape: Shape

    /// What is fixed for the length of a run.
    struct Shape: Sendable {
        var hasTag: Bool
        var contracts: [Address]
        var usesUnindexed: Bool
        var startsIndexedOnly: Bool
        var actions: Int
        /// How long a lease lasts; nil: whoever opens the chain takes it over.
        var leaseTerm: Duration?
        var options: SyncOptions
        var rpc: RPCOptions
    }

    /// Blocks that may change where there is no tag; fewer than the confirmations that the engine waits for.
    static let openBlocks: UInt64 = 8

    package init(seed: UInt64, keepsTrace: Bool = false) throws {
        self.seed = seed
        var random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ 1)
        executor = SeededExecutor(seed: random.next())
        faults = Faults(random: random.fork())
        trace = Trace(keepsLines: keepsTrace)
        let shape = Shape(&random)
        self.shape = shape
        // What is left out or altered is seen by those who look: a whole quiet block by its bloom, the rest by receipts.
        if shape.rpc.evidence < .bloom { faults.leaveOut(.withheldBlock) }
        if shape.rpc.evidence < .receipts {
            faults.leaveOut(.withheldLog)
            faults.leaveOut(.alteredLog)
        }
        var options = SimulatedChain.Options()
        options.usesUnindexedForms = shape.usesUnindexed
        options.emptyPerMille = random.pick(0...600)
        var chain = SimulatedChain(seed: random.next(), options: options)
        for _ in 0..<random.pick(2...40) { chain.mine() }
        chain.finalize(through: chain.headNumber - min(chain.headNumber, Self.openBlocks))
        let shared = SharedChain(chain)
        self.shared = shared
        let faults = faults
        nodes = (0..<random.pick(1...3)).map { _ in
            SimulatedNode(shared, profile: .random(&random, hasTag: shape.hasTag), faults: faults)
        }
        dice = Dice(random.fork())
        directory = Scratch.directory + "/world-\(seed)-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    var path: String { directory + "/holdfast.db" }

    /// Runs the whole story.
    ///
    /// nil: nothing was wrong.
    package func run() throws -> String? {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let outcome = Mutex<Result<Void, any Error>?>(nil)
        let story = Task(executorPreference: executor) {
            let result: Result<Void, any Error>
            do { result = .success(try await self.story()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
        }
        do {
            try executor.run(clock) { outcome.withLock { $0 != nil } }
        } catch {
            story.cancel()
            return "the simulation is stuck: \(error)"
        }
        if let found = findings.found { return found }
        if case .failure(let error) = outcome.withLock({ $0 }) { return "\(error)" }
        return nil
    }

    struct Wrong: Error, CustomStringConvertible {
        var description: String
    }

    // MARK: The story

    private func story() async throws {
        var instance = try await Instance(self, contracts: firstContracts, eventSets: firstEventSets)
        var old: [Instance] = []
        for _ in 0..<shape.actions {
            try await clock.sleep(for: .milliseconds(dice.pick(50...2_500)))
            act()
            if faults.fires(.restart) {
                try await instance.stop()
                instance = try await next(after: instance)
            } else if faults.fires(.takeOver) {
                let successor = try await next(after: instance)
                if shape.leaseTerm == nil { old.append(instance) }
                instance = try await handOver(from: instance, to: successor, old: &old)
            }
            for instance in [instance] + old { if let end = instance.unexpectedEnd(isCurrent: false) { throw end } }
            if let end = instance.unexpectedEnd(isCurrent: true) { throw end }
            if findings.found != nil { break }
        }
        faults.stop()
        heal()
        shared.change { $0.mine() }
        if instance.contracts != shape.contracts || instance.eventSets != lastEventSets {
            try await instance.stop()
            instance = try await Instance(self, contracts: shape.contracts, eventSets: lastEventSets)
        }
        try await converge(instance)
        for instance in old { try await instance.expectSuperseded() }
        try await instance.stop()
        try await compare(instance)
    }

    private var firstContracts: [Address] { Array(shape.contracts.prefix(1)) }
    private var lastEventSets: [EventSet] { shape.usesUnindexed ? [.indexed, .unindexed] : [.indexed] }
    private var firstEventSets: [EventSet] { shape.startsIndexedOnly ? [.indexed] : lastEventSets }

    /// The next process, which may want more than the last.
    private func next(after instance: Instance) async throws -> Instance {
        var (contracts, eventSets) = (instance.contracts, instance.eventSets)
        if contracts.count < shape.contracts.count, dice.happens(500) {
            contracts = Array(shape.contracts.prefix(contracts.count + 1))
            faults.note(.scopeAdded)
        }
        if eventSets != lastEventSets, dice.happens(300) {
            eventSets = lastEventSets
            faults.note(.eventSetAdded)
        }
        return try await Instance(self, contracts: contracts, eventSets: eventSets)
    }

    /// Faults are over: the lag goes to zero by itself.
    private func converge(_ instance: Instance) async throws {
        let end = clock.now.advanced(by: .seconds(4 * 3_600))
        let head = shared.read { $0.head.ref }
        while clock.now < end {
            try await clock.sleep(for: .seconds(1))
            if let wrong = instance.unexpectedEnd(isCurrent: true) { throw wrong }
            let state = try instance.store.reading(shared.read { $0.options.chainID })
            if state.tip == head, state.checkpoint == head.number, state.isIndexed { return }
        }
        throw Wrong(description: "no convergence: \(instance.status.snapshot)")
    }

    private func compare(_ instance: Instance) async throws {
        let chain = shared.chain
        let store = try SQLiteStore(path: path, rim: .inline)
        defer { try? store.close() }
        if let wrong = try Verdict.difference(store, chain.options.chainID, chain.head.owners, only: shape.contracts) {
            throw Wrong(description: "holdings differ: \(wrong)")
        }
        if let wrong = try Verdict.inconsistency(path, chain.canonical) { throw Wrong(description: wrong) }
        let clean = try await cleanDump()
        let dump = try Verdict.dump(path)
        for (left, right) in zip(clean, dump) where left != right {
            throw Wrong(description: "a clean sync has \(left)\n   this one has     \(right)")
        }
        if clean.count != dump.count {
            throw Wrong(description: "a clean sync has \(clean.count) rows, not \(dump.count)")
        }
    }

    /// The same chain read once, by one process, from one honest node.
    private func cleanDump() async throws -> [String] {
        let clean = directory + "/clean.db"
        let store = try SQLiteStore(path: clean, rim: .inline)
        let engine = try engine(over: store, nodes: [SimulatedNode(shared)], status: SyncStatus())
        let state = try await store.open(request(shape.contracts, lastEventSets), holder: newHolder())
        try await engine.run(state, until: .block(shared.read { $0.headNumber }))
        try store.close()
        return try Verdict.dump(clean)
    }

    // MARK: Parts

    func newHolder() -> ID128 { ID128(high: dice.next(), low: dice.next()) }

    func request(_ contracts: [Address], _ eventSets: [EventSet]) -> ChainRequest {
        shared.read { chain in
            ChainRequest(
                identity: ChainIdentity(chainID: chain.options.chainID, genesis: chain.canonical[0]),
                contracts: contracts,
                firstBlock: nil,
                eventSets: eventSets
            )
        }
    }

    func engine(
        over ledger: any Ledger,
        nodes: [SimulatedNode],
        status: SyncStatus
    ) throws -> SyncEngine<SimulatedClock> {
        let links = nodes.enumerated().map { ("http://node-\($0.offset)", SimulatedLink($0.element)) }
        let dice = dice
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        let chain = RPCChain(
            endpoints: links.map { Endpoint(url: $0.0) },
            transport: SimulatedTransport(
                links: Dictionary(uniqueKeysWithValues: links),
                clock: clock,
                dice: dice,
                trace: trace
            ),
            options: shape.rpc,
            clock: clock,
            random: { dice.next() },
            logger: logger
        )
        return SyncEngine(
            chain: chain,
            ledger: ledger,
            status: status,
            options: shape.options,
            clock: clock,
            random: { dice.next() },
            logger: logger
        )
    }

    /// Compares a committed state with the oracle; only where everything the chain does is read.
    func judge(
        _ contracts: [Address],
        _ eventSets: [EventSet]
    ) -> (@Sendable (SQLiteStore, BlockRef) throws -> String?)? {
        guard eventSets == lastEventSets || !contracts.isEmpty else { return nil }
        let shared = shared
        return { store, tip in
            guard let block = shared.read({ $0.block(tip.hash) }) else { return "the tip is no block of this chain" }
            let chain = shared.read { $0.options.chainID }
            return try Verdict.difference(store, chain, block.owners, only: contracts)
                .map { "at block \(tip.number): \($0)" }
        }
    }
}
