import ArgumentParser
import ChainClient
import ChainSync
import Foundation
import HTTPAPI
import StoreSQLite
import Tokens

/// `holdfast run`: back-fill, then follow the head until told to stop; answer questions over HTTP meanwhile.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow chains for good: history first, then every new block and every reorg; serve the API.",
        discussion: """
            One chain by flags, or any number by --config. SIGTERM or SIGINT ends it cleanly with 0, at any moment. \
            Listens on loopback unless told otherwise: the API has no authentication. --roles api,live serves a database \
            that another process writes.
            """
    )

    @Option(name: OptionTable.config.flag, help: OptionTable.config.argumentHelp)
    var config: String?

    @Option(name: OptionTable.port.flag, help: OptionTable.port.argumentHelp)
    var port: String?

    @Option(name: OptionTable.livePort.flag, help: OptionTable.livePort.argumentHelp)
    var livePort: String?

    @Option(name: OptionTable.roles.flag, help: OptionTable.roles.argumentHelp)
    var roles: String?

    @Option(name: OptionTable.host.flag, help: OptionTable.host.argumentHelp)
    var host: String?

    @Option(name: OptionTable.audit.flag, help: OptionTable.audit.argumentHelp)
    var audit: String?

    @Option(name: OptionTable.enrich.flag, help: OptionTable.enrich.argumentHelp)
    var enrich: String?

    @OptionGroup var enrichment: EnrichmentOptions

    @Option(name: OptionTable.marketplace.flag, help: OptionTable.marketplace.argumentHelp)
    var marketplace: [String] = []

    @OptionGroup var settings: SyncSettings
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let file = try OptionTable.config.given(config).map {
            try ConfigurationFile(path: $0, environment: ProcessInfo.processInfo.environment)
        }
        let chains = try chains(file)
        let port =
            try OptionTable.port.given(port).map { try Parse.port($0, for: "--port") } ?? file?.port
            ?? Parse.port(OptionTable.port.standard ?? "", for: "--port")
        let host = OptionTable.host.given(host) ?? file?.host ?? OptionTable.host.standard ?? ""
        let path = try database.path(file: file?.database)
        let indexes = try settings.optionalIndexes(file: file?.optionalIndexes ?? [])
        let waits = try settings.waits()
        let fetching = try enrichment.prepared()
        let (roles, livePort) = try liveRoles(file)
        guard roles != [.live] || self.port == nil else {
            throw Failure.usage("--port would be ignored: --roles live serves --live-port alone")
        }
        let logger = Wiring.logger()
        try await Signals.ending {
            let store = try Self.open(path, roles, indexes)
            defer { try? store.close() }
            try await HTTPTransport.withHTTPTransport { transport in
                try await EnrichmentWork.with(fetching, logger) { work in
                    let isWanted = roles.contains(.enrich) && chains.contains { $0.enrichment != .none }
                    let enrichment = isWanted ? work : nil
                    let fleet = Fleet(
                        store: store,
                        transport: transport,
                        waits: waits,
                        enrichment: enrichment,
                        logger: logger
                    )
                    var serving = Serving(store: store, fleet: fleet, host: host, port: port, logger: logger)
                    if roles == [.live] { serving.port = nil }
                    serving.answersQuestions = roles.contains(.api)
                    serving.refreshesWallets = roles.contains(.sync)
                    // Who is asked need not be who looks; only a database that is just read takes no wishes.
                    serving.enriches =
                        !roles.isDisjoint(with: [.sync, .enrich]) && chains.contains { $0.enrichment != .none }
                    serving.marketplaces = Marketplaces(
                        Dictionary(chains.map { ($0.chainID, $0.marketplaces) }, uniquingKeysWith: { $0.union($1) })
                    )
                    let live = LiveFleet(store: store, transport: transport, logger: logger)
                    if roles.contains(.live) { serving.live = (live, livePort) }
                    try await serving.run {
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            if roles.contains(.sync) {
                                group.addTask { try await fleet.follow(chains) }
                            } else if let enrichment {
                                group.addTask { try await enrichment.run(chains, store, transport) }
                            }
                            if roles.contains(.live) { group.addTask { try await live.run(chains) } }
                            // Who only answers has nothing else to do.
                            if !roles.contains(.sync), enrichment == nil {
                                group.addTask { while true { try await Task.sleep(for: .seconds(3_600)) } }
                            }
                            defer { group.cancelAll() }
                            try await group.next()
                        }
                    }
                }
            }
        }
    }

    /// What this process does, and where live reads are served.
    private func liveRoles(_ file: ConfigurationFile?) throws -> (Set<Role>, Int) {
        let port =
            try OptionTable.livePort.given(livePort).map { try Parse.port($0, for: "--live-port") } ?? file?.livePort
        let named = try OptionTable.roles.given(roles).map { try Role.parse($0, for: "--roles") } ?? file?.roles
        let standard = try Parse.port(OptionTable.livePort.standard ?? "", for: "--live-port")
        return (try Role.chosen(named, hasLivePort: port != nil), port ?? standard)
    }

    /// The database as these roles need it; only who follows chains makes one.
    private static func open(_ path: String, _ roles: Set<Role>, _ indexes: Set<OptionalIndex>) throws -> SQLiteStore {
        if roles.contains(.sync) { return try SQLiteStore(path: path, lease: .standard(), optionalIndexes: indexes) }
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.work("\(path) does not exist; a process with the role sync makes it")
        }
        return try roles.contains(.enrich) ? SQLiteStore(path: path, lease: .standard()) : SQLiteStore(reading: path)
    }

    /// The file's chains, or the one that flags and environment name; never a mixture.
    private func chains(_ file: ConfigurationFile?) throws -> [ChainSettings] {
        let audit = OptionTable.audit.given(audit)
        let enrich = OptionTable.enrich.given(enrich)
        let marketplaces = OptionTable.marketplace.given(marketplace)
        guard let chains = file?.chains, !chains.isEmpty else {
            var chain = try settings.chainSettings()
            if let audit { chain.auditedPerMinute = try Parse.audit(audit, for: "--audit") }
            if let enrich { chain.enrichment = try Parse.enrichment(enrich, for: "--enrich") }
            chain.marketplaces = try Parse.marketplaces(marketplaces, for: "--marketplace")
            return [chain]
        }
        let given =
            settings.given + (audit == nil ? [] : ["--audit"]) + (enrich == nil ? [] : ["--enrich"])
            + (marketplaces.isEmpty ? [] : ["--marketplace"])
        guard given.isEmpty else {
            let names = given.joined(separator: ", ")
            throw Failure.usage(
                "\(names) would be ignored beside --config: write it into the file, or leave --config out"
            )
        }
        return chains
    }
}
