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
    var engine: SyncEngine<ContinuousClock>
    var state: ChainState
    var preset: ChainPreset

    /// Opens database and chain and checks that they belong together, before anything is written.
    static func make(
        _ settings: SyncSettings,
        path: String,
        transport: HTTPTransport,
        logger: Logger
    ) async throws -> Wiring {
        let endpoints = try settings.endpoints()
        guard !endpoints.isEmpty else {
            throw Failure.usage("no endpoint: give one with --rpc URL, for instance --rpc http://localhost:8545")
        }
        var rpcOptions = RPCOptions()
        rpcOptions.chainID = try settings.chainID()
        let chain = RPCChain(endpoints: endpoints, transport: transport, options: rpcOptions, logger: logger)
        let identity = try await chain.identity()
        if let named = try settings.chainID(), named != identity.chainID {
            throw Failure.configuration(
                "the endpoint serves chain \(identity.chainID), not chain \(named); check --rpc and --chain"
            )
        }
        let preset = ChainPresets.preset(for: identity.chainID)
        let store = try SQLiteStore(path: path)
        var generator = SystemRandomNumberGenerator()
        let request = ChainRequest(
            identity: identity,
            contracts: try settings.contracts(),
            firstBlock: try settings.firstBlock(),
            eventSets: preset.asksUnindexed ? [.indexed, .unindexed] : [.indexed]
        )
        let state = try await store.open(request, holder: .random(using: &generator))
        let engine = SyncEngine(
            chain: chain,
            ledger: store,
            status: SyncStatus(),
            options: try settings.options(for: preset),
            clock: ContinuousClock(),
            random: { UInt64.random(in: .min ... .max) },
            logger: logger
        )
        return Wiring(store: store, engine: engine, state: state, preset: preset)
    }

    static func logger() -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "holdfast")
        logger.logLevel = .notice
        return logger
    }
}
