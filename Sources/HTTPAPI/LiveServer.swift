package import Ethereum
import Hummingbird
package import LiveReads
package import Logging
package import Tokens

/// The second HTTP server: contracts asked at this moment, on a port of its own, so that neither keeps the other waiting.
package struct LiveServer: Sendable {
    /// One chain that can be asked.
    package struct Member: Sendable {
        package var reader: LiveReader
        /// How its endpoints do.
        package var endpoints: @Sendable () -> [EndpointStatus]
        /// Why nothing can be read; nil: an endpoint was reached.
        package var reason: String?

        package init(
            reader: LiveReader,
            endpoints: @escaping @Sendable () -> [EndpointStatus],
            reason: String? = nil
        ) {
            self.reader = reader
            self.endpoints = endpoints
            self.reason = reason
        }
    }

    private let catalog: any Listings
    private let ledger: any LiveLedger
    private let configuration: APIServer.Configuration
    private let resolve: @Sendable (String) -> ChainID?
    private let members: @Sendable () -> [ChainID: Member]
    private let logger: Logger
    /// Called once with the port that was taken.
    package var onListening: @Sendable (Int) -> Void = { _ in }

    /// - Parameters:
    ///   - catalog: the database; it may be open for reading alone.
    ///   - chains: the chain a person means by a preset's name or a number; nil when it is neither.
    ///   - members: the chains that can be asked now.
    package init(
        catalog: any Listings & LiveLedger,
        configuration: APIServer.Configuration,
        chains: @escaping @Sendable (String) -> ChainID? = { ChainID($0) },
        members: @escaping @Sendable () -> [ChainID: Member],
        logger: Logger
    ) {
        self.catalog = catalog
        ledger = catalog
        self.configuration = configuration
        resolve = chains
        self.members = members
        self.logger = logger
    }

    /// Serves until the task is cancelled; then ends without an error.
    /// - Throws: when the port cannot be had.
    package func run() async throws { try await listener.run(router()) }

    /// The application; tests drive it without a socket.
    func application() -> Application<RouterResponder<APIContext>> { listener.application(router()) }

    private var listener: Listener {
        Listener(host: configuration.host, port: configuration.port, logger: logger, onListening: onListening)
    }

    private func router() -> Router<APIContext> {
        let reads = Reads(catalog)
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: Envelope())
        LiveHealthRoutes(members: members).add(to: router)
        let chain = router.group("v1/live/chains/:chain")
        let live = LiveChains(resolve: resolve, members: members)
        LiveRoutes(live: live, ledger: ledger).add(to: chain)
        LiveListRoutes(live: live, reads: reads).add(to: chain)
        return router
    }
}
