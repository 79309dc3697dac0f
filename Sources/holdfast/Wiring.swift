import ChainClient
import ChainSync
import Enrichment
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
    /// Holds the chain's lease until it is ended.
    var keeper: LeaseKeeper
    /// Blocks behind the head that count as final where the chain has no `finalized` tag.
    var confirmations: UInt64
    var logger: Logger

    /// Opens database and chain and checks that they belong together, before anything is written.
    static func make(
        _ settings: ChainSettings,
        store: SQLiteStore,
        transport: any Transport,
        bytes: ByteBudget,
        standby: Standby,
        logger: Logger
    ) async throws -> Wiring {
        let (chain, identity) = try await connect(settings, store, transport, bytes, logger)
        let preset = ChainPresets.preset(for: identity.chainID)
        var generator = SystemRandomNumberGenerator()
        var request = ChainRequest(
            identity: identity,
            contracts: settings.contracts,
            firstBlock: settings.firstBlock,
            eventSets: preset.asksUnindexed ? [.indexed, .unindexed] : [.indexed]
        )
        request.specialContracts = SpecialContracts.of(identity.chainID)
        let state = try await standby.open(request, store, holder: .random(using: &generator))
        if state.isRenumbered { chain.numberFromReceipts() }
        let limits = try store.endpointLimits(of: identity.chainID).learnt
        chain.recall(limits, wallSeconds: wallSeconds())
        // What nobody named, a preset's guess, must not push out what somebody did.
        if !settings.endpoints.isEmpty {
            do {
                try store.keepEndpoints(settings.endpoints.map(\.url), of: identity.chainID)
            } catch {
                logger.warning(
                    "the endpoints could not be kept for commands without --rpc",
                    metadata: ["error": "\(error)"]
                )
            }
        }
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
            // Last: nothing that fails may leave it renewing.
            keeper: LeaseKeeper(store, of: identity.chainID, as: state.version),
            confirmations: settings.options(for: preset).confirmations,
            logger: logger
        )
    }

    /// Runs the engine until its goal, and keeps what is learnt of the endpoints meanwhile.
    ///
    /// - Parameter auditedPerMinute: holdings that the quiet audit checks; 0 for none.
    /// - Parameter besides: further work on this chain, which ends when it is cancelled.
    func run(
        until goal: SyncEngine<ContinuousClock>.Goal,
        auditedPerMinute: Int = 0,
        besides: (@Sendable (RPCChain, ChainID) async -> Void)? = nil
    ) async throws {
        let (store, client, limits, chain) = (store, client, limits, state.identity.chainID)
        let logger = logger
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await client.keepLimits(since: limits, wallSeconds: Self.wallSeconds) { learnt in
                    // A task of its own: the last time is when this one is cancelled already.
                    try await Task {
                        try await store.keepEndpointLimits(
                            [EndpointLimit](learnt),
                            ofEndpoints: Array(learnt.keys),
                            of: chain
                        )
                    }.value
                }
            }
            if auditedPerMinute > 0 {
                let auditor = Auditor(
                    engine,
                    store: store,
                    chainID: chain,
                    rowsPerMinute: auditedPerMinute,
                    wallSeconds: Self.wallSeconds
                )
                group.addTask { await auditor.run() }
            }
            if case .follow = goal {
                let worker = RefreshWorker(Self.refresh(client, store, logger, bounds: .asked), chainID: chain)
                group.addTask { await worker.run() }
            }
            if let besides { group.addTask { await besides(client, chain) } }
            defer { group.cancelAll() }
            try await engine.run(state, until: goal)
        }
    }

    /// Refreshes of wallets through these endpoints.
    static func refresh(
        _ chain: any Chain,
        _ store: SQLiteStore,
        _ logger: Logger,
        bounds: Verifier.Bounds
    ) -> WalletRefresh {
        WalletRefresh(
            chain: chain,
            store: store,
            bounds: bounds,
            wallSeconds: wallSeconds,
            random: { .random(in: 0 ... .max) },
            logger: logger
        )
    }

    @Sendable static func wallSeconds() -> Int64 { Int64(Date().timeIntervalSince1970) }

    static func snapshot(
        _ chain: any Chain,
        _ store: SQLiteStore,
        _ chainID: ChainID,
        _ logger: Logger
    ) -> ContractSnapshot {
        ContractSnapshot(
            chain: chain,
            store: store,
            confirmations: ChainPresets.preset(for: chainID).confirmations,
            wallSeconds: wallSeconds,
            random: { .random(in: 0 ... .max) },
            logger: logger
        )
    }

    /// Asks contracts what they are, through these endpoints.
    static func contractReader(
        _ chain: any Chain,
        _ store: SQLiteStore,
        _ chainID: ChainID,
        _ contract: Address? = nil,
        whose: MetadataScope = .everything,
        logger: Logger
    ) -> ContractReader {
        ContractReader(
            chain: chain,
            store: store,
            chainID: chainID,
            contract: contract,
            whose: whose,
            wallSeconds: wallSeconds,
            random: { .random(in: 0 ... .max) },
            logger: logger
        )
    }

    /// The chain behind the endpoints, after it was checked to be the one that was named.
    ///
    /// Asked are the endpoints given, else those kept in the database, else the preset's.
    /// - Parameter bytes: the process's budget for answers in flight.
    static func connect(
        _ settings: ChainSettings,
        _ store: SQLiteStore?,
        _ transport: any Transport,
        _ bytes: ByteBudget,
        _ logger: Logger,
        options: RPCOptions = RPCOptions()
    ) async throws -> (RPCChain, ChainIdentity) {
        var endpoints = settings.endpoints
        if endpoints.isEmpty { endpoints = try store.map { try kept(settings.chainID, $0) } ?? [] }
        if endpoints.isEmpty, let url = settings.chainID.flatMap({ ChainPresets.preset(for: $0).rpc }) {
            endpoints = [Endpoint(url: url, name: "preset")]
        }
        guard !endpoints.isEmpty else {
            if let name = settings.name { throw Failure.configuration("chains.\(name) has no endpoints") }
            throw Failure.usage("no endpoint: give one with --rpc URL, for instance --rpc http://localhost:8545")
        }
        var rpcOptions = options
        rpcOptions.chainID = settings.chainID
        rpcOptions.evidence = settings.evidence ?? ChainSettings.evidenceStandard
        let chain = RPCChain(
            endpoints: endpoints,
            transport: transport,
            options: rpcOptions,
            bytes: bytes,
            logger: logger
        )
        let identity = try await chain.identity()
        if let named = settings.chainID, named != identity.chainID {
            throw Failure.configuration(
                "the endpoint serves chain \(identity.chainID), not chain \(named); check --rpc and --chain"
            )
        }
        if !ChainPresets.preset(for: identity.chainID).receiptsHold { chain.leaveReceiptsUnproved() }
        return (chain, identity)
    }

    /// The endpoints that the database remembers for a chain, or for its only one: their URLs alone.
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
