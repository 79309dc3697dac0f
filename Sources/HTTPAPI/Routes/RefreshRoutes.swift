import Ethereum
import Foundation
import HTTPTypes
import Hummingbird
import Synchronization
import Tokens

/// Asking for a wallet to be compared with its contracts, and how far that is: the one thing that can be asked to be done.
///
/// A request needs an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): repeated with its key it gives the
/// same job, however often an answer was lost. No page of another site can send that header, because no preflight allows it.
final class RefreshRoutes: Sendable {
    private let refreshes: any WalletRefreshes
    private let reads: Reads
    private let resolve: @Sendable (String) -> ChainID?
    private let wallSeconds: @Sendable () -> Int64
    /// Keys of requests that are being answered at this moment.
    private let inFlight = Mutex<Set<String>>([])

    /// Between two refreshes of one wallet.
    static let gapSeconds: Int64 = 30
    /// After which a queue that is full may have room.
    private static let fullRetrySeconds = 60
    /// A body says nothing; clients that always send one send `{}`.
    private static let bodyBytesMax = 64

    init(
        _ refreshes: any WalletRefreshes,
        reads: Reads,
        resolve: @escaping @Sendable (String) -> ChainID?,
        wallSeconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.refreshes = refreshes
        self.reads = reads
        self.resolve = resolve
        self.wallSeconds = wallSeconds
    }

    func add(to router: Router<APIContext>) {
        router.post("v1/chains/:chain/wallets/:address/refresh", use: request)
        router.get("v1/jobs/:id", use: job)
    }

    @Sendable func request(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, wallet) = (try inputs.chain(resolve), try inputs.address("address"))
        let key = try Self.key(request)
        try await Self.refuseBody(request)
        guard inFlight.withLock({ $0.insert(key).inserted }) else { throw Problem.keyInFlight }
        defer { inFlight.withLock { _ = $0.remove(key) } }
        let asked = RefreshRequest(chain: chain, wallet: wallet, key: key, gapSeconds: Self.gapSeconds)
        do {
            let job = try await refreshes.requestRefresh(asked, now: wallSeconds())
            var response = Response.json { $0.fields(job) }
            response.status = .accepted
            response.headers[.location] = "/v1/jobs/\(job.id)"
            return response
        } catch let refusal as RefreshRefusal {
            throw Problem(refusal, fullRetrySeconds: Self.fullRetrySeconds)
        }
    }

    @Sendable func job(_ request: Request, _ context: APIContext) async throws -> Response {
        _ = try Inputs(request, context)
        let text = context.parameters.get("id") ?? ""
        guard let id = ID128(text: text) else {
            throw Problem.badInput("\(text.prefix(40)) is not a job's id: 32 hex digits.")
        }
        let refreshes = refreshes
        guard let job = try await reads.ask({ _ in try refreshes.refresh(id) }) else { throw Problem.unknownJob }
        return .json { $0.fields(job) }
    }

    // MARK: What a request says

    /// The key: a structured-field string (RFC 8941, in quotes), or the same without quotes, as most clients send it.
    private static func key(_ request: Request) throws -> String {
        guard let name = HTTPField.Name("Idempotency-Key") else { throw Problem.failed }
        let values = request.headers[values: name]
        guard let field = values.first, values.count == 1 else { throw Problem.noKey(given: values.count) }
        var key = Substring(field)
        if key.count >= 2, key.first == "\"", key.last == "\"" { key = key.dropFirst().dropLast() }
        let isPlain = key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
        guard !key.isEmpty, key.utf8.count <= RefreshRequest.keyLengthMax, isPlain else {
            throw Problem.badKey
        }
        return String(key)
    }

    private static func refuseBody(_ request: Request) async throws {
        let body = try await request.body.collect(upTo: bodyBytesMax)
        let text = String(buffer: body).filter { !$0.isWhitespace }
        guard text.isEmpty || text == "{}" else {
            throw Problem.badInput("A refresh takes no body: the path says it all.")
        }
    }
}

extension Problem {
    fileprivate static func noKey(given count: Int) -> Problem {
        Problem(
            .badRequest,
            "idempotency-key-missing",
            "The request needs one Idempotency-Key",
            "\(count) were given. Send a fresh random text of your own, and the same one again when you repeat the request."
        )
    }

    fileprivate static let badKey = Problem(
        .badRequest,
        "idempotency-key-malformed",
        "The Idempotency-Key cannot be used",
        "It must have 1 to \(RefreshRequest.keyLengthMax) printable ASCII characters, without spaces and quotes inside."
    )

    fileprivate static let keyInFlight = Problem(
        .conflict,
        "idempotency-key-in-flight",
        "A request with this Idempotency-Key is being answered",
        "Repeat it in a moment: it will get the same job.",
        retrySeconds: 1
    )

    fileprivate static let unknownJob = Problem(
        .notFound,
        "unknown-job",
        "No such job",
        "None was ever made with this id, or it ended more than \(RefreshJob.keptSeconds / 86_400) days ago."
    )

    fileprivate init(_ refusal: RefreshRefusal, fullRetrySeconds: Int) {
        switch refusal {
        case .keyReused:
            self.init(
                .unprocessableContent,
                "idempotency-key-reused",
                "This Idempotency-Key was used for another request",
                "Keys are remembered for \(RefreshRequest.keySeconds / 3_600) hours: take a fresh one for each request."
            )
        case .tooSoon(let seconds):
            self.init(
                .tooManyRequests,
                "too-soon",
                "This wallet was refreshed a moment ago",
                "Ask again in \(seconds) s.",
                retrySeconds: Int(seconds)
            )
        case .tooMany, .passedOn:
            self.init(
                .tooManyRequests,
                "too-many-jobs",
                "Too many refreshes wait to be done",
                "\(RefreshRequest.unfinishedMax) wait already; ask again later.",
                retrySeconds: fullRetrySeconds
            )
        }
    }
}
