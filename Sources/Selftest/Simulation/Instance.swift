import ChainSync
import Ethereum
import Simulator
import StoreSQLite
import Synchronization
import Tokens

/// One process of a world: a store opened by a holder of its own, and an engine that runs until it is stopped.
struct Instance: Sendable {
    let store: SQLiteStore
    let status: SyncStatus
    let contracts: [Address]
    let eventSets: [EventSet]
    private let work: Task<Void, any Error>
    private let keeper: Task<Void, any Error>
    private let end: Ending
    let process: SimulatedProcess
    private let chainID: ChainID

    private final class Ending: Sendable {
        let error = Mutex<(any Error)?>(nil)
        let version = Mutex<ChainVersion?>(nil)
    }

    init(_ world: World, contracts: [Address], eventSets: [EventSet]) async throws {
        self.contracts = contracts
        self.eventSets = eventSets
        let store = try SQLiteStore(path: world.path, rim: .inline, lease: world.leaseTerms)
        let process = SimulatedProcess(world.executor)
        self.process = process
        self.store = store
        let status = SyncStatus()
        self.status = status
        let ledger = FaultyLedger(
            store: store,
            faults: world.faults,
            findings: world.findings,
            trace: world.trace,
            judge: world.judge(contracts, eventSets)
        )
        let engine = try world.engine(over: ledger, nodes: world.nodes, status: status)
        let end = Ending()
        self.end = end
        let request = world.request(contracts, eventSets)
        let holder = world.newHolder()
        work = Task(executorPreference: process) {
            do {
                let state = try await Self.open(request, store, holder, world)
                end.version.withLock { $0 = state.version }
                world.trace.note("open \(state.version.epoch)")
                try await engine.run(state, until: .follow)
            } catch {
                end.error.withLock { $0 = error }
                throw error
            }
        }
        keeper = Task(executorPreference: process) {
            // As the program's thread does it: three tries within one term.
            guard let term = world.shape.leaseTerm else { return }
            while true {
                try await world.clock.sleep(for: term / 3)
                guard let version = end.version.withLock({ $0 }) else { continue }
                try store.renewingLease(of: request.identity.chainID, as: version)
            }
        }
        chainID = request.identity.chainID
    }

    /// As soon as nobody else holds the chain.
    private static func open(
        _ request: ChainRequest,
        _ store: SQLiteStore,
        _ holder: ID128,
        _ world: World
    ) async throws -> ChainState {
        while true {
            do {
                return try store.opening(request, holder: holder)
            } catch LedgerError.held {
                try await world.clock.sleep(for: .seconds(1))
            }
        }
    }

    /// Whether it has taken the chain.
    var isOpen: Bool { end.version.withLock { $0 } != nil }

    /// Ends the process in good order: at whatever it is doing, but it gives its lease back.
    func stop() async throws {
        try await endTasks()
        if let version = end.version.withLock({ $0 }) { try store.releasingLease(of: chainID, as: version) }
        try store.close()
    }

    /// Ends the process at whatever it is doing; nothing of its memory is used again.
    func kill() async throws {
        try await endTasks()
        try store.close()
    }

    private func endTasks() async throws {
        work.cancel()
        keeper.cancel()
        _ = await work.result
        _ = await keeper.result
    }

    /// An engine that gave up, which it may only do for another instance.
    func unexpectedEnd(isCurrent: Bool) -> World.Wrong? {
        guard let error = end.error.withLock({ $0 }) else { return nil }
        if !isCurrent, error as? SyncError == .superseded { return nil }
        return World.Wrong(description: "the engine ended by itself: \(error)")
    }

    /// Waits for the end of an instance that another one replaced.
    func expectSuperseded() async throws {
        let result = await work.result
        keeper.cancel()
        _ = await keeper.result
        try store.close()
        guard case .failure(let error) = result, error as? SyncError == .superseded else {
            throw World.Wrong(description: "a replaced instance ended with \(result)")
        }
    }
}
