/// HTTP clients that can only connect to one address each.
import AsyncHTTPClient
import NIOCore
import NIOHTTPCompression
import Synchronization

/// One client for each host and address: the library's `dnsOverride` pins the address, while Host header, server name
/// and certificate check stay with the name.
///
/// The override belongs to a client, not to a request, hence one each. What is worth keeping is the TLS context with the
/// system's roots; no connection is ever used twice.
final class PinnedClients: Sendable {
    struct Key: Sendable, Hashable {
        var host: String
        var address: IPAddress
    }

    private struct Entry: Sendable {
        var client: HTTPClient
        var users = 0
        var lastUse: UInt64 = 0
    }

    private struct State: Sendable {
        var entries: [Key: Entry] = [:]
        var uses: UInt64 = 0
        /// On their way out; a connection that is being made holds them up for as long as its timeout.
        var leaving: [UInt64: EventLoopFuture<Void>] = [:]
        var departures: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limits: EgressLimits

    init(limits: EgressLimits) { self.limits = limits }

    /// How many there are, for tests.
    var count: Int { state.withLock { $0.entries.count } }

    /// A client, to be given back with ``giveBack(_:)``; nil after the end.
    func take(_ key: Key) -> HTTPClient? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            var entry = state.entries[key] ?? Entry(client: make(key))
            state.uses += 1
            entry.users += 1
            entry.lastUse = state.uses
            state.entries[key] = entry
            return entry.client
        }
    }

    /// Sends away those that were idle longest, down to the limit; waits for none of them.
    func giveBack(_ key: Key) {
        let surplus = state.withLock { state -> [HTTPClient] in
            state.entries[key]?.users -= 1
            let idle = state.entries.filter { $0.value.users == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
            return idle.prefix(max(0, idle.count - limits.idleClientsMax)).map { gone in
                state.entries[gone.key] = nil
                return gone.value.client
            }
        }
        for client in surplus { sendAway(client) }
    }

    private func sendAway(_ client: HTTPClient) {
        let ended: EventLoopFuture<Void> = client.shutdown()
        let number = state.withLock { state in
            state.departures += 1
            state.leaving[state.departures] = ended
            return state.departures
        }
        ended.whenComplete { [self] _ in state.withLock { $0.leaving[number] = nil } }
    }

    /// Ends all, and with them what is still under way.
    func shutdown() async {
        let all = state.withLock { state in
            defer { (state.entries, state.isClosed) = ([:], true) }
            return state.entries.values.map(\.client)
        }
        for client in all { try? await client.shutdown() }
        for ended in state.withLock({ Array($0.leaving.values) }) { try? await ended.get() }
    }

    private func make(_ key: Key) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(limits.connectTimeout)),
            decompression: .enabled(limit: .size(limits.bodyBytesMax))
        )
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = [key.host: "\(key.address)"]
        // A kept connection may die, or hold bytes that were sent unasked: not for hostile servers.
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = limits.perHostMax
        configuration.connectionPool.retryConnectionEstablishment = false
        let limits = limits
        // The library's only door to the channel, in spite of its name.
        configuration.http1_1ConnectionDebugInitializer = { channel in
            WireGuard.install(in: channel, pinnedTo: key.address, limits: limits)
        }
        return HTTPClient(configuration: configuration)
    }
}

extension TimeAmount {
    /// Saturates at about 292 years.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .nanoseconds(.max) : .nanoseconds(nanoseconds + attoseconds / 1_000_000_000)
    }
}
