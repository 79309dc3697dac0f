import Ethereum
import HTTPTypes
import Hummingbird
import NIOCore
import Tokens

/// What is said when there is no answer: `application/problem+json` (RFC 9457), with what to do where there is something.
struct Problem: Error {
    var status: HTTPResponse.Status
    /// The last part of the problem's type; stable, for programs.
    var name: String
    var title: String
    var detail: String
    /// The block that answers reach to, where that is what was wrong.
    var reached: BlockNumber?
    /// Seconds after which asking again makes sense.
    var retrySeconds: Int?

    init(
        _ status: HTTPResponse.Status,
        _ name: String,
        _ title: String,
        _ detail: String,
        reached: BlockNumber? = nil,
        retrySeconds: Int? = nil
    ) {
        self.status = status
        self.name = name
        self.title = title
        self.detail = detail
        self.reached = reached
        self.retrySeconds = retrySeconds
    }

    // MARK: The problems there are

    static func badInput(_ detail: String) -> Problem {
        Problem(.badRequest, "bad-input", "The request cannot be understood", detail)
    }

    static func unknownChain(_ name: String) -> Problem {
        Problem(
            .notFound,
            "unknown-chain",
            "No such chain",
            "The database holds no chain \(name). /v1/status lists those it holds."
        )
    }

    static func unknownContract(_ contract: Address, isComplete: Bool) -> Problem {
        let soFar = isComplete ? "" : " in what is read so far"
        return Problem(
            .notFound,
            "unknown-contract",
            "No such contract",
            "No NFT event of the contract \(contract.checksummed) was found\(soFar)."
        )
    }

    static let noRoute = Problem(
        .notFound,
        "no-route",
        "There is nothing here",
        "Nothing is served at this path; docs/api.md and docs/live.md list what is."
    )

    static let wrongMethod = Problem(
        .methodNotAllowed,
        "wrong-method",
        "Only reading is possible here",
        "Use GET or HEAD; POST is for the refresh of a wallet and for the owners of many tokens alone."
    )

    static let uriTooLong = Problem(
        .uriTooLong,
        "uri-too-long",
        "The address is too long",
        "At most \(Envelope.uriBytesMax) bytes are read."
    )

    static let changed = Problem(
        .conflict,
        "changed",
        "The data changed between two pages",
        "Start again without the cursor, or leave out consistent=1 to go on with pages from different states."
    )

    static let busy = Problem(
        .serviceUnavailable,
        "busy",
        "Too many questions at once",
        "Ask again in a moment.",
        retrySeconds: 1
    )

    static let failed = Problem(
        .internalServerError,
        "failed",
        "The question could not be answered",
        "Something in the server or its database failed; the server's log says what."
    )

    /// The problem an error stands for; nil for what is nobody's fault outside.
    init?(_ error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        case ListingError.unknownChain(let chain):
            self = .unknownChain(String(chain))
        case ListingError.notCovered(let block, let reached):
            self.init(
                .unprocessableContent,
                "not-covered",
                "That block is not completely read",
                "Block \(block) is not among those that were completely read; "
                    + (reached.map { "answers reach to block \($0)." } ?? "no answer about the past is complete yet."),
                reached: reached
            )
        case ListingError.replaced(let block):
            self.init(
                .conflict,
                "replaced",
                "That block was replaced by another",
                "Block \(block) was replaced by another while the question was answered; ask again."
            )
        case ListingError.notIndexed:
            self.init(
                .serviceUnavailable,
                "not-indexed",
                "The first reading of the chain goes on",
                "The indexes this question needs are built when the first back-fill is done. Owners by contract and id "
                    + "can be asked for already.",
                retrySeconds: 60
            )
        case ListingError.walletsNotIndexed:
            self.init(
                .serviceUnavailable,
                "wallets-not-indexed",
                "The indexes of transfers by wallet are not built",
                "Past blocks of a wallet and its transfers need them: start holdfast once with --index wallets, then "
                    + "they are built and stay."
            )
        case ListingError.tooMuchHistory(let what):
            self.init(
                .unprocessableContent,
                "too-much-history",
                "The answer needs more reading than one request may cause",
                "The answer is not given because \(what)."
            )
        case let error as any HTTPResponseError where error.status == .notFound:
            self = .noRoute
        case let error as any HTTPResponseError where error.status.kind == .clientError:
            self.init(error.status, "bad-request", "The request cannot be understood", error.status.reasonPhrase)
        default:
            return nil
        }
    }

    var response: Response {
        let body = JSONWriter.document { json in
            json.field("type", "urn:holdfast:problem:\(name)")
            json.field("title", title)
            json.field("status", UInt64(status.code))
            json.field("detail", detail)
            if name == "not-covered" { json.field("reached", reached) }
        }
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if let retrySeconds { headers[.retryAfter] = String(retrySeconds) }
        if status == .methodNotAllowed { headers[.allow] = "GET, HEAD" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
