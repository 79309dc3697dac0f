/// A server on loopback that answers with bytes, not with HTTP.
import Metadata
import Egress
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// What the server does after one whole request head.
enum Step: Sendable {
    case write(String)
    case bytes([UInt8])
    /// Milliseconds.
    case pause(Int64)
    /// The same again and again, with a pause of so many milliseconds, until the other side is gone.
    case forever([UInt8], every: Int64)
    case close
}

/// What the server saw.
final class Seen: Sendable {
    let connections = Atomic<Int>(0)
    let closed = Atomic<Int>(0)
    let requests = Mutex<[String]>([])

    var connectionCount: Int { connections.load(ordering: .relaxed) }
    var closedCount: Int { closed.load(ordering: .relaxed) }
}

private final class Player: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let seen: Seen
    private let script: @Sendable (String) -> [Step]
    private var text = ""

    init(_ seen: Seen, script: @escaping @Sendable (String) -> [Step]) {
        self.seen = seen
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) { seen.connections.add(1, ordering: .relaxed) }

    func channelInactive(context: ChannelHandlerContext) { seen.closed.add(1, ordering: .relaxed) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
        guard text.hasSuffix("\r\n\r\n") else { return }
        seen.requests.withLock { $0.append(text) }
        play(script(text)[...], context)
        text = ""
    }

    private func play(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
        guard let step = steps.first, context.channel.isActive else { return }
        var wait: Int64 = 0
        var rest = steps.dropFirst()
        switch step {
        case .write(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .pause(let milliseconds): wait = milliseconds
        case .forever(let bytes, let milliseconds):
            if context.channel.isWritable {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            }
            (wait, rest) = (milliseconds, steps)
        case .close: return context.close(promise: nil)
        }
        guard wait > 0 else { return play(rest, context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(wait)) { self.play(rest, context) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Runs `body` with a server; the port is free when 0.
func withServer(
    host: String = "127.0.0.1",
    port: Int = 0,
    _ script: @escaping @Sendable (String) -> [Step],
    _ body: (UInt16, Seen) async throws -> Void
) async throws {
    let seen = Seen()
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Player(seen, script: script))
            }
        }
        .bind(host: host, port: port).get()
    do {
        try await body(UInt16(server.localAddress?.port ?? 0), seen)
    } catch {
        try? await server.close().get()
        throw error
    }
    try await server.close().get()
}

/// Answers in turn; the last one stays.
final class ScriptedLookup: NameLookup {
    private let answers: Mutex<[[IPAddress]]>
    let count = Atomic<Int>(0)

    init(_ answers: [String]...) { self.answers = Mutex(answers.map { $0.compactMap { IPAddress($0) } }) }

    func addresses(of name: String) async throws(LookupFault) -> [IPAddress] {
        count.add(1, ordering: .relaxed)
        let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] }
        guard !answer.isEmpty else { throw .noSuchName }
        return answer
    }
}

/// Runs `body` with a client to which 127.0.0.1 is public and every other address is private.
func withClient(
    ports: UInt16...,
    lookup: ScriptedLookup = ScriptedLookup(["127.0.0.1"]),
    change: (inout EgressLimits) -> Void = { _ in },
    _ body: (WebClient) async throws -> Void
) async throws {
    var options = WebClient.Options()
    options.policy.extraPorts = Set(ports)
    options.policy.addressRefusal = { $0.unmapped == .v4(0x7F00_0001) ? nil : "private" }
    change(&options.limits)
    try await WebClient.withWebClient(options: options, logger: Logger(label: "test"), lookup: lookup, body)
}

func ok(_ body: String, headers: String = "") -> Step {
    .write("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
}

func head(_ status: String, _ headers: String...) -> Step {
    .write("HTTP/1.1 \(status)\r\n" + headers.map { $0 + "\r\n" }.joined() + "\r\n")
}

/// Gzip forms made by hand, so that no library is needed to make them.
enum Gzip {
    static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    /// One stored block (RFC 1951 §3.2.4); up to 65 535 bytes.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        let (low, high) = (UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8))
        return header + [1, low, high, ~low, ~high] + bytes + little(crc(bytes)) + little(UInt32(bytes.count))
    }

    /// The header, and two bytes that begin a block of fixed codes with a zero (RFC 1951 §3.2.6).
    static let zerosBegin = header + zeros[..<2]
    /// Thirteen bytes that stand for 8 × 258 more zeros each time.
    static let zerosPeriod = Array(zeros[2..<15])

    private static let zeros: [UInt8] = {
        var bits = [1, 1, 0] + [0, 0, 1, 1, 0, 0, 0, 0]
        for _ in 0..<24 { bits += [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0] }
        return stride(from: 0, to: 28 * 8, by: 8).map { start in
            (0..<8).reduce(UInt8(0)) { $0 | UInt8(bits[start + $1]) << UInt8($1) }
        }
    }()

    private static func little(_ number: UInt32) -> [UInt8] { [0, 8, 16, 24].map { UInt8(number >> $0 & 0xFF) } }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
