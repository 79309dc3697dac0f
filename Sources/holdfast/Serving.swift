import ChainSync
import Ethereum
import Foundation
import HTTPAPI
import Logging
import StoreSQLite
import Tokens

/// A store with its engines and its HTTP server, from start to the cancellation that ends them.
struct Serving {
    var store: SQLiteStore
    var fleet: Fleet
    var host: String
    var port: Int
    var logger: Logger
    /// Shown with the address once it listens.
    var greeting = "holdfast serves"
    /// Wallets in which marketplaces keep what is on sale.
    var marketplaces = Marketplaces()
    /// What to look at first: a line of text, and a path.
    var example: (text: String, path: String)?

    /// Runs `work` beside the server; the first to fail, or being cancelled, ends both.
    func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        var quiet = logger
        quiet.logLevel = .warning
        var server = APIServer(
            catalog: store,
            configuration: .init(host: host, port: port),
            chains: { try? ChainPresets.id(named: $0) },
            names: { ChainPresets.preset(for: $0).name },
            live: { [fleet] in fleet.live },
            logger: quiet
        )
        server.refreshes = store
        if fleet.enriches { server.news = store }
        server.marketplaces = marketplaces
        let (greeting, example, host) = (greeting, example, host)
        server.onListening = { port in
            let address = "http://\(host):\(port)/"
            let second = example.map { "\($0.text) \(address)\($0.path)\n" } ?? ""
            FileHandle.standardError.write(Data("\(greeting) \(address)\n\(second)".utf8))
        }
        let serving = server
        let (fleet, port) = (fleet, port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask {
                do {
                    try await serving.run()
                } catch let error where !Task.isCancelled {
                    throw Failure.work(
                        "cannot listen on \(host):\(port): \(error); choose another --port, 0 takes a free one"
                    )
                }
            }
            group.addTask { await Progress(fleet: fleet).run() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
