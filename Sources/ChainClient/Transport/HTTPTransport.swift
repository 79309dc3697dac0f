/// JSON-RPC over HTTP/1.1: one deadline over connect, headers and body, a cap on what the body may become.
import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Synchronization

package struct HTTPTransport: Transport {
    package struct Limits: Sendable {
        /// Per address; the rest of the deadline is for the node.
        package var connectTimeout: Duration = .seconds(3)
        /// A body slower than `rateBytesMin` per `rateWindow` is abandoned (slow-loris).
        package var rateWindow: Duration = .seconds(10)
        package var rateBytesMin = 10 * 1024
        /// After decompression, over all requests; each request has its own smaller cap.
        package var inflatedBytesMax = 32 * 1024 * 1024
        /// More are opened when needed; this many are kept.
        package var connectionsPerHost = 32

        package init() {}
    }

    private let head: HTTPClient
    private let bulk: HTTPClient
    /// Uses every connection once: for the replay after a kept connection turned out dead.
    private let fresh: HTTPClient
    private let limits: Limits

    package init(limits: Limits = Limits()) {
        self.limits = limits
        head = HTTPClient(configuration: Self.configuration(limits))
        bulk = HTTPClient(configuration: Self.configuration(limits))
        var once = Self.configuration(limits)
        once.maximumUsesPerConnection = 1
        fresh = HTTPClient(configuration: once)
    }

    /// Runs `body` with a transport that is shut down afterwards, whatever happened.
    package static func withHTTPTransport<Result>(
        limits: Limits = Limits(),
        _ body: (HTTPTransport) async throws -> Result
    ) async throws -> Result {
        let transport = HTTPTransport(limits: limits)
        do {
            let result = try await body(transport)
            await transport.shutdown()
            return result
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Closes all connections.
    ///
    /// The transport cannot be used afterwards; a second call does nothing.
    package func shutdown() async {
        for client in [head, bulk, fresh] { try? await client.shutdown() }
    }

    private static func configuration(_ limits: Limits) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(limits.connectTimeout)),
            decompression: .enabled(limit: .size(limits.inflatedBytesMax))
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limits.connectionsPerHost
        // Whether to try again, and where, is decided above this seam.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    package func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        let request = try request(body, to: endpoint)
        let end = ContinuousClock.now + deadline
        let seen = Progress()
        do {
            return try await exchange(request, client: lane == .head ? head : bulk, end, allowance, seen)
        } catch .closed where !seen.headArrived {
            // The node closed a kept connection just as we wrote: not its fault, not ours (rpc-quirks §5).
            return try await exchange(request, client: fresh, end, allowance, seen)
        }
    }

    private func request(_ body: [UInt8], to endpoint: Endpoint) throws(TransportError) -> HTTPClientRequest {
        let parts = URLParts(endpoint.url)
        guard parts.scheme == "http" || parts.scheme == "https", !parts.host.isEmpty else {
            throw .invalid("the URL needs http:// or https:// and a host")
        }
        let authority = parts.port.isEmpty ? parts.host : "\(parts.host):\(parts.port)"
        var request = HTTPClientRequest(url: "\(parts.scheme)://\(authority)\(parts.pathAndQuery)")
        request.method = .POST
        // Nothing after the media type: some nodes answer 415 to a charset.
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "Accept-Encoding", value: "gzip, deflate")
        request.headers.add(name: "User-Agent", value: "holdfast")
        if !parts.userinfo.isEmpty {
            let pair = parts.userinfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            request.setBasicAuth(username: String(pair[0]), password: pair.count > 1 ? String(pair[1]) : "")
        }
        for header in endpoint.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    /// One request, raced against the clock: the library's own deadline ends with the headers.
    private func exchange(
        _ request: HTTPClientRequest,
        client: HTTPClient,
        _ end: ContinuousClock.Instant,
        _ allowance: BodyAllowance,
        _ seen: Progress
    ) async throws(TransportError) -> TransportReply {
        let outcome = await withTaskGroup(of: Result<TransportReply, TransportError>?.self) { group in
            group.addTask { await Self.fetch(request, client: client, end, allowance, seen) }
            group.addTask { await watch(until: end, seen) }
            var outcome: Result<TransportReply, TransportError> = .failure(.cancelled)
            for await first in group {
                guard let first else { continue }
                outcome = first
                break
            }
            group.cancelAll()
            return outcome
        }
        return try outcome.get()
    }

    private static func fetch(
        _ request: HTTPClientRequest,
        client: HTTPClient,
        _ end: ContinuousClock.Instant,
        _ allowance: BodyAllowance,
        _ seen: Progress
    ) async -> Result<TransportReply, TransportError> {
        do {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return .failure(.timedOut) }
            let response = try await client.execute(request, deadline: .now() + TimeAmount(left))
            seen.headDidArrive()
            var body: [UInt8] = []
            if let text = response.headers.first(name: "Content-Length"), let length = Int(text) {
                guard length <= allowance.bytesMax else { return .failure(.tooLarge(bytesMax: allowance.bytesMax)) }
                guard allowance.admits(length) else { return .failure(.overReservation) }
                body.reserveCapacity(length)
            }
            for try await part in response.body {
                let total = body.count + part.readableBytes
                guard total <= allowance.bytesMax else { return .failure(.tooLarge(bytesMax: allowance.bytesMax)) }
                guard allowance.admits(total) else { return .failure(.overReservation) }
                body.append(contentsOf: part.readableBytesView)
                seen.add(part.readableBytes)
            }
            let retryAfter = response.headers.first(name: "Retry-After")
            return .success(TransportReply(status: Int(response.status.code), retryAfter: retryAfter, body: body))
        } catch {
            return .failure(TransportError(error, bytesMax: allowance.bytesMax))
        }
    }

    /// Ends the race at the deadline, or when the body comes too slowly; nil when the race is over.
    private func watch(
        until end: ContinuousClock.Instant,
        _ seen: Progress
    ) async -> Result<TransportReply, TransportError>? {
        var before = 0
        var hadArrived = false
        while true {
            let step = min(ContinuousClock.now + limits.rateWindow, end)
            do { try await Task.sleep(until: step, clock: .continuous) } catch { return nil }
            if step == end { return .failure(.timedOut) }
            let now = seen.bytes
            // A node may think for as long as the deadline allows; once it talks it has to keep talking. Only windows
            // that lie wholly in the body count.
            if hadArrived, now - before < limits.rateBytesMin { return .failure(.timedOut) }
            hadArrived = seen.headArrived
            before = now
        }
    }
}

