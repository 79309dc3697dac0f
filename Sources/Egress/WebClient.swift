/// Fetches metadata from servers that mean harm: one GET at a time, bounded in every direction.
package import Metadata
import AsyncHTTPClient
import Glibc
package import Logging
import NIOCore
import NIOHTTP1

/// The only way of this program to the open web.
///
/// Each hop is parsed, looked up, checked and then connected to the very address that was checked.
package struct WebClient: Web {
    package struct Options: Sendable {
        package var policy = EgressPolicy()
        package var limits = EgressLimits()

        package init() {}
    }

    private let options: Options
    private let logger: Logger
    private let lookup: any NameLookup
    private let slots: HostSlots
    private let clients: PinnedClients

    private var limits: EgressLimits { options.limits }

    private init(_ options: Options, _ logger: Logger, _ lookup: any NameLookup) {
        self.options = options
        self.logger = logger
        self.lookup = lookup
        let limits = options.limits
        slots = HostSlots(
            inFlightMax: limits.inFlightMax,
            perHostMax: limits.perHostMax,
            waitingMax: limits.waitingMax
        )
        clients = PinnedClients(limits: limits)
    }

    /// Runs `body` with a client that is shut down afterwards, whatever happened.
    ///
    /// What is still under way then fails.
    package static func withWebClient<Result>(
        options: Options = Options(),
        logger: Logger,
        lookup: any NameLookup = Resolver(),
        _ body: (WebClient) async throws -> Result
    ) async throws -> Result {
        let client = WebClient(options, logger, lookup)
        do {
            let result = try await body(client)
            await client.clients.shutdown()
            return result
        } catch {
            await client.clients.shutdown()
            throw error
        }
    }

    package func fetch(_ url: String) async throws(WebFault) -> WebAnswer {
        let end = ContinuousClock.now + limits.deadline
        do {
            let first = try WebURL.parse(url)
            return try await race(first, end)
        } catch {
            // Not the URL: it may hold what is nobody's business, and is hostile text.
            logger.debug("web fetch failed", metadata: ["fault": "\(error)"])
            throw error
        }
    }

    private func race(_ first: WebURL, _ end: ContinuousClock.Instant) async throws(WebFault) -> WebAnswer {
        let seen = BodyProgress()
        let outcome = await withTaskGroup(of: Result<WebAnswer, WebFault>?.self) { group in
            group.addTask {
                do throws(WebFault) { return .success(try await follow(first, end, seen)) } catch {
                    return .failure(error)
                }
            }
            group.addTask { await watch(until: end, seen) ? .failure(.timedOut) : nil }
            var outcome: Result<WebAnswer, WebFault> = .failure(.cancelled)
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

    /// True at the deadline, or when the body comes too slowly; false when the race is over.
    private func watch(until end: ContinuousClock.Instant, _ seen: BodyProgress) async -> Bool {
        var before = seen.figures
        while true {
            let step = min(ContinuousClock.now + limits.rateWindow, end)
            do { try await Task.sleep(until: step, clock: .continuous) } catch { return false }
            if step == end { return true }
            let now = seen.figures
            // Only windows that lie wholly in one body count: a server may think for as long as the deadline allows.
            if before.isInBody, now.isInBody, now.bytes - before.bytes < limits.rateBytesMin { return true }
            before = now
        }
    }

    // MARK: Hops

    private enum Hop: Sendable {
        case answer(WebAnswer)
        case redirect(WebURL)
    }

    private func follow(
        _ first: WebURL,
        _ end: ContinuousClock.Instant,
        _ seen: BodyProgress
    ) async throws(WebFault) -> WebAnswer {
        var url = first
        for _ in 0...limits.redirectsMax {
            switch try await hop(url, end, seen) {
            case .answer(let answer): return answer
            case .redirect(let next): url = next
            }
        }
        throw .refused("more than \(limits.redirectsMax) redirects")
    }

    /// One request with its own checks; the place at the host is held from the lookup to the end of the body.
    private func hop(
        _ url: WebURL,
        _ end: ContinuousClock.Instant,
        _ seen: BodyProgress
    ) async throws(WebFault) -> Hop {
        if let why = options.policy.refusal(of: url) { throw .refused(why) }
        try await slots.take(url.host.text)
        defer { slots.release(url.host.text) }
        let addresses = try await addresses(of: url)
        if let why = options.policy.refusal(of: addresses, port: url.port) { throw .refused(why) }
        var last = WebFault.unreachable("no address")
        for address in Self.candidates(addresses, limits.addressesTried) {
            switch await attempt(url, at: address, end, seen) {
            case .done(let hop): return hop
            case .failed(let fault): throw fault
            case .notConnected(let why): last = .unreachable(why)
            }
        }
        throw last
    }

    private func addresses(of url: WebURL) async throws(WebFault) -> [IPAddress] {
        if let address = url.address { return [address] }
        do { return try await lookup.addresses(of: url.host.text) } catch {
            throw error == .cancelled ? .cancelled : .unreachable(error.text)
        }
    }

    /// The first addresses in the resolver's order, with both families among them where there are both.
    static func candidates(_ addresses: [IPAddress], _ count: Int) -> [IPAddress] {
        func isV4(_ address: IPAddress) -> Bool { if case .v4 = address { true } else { false } }
        guard let first = addresses.first, count > 1 else { return Array(addresses.prefix(count)) }
        var chosen = [first]
        if let other = addresses.first(where: { isV4($0) != isV4(first) }) { chosen.append(other) }
        chosen += addresses.filter { !chosen.contains($0) }
        return Array(chosen.prefix(count))
    }

    // MARK: One request

    private enum Attempt: Sendable {
        case done(Hop)
        case failed(WebFault)
        /// Nothing was sent: another address may be tried.
        case notConnected(String)
    }

    private func attempt(
        _ url: WebURL,
        at address: IPAddress,
        _ end: ContinuousClock.Instant,
        _ seen: BodyProgress
    ) async -> Attempt {
        let key = PinnedClients.Key(host: url.host.text, address: address)
        guard let client = clients.take(key) else { return .failed(.cancelled) }
        let attempt = await exchange(url, client, end, seen)
        clients.giveBack(key)
        return attempt
    }

    private func exchange(
        _ url: WebURL,
        _ client: HTTPClient,
        _ end: ContinuousClock.Instant,
        _ seen: BodyProgress
    ) async -> Attempt {
        let left = ContinuousClock.now.duration(to: end)
        guard left > .zero else { return .failed(.timedOut) }
        do {
            let response = try await client.execute(Self.request(url), deadline: .now() + TimeAmount(left))
            defer { seen.bodyDidEnd() }
            if let next = try Self.redirect(response, from: url) { return .done(.redirect(next)) }
            try Self.check(response, bytesMax: limits.bodyBytesMax)
            seen.bodyDidBegin()
            var body: [UInt8] = []
            for try await part in response.body {
                guard body.count + part.readableBytes <= limits.bodyBytesMax else { return .failed(.tooLarge) }
                body.append(contentsOf: part.readableBytesView)
                seen.add(part.readableBytes)
            }
            // A body that was cut off by our own cancellation is no answer.
            if Task.isCancelled { return .failed(.cancelled) }
            if response.headers.contains(name: "Content-Encoding"), body.starts(with: [0x1F, 0x8B, 0x08]) {
                return .failed(.refused("more than one content encoding"))
            }
            let mediaType = response.headers.first(name: "Content-Type").flatMap(Self.mediaType)
            return .done(.answer(WebAnswer(status: 200, mediaType: mediaType, body: body, url: url.text)))
        } catch let fault as WebFault {
            return .failed(fault)
        } catch {
            return Self.attempt(error)
        }
    }

    private static func request(_ url: WebURL) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "Host", value: url.authority)
        request.headers.add(name: "Accept", value: "application/json, image/*;q=0.5, */*;q=0.1")
        request.headers.add(name: "Accept-Encoding", value: "gzip, deflate")
        // Says neither who we are nor which version can be attacked.
        request.headers.add(name: "User-Agent", value: "Mozilla/5.0 (compatible)")
        request.headers.add(name: "Connection", value: "close")
        return request
    }

    private static func attempt(_ error: any Error) -> Attempt {
        switch WebFault.Cause(error) {
        case .fault(let fault): .failed(fault)
        case .notConnected(let why): .notConnected(why)
        }
    }
}
