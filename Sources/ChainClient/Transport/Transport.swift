/// The simulation seam: bytes to an endpoint, bytes back.
///
/// Nothing above it may know sockets or real time.
///
/// A simulated node conforms to it and runs under a seeded executor, so retries, fail-over and scanners are inside the
/// simulated part.
package protocol Transport: Sendable {
    /// Sends one JSON-RPC request and returns whatever came back, however odd.
    ///
    /// - Parameters:
    ///   - lane: short questions must not wait behind long answers.
    ///   - deadline: from now, over connecting, headers and the whole body; passing it throws ``TransportError/timedOut``.
    ///   - allowance: asked while the body grows, counted after decompression.
    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply
}

/// Which pool of connections a request uses.
package enum Lane: Sendable, Hashable {
    /// Heads, single headers, health: answers of a few kilobytes.
    case head
    /// Logs, receipts, batches.
    case bulk
}

/// What came back, unjudged.
package struct TransportReply: Sendable, Hashable {
    package var status: Int
    /// As sent: seconds or an HTTP date.
    package var retryAfter: String?
    package var body: [UInt8]

    package init(status: Int = 200, retryAfter: String? = nil, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter
        self.body = body
    }
}

/// How many bytes an answer may have: a hard cap, and somebody to ask before passing what was reserved.
package struct BodyAllowance: Sendable {
    package let bytesMax: Int
    private let grow: @Sendable (Int) -> Bool

    package init(bytesMax: Int, grow: @escaping @Sendable (Int) -> Bool) {
        self.bytesMax = bytesMax
        self.grow = grow
    }

    /// A cap and nothing else.
    package static func upTo(_ bytesMax: Int) -> BodyAllowance {
        BodyAllowance(bytesMax: bytesMax) { _ in true }
    }

    /// Whether a body may be `count` bytes in all.
    ///
    /// Never waits.
    package func admits(_ count: Int) -> Bool {
        count <= bytesMax && grow(count)
    }
}

/// Why there is no answer.
///
/// None of these carries a URL.
package enum TransportError: Error, Sendable, Hashable {
    /// The deadline passed, or the body came slower than the minimum rate.
    case timedOut
    /// No connection: name, address, port or handshake.
    case cannotConnect(String)
    /// The certificate was refused; an operator has to act.
    case insecure(String)
    /// The connection ended before the whole answer was there.
    case closed(String)
    /// The body is larger than the hard cap.
    case tooLarge(bytesMax: Int)
    /// The body outgrew what was reserved and no more was free: ask again with a full reservation.
    case overReservation
    /// The URL or a header cannot be used at all.
    case invalid(String)
    case cancelled
}
