package import Ethereum
import Foundation
import Hummingbird
package import LiveReads
package import Logging
import NIOCore
package import Tokens

/// The HTTP server: every route, its limits, and its life.
package struct APIServer: Sendable {
    /// Where it listens.
    package struct Configuration: Sendable {
        /// Loopback unless told otherwise: there is no authentication.
        package var host: String
        /// 0 takes a free one.
        package var port: Int

        package init(host: String = "127.0.0.1", port: Int = 3_002) {
            self.host = host
            self.port = port
        }
    }

    private let catalog: any Listings
    private let configuration: Configuration
    private let resolve: @Sendable (String) -> ChainID?
    private let name: @Sendable (ChainID) -> String?
    private let live: @Sendable () -> [ChainID: LiveStatus]
    private let logger: Logger
    /// Where refreshes of wallets are asked for; nil: nobody works on them here.
    package var refreshes: (any WalletRefreshes)?
    /// Where tokens that nobody has looked at are asked for; nil: nobody would look.
    package var news: (any MetadataNews)?
    /// The wallets in which marketplaces keep what is on sale.
    package var marketplaces = Marketplaces()
    /// Whether more than health, status and metrics is served.
    package var answersQuestions = true
    /// What live reads in this process count; empty where there are none.
    package var liveCounts: @Sendable () -> [(ChainID, LiveCounts)] = { [] }
    /// Called once with the port that was taken.
    package var onListening: @Sendable (Int) -> Void = { _ in }
    /// Further paths and the JSON that each answers with, through the same stack: what look-ups are measured against.
    package var fixedAnswers: [String: [UInt8]] = [:]

    /// - Parameters:
    ///   - chains: the chain a person means by a preset's name or a number; nil when it is neither.
    ///   - names: the preset's name of a chain, for people.
    ///   - live: what the engines in this process know; empty where none runs.
    package init(
        catalog: any Listings,
        configuration: Configuration = Configuration(),
        chains: @escaping @Sendable (String) -> ChainID? = { ChainID($0) },
        names: @escaping @Sendable (ChainID) -> String? = { _ in nil },
        live: @escaping @Sendable () -> [ChainID: LiveStatus] = { [:] },
        logger: Logger
    ) {
        self.catalog = catalog
        self.configuration = configuration
        resolve = chains
        name = names
        self.live = live
        self.logger = logger
    }

    /// Serves until the task is cancelled or the service group it runs in shuts down; then ends without an error.
    /// - Throws: when the port cannot be had.
    package func run() async throws {
        let progress = ProgressWatch(live: live)
        let wishes = wishes()
        let watch = Task { await progress.run() }
        let writing = Task { await wishes?.run() }
        defer {
            watch.cancel()
            writing.cancel()
        }
        try await listener.run(router(progress, wishes))
    }

    private var listener: Listener {
        Listener(host: configuration.host, port: configuration.port, logger: logger, onListening: onListening)
    }

    /// The application; tests drive it without a socket.
    func application(
        _ progress: ProgressWatch? = nil,
        wishes: MetadataWishes? = nil
    ) -> Application<RouterResponder<APIContext>> {
        listener.application(router(progress ?? ProgressWatch(live: live), wishes ?? self.wishes()))
    }

    /// What ``application(_:wishes:)`` is given where somebody else writes the wishes down.
    func wishes() -> MetadataWishes? {
        news.map { MetadataWishes($0, wallSeconds: { Int64(Date().timeIntervalSince1970) }, logger) }
    }

    func router(_ progress: ProgressWatch, _ wishes: MetadataWishes?) -> Router<APIContext> {
        let reads = Reads(catalog)
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: Envelope())
        StatusRoutes(reads: reads, progress: progress, name: name, live: live, liveCounts: liveCounts).add(to: router)
        guard answersQuestions else { return router }
        PageRoutes(reads: reads, resolve: resolve, name: name, marketplaces: marketplaces).add(to: router)
        let chain = router.group("v1/chains/:chain")
        TokenRoutes(reads: reads, wishes: wishes, resolve: resolve, marketplaces: marketplaces).add(to: chain)
        DocumentRoutes(reads: reads, resolve: resolve).add(to: chain)
        ContractRoutes(reads: reads, resolve: resolve, marketplaces: marketplaces).add(to: chain)
        TraitRoutes(reads: reads, resolve: resolve, marketplaces: marketplaces).add(to: chain)
        ChainRoutes(reads: reads, resolve: resolve, marketplaces: marketplaces).add(to: chain)
        if let refreshes { RefreshRoutes(refreshes, reads: reads, resolve: resolve).add(to: router) }
        for (path, bytes) in fixedAnswers {
            let body = ByteBuffer(bytes: bytes)
            router.get(RouterPath(path)) { _, _ in
                Response(status: .ok, headers: Envelope.json, body: ResponseBody(byteBuffer: body))
            }
        }
        return router
    }
}
