/// A server on a free port of loopback that answers with bytes, not with HTTP.
import ChainClient
import NIOCore
import NIOPosix

/// What the server does after one whole request.
enum Step: Sendable {
    case write(String)
    case bytes([UInt8])
    case pause(Int64)
    case close
}

/// Reads requests, plays steps.
///
/// Connections and the requests on each are counted from 0.
private final class RequestReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: @Sendable (Int, Int, String) -> [Step]
    private let connection: Int
    private var requests = 0
    private var text = ""

    init(connection: Int, script: @escaping @Sendable (Int, Int, String) -> [Step]) {
        self.connection = connection
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard let end = text.firstRange(of: "\r\n\r\n") else { return }
        let head = text[..<end.lowerBound].lowercased()
        guard
            let length = head.firstRange(of: "content-length: ").flatMap({
                Int(head[$0.upperBound...].prefix { $0.isNumber })
            })
        else { return }
        guard text[end.upperBound...].utf8.count >= length else { return }
        let steps = script(connection, requests, text)
        requests += 1
        text = ""
        play(steps[...], context)
    }

    private func play(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
        guard let step = steps.first, context.channel.isActive else { return }
        switch step {
        case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .close: return context.close(promise: nil)
        case .pause(let milliseconds):
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
                self.play(steps.dropFirst(), context)
            }
            return
        }
        play(steps.dropFirst(), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Runs `body` with an endpoint on a free port of loopback.
func withServer(
    path: String = "/v2/s3cr3tk3y",
    _ script: @escaping @Sendable (Int, Int, String) -> [Step],
    _ body: (Endpoint, HTTPTransport) async throws -> Void
) async throws {
    let connections = Shared(0)
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let connection = connections.withLock { count in
                    defer { count += 1 }
                    return count
                }
                try channel.pipeline.syncOperations.addHandler(RequestReader(connection: connection, script: script))
            }
        }
        .bind(host: "127.0.0.1", port: 0).get()
    let port = server.localAddress?.port ?? 0
    do {
        try await HTTPTransport.withHTTPTransport { transport in
            try await body(Endpoint(url: "http://user:pass@127.0.0.1:\(port)\(path)", name: "local"), transport)
        }
    } catch {
        try? await server.close().get()
        throw error
    }
    try await server.close().get()
}

func http(_ body: String, status: String = "200 OK", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

extension HTTPTransport {
    func ask(
        _ endpoint: Endpoint,
        within deadline: Duration = .seconds(50),
        atMost bytes: Int = 1 << 20
    ) async throws -> TransportReply {
        try await post(Array("{}".utf8), to: endpoint, lane: .bulk, deadline: deadline, allowance: .upTo(bytes))
    }
}

// swift-format-ignore
let gzippedZeroes: [UInt8] = {
    // A short run of the deflate stream repeats: the text is its hexadecimal form.
    let hex = "1f8b0800000000000203edc13101000000c2a0f54f6d0d0fa00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000008057037d9511d4a0860100"
    return stride(from: 0, to: hex.utf8.count, by: 2).map { place in
        UInt8(hex.dropFirst(place).prefix(2), radix: 16) ?? 0
    }
}()
