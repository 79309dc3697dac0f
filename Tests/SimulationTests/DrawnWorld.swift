/// Worlds whose chain a test draws block by block, for scenarios in which a certain thing happens at a certain moment.
import ChainClient
import ChainSync
import Ethereum
import Foundation
import GRDB
import Oracle
import Proofs
@testable import Selftest
import Simulator
import StoreSQLite
import Testing
import TokenFixtures
import Tokens

/// One event that a test draws: its log, and what it means for the owner table.
struct DrawnEvent: Sendable {
    var log: Receipt.Entry
    var effect: @Sendable (inout OwnerTable) -> Void
    /// The transaction it is in; nil: one of its own.
    var transaction: Hash32?

    private init(_ spec: LogSpec, _ effect: @escaping @Sendable (inout OwnerTable) -> Void) {
        log = Receipt.Entry(address: spec.contract, topics: spec.topics, data: spec.data)
        self.effect = effect
    }

    /// A unique token goes from one account to another; account 0 is nobody.
    static func moves(_ contract: Contract, _ id: UInt64, _ from: UInt32, to: UInt32) -> DrawnEvent {
        DrawnEvent(contract.moves(id, from, to: to)) {
            $0.give(contract.address.hex, Natural(id), to: account(to).hex)
        }
    }

    /// So many of a counted token go from one to the other.
    static func sends(
        _ contract: Contract,
        _ id: UInt64,
        _ amount: UInt64,
        _ from: UInt32,
        to: UInt32
    ) -> DrawnEvent {
        DrawnEvent(contract.sends(U256(id), amount: U256(amount), from, to: to)) {
            $0.move(contract.address.hex, Natural(id), Natural(amount), from: account(from).hex, to: account(to).hex)
        }
    }

    func of(transaction: Hash32) -> DrawnEvent {
        var event = self
        event.transaction = transaction
        return event
    }
}

extension SimulatedChain {
    /// Adds a block with exactly these events, each in a transaction of its own unless it names that of the one before.
    mutating func draw(_ events: [DrawnEvent] = []) {
        var owners = head.owners
        var transactions: [SimulatedBlock.Transaction] = []
        for (index, event) in events.enumerated() {
            event.effect(&owners)
            let made = TokenFixtures.hash(headNumber + 1, branch: UInt64(reorgCount), kind: UInt64(index) + 3)
            if let last = transactions.indices.last, transactions[last].hash == event.transaction {
                transactions[last].logs.append(event.log)
            } else {
                transactions.append(.init(hash: event.transaction ?? made, logs: [event.log]))
            }
        }
        seal(transactions, owners)
    }
}

extension World.Shape {
    /// Everything the chain does, from one process that looks every second.
    static var plain: World.Shape {
        var options = SyncOptions()
        options.confirmations = 100
        var rpc = RPCOptions()
        rpc.chainID = SimulatedChain.Options().chainID
        rpc.evidence = .bloom
        rpc.widthInitial = 16
        rpc.widthMax = 64
        return World.Shape(
            hasTag: true,
            contracts: [],
            usesUnindexed: true,
            startsIndexedOnly: false,
            actions: 0,
            options: options,
            rpc: rpc
        )
    }
}

extension World {
    /// A chain of `blocks` mined blocks, final up to `finalized`, behind honest nodes.
    convenience init(
        drawn seed: UInt64,
        blocks: Int,
        finalized: BlockNumber,
        nodes: Int = 1,
        shape: Shape = .plain,
        emptyPerMille: Int = 250,
        rates: [FaultPoint: Int] = [:],
        profile: (inout SimulatedNode.Profile) -> Void = { _ in }
    ) throws {
        var options = SimulatedChain.Options()
        options.emptyPerMille = emptyPerMille
        var chain = SimulatedChain(seed: seed &* 31 &+ 7, options: options)
        for _ in 0..<blocks { chain.mine() }
        chain.finalize(through: finalized)
        var one = SimulatedNode.Profile()
        one.hasFinalizedTag = shape.hasTag
        profile(&one)
        try self.init(seed: seed, chain, shape, profiles: Array(repeating: one, count: nodes), rates: rates)
    }

    var chainID: ChainID { shared.read { $0.options.chainID } }
    var headNumber: BlockNumber { shared.read { $0.headNumber } }

    func start() async throws -> Instance {
        try await Instance(self, contracts: shape.contracts, eventSets: lastEventSets)
    }

    func mine(_ count: Int = 1) {
        shared.change { chain in for _ in 0..<count { chain.mine() } }
    }

    func pass(_ duration: Duration) async throws { try await clock.sleep(for: duration) }

    /// Some time, up to `most`.
    func wait(upTo most: Int) async throws { try await pass(.milliseconds(dice.pick(1...most))) }

    /// Nothing that a scenario does takes longer than this to get over.
    func settle(_ instance: Instance, within limit: Duration = .seconds(300)) async throws {
        try await converge(instance, within: limit)
    }

    /// Lets the world settle, and checks that what is held is what a clean sync of this chain holds.
    func expectSettled(_ instance: Instance) async throws {
        try await settle(instance)
        try await instance.stop()
        try await compare(instance)
    }

    /// Fails the scenario with a sentence.
    func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) throws {
        guard isTrue else { throw Wrong(description: what()) }
    }

    /// Runs `body`, after which the committed state has to be what it was before: nothing deleted, nothing added.
    func expectUntouched(_ instance: Instance, while body: () async throws -> Void) async throws {
        let before = try instance.store.reading(chainID)
        try await body()
        let after = try instance.store.reading(chainID)
        try expect(
            before == after,
            "something was committed: \(before.version) then \(after.version), \(instance.status.snapshot)"
        )
    }

    func rows(_ sql: String) throws -> [[Int64]] {
        var configuration = Configuration()
        configuration.readonly = true
        return try DatabaseQueue(path: path, configuration: configuration).read { db in
            try Row.fetchAll(db, sql: sql).map { row in (0..<row.count).map { row[$0] } }
        }
    }
}

/// Runs one scenario for seeds 0 to `count` - 1, or for `HOLDFAST_SEED` alone, on all cores.
func scenario(
    _ count: Int,
    _ test: String,
    _ body: @escaping @Sendable (UInt64) throws -> String?
) async -> Bool {
    let one = ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
    let seeds = one.map { [$0] } ?? (0..<UInt64(count)).map { $0 }
    let outcome = await SeedRunner.run(seeds) { (try body($0), [:]) }
    for failure in outcome.failures {
        Issue.record("\(SeedRunner.line(failure.seed, test))\n   \(failure.what)")
    }
    // Whether all of them ran, so that what they did together can be judged.
    return one == nil && outcome.failures.isEmpty
}
