package import Ethereum
package import Logging
package import Tokens

/// Compares what one wallet holds with the contracts' own answers, in both directions, and puts in what was missed.
///
/// Everything is as of one block. Nothing is ever deleted: a check that failed changes nothing, and holdings change only by
/// logs that were read again and found missing, all in one commit. What was done so far is kept with each page, so that
/// whoever comes after a crash goes on from there; a block that leaves the chain starts it again.
package struct WalletRefresh: Sendable {
    package typealias Store = any Ledger & WalletRefreshes

    let chain: any Chain
    let store: Store
    let bounds: Verifier.Bounds
    let clock: any Clock<Duration>
    /// Seconds since 1970.
    let wallSeconds: @Sendable () -> Int64
    let random: @Sendable () -> UInt64
    let logger: Logger
    /// Holdings compared between two steps that are kept.
    package var holdingsPerPage = Verifier.callsAtOnce

    /// How long a claim holds; it is renewed three times as often.
    static let claimSeconds: Int64 = 60
    /// Blocks chosen, one after the other, before a job is given up.
    private static let blocksMax = 10
    /// Rounds of putting in what is missing, each of which may find more.
    private static let roundsMax = 20

    package init(
        chain: any Chain,
        store: Store,
        bounds: Verifier.Bounds = .wide,
        clock: any Clock<Duration> = ContinuousClock(),
        wallSeconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64,
        logger: Logger
    ) {
        self.chain = chain
        self.store = store
        self.bounds = bounds
        self.clock = clock
        self.wallSeconds = wallSeconds
        self.random = random
        self.logger = logger
    }

    /// Works a claimed job to its end.
    ///
    /// - Throws: ``RefreshRefusal/passedOn`` where somebody else has the job by now; whatever kept it from going on else. The
    ///   job is as it was after its last step then.
    package func run(
        _ job: RefreshJob,
        as claim: ID128,
        progress: @escaping @Sendable (RefreshCounts) -> Void = { _ in }
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while true {
                    try await clock.sleep(for: .seconds(Self.claimSeconds / 3))
                    try await step(.staged([]), of: job.id, claim)
                }
            }
            group.addTask {
                try await work(job, claim, progress)
                return true
            }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    private func step(_ step: RefreshStep, of id: ID128, _ claim: ID128) async throws {
        try await store.advanceRefresh(id, step, as: claim, until: wallSeconds() + Self.claimSeconds)
    }

    private func work(
        _ claimed: RefreshJob,
        _ claim: ID128,
        _ progress: @Sendable (RefreshCounts) -> Void
    ) async throws {
        var job = claimed
        for _ in 0..<Self.blocksMax {
            do {
                let block = try await pin(&job, claim)
                let verifier = Verifier(chain: chain, store: store, chainID: job.chain, block: block, bounds: bounds)
                try await check(&job, verifier, claim, progress)
                return try await explain(job, verifier, claim)
            } catch let error where Self.isReorg(error) {
                // Whatever was compared was compared with another chain.
                logger.info("a refresh starts again: its block left the chain", metadata: ["wallet": "\(job.wallet)"])
                job.block = nil
            }
        }
        let why = "the chain was reorganised \(Self.blocksMax) times meanwhile; ask again later"
        try await step(.failed(why, at: wallSeconds()), of: job.id, claim)
    }

    private static func isReorg(_ error: any Error) -> Bool {
        switch error {
        case ListingError.replaced, ChainError.reorged: true
        default: false
        }
    }

    // MARK: Checking

    /// The block that the job goes on with; a new one where it has none yet.
    private func pin(_ job: inout RefreshJob, _ claim: ID128) async throws -> BlockRef {
        if let block = job.block { return block }
        let summary = try store.chains().first { $0.identity.chainID == job.chain }
        guard let number = summary?.checkpoint, let hash = summary?.checkpointHash else {
            throw RefreshUnready()
        }
        let block = BlockRef(number: number, hash: hash)
        try await step(.pinned(block), of: job.id, claim)
        (job.block, job.position, job.phase, job.counts) = (block, nil, .checking, RefreshCounts())
        return block
    }

    /// Asks the contracts about everything that the wallet holds, a page at a time.
    private func check(
        _ job: inout RefreshJob,
        _ verifier: Verifier,
        _ claim: ID128,
        _ progress: @Sendable (RefreshCounts) -> Void
    ) async throws {
        let recorded = try verifier.recorded()
        while job.phase == .checking {
            let page = try store.holdings(
                of: job.wallet,
                on: job.chain,
                at: verifier.block,
                PageRequest(position: job.position, limit: holdingsPerPage)
            )
            var result = Verifier.Result()
            try await verifier.check(page.items, recorded, &result)
            if result.unheard.count == page.items.count, result.unheard.contains(where: { $0.outcome == .unavailable })
            {
                throw ChainError.unavailable("no endpoint answered")
            }
            try store.record(
                HoldingFindings(conflicts: [], settled: result.settled),
                at: verifier.block,
                of: job.chain
            )
            job.counts.checked += page.items.count
            job.counts.matched += result.tally.equal
            let open = result.differences.map(\.claimed) + result.unheard.map(\.claimed)
            let items = open.map { claimed in
                RefreshItem(
                    token: TokenID(contract: claimed.contract, token: claimed.token),
                    rule: claimed.rule,
                    before: RefreshItem.share(of: job.wallet, in: claimed)
                )
            }
            try await step(.checked(job.counts, items: items, next: page.next), of: job.id, claim)
            job.position = page.next
            if page.next == nil { job.phase = .explaining }
            progress(job.counts)
        }
    }

    // MARK: Explaining

    /// Looks into what differs, puts in what is missing, and ends the job.
    private func explain(_ job: RefreshJob, _ verifier: Verifier, _ claim: ID128) async throws {
        for _ in 0..<Self.roundsMax {
            let items = try store.refreshItems(job.id)
            guard items.count < RefreshJob.itemsMax else {
                let why = """
                    \(RefreshJob.itemsMax) holdings or more differ or cannot be checked: look at the endpoints with \
                    `holdfast doctor` first
                    """
                return try await step(.failed(why, at: wallSeconds()), of: job.id, claim)
            }
            let claims = try self.claims(items, job, verifier.block)
            var result = Verifier.Result()
            try await verifier.check(claims, try verifier.recorded(), &result)
            result = try await verifier.finished(result)
            if let repair = result.repair {
                try await put(repair, job, verifier.block, claim)
                continue
            }
            let (repair, doubts) = try await counts(job, verifier)
            if let repair {
                try await put(repair, job, verifier.block, claim)
                continue
            }
            return try await finish(job, items, claims, result, doubts, claim)
        }
        throw RefreshUnready(
            why: "more and more logs turn out to be missing: `holdfast verify --all` looks at everything"
        )
    }

    private func claims(_ items: [RefreshItem], _ job: RefreshJob, _ block: BlockRef) throws -> [ClaimedHolding] {
        try store.claims(
            about: items.map { ($0.token, $0.rule) },
            by: job.wallet,
            on: job.chain,
            at: block
        )
    }

    /// Puts missed rows in; before, what they will change of the wallet's holdings is staged as it is.
    private func put(_ repair: Repair, _ job: RefreshJob, _ block: BlockRef, _ claim: ID128) async throws {
        let rows = repair.rows.transfers.filter { $0.from == job.wallet || $0.to == job.wallet }
        let touched = rows.map { RefreshItem(token: $0.tokenID, rule: $0.kind.rule, before: .zero) }
        let before = try claims(touched, job, block)
        let items = zip(touched, before).map { item, claim in
            RefreshItem(token: item.token, rule: item.rule, before: RefreshItem.share(of: job.wallet, in: claim))
        }
        #if MUTANTS
            if !Mutant.is(.stageForgotten) { try await step(.staged(items), of: job.id, claim) }
        #else
            try await step(.staged(items), of: job.id, claim)
        #endif
        let inserted = try await repair.put(into: store, job.chain, random: random)
        guard let inserted else { throw ChainError.reorged("the chain moved on while rows were put in") }
        logger.warning(
            "a refresh put in rows that were missed",
            metadata: ["wallet": "\(job.wallet)", "rows": "\(inserted)"]
        )
    }

    private func finish(
        _ job: RefreshJob,
        _ items: [RefreshItem],
        _ claims: [ClaimedHolding],
        _ result: Verifier.Result,
        _ doubts: [RefreshFailure],
        _ claim: ID128
    ) async throws {
        var counts = job.counts
        for (item, claimed) in zip(items, claims) {
            // What was put in before a crash counts as well, because the stage says how it was.
            let now = RefreshItem.share(of: job.wallet, in: claimed)
            #if MUTANTS
                // The fault of the system that this one replaces.
                if Mutant.is(.failedCheckRemoves), now == item.before { counts.removed += 1 }
            #endif
            if now > item.before { counts.added += 1 }
            if now < item.before { counts.removed += 1 }
        }
        var failures = doubts
        for difference in result.differences {
            switch difference.finding {
            case .conflict: counts.conflicts += 1
            case .unproven(let why): failures.append(.init(difference.claimed, "differs, unproven: \(why)"))
            // Was put in, else there would be another round.
            case .missed: break
            }
        }
        failures += result.unheard.map { .init($0.claimed, Self.words($0.outcome)) }
        counts.failed = failures.count
        try await step(.finished(counts, failures: failures, at: wallSeconds()), of: job.id, claim)
    }

    private static func words(_ outcome: CallOutcome) -> String {
        switch outcome {
        case .outOfResource: "the call costs more than it is given"
        case .statePruned: "no endpoint has the state of that block any more"
        case .unavailable, .returned, .reverted, .noData: "no endpoint answered"
        }
    }
}

/// Why a refresh cannot go on now.
package struct RefreshUnready: Error, Sendable, CustomStringConvertible {
    var why = "there is no checkpoint yet: nothing is completely read that could be compared"

    package var description: String { why }
}

extension RefreshFailure {
    fileprivate init(_ claimed: ClaimedHolding, _ reason: String) {
        self.init(contract: claimed.contract, token: claimed.token, reason: reason)
    }
}

extension Transfer {
    fileprivate var tokenID: TokenID { TokenID(contract: contract, token: token) }
}
