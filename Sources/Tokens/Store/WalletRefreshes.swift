package import Ethereum

/// Refreshes of wallets: jobs that are kept by the store, staged as they go, and worked on by whoever claims them.
///
/// A refresh changes no holding by itself: it compares, and what it finds missing is put in by an ordinary update. An
/// unfinished job of a wallet is the only one; who asks meanwhile is given that. Times are seconds since 1970, given by the
/// caller.
package protocol WalletRefreshes: HoldingChecks {
    /// Makes a job, or gives the wallet's unfinished one; with a key, what was given for that key before.
    ///
    /// Key and job are written in one transaction, so that whoever repeats a request after a lost answer gets its job.
    /// - Throws: ``RefreshRefusal``, with nothing written.
    func requestRefresh(_ request: RefreshRequest, now: Int64) async throws -> RefreshJob
    /// A job; nil: there is none, or it ended more than ``RefreshJob/keptSeconds`` ago.
    func refresh(_ id: ID128) throws -> RefreshJob?
    /// Claims the oldest unfinished job that nobody has, or `only` that one; nil: none.
    ///
    /// A job whose worker is certainly gone is free at once, others when their claim ends.
    func claimRefresh(
        of chain: ChainID,
        only: ID128?,
        as claim: ID128,
        now: Int64,
        until: Int64
    ) async throws -> RefreshJob?
    /// Takes a step of a claimed job, all in one transaction, and holds the claim until `until`.
    ///
    /// - Throws: ``RefreshRefusal/passedOn`` where the claim is not the job's any more: nothing is written, and the work is
    ///   somebody else's.
    func advanceRefresh(_ id: ID128, _ step: RefreshStep, as claim: ID128, until: Int64) async throws
    /// Gives a claimed job back, for whoever comes next; does nothing where it is lost.
    func releaseRefresh(_ id: ID128, as claim: ID128) async throws
    /// What a claimed job has to look at again, in order of contract and id.
    func refreshItems(_ id: ID128) throws -> [RefreshItem]

    /// What a wallet held at a block, by contract in the order of first appearance, then by id, ids of ranges included.
    ///
    /// Tokens are found by today's holdings: one that the wallet gave away since is not among them.
    func holdings(
        of wallet: Address,
        on chain: ChainID,
        at block: BlockRef,
        _ page: PageRequest<TokenPosition>
    ) throws -> (items: [ClaimedHolding], next: TokenPosition?)
    /// Unique tokens that a wallet gave away after a block, each once: with today's they are what it may have had then.
    ///
    /// - Throws: ``ListingError/tooMuchHistory(_:)`` beyond ``RefreshJob/itemsMax``.
    func departures(of wallet: Address, on chain: ChainID, since block: BlockRef) throws -> Set<TokenID>
    /// What events say of single tokens at a block: who owns it, or how much of it the wallet has.
    func claims(
        about tokens: [(token: TokenID, rule: HoldingRule)],
        by wallet: Address,
        on chain: ChainID,
        at block: BlockRef
    ) throws -> [ClaimedHolding]
}

package struct RefreshRequest: Sendable, Hashable {
    package var chain: ChainID
    package var wallet: Address
    /// The client's `Idempotency-Key`; nil: it needs none.
    package var key: String?
    /// How long after a wallet's last refresh the next may be asked for, in seconds; 0: at once.
    package var gapSeconds: Int64

    package init(chain: ChainID, wallet: Address, key: String? = nil, gapSeconds: Int64 = 0) {
        self.chain = chain
        self.wallet = wallet
        self.key = key
        self.gapSeconds = gapSeconds
    }

    /// Characters of a key, at most; draft-ietf-httpapi-idempotency-key-header leaves the bound to the server.
    package static let keyLengthMax = 255
    /// How long a key is remembered.
    package static let keySeconds: Int64 = 48 * 3_600
    /// Unfinished jobs of a chain; a queue without a bound would only hide that nobody works.
    package static let unfinishedMax = 1_000
}

