/// Counts what a server sends before and after the HTTP parser, and holds the connection to its address.
import NIOCore
import NIOHTTP1

enum WireFault: Error {
    case headTooLarge
    case tooManyInformational
    case wireTooLarge
    /// The socket is connected to another address than the one that was checked.
    case wrongAddress
}

/// Between the socket (or TLS) and the parser: bytes.
///
/// Lives on its channel's event loop, like every handler.
final class WireGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let address: IPAddress
    private let limits: EgressLimits
    private var received = 0
    fileprivate var headIsOver = false
    private var isFailed = false

    private init(address: IPAddress, limits: EgressLimits) {
        self.address = address
        self.limits = limits
    }

    /// Called on the channel's event loop, when the library has built its pipeline and sent nothing yet.
    static func install(
        in channel: any Channel,
        pinnedTo address: IPAddress,
        limits: EgressLimits
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            let guardian = WireGuard(address: address, limits: limits)
            try pipeline.addHandler(guardian, position: .before(parser))
            try pipeline.addHandler(HeadGuard(guardian, limits: limits), position: .after(parser))
        }
    }

    /// Second line: not one byte of the request goes to an address that was not checked.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isFailed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let remote = context.channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
        guard remote?.unmapped == address.unmapped else {
            promise?.fail(WireFault.wrongAddress)
            return fail(.wrongAddress, context)
        }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isFailed else { return }
        received += unwrapInboundIn(data).readableBytes
        guard received <= limits.wireBytesMax else { return fail(.wireTooLarge, context) }
        context.fireChannelRead(data)
        // The parser has seen it by now: where the head is not over, all of it was head.
        if !headIsOver, received > limits.headBytesMax { fail(.headTooLarge, context) }
    }

    fileprivate func fail(_ fault: WireFault, _ context: ChannelHandlerContext) {
        guard !isFailed else { return }
        isFailed = true
        context.fireErrorCaught(fault)
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension WireGuard: Sendable {}

/// Behind the parser: heads.
private final class HeadGuard: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private let wire: WireGuard
    private let limits: EgressLimits
    private var informational = 0
    private var isFailed = false

    init(_ wire: WireGuard, limits: EgressLimits) {
        self.wire = wire
        self.limits = limits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isFailed else { return }
        if case .head(let head) = unwrapInboundIn(data) {
            // Name, value, colon, space and line end of each field.
            let bytes = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
            if bytes > limits.headBytesMax { return fail(.headTooLarge, context) }
            if head.status.code < 200, head.status != .switchingProtocols {
                informational += 1
                if informational > limits.informationalMax { return fail(.tooManyInformational, context) }
            } else {
                wire.headIsOver = true
            }
        }
        context.fireChannelRead(data)
    }

    private func fail(_ fault: WireFault, _ context: ChannelHandlerContext) {
        isFailed = true
        context.fireErrorCaught(fault)
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension HeadGuard: Sendable {}
