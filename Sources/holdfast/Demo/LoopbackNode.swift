import Hummingbird
import Logging
import NIOCore
import Simulator

/// A simulated node behind a real socket: JSON-RPC over HTTP on a free loopback port.
struct LoopbackNode {
    private static let requestBytesMax = 1 << 20

    let node: SimulatedNode
    var logger: Logger
    /// Before every answer.
    var delay: Duration = .zero

    /// Serves until cancelled; calls `onListening` once with the port.
    func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        let (node, delay) = (node, delay)
        router.post("/") { request, _ in
            let body = try await request.body.collect(upTo: Self.requestBytesMax)
            if delay > .zero { try await Task.sleep(for: delay) }
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

    /// Serves several nodes for as long as `body` runs; it gets their URLs, in their order.
    static func serving<Value: Sendable>(
        _ nodes: [LoopbackNode],
        _ body: @escaping @Sendable ([String]) async throws -> Value
    ) async throws -> Value {
        let (ports, listening) = AsyncStream.makeStream(of: (Int, Int).self)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            for (index, node) in nodes.enumerated() {
                group.addTask {
                    try await node.run { listening.yield((index, $0)) }
                    return nil
                }
            }
            group.addTask {
                var urls: [Int: String] = [:]
                for await (index, port) in ports {
                    urls[index] = "http://127.0.0.1:\(port)/"
                    if urls.count == nodes.count { break }
                }
                try Task.checkCancellation()
                return try await body(nodes.indices.compactMap { urls[$0] })
            }
            defer { group.cancelAll() }
            while let value = try await group.next() { if let value { return value } }
            throw CancellationError()
        }
    }
}