package enum RefreshRefusal: Error, Sendable, Hashable {
    /// The key was used for another request: the client mixes its keys up.
    case keyReused
    /// Ask again after so many seconds.
    case tooSoon(retrySeconds: Int64)
    case tooMany
    case passedOn
}

/// One refresh, as far as it is.
package struct RefreshJob: Sendable, Hashable {
    package enum Phase: Int64, Sendable, Hashable, CaseIterable {
        /// Stored: never renumber.
        case queued = 0
        case checking = 1
        /// Differences are being looked into.
        case explaining = 2
        case done = 3
        case failed = 4

        package var isOver: Bool { self == .done || self == .failed }
    }

    package var id: ID128
    package var chain: ChainID
    package var wallet: Address
    package var phase: Phase
    /// The block in whose state everything is compared; nil: not chosen yet.
    package var block: BlockRef?
    /// Where the check goes on; nil: at the start.
    package var position: TokenPosition?
    package var counts: RefreshCounts
    /// What could not be checked or explained, at most ``failuresMax``.
    package var failures: [RefreshFailure]
    /// Why the job as a whole failed; nil otherwise.
    package var reason: String?
    /// Tries that ended without a result.
    package var attempts: Int
    package var requestedAt: Int64
    package var finishedAt: Int64?

    package init(id: ID128, chain: ChainID, wallet: Address, requestedAt: Int64) {
        self.id = id
        self.chain = chain
        self.wallet = wallet
        self.requestedAt = requestedAt
        phase = .queued
        counts = RefreshCounts()
        failures = []
        attempts = 0
    }

    /// Items that one job keeps to look at again: more differ only where a contract or an endpoint is out of its mind.
    package static let itemsMax = 10_000
    package static let failuresMax = 1_000
    /// How long a job that is over can be asked for.
    package static let keptSeconds: Int64 = 7 * 86_400
}

package struct RefreshCounts: Sendable, Hashable {
    /// Holdings compared with their contracts.
    package var checked = 0
    /// Those that agreed at once.
    package var matched = 0
    /// Holdings that the wallet has more, after logs that were missed were put in.
    package var added = 0
    /// Holdings that it has less, likewise.
    package var removed = 0
    /// Holdings of which the contract contradicts its own events, which are proved to be complete.
    package var conflicts = 0
    /// What could not be checked or explained; see ``RefreshJob/failures``.
    package var failed = 0

    package init() {}
}

/// Something that a refresh could not check, or not explain.
package struct RefreshFailure: Sendable, Hashable {
    package var contract: Address
    /// nil: the contract's count of the wallet's tokens.
    package var token: U256?
    package var reason: String

    package init(contract: Address, token: U256?, reason: String) {
        self.contract = contract
        self.token = token
        self.reason = reason
    }
}

/// A holding to be looked at again, as it was when it was found to differ.
package struct RefreshItem: Sendable, Hashable {
    package var token: TokenID
    package var rule: HoldingRule
    /// What the wallet had of it then; 1 or 0 of a unique token.
    package var before: SignedSum

    package init(token: TokenID, rule: HoldingRule, before: SignedSum) {
        self.token = token
        self.rule = rule
        self.before = before
    }

    /// How much of a claim is the wallet's.
    package static func share(of wallet: Address, in claim: ClaimedHolding) -> SignedSum {
        claim.owner == wallet ? claim.amount : .zero
    }
}

/// How a job goes on.
package enum RefreshStep: Sendable {
    /// From the start, at this block: what was staged for another is forgotten.
    case pinned(BlockRef)
    /// A page was compared; `next` nil: it was the last, and differences are looked into from now on.
    case checked(RefreshCounts, items: [RefreshItem], next: TokenPosition?)
    /// More was found that will change; what is staged already stays as it is.
    case staged([RefreshItem])
    case finished(RefreshCounts, failures: [RefreshFailure], at: Int64)
    /// A try came to nothing.
    case stumbled
    case failed(String, at: Int64)
}
