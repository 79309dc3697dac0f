import Ethereum
import HTTPTypes
import Hummingbird
import LiveReads
import NIOCore
import Tokens

/// Whether the process lives, whether it keeps up, and where every chain stands.
struct StatusRoutes: Sendable {
    let reads: Reads
    let progress: ProgressWatch
    let name: @Sendable (ChainID) -> String?
    let live: @Sendable () -> [ChainID: LiveStatus]
    let liveCounts: @Sendable () -> [(ChainID, LiveCounts)]

    func add(to router: Router<APIContext>) {
        router.get("healthz", use: health)
        router.get("readyz", use: ready)
        router.get("v1/status", use: status)
        router.get("metrics", use: metrics)
    }

    /// The process answers: for a supervisor that restarts it.
    ///
    /// Touches neither chain nor database.
    @Sendable func health(_ request: Request, _ context: APIContext) async throws -> Response {
        .json { $0.field("status", "ok") }
    }

    /// Every chain is followed closely: for a load balancer that sends questions elsewhere meanwhile.
    @Sendable func ready(_ request: Request, _ context: APIContext) async throws -> Response {
        let verdicts = progress.verdicts(try await chains())
        let isReady = !verdicts.isEmpty && verdicts.allSatisfy { $0.why == nil }
        var response = Response.json { json in
            json.field("ready", isReady)
            if verdicts.isEmpty { json.field("why", "the database holds no chain yet") }
            json.field("chains", each: verdicts) { json, verdict in
                json.object { json in
                    json.field("chainId", verdict.chain)
                    json.field("ready", verdict.why == nil)
                    json.field("why", verdict.why)
                    json.field("note", verdict.note)
                    json.field("state", verdict.state)
                    json.field("lagBlocks", verdict.lagBlocks)
                    json.field("lastProgressSecondsAgo", verdict.stillFor.map { UInt64(max(0, $0.components.seconds)) })
                }
            }
        }
        if !isReady { response.status = .serviceUnavailable }
        return response
    }

    @Sendable func status(_ request: Request, _ context: APIContext) async throws -> Response {
        let document = StatusJSON(try await chains()).document()
        return Response(
            status: .ok,
            headers: Envelope.json,
            body: ResponseBody(byteBuffer: document)
        )
    }

    /// For Prometheus and whatever reads its text format.
    @Sendable func metrics(_ request: Request, _ context: APIContext) async throws -> Response {
        let text = Metrics(chains: try await chains()).text() + LiveMetrics(liveCounts()).text()
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    private func chains() async throws -> [ChainStatus] {
        let live = live()
        return try await reads.ask { try $0.chains() }.map {
            ChainStatus($0, name: name($0.identity.chainID), live: live[$0.identity.chainID])
        }
    }
}
