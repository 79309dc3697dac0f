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
            Listens on loopback unless told otherwise: the API has no authentication.
            """
    )

    @Option(name: OptionTable.config.flag, help: OptionTable.config.argumentHelp)
    var config: String?

    @Option(name: OptionTable.port.flag, help: OptionTable.port.argumentHelp)
    var port: String?

    @Option(name: OptionTable.host.flag, help: OptionTable.host.argumentHelp)
    var host: String?

    @Option(name: OptionTable.audit.flag, help: OptionTable.audit.argumentHelp)
    var audit: String?

    @Option(name: OptionTable.enrich.flag, help: OptionTable.enrich.argumentHelp)
    var enrich: String?

    @Option(name: OptionTable.ipfsGateway.flag, help: OptionTable.ipfsGateway.argumentHelp)
    var ipfsGateway: [String] = []

    @Flag(name: OptionTable.allowPrivateMetadata.flag, help: OptionTable.allowPrivateMetadata.argumentHelp)
    var allowPrivateMetadata = false

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
        let isPrivate = try allowPrivateMetadata || Environment.flag(OptionTable.allowPrivateMetadata)
        let gateways = OptionTable.ipfsGateway.given(ipfsGateway)
        let logger = Wiring.logger()
        try await Signals.ending {
            let store = try SQLiteStore(path: path, lease: .standard(), optionalIndexes: indexes)
            defer { try? store.close() }
            try await HTTPTransport.withHTTPTransport { transport in
                try await EnrichmentWork.with(gateways: gateways, allowPrivate: isPrivate, logger) { enrichment in
                    let fleet = Fleet(
                        store: store,
                        transport: transport,
                        waits: waits,
                        enrichment: chains.contains { $0.enrichment != .none } ? enrichment : nil,
                        logger: logger
                    )
                    var serving = Serving(store: store, fleet: fleet, host: host, port: port, logger: logger)
                    serving.marketplaces = Marketplaces(
                        Dictionary(chains.map { ($0.chainID, $0.marketplaces) }, uniquingKeysWith: { $0.union($1) })
                    )
                    try await serving.run { try await fleet.follow(chains) }
                }
            }
        }
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
