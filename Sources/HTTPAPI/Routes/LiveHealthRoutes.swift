import Ethereum
import HTTPTypes
import Hummingbird
import LiveReads
import NIOCore

/// Whether contracts can be asked: every chain's endpoints with their breakers, and what became of the questions.
struct LiveHealthRoutes: Sendable {
    let members: @Sendable () -> [ChainID: LiveServer.Member]

    func add(to router: Router<APIContext>) {
        router.get("health", use: health)
        router.get("ready", use: ready)
        router.get("metrics", use: metrics)
    }

    /// 200 as long as the process answers: `status` says how well it can read.
    @Sendable func health(_ request: Request, _ context: APIContext) async throws -> Response {
        let chains = chains()
        return .json { Self.write(&$0, chains, isDetailed: true) }
    }

    /// 503 while there is a chain of which no endpoint can be asked, or no chain at all.
    @Sendable func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        let chains = chains()
        var response = Response.json { Self.write(&$0, chains, isDetailed: false) }
        if Self.status(chains) == .down { response.status = .serviceUnavailable }
        return response
    }

    @Sendable func metrics(_ request: Request, _ context: APIContext) async throws -> Response {
        let text = LiveMetrics(chains().map { ($0.reader.chainID, $0.reader.counts) }).text()
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private enum Status: String {
        case ok
        /// Some endpoint cannot be asked; others can.
        case degraded
        case down
    }

    private struct ChainHealth {
        var reader: LiveReader
        var endpoints: [EndpointStatus]
        var reason: String?

        var status: Status {
            let usable = endpoints.count { $0.canBeCalled }
            if reason != nil || usable == 0 { return .down }
            return usable < endpoints.count ? .degraded : .ok
        }
    }

    private func chains() -> [ChainHealth] {
        members().sorted { $0.key < $1.key }.map { _, member in
            ChainHealth(reader: member.reader, endpoints: member.endpoints(), reason: member.reason)
        }
    }

    private static func status(_ chains: [ChainHealth]) -> Status {
        if chains.isEmpty || chains.contains(where: { $0.status == .down }) { return .down }
        return chains.contains { $0.status == .degraded } ? .degraded : .ok
    }

    private static func write(_ json: inout JSONWriter, _ chains: [ChainHealth], isDetailed: Bool) {
        let status = status(chains)
        json.field("status", status.rawValue)
        json.field("ready", status != .down)
        json.field("chains", each: chains) { json, chain in
            json.object { json in
                json.field("chainId", chain.reader.chainID)
                json.field("status", chain.status.rawValue)
                json.field("reason", chain.reason)
                guard isDetailed else { return }
                json.field("reads") { $0.fields(chain.reader.counts) }
                json.field("endpoints", each: chain.endpoints) { json, endpoint in
                    json.object { EndpointStatus.write(endpoint, &$0) }
                }
            }
        }
    }
}

extension EndpointStatus {
    /// Whether a contract call would be sent there now.
    fileprivate var canBeCalled: Bool {
        !isQuarantined && parkedFor == nil && !breakers.contains { $0.name == "call" && $0.value == "open" }
    }
}

extension JSONWriter {
    fileprivate mutating func fields(_ counts: LiveCounts) {
        field("live", counts.live)
        field("cached", counts.cached)
        field("stale", counts.stale)
        field("failed", counts.failed)
        field("joined", counts.joined)
        field("voided", counts.voided)
        field("entries", counts.entries)
    }
}
