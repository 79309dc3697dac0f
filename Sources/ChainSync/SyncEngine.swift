package import Ethereum
package import Logging
package import Tokens

/// Keeps the ledger equal to the chain: one loop, whose state is the committed state and nothing else.
///
/// Each round looks at the head, takes new blocks over, and spends the rest of the round on missing history. Fetching
/// runs ahead in parallel; committing is this loop alone. Being cancelled anywhere leaves a correct ledger.
package struct SyncEngine<Time: Clock>: Sendable where Time.Duration == Duration {
    package let chain: any Chain
    package let ledger: any Ledger
    package let status: SyncStatus
    /// Filled by an ``Auditor``.
    let repairs = RepairQueue()
    let options: SyncOptions
    let clock: Time
    let random: @Sendable () -> UInt64
    let logger: Logger

    /// Where a run ends.
    package enum Goal: Sendable, Equatable {
        /// Follow the head until cancelled.
        case follow
        /// End when everything up to this block is held.
        case block(BlockNumber)
    }

    package init(
        chain: any Chain,
        ledger: any Ledger,
        status: SyncStatus,
        options: SyncOptions,
        clock: Time,
        random: @escaping @Sendable () -> UInt64,
        logger: Logger
    ) {
        self.chain = chain
        self.ledger = ledger
        self.status = status
        self.options = options
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// Runs until the goal is reached or the task is cancelled.
    ///
    /// What may pass is waited for, ever more slowly: for ever when following, else for some rounds, and then thrown. See
    /// ``SyncError`` for what may not pass.
    /// - Parameter state: what ``Ledger/open(_:holder:)`` returned.
    package func run(_ state: ChainState, until goal: Goal) async throws {
        var state = state
        var silence = Silence<Time>()
        var identified: Time.Instant?
        var pause = options.retryPause
        var failures = 0
        while true {
            try Task.checkCancellation()
            do {
                do {
                    if try await round(&state, &silence, &identified, goal) { return }
                } catch is RenumberedAnswer {
                    try await renumber(&state)
                }
                pause = options.retryPause
                failures = 0
            } catch let error {
                failures += 1
                if mayBeAnotherChain(error) { try await identify(&identified) }
                try await recover(from: error, &state, goal, failures)
                if goal != .follow, failures >= failuresMax(error) { throw error }
                if status.snapshot.phase == .blocked { pause = options.retryPauseMax }
                try await clock.sleep(for: pause)
                pause = min(pause * 2, options.retryPauseMax)
            }
        }
    }

    /// One look at the chain and all that follows from it; true when the goal is reached.
    private func round(
        _ state: inout ChainState,
        _ silence: inout Silence<Time>,
        _ identified: inout Time.Instant?,
        _ goal: Goal
    ) async throws -> Bool {
        let started = clock.now
        let head = try await chain.head()
        let still = silence.saw(head.number, at: clock.now)
        status.update {
            $0.head = head.number
            $0.looks += 1
            $0.silentFor = still >= options.silentAfter ? still : nil
        }
        // What a jump stands on is linked to nothing that is held.
        if let tip = state.tip, head.number > tip.number, head.number - tip.number >= options.jumpBlocksMin {
            try await identify(&identified)
        }
        let finality = try await finality(of: head)
        status.update { $0.finalized = finality.block }
        guard state.scopes.contains(where: \.isActive) else { return try await idle(goal) }
        try await jump(&state, toward: head, finality, goal)
        var later: (any Error)?
        if !state.isIndexed {
            do {
                try await backfill(&state, until: nil)
                status.update { $0.phase = .maintenance }
                try await ledger.buildIndexes(of: state.identity.chainID, as: state.version)
                state.isIndexed = true
            } catch let error as ChainError {
                switch error {
                // History that nobody has any more is no reason to miss what is new.
                case .unservable where goal == .follow, .unavailable where goal == .follow: later = error
                // The tip has left the chain: nothing is served beside it until the reorg is dealt with.
                case .reorged: later = error
                default: throw error
                }
            } catch let error as LedgerError {
                // The tip may have left the chain meanwhile: then nothing fits until the reorg is dealt with.
                guard case .inconsistent = error else { throw error }
                later = error
            }
        }
        let isFollowed = try await follow(&state, head: head, finality, goal)
        if let later { throw later }
        let deadline = started.advanced(by: options.pollInterval)
        // However slow the look at the head was, history gets on as well.
        let share = max(deadline, clock.now.advanced(by: options.pollInterval / 2))
        try await backfill(&state, until: goal == .follow ? share : nil)
        status.update {
            $0.phase = .tail
            $0.reason = nil
        }
        if goal == .follow, isFollowed {
            try await putInRepairs(&state)
            try await fillTimes(&state, until: deadline)
        }
        if case .block(let last) = goal, let checkpoint = state.checkpoint, checkpoint >= last { return true }
        if isFollowed, clock.now < deadline {
            try await clock.sleep(until: deadline, tolerance: nil)
            // Another process may have added a contract meanwhile.
            let current = try await ledger.state(of: state.identity.chainID)
            if current.version != state.version { try adopt(current, &state) }
        }
        return false
    }

    /// A database that follows nothing has nothing to do, and nothing that could be complete.
    private func idle(_ goal: Goal) async throws -> Bool {
        let reason = "nothing is followed; `holdfast contracts add 0x…` follows a contract"
        guard goal == .follow else { throw SyncError.unservable(reason) }
        status.update {
            $0.phase = .idle
            $0.reason = reason
        }
        try await clock.sleep(for: options.pollInterval)
        return false
    }

    /// What is final: by the chain's word, else by depth.
    struct Finality: Sendable {
        var block: BlockNumber
        /// The block, where the chain itself calls it final; such a block is never undone.
        var header: Header?

        var isConfirmed: Bool { header != nil }
    }

    private func finality(of head: Header) async throws -> Finality {
        if let header = try await chain.finalized(), header.number <= head.number {
            return Finality(block: header.number, header: header)
        }
        return Finality(
            block: head.number > options.confirmations ? head.number - options.confirmations : 0,
            header: nil
        )
    }

    // MARK: Committing

    /// Applies an update and carries the state along.
    func commit(_ update: ChainUpdate, _ state: inout ChainState) async throws -> Committed {
        let committed = try await ledger.apply(update, to: state.identity.chainID)
        state.version = committed.version
        if let keep = update.rewindTo {
            for key in state.coverage.keys { state.coverage[key]?.cut(above: keep) }
            state.window.removeAll { $0.number > keep }
            state.rewinds += 1
        }
        for covered in update.covered {
            state.coverage[covered.key, default: Coverage()].insert(covered.range, evidence: covered.evidence)
        }
        if let tip = update.tip { state.tip = tip }
        if let finalized = update.finalized { state.finalized = max(finalized, state.finalized ?? 0) }
        let tip = state.tip
        status.update {
            $0.tip = tip
            $0.checkpoint = committed.checkpoint
            $0.rowsWritten += UInt64(committed.inserted)
            $0.commits += 1
        }
        return committed
    }

    func update(from state: ChainState) -> ChainUpdate {
        ChainUpdate(base: state.version, commitID: ID128(high: random(), low: random()))
    }

    // MARK: Faults

    /// Rounds that a run with an end may fail in a row: a minute for nodes and reorgs, a moment for the own disk.
    private func failuresMax(_ error: any Error) -> Int {
        error is ChainError || error is LedgerError ? 10 : 3
    }

    /// Decides what an error means; returns when the round may be tried again.
    ///
    /// What an operator or the endpoints may mend is waited for in the state `blocked`, with the reason, while reads go on.
    private func recover(
        from error: any Error,
        _ state: inout ChainState,
        _ goal: Goal,
        _ failures: Int
    ) async throws {
        try Task.checkCancellation()
        switch error {
        case SyncError.deepReorg where goal == .follow:
            note("\(error)")
            status.update { $0.phase = .blocked }
        case let error as SyncError:
            note(error.description)
            status.update { $0.phase = .blocked }
            throw error
        case ChainError.unservable(let what):
            note(what)
            status.update { $0.phase = .blocked }
        case ChainError.cancelled:
            throw CancellationError()
        case ChainError.wrongChain(let what):
            note(what)
            throw SyncError.wrongChain(what)
        case let error as ChainError:
            note("\(error)")
        case let error as LedgerError:
            note(error.description)
            if error.needsAnOperator(after: failures) { status.update { $0.phase = .blocked } }
        default:
            note("\(error)")
        }
        // Whatever happened, what is committed decides; a COMMIT whose fate was unknown is found here too. A store that
        // cannot even be read is one more thing to wait for: the next commit is refused if the state is not this one.
        let current: ChainState
        do {
            current = try await ledger.state(of: state.identity.chainID)
        } catch {
            try Task.checkCancellation()
            return note("\(error)")
        }
        try adopt(current, &state)
    }

    private func adopt(_ current: ChainState, _ state: inout ChainState) throws {
        guard current.version.holder == state.version.holder, current.version.epoch == state.version.epoch else {
            throw SyncError.superseded
        }
        state = current
    }

    func note(_ reason: String) {
        logger.warning("round failed", metadata: ["reason": "\(reason)"])
        status.update { $0.reason = reason }
    }
}

extension LedgerError {
    /// Whether the same update will go on being refused: at once, or when it was refused again and again.
    fileprivate func needsAnOperator(after failures: Int) -> Bool {
        switch self {
        case .tooDeep, .overflow, .otherChain: true
        case .inconsistent: failures >= 3
        case .stale, .held: false
        }
    }
}
