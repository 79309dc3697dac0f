import Ethereum
import HTTPTypes
import LiveReads
import Synchronization

/// Finds the reader that a request means, and lets in only as many requests as can be served.
final class LiveChains: Sendable {
    private let resolve: @Sendable (String) -> ChainID?
    private let members: @Sendable () -> [ChainID: LiveServer.Member]
    private let inHand = Mutex(0)

    /// Requests in hand; each may wait ten seconds for a chain, and asks for at most a hundred calls.
    private static let requestsMax = 64

    init(
        resolve: @escaping @Sendable (String) -> ChainID?,
        members: @escaping @Sendable () -> [ChainID: LiveServer.Member]
    ) {
        self.resolve = resolve
        self.members = members
    }

    func reader(_ inputs: Inputs) throws -> LiveReader {
        let chain = try inputs.chain(resolve)
        guard let member = members()[chain] else { throw Problem.notRead(chain) }
        return member.reader
    }

    /// Does what one request asks for, or says that too many are being answered.
    func admitted<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
        let isFree = inHand.withLock { inHand in
            guard inHand < Self.requestsMax else { return false }
            inHand += 1
            return true
        }
        guard isFree else { throw Problem.busy }
        defer { inHand.withLock { $0 -= 1 } }
        return try await work()
    }

    func answers(
        _ reader: LiveReader,
        to questions: [LiveQuestion]
    ) async throws -> [Result<LiveAnswer, LiveFailure>] {
        try await admitted { await reader.answers(to: questions) }
    }
}

extension Problem {
    fileprivate static func notRead(_ chain: ChainID) -> Problem {
        Problem(
            .notFound,
            "unknown-chain",
            "No such chain",
            "No endpoint of chain \(chain) is asked here. /health lists the chains that are."
        )
    }

    /// A question that nothing at all is known about.
    init(unread failures: [LiveFailure]) {
        let said = Set(failures.map(\.description)).sorted().prefix(3).joined(separator: "; ")
        switch failures.map(\.kind) {
        case let kinds where kinds.allSatisfy({ $0 == .noFunction || $0 == .malformed || $0 == .counted }):
            self.init(
                .unprocessableContent,
                "no-answer",
                "The contract has no answer to this",
                "Nothing is said: \(said)."
            )
        case let kinds where kinds.allSatisfy({ $0 == .deadline }):
            self.init(
                .gatewayTimeout,
                "chain-timeout",
                "The chain did not answer in time",
                "\(Self.unknown) \(said). Ask again; /health shows how the endpoints do.",
                retrySeconds: 2
            )
        default:
            self.init(
                .badGateway,
                "chain-unreadable",
                "The chain could not be read",
                "\(Self.unknown) \(said). Ask again; /health shows how the endpoints do.",
                retrySeconds: 2
            )
        }
    }

    private static let unknown = "Nothing was read and no earlier answer is known, which says nothing about ownership:"
}
