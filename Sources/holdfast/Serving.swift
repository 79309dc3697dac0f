import ChainSync
import Ethereum
import Foundation
import HTTPAPI
import LiveReads
import Logging
import StoreSQLite
import Tokens

/// A store with its engines and its HTTP servers, from start to the cancellation that ends them.
struct Serving {
    var store: SQLiteStore
    var fleet: Fleet
    var host: String
    /// Of the API; nil: it is not served.
    var port: Int?
    var logger: Logger
    /// Shown with the address once it listens.
    var greeting = "holdfast serves"
    /// Wallets in which marketplaces keep what is on sale.
    var marketplaces = Marketplaces()
    /// What to look at first: a line of text, and a path.
    var example: (text: String, path: String)?
    /// Whether the API answers more than how things stand.
    var answersQuestions = true
    /// Whether wallets' refreshes are worked on here.
    var refreshesWallets = true
    /// Whether tokens that are asked for are looked up.
    var enriches = true
    /// Contracts asked live, on this port.
    var live: (fleet: LiveFleet, port: Int)?

    /// Runs `work` beside the servers; the first to fail, or being cancelled, ends all.
    func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let (fleet, api, asking) = (fleet, api(), asking())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            if let api {
                group.addTask { try await listening(at: api.port, "--port") { try await api.server.run() } }
            }
            if let asking {
                group.addTask { try await listening(at: asking.port, "--live-port") { try await asking.server.run() } }
            }
            group.addTask { await Progress(fleet: fleet).run() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func api() -> (server: APIServer, port: Int)? {
        guard let port else { return nil }
        var server = APIServer(
            catalog: store,
            configuration: .init(host: host, port: port),
            chains: { try? ChainPresets.id(named: $0) },
            names: { ChainPresets.preset(for: $0).name },
            live: { [fleet] in fleet.live },
            logger: quiet
        )
        server.refreshes = refreshesWallets ? store : nil
        server.news = enriches ? store : nil
        server.marketplaces = marketplaces
        server.answersQuestions = answersQuestions
        if let live { server.liveCounts = { [fleet = live.fleet] in fleet.counts } }
        server.onListening = said(greeting, example)
        return (server, port)
    }

    private func asking() -> (server: LiveServer, port: Int)? {
        guard let live else { return nil }
        var server = LiveServer(
            catalog: store,
            configuration: .init(host: host, port: live.port),
            chains: { try? ChainPresets.id(named: $0) },
            members: { [fleet = live.fleet] in fleet.served },
            logger: quiet
        )
        server.onListening = said("holdfast reads live at", nil)
        return (server, live.port)
    }

    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .warning
        return quiet
    }

    private func said(_ greeting: String, _ example: (text: String, path: String)?) -> @Sendable (Int) -> Void {
        let host = host
        return { port in
            let address = "http://\(host):\(port)/"
            let second = example.map { "\($0.text) \(address)\($0.path)\n" } ?? ""
            FileHandle.standardError.write(Data("\(greeting) \(address)\n\(second)".utf8))
        }
    }

    private func listening(
        at port: Int,
        _ option: String,
        _ serve: @Sendable () async throws -> Void
    ) async throws {
        do {
            try await serve()
        } catch let error where !Task.isCancelled {
            throw Failure.work(
                "cannot listen on \(host):\(port): \(error); choose another \(option), 0 takes a free one"
            )
        }
    }
}
