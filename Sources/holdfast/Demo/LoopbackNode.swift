import Hummingbird
import Logging
import NIOCore
import Simulator

/// A simulated node behind a real socket: JSON-RPC over HTTP on a free loopback port.
struct LoopbackNode {
    private static let requestBytesMax = 1 << 20

    let node: SimulatedNode
    var logger: Logger

    /// Serves until cancelled; calls `onListening` once with the port.
    func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        let node = node
        router.post("/") { request, _ in
            let body = try await request.body.collect(upTo: Self.requestBytesMax)
            let reply = node.answer(Array(body.readableBytesView))
            return Response(
                status: .init(code: reply.status),
                headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: reply.body))
            )
        }
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0), serverName: nil),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.run()
    }
}
