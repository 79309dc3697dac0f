import ChainSync
import Ethereum
import Foundation
import HTTPAPI
import LiveReads
import Logging
import StoreSQLite

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
    /// Whether the API answers more than how things stand.
    var answersQuestions = true
    /// Whether the database may be written to.
    var isWritable = true
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
        server.refreshes = isWritable ? store : nil
        server.answersQuestions = answersQuestions
        if let live { server.liveCounts = { [fleet = live.fleet] in fleet.counts } }
        server.onListening = said(greeting)
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
        server.onListening = said("holdfast reads live at")
        return (server, live.port)
    }

    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .warning
        return quiet
    }

    private func said(_ greeting: String) -> @Sendable (Int) -> Void {
        let host = host
        return { port in FileHandle.standardError.write(Data("\(greeting) http://\(host):\(port)/\n".utf8)) }
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
