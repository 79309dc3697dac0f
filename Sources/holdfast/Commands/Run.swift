import ArgumentParser
import ChainClient
import ChainSync
import StoreSQLite
import Tokens
import Foundation

/// `holdfast run`: back-fill, then follow the head until told to stop.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow a chain for good: history first, then every new block and every reorg.",
        discussion: "SIGTERM or SIGINT ends it cleanly with 0, at any moment."
    )

    @OptionGroup var settings: SyncSettings
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let path = try database.path()
        let logger = Wiring.logger()
        try await HTTPTransport.withHTTPTransport { transport in
            let wiring = try await Wiring.make(settings, path: path, transport: transport, logger: logger)
            let work = Task { try await wiring.engine.run(wiring.state, until: .follow) }
            let progress = Task { await Progress(status: wiring.engine.status).run() }
            defer { progress.cancel() }
            try await Signals.ending(work)
            progress.cancel()
            await progress.value
            try wiring.store.close()
        }
    }
}
