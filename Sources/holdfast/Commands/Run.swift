import ArgumentParser
import ChainClient
import ChainSync
import Foundation
import HTTPAPI
import StoreSQLite

/// `holdfast run`: back-fill, then follow the head until told to stop; answer questions over HTTP meanwhile.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow chains for good: history first, then every new block and every reorg; serve the API.",
        discussion: """
            One chain by flags, or any number by --config. SIGTERM or SIGINT ends it cleanly with 0, at any moment. \
            Listens on loopback unless told otherwise: the API has no authentication.
            """
    )

    @Option(name: .customLong(OptionTable.config.name), help: OptionTable.config.argumentHelp)
    var config: String?

    @Option(name: .customLong(OptionTable.port.name), help: OptionTable.port.argumentHelp)
    var port: String?

    @Option(name: .customLong(OptionTable.host.name), help: OptionTable.host.argumentHelp)
    var host: String?

    @OptionGroup var settings: SyncSettings
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let file = try (config ?? Environment.value(OptionTable.config)).map {
            try ConfigurationFile(path: $0, environment: ProcessInfo.processInfo.environment)
        }
        var chains = file?.chains ?? []
        let flagged = try settings.chainSettings()
        if chains.isEmpty {
            chains = [flagged]
        } else if !flagged.endpoints.isEmpty || flagged.chainID != nil || !flagged.contracts.isEmpty {
            throw Failure.usage("give chains by --config or by --rpc, --chain and --contract, not by both")
        }
        let portText = port ?? Environment.value(OptionTable.port) ?? file?.port.map(String.init) ?? "3002"
        guard let port = Int(portText), (0...65_535).contains(port) else {
            throw Failure.usage("--port \(portText): a port from 0 to 65535")
        }
        let path = try database.path(file: file?.database)
        let store = try SQLiteStore(
            path: path,
            optionalIndexes: settings.optionalIndexes(file: file?.optionalIndexes ?? [])
        )
        let logger = Wiring.logger()
        let host = host ?? Environment.value(OptionTable.host) ?? "127.0.0.1"
        try await HTTPTransport.withHTTPTransport { transport in
            let fleet = Fleet(store: store, transport: transport, logger: logger)
            let chosen = chains
            try await Serving(store: store, fleet: fleet, host: host, port: port, logger: logger)
                .run { try await fleet.follow(chosen) }
        }
        try store.close()
    }
}
