import ChainClient
import ChainSync
import Ethereum
import Foundation
import Logging
import StoreSQLite
import Tokens

/// The only place that knows which store, which chain and which engine belong together.
struct Wiring {
    var store: SQLiteStore
    var client: RPCChain
    /// What earlier processes learnt of the endpoints.
    var limits: RPCChain.Limits
    var engine: SyncEngine<ContinuousClock>
    var state: ChainState
    /// Blocks behind the head that count as final where the chain has no `finalized` tag.
    var confirmations: UInt64

    /// Opens database and chain and checks that they belong together, before anything is written.
    static func make(
        _ settings: ChainSettings,
        store: SQLiteStore,
        transport: HTTPTransport,
        logger: Logger
    ) async throws -> Wiring {
        let (chain, identity, endpoints) = try await connect(settings, store, transport, logger)
        let preset = ChainPresets.preset(for: identity.chainID)
        var generator = SystemRandomNumberGenerator()
        var request = ChainRequest(
            identity: identity,
            contracts: settings.contracts,
            firstBlock: settings.firstBlock,
            eventSets: preset.asksUnindexed ? [.indexed, .unindexed] : [.indexed]
        )
        if !preset.asksUnindexed { request.legacyContracts = LegacyContracts.of(identity.chainID) }
        let state = try await store.open(request, holder: .random(using: &generator))
        if state.isRenumbered { chain.numberFromReceipts() }
        let limits = try store.endpointLimits(of: identity.chainID).learnt
        chain.recall(limits, wallSeconds: wallSeconds())
        try store.keepEndpoints(endpoints.map(\.url), of: identity.chainID)
        let engine = SyncEngine(
            chain: chain,
            ledger: store,
            status: SyncStatus(),
            options: settings.options(for: preset),
            clock: ContinuousClock(),
            random: { UInt64.random(in: .min ... .max) },
            logger: logger
        )
        return Wiring(
            store: store,
            client: chain,
            limits: limits,
            engine: engine,
            state: state,
            confirmations: settings.options(for: preset).confirmations
        )
    }

    /// Runs the engine until its goal, and keeps what is learnt of the endpoints meanwhile.
    func run(until goal: SyncEngine<ContinuousClock>.Goal) async throws {
        let (store, client, limits, chain) = (store, client, limits, state.identity.chainID)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await client.keepLimits(since: limits, wallSeconds: Self.wallSeconds) { learnt in
                    // A task of its own: the last time is when this one is cancelled already.
                    try await Task { try await store.keepEndpointLimits([EndpointLimit](learnt), of: chain) }.value
                }
            }
            defer { group.cancelAll() }
            try await engine.run(state, until: goal)
        }
    }

    private static func wallSeconds() -> Int64 { Int64(Date().timeIntervalSince1970) }

    /// The chain behind the endpoints, after it was checked to be the one that was named.
    static func connect(
        _ settings: ChainSettings,
        _ store: SQLiteStore?,
        _ transport: HTTPTransport,
        _ logger: Logger
    ) async throws -> (RPCChain, ChainIdentity, [Endpoint]) {
        var endpoints = settings.endpoints
        if endpoints.isEmpty { endpoints = try store.map { try kept(settings.chainID, $0) } ?? [] }
        guard !endpoints.isEmpty else {
            throw Failure.usage("no endpoint: give one with --rpc URL, for instance --rpc http://localhost:8545")
        }
        var rpcOptions = RPCOptions()
        rpcOptions.chainID = settings.chainID
        let chain = RPCChain(endpoints: endpoints, transport: transport, options: rpcOptions, logger: logger)
        let identity = try await chain.identity()
        if let named = settings.chainID, named != identity.chainID {
            throw Failure.configuration(
                "the endpoint serves chain \(identity.chainID), not chain \(named); check --rpc and --chain"
            )
        }
        return (chain, identity, endpoints)
    }

    /// The endpoints that the database remembers for a chain, or for its only one.
    static func kept(_ chainID: ChainID?, _ store: SQLiteStore) throws -> [Endpoint] {
        let held = try store.chains().map(\.identity.chainID)
        guard let chain = chainID ?? (held.count == 1 ? held.first : nil), held.contains(chain) else { return [] }
        return try store.endpoints(of: chain).enumerated().map { Endpoint(url: $1, name: "rpc\($0 + 1)") }
    }

    static func logger(level: Logger.Level = .notice) -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "holdfast")
        logger.logLevel = level
        return logger
    }
}
