import ChainClient
import ChainSync
import Ethereum
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
    private let end: Ending

    private final class Ending: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    init(_ world: World, contracts: [Address], eventSets: [EventSet]) async throws {
        self.contracts = contracts
        self.eventSets = eventSets
        let store = try SQLiteStore(path: world.path, rim: .inline)
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
        // As the program does before it opens a ledger; who is of another chain is put away.
        if world.shape.rpc.chainID != nil { _ = try await engine.chain.identity() }
        let state = try store.opening(world.request(contracts, eventSets), holder: world.newHolder())
        world.trace.note("open \(state.version.epoch)")
        let end = Ending()
        self.end = end
        work = Task(executorPreference: world.executor) {
            do {
                try await engine.run(state, until: .follow)
            } catch {
                end.error.withLock { $0 = error }
                throw error
            }
        }
    }

    /// Ends the process at whatever it is doing; nothing of its memory is used again.
    func stop() async throws {
        work.cancel()
        _ = await work.result
        try store.close()
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
        try store.close()
        guard case .failure(let error) = result, error as? SyncError == .superseded else {
            throw World.Wrong(description: "a replaced instance ended with \(result)")
        }
    }
}
