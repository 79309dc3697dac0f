import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// One port with a router behind it: its limits, and its life.
struct Listener: Sendable {
    /// Open connections; more wait in the system's queue.
    private static let connectionsMax = 1_024
    /// A connection on which nothing moves is closed.
    private static let idleTimeout = TimeAmount.seconds(60)
    /// How long answers that are being written may take when told to stop.
    private static let shutdownMax = Duration.seconds(3)
    /// A header field, and all of them.
    private static let headerFieldBytesMax = 8_192
    private static let headerBytesMax = 16_384
    private static let headersMax = 100

    var host: String
    /// 0 takes a free one.
    var port: Int
    var logger: Logger
    /// Called once with the port that was taken.
    var onListening: @Sendable (Int) -> Void

    /// Serves until the task is cancelled or the service group it runs in shuts down; then ends without an error.
    ///
    /// Answers being written are finished first, for ``shutdownMax`` at most.
    /// - Throws: when the port cannot be had.
    func run(_ router: Router<APIContext>) async throws {
        var group = ServiceGroupConfiguration(services: [application(router)], logger: logger)
        group.maximumGracefulShutdownDuration = Self.shutdownMax
        let server = ServiceGroup(configuration: group)
        // A task of its own: cancelling this one begins an orderly shutdown instead of cutting connections.
        let serving = Task { try await server.run() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await serving.value
        } onCancelOrGracefulShutdown: {
            Task { await server.triggerGracefulShutdown() }
        }
    }

    func application(_ router: Router<APIContext>) -> Application<RouterResponder<APIContext>> {
        var server = ApplicationConfiguration(address: .hostname(host, port: port), serverName: nil)
        server.availableConnectionsDelegate = MaximumAvailableConnections(Self.connectionsMax)
        let onListening = onListening
        return Application(
            router: router,
            server: .http1(
                configuration: .init(
                    idleTimeout: Self.idleTimeout,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headerFieldBytesMax,
                        maxHeaderListSize: Self.headerBytesMax,
                        maxHeaderFieldCount: Self.headersMax
                    )
                )
            ),
            configuration: server,
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
    }
}
