package import Ethereum
package import Logging
package import Tokens

/// Reads who owns each token of one contract in the state after one final block, and publishes it at once.
///
/// What was read is kept with each batch, so that whoever comes after a crash goes on from there. A block that leaves the
/// chain starts it again. Nothing is published while a token is left that nobody answered for.
package struct ContractSnapshot: Sendable {
    package typealias Store = any Snapshots

    let chain: any Chain
    let store: Store
    /// Blocks behind the head that count as final where the chain has no word for it.
    let confirmations: UInt64
    let clock: any Clock<Duration>
    /// Seconds since 1970.
    let wallSeconds: @Sendable () -> Int64
    let random: @Sendable () -> UInt64
    let logger: Logger
    /// Tokens asked for together, at most.
    package var batchMost = BatchSize.standard
    /// Tokens a second; nil: as fast as the endpoints' own budgets allow.
    package var tokensPerSecond: Int?

    /// How long a claim holds; it is renewed three times as often.
    static let claimSeconds: Int64 = 60
    /// Blocks chosen, one after the other, before a snapshot is given up.
    private static let blocksMax = 10
    /// Times that a token is asked for before it is listed; the chain's own retries are in each.
    static let triesPerToken = 3
    /// Times that nobody answers at all, one after the other, before the work is left for later; five minutes with the pauses.
    static let silencesMax = 12

    package init(
        chain: any Chain,
        store: Store,
        confirmations: UInt64,
        clock: any Clock<Duration> = ContinuousClock(),
        wallSeconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64,
        logger: Logger
    ) {
        self.chain = chain
        self.store = store
        self.confirmations = confirmations
        self.clock = clock
        self.wallSeconds = wallSeconds
        self.random = random
        self.logger = logger
    }

    package typealias Progress = @Sendable (SnapshotJob) -> Void

    /// Works on a snapshot, if nobody else does.
    ///
    /// - Returns: whether it was claimed. It is published, failed, or waits for tokens that were not answered then.
    /// - Throws: whatever keeps it from going on; what was read is kept.
    package func work(on id: Int64, progress: @escaping Progress = { _ in }) async throws -> Bool {
        let claim = ID128(high: random(), low: random())
        let now = wallSeconds()
        guard let job = try await store.claimSnapshot(id, as: claim, now: now, until: now + Self.claimSeconds) else {
            return false
        }
        do {
            try await claimed(job, claim, progress)
        } catch {
            // A task of its own: this one may be cancelled.
            try await Task { try await store.releaseSnapshot(id, as: claim) }.value
            throw error
        }
        try await store.releaseSnapshot(id, as: claim)
        return true
    }

    private func claimed(_ job: SnapshotJob, _ claim: ID128, _ progress: @escaping Progress) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await clock.sleep(for: .seconds(Self.claimSeconds / 3))
                    try await step(.renewed, of: job.id, claim)
                }
            }
            group.addTask { try await run(job, claim, progress) }
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }

    func step(_ step: SnapshotStep, of id: Int64, _ claim: ID128) async throws {
        try await store.advanceSnapshot(id, step, as: claim, until: wallSeconds() + Self.claimSeconds)
    }

    private func run(_ claimed: SnapshotJob, _ claim: ID128, _ progress: Progress) async throws {
        var job = claimed
        for _ in 0..<Self.blocksMax {
            do {
                if job.block == nil { try await pin(&job, claim) }
                var reading = try SnapshotReading(self, job, claim)
                try await reading.run(progress)
                return try await publish(job, claim)
            } catch let refusal as SnapshotFault {
                return try await step(.failed(refusal.description, at: wallSeconds()), of: job.id, claim)
            } catch let error where Self.isReorg(error) {
                logger.info(
                    "a snapshot starts again: its block left the chain",
                    metadata: ["contract": "\(job.contract)"]
                )
                job.block = nil
            }
        }
        let why = "the chain was reorganised \(Self.blocksMax) times meanwhile; try again later"
        try await step(.failed(why, at: wallSeconds()), of: job.id, claim)
    }

    private static func isReorg(_ error: any Error) -> Bool {
        switch error {
        case ChainError.reorged, LedgerError.inconsistent: true
        default: false
        }
    }

    /// What could not be asked keeps a snapshot from being published; what the contract cannot answer is only listed.
    private func publish(_ job: SnapshotJob, _ claim: ID128) async throws {
        let failures = try store.snapshotFailures(job.id)
        guard !failures.contains(where: { $0.reason == .unanswered }) else { return }
        let commit = ID128(high: random(), low: random())
        try await step(.published(commit, at: wallSeconds()), of: job.id, claim)
    }

    // MARK: The block

    /// Chooses the block and finds out what there is to read in its state.
    private func pin(_ job: inout SnapshotJob, _ claim: ID128) async throws {
        let (block, isFinal) = try await finalBlock(job)
        let outcomes = try await chain.call(ContractProbe.calls(job.contract), at: block)
        switch ContractProbe.judge(outcomes, ids: job.ids) {
        case .refused(let why): throw SnapshotFault.refused(why)
        case .pruned: throw SnapshotFault.pruned(block)
        case .unanswered: throw ChainError.unavailable("no endpoint answers calls at block \(block.number)")
        case .plan(let plan):
            try await step(.pinned(block, isFinal: isFinal, plan), of: job.id, claim)
            (job.block, job.plan, job.next, job.counts) = (block, plan, plan.range?.lowerBound, SnapshotCounts())
        }
    }

    /// The newest final block that the ledger is not behind of, or the one that was asked for.
    private func finalBlock(_ job: SnapshotJob) async throws -> (BlockRef, isFinal: Bool) {
        let final = try await chain.finalized()
        var newest: BlockNumber
        if let final {
            newest = final.number
        } else {
            let head = try await chain.head().number
            newest = head >= confirmations ? head - confirmations : 0
        }
        let tip = try await store.state(of: job.chain).tip
        // A ledger that is behind would show tokens as they are only later than what it says it is as of.
        if let tip { newest = min(newest, tip.number) }
        let number = job.blockWanted ?? newest
        guard number <= newest else {
            let held = tip.map { $0.number < number } ?? false
            throw SnapshotFault.refused(
                "block \(number) is not final" + (held ? " or not held yet: the ledger is at block \(newest)" : "")
            )
        }
        guard let header = try await chain.header(number: number) else {
            throw ChainError.unavailable("no endpoint has block \(number)")
        }
        return (header.ref, final != nil)
    }
}

/// Why a snapshot as a whole cannot be made.
enum SnapshotFault: Error, CustomStringConvertible {
    case refused(String)
    case pruned(BlockRef)
    case tooManyFailures

    var description: String {
        switch self {
        case .refused(let why): why
        case .pruned(let block):
            "no endpoint has the state of block \(block.number) any more: give one that keeps old state (an archive node) "
                + "with --rpc, or take the snapshot again, which chooses a newer block, with a greater --batch to be faster"
        case .tooManyFailures:
            "\(SnapshotJob.failuresMax) tokens or more could not be read: look at the endpoints with `holdfast doctor` first"
        }
    }
}
