/// The real engine on the real store over a drawn chain.
import ChainSync
import Ethereum
import Foundation
import Logging
import StoreSQLite
import Tokens

/// One process: the engine with its store.
struct Process {
    let store: SQLiteStore
    let engine: SyncEngine<ContinuousClock>
    var state: ChainState

    init(
        _ chain: FakeChain,
        _ path: String,
        contracts: [Address] = [],
        from first: UInt64? = nil,
        eventSets: [EventSet] = [.indexed, .unindexed],
        confirmations: UInt64 = 4,
        specials: [SpecialContract] = []
    ) async throws {
        store = try SQLiteStore(path: path)
        var generator = SystemRandomNumberGenerator()
        var request = ChainRequest(
            identity: try await chain.identity(),
            contracts: contracts,
            firstBlock: first,
            eventSets: eventSets
        )
        request.specialContracts = specials
        state = try await store.open(request, holder: .random(using: &generator))
        var options = SyncOptions()
        options.confirmations = confirmations
        options.pollInterval = .milliseconds(5)
        options.retryPause = .milliseconds(1)
        options.retryPauseMax = .milliseconds(4)
        options.jumpBlocksMin = 6
        options.followBlocksMax = 5
        engine = SyncEngine(
            chain: chain,
            ledger: store,
            status: SyncStatus(),
            options: options,
            clock: ContinuousClock(),
            random: { .random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func sync(to block: UInt64) async throws {
        try await engine.run(store.reading(state.identity.chainID), until: .block(block))
    }

    /// Follows until `isDone` says so, for a minute at most: beside all other tests of a run a step may wait for many seconds.
    func follow(
        for longest: Duration = .seconds(60),
        until isDone: @escaping @Sendable (ChainSummary) -> Bool
    ) async throws -> Bool {
        let engine = engine
        let state = try store.reading(self.state.identity.chainID)
        let task = Task { try await engine.run(state, until: .follow) }
        let deadline = ContinuousClock.now + longest
        var reached = false
        while !reached, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(4))
            reached = try store.chains().first.map(isDone) ?? false
        }
        task.cancel()
        _ = try? await task.value
        return reached
    }

    func export(at block: UInt64? = nil) throws -> [HoldingLine] {
        var lines: [HoldingLine] = []
        try store.holdings(of: state.identity.chainID, at: block) { lines.append($0) }
        return lines
    }
}