/// How far one answer has come, seen by the task that reads and the task that watches.
private final class Progress: Sendable {
    private let received = Atomic<Int>(0)
    private let head = Atomic<Bool>(false)

    var bytes: Int { received.load(ordering: .relaxed) }
    var headArrived: Bool { head.load(ordering: .relaxed) }
    func add(_ count: Int) { received.add(count, ordering: .relaxed) }
    func headDidArrive() { head.store(true, ordering: .relaxed) }
}

extension TransportError {
    /// The one place where the HTTP library's errors become ours.
    ///
    /// Only its short names are kept: no URL, no header.
    fileprivate init(_ error: any Error, bytesMax: Int) {
        switch error {
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self.init(error)
        case let error as IOError:
            let text = "errno \(error.errnoCode)"
            self = Self.unreachable.contains(error.errnoCode) ? .cannotConnect(text) : .closed(text)
        case is ChannelError: self = .closed("channel")
        case is HTTPParserError: self = .closed("not HTTP")
        default:
            let kind = "\(type(of: error))"
            if kind.contains("SSL") {
                self = .insecure(kind)
            } else if kind.contains("Connection") || kind.contains("Address") || kind.contains("Resolve") {
                self = .cannotConnect(kind)
            } else if kind.contains("DecompressionError") {
                self = "\(error)".contains("limit") ? .tooLarge(bytesMax: bytesMax) : .closed(kind)
            } else {
                self = .closed(kind)
            }
        }
    }

    private static let unreachable: Set<CInt> = [
        ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EACCES,
    ]

    private init(_ error: HTTPClientError) {
        switch error {
        case .cancelled, .requestStreamCancelled: self = .cancelled
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout: self = .timedOut
        case .connectTimeout, .tlsHandshakeTimeout: self = .cannotConnect(error.shortDescription)
        case .invalidURL, .emptyHost, .emptyScheme: self = .invalid(error.shortDescription)
        default: self = .closed(error.shortDescription)
        }
    }
}

extension TimeAmount {
    /// Saturates at about 292 years.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .nanoseconds(.max) : .nanoseconds(nanoseconds + attoseconds / 1_000_000_000)
    }
}
