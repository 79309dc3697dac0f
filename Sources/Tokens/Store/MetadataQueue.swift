package import Ethereum

/// The queue of tokens whose metadata is to be found out, and what was found; kept by the store, worked on by many.
///
/// A job is a row. Who claims it has it until a deadline; whoever comes later than that finds that it has passed on, and
/// what they bring is not taken. Times are seconds since 1970, given by the caller.
package protocol MetadataQueue: Sendable {
    /// Makes jobs of held tokens behind `after`, in order of contract and id: of those without metadata, or of all.
    ///
    /// One transaction for a stretch of a bounded number of tokens; safe to call again: a job that is there stays as it is, or
    /// with `all` is due at once.
    /// - Returns: how many jobs were made, and where to go on; nil: that was the end.
    func enqueueMetadata(
        of chain: ChainID,
        contract: Address?,
        after: MetadataPosition?,
        all: Bool
    ) async throws -> (made: Int, next: MetadataPosition?)

    /// Claims up to `limit` due jobs, an equal share from each contract, contracts taking turns.
    ///
    /// - Parameters:
    ///   - contract: whose jobs alone; nil: anybody's.
    ///   - rotation: any number; where the turns of the contracts begin.
    ///   - until: when the claim ends by itself, so that a lost worker's jobs come back; those of a process that is certainly
    ///     gone come back at once.
    ///   - avoiding: hosts whose jobs stay where they are.
    func claimMetadata(
        of chain: ChainID,
        contract: Address?,
        as claim: ID128,
        now: Int64,
        until: Int64,
        limit: Int,
        avoiding: Set<String>,
        rotation: UInt64
    ) async throws -> [MetadataJob]

    /// Takes results of jobs that this claim still has, all in one transaction; writes nothing where nothing changed.
    ///
    /// What was asked in the state of a block that is not on the chain any more is not taken, and is due again.
    func finishMetadata(
        _ results: [MetadataResult],
        of chain: ChainID,
        as claim: ID128,
        now: Int64
    ) async throws -> MetadataTally

    /// Frees the jobs that a claim still has, for whoever comes next; at the end of a run.
    func releaseMetadata(as claim: ID128) async throws

    /// How many jobs there are, and when the next one is due; nil: there is none.
    func metadataBacklog(of chain: ChainID) async throws -> (jobs: Int, nextDue: Int64?)
}

/// A place in the order of contract and id; opaque to all but the store.
package struct MetadataPosition: Sendable, Hashable {
    package var isCounted: Bool
    package var contract: Int64
    package var token: [UInt8]

    package init(isCounted: Bool, contract: Int64, token: [UInt8]) {
        self.isCounted = isCounted
        self.contract = contract
        self.token = token
    }
}

package struct MetadataJob: Sendable, Hashable {
    package var token: TokenID
    /// Which function tells the URI: `tokenURI` or `uri`.
    package var rule: HoldingRule
    /// Tries that failed so far.
    package var attempts: Int
    /// When the claim ends; it tells one claim of a worker from the next.
    package var until: Int64

    package init(token: TokenID, rule: HoldingRule, attempts: Int, until: Int64) {
        self.token = token
        self.rule = rule
        self.attempts = attempts
        self.until = until
    }
}

package struct MetadataResult: Sendable, Hashable {
    package var token: TokenID
    /// As the job had it.
    package var until: Int64
    /// nil: the contract was not heard, which says nothing.
    package var uri: ObservedURI?
    package var finding: Finding
    /// When to try again; nil: the job is done.
    package var retryAt: Int64?
    /// Whose server is asked; "" where none is.
    package var host: String

    package enum Finding: Sendable, Hashable {
        case document(MetadataDocument)
        /// No document this time: what is held stays.
        case failed(String)
        case refused(String)
        /// Nobody was asked, or the contract was not heard: no attempt of this token's.
        case unheard(String)

        /// Whether it counts among the token's tries.
        package var isAttempt: Bool {
            if case .unheard = self { false } else { true }
        }
    }

    package init(job: MetadataJob, uri: ObservedURI?, finding: Finding, retryAt: Int64?, host: String) {
        token = job.token
        until = job.until
        self.uri = uri
        self.finding = finding
        self.retryAt = retryAt
        self.host = host
    }
}

/// What became of results.
package struct MetadataTally: Sendable, Hashable {
    /// Rows written because something was new.
    package var changed = 0
    /// Looked at again and equal: nothing was written but the end of the job.
    package var unchanged = 0
    package var failed = 0
    package var refused = 0
    /// Jobs that had passed on to somebody else, whose results were not taken.
    package var late = 0
    /// Jobs that stay, to be tried again.
    package var retried = 0

    package init() {}

    package static func += (left: inout MetadataTally, right: MetadataTally) {
        left.changed += right.changed
        left.unchanged += right.unchanged
        left.failed += right.failed
        left.refused += right.refused
        left.late += right.late
        left.retried += right.retried
    }
}
