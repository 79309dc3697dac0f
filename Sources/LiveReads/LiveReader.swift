package import Ethereum
import Synchronization
package import Tokens

/// Asks one chain's contracts for people who wait: kept answers, equal questions asked once, one deadline, and the last
/// known value where nothing can be read.
///
/// Decides nothing about the ledger and writes nothing to it. Every read is pinned at a block's hash, never older than what
/// the ledger holds.
package final class LiveReader: Sendable {
    package let chainID: ChainID
    private let reads: PinnedReads
    private let ledger: (any LiveLedger)?
    private let limits: LiveLimits
    /// Any steady clock.
    private let now: @Sendable () -> Duration
    /// Seconds since 1970.
    private let wallSeconds: @Sendable () -> Int64
    private let state: Mutex<State>

    private struct State {
        var cache: LiveCache
        var readings: [Set<LiveQuestion>: Reading] = [:]
        var nextReading: UInt64 = 0
        var counts = LiveCounts()
    }

    /// One read on its way, which everybody who asks just the same waits for.
    private struct Reading {
        var number: UInt64
        /// One that began in another state of the ledger may be older than what is held by now.
        var position: LedgerPosition?
        var task: Task<[LiveQuestion: Outcome], Never>
    }

    private typealias Outcome = PinnedReads.Outcome

    /// - Parameters:
    ///   - chain: what answers for the chain; nil while no endpoint was reached.
    ///   - ledger: the database, if there is one.
    ///   - sleep: ends early only by an error, as when it is cancelled.
    package init(
        chainID: ChainID,
        chain: @escaping @Sendable () -> (any Chain)?,
        ledger: (any LiveLedger)?,
        limits: LiveLimits = LiveLimits(),
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        wallSeconds: @escaping @Sendable () -> Int64
    ) {
        self.chainID = chainID
        reads = PinnedReads(chainID: chainID, chain: chain, limits: limits, now: now, sleep: sleep)
        self.ledger = ledger
        self.limits = limits
        self.now = now
        self.wallSeconds = wallSeconds
        state = Mutex(State(cache: LiveCache(entriesMax: limits.entriesMax)))
    }

    package var counts: LiveCounts {
        state.withLock { state in
            var counts = state.counts
            counts.entries = UInt64(state.cache.count)
            return counts
        }
    }

    /// What can be said to each question, in their order: read, kept, last known, or why not.
    ///
    /// One that fails does not fail the others. Ends within ``LiveLimits/deadline``, but for the database's own time.
    package func answers(to questions: [LiveQuestion]) async -> [Result<LiveAnswer, LiveFailure>] {
        let end = now() + limits.deadline
        let asked = Set(questions)
        let kept = state.withLock { state in
            asked.reduce(into: [LiveQuestion: LiveCache.Entry]()) { $0[$1] = state.cache.entry(for: $1) }
        }
        let view = await look(at: kept)
        var found: [LiveQuestion: Result<LiveAnswer, LiveFailure>] = [:]
        for (question, entry) in view.usable where view.isFresh.contains(question) {
            found[question] = .success(answer(entry, .cache, view.marks))
        }
        let open = asked.subtracting(found.keys)
        for (question, outcome) in await read(open, view.marks, until: end) {
            switch outcome {
            case .success(let entry):
                found[question] = .success(answer(entry, .live, view.marks))
            case .failure(let failure):
                found[question] = await lastKnown(question, view.usable[question], failure, view.marks)
            }
        }
        state.withLock { $0.counts.add(found.values) }
        return questions.map { found[$0] ?? .failure(.deadline) }
    }

    // MARK: What is kept

    private struct View {
        var marks: LedgerMarks?
        /// Kept answers that nothing contradicts, too old ones among them.
        var usable: [LiveQuestion: LiveCache.Entry] = [:]
        var isFresh: Set<LiveQuestion> = []
    }

    /// Holds the kept answers against the ledger, and drops those that it contradicts.
    private func look(at kept: [LiveQuestion: LiveCache.Entry]) async -> View {
        let probed = kept.compactMap { question, entry in
            question.subject.map { (question, entry.probe(of: $0)) }
        }
        var view = View()
        let canTell: Bool
        do {
            view.marks = try await ledger?.marks(for: probed.map(\.1), on: chainID)
            canTell = true
        } catch {
            // Whether something moved is not known: nothing is given without being read again.
            canTell = false
        }
        var outdated: [LiveQuestion: Bool] = [:]
        if let marks = view.marks {
            for ((question, _), isOutdated) in zip(probed, marks.isOutdated) { outdated[question] = isOutdated }
        }
        for (question, entry) in kept {
            switch Freshness(entry, isOutdated: outdated[question], view.marks, now: now(), limits) {
            case .void:
                state.withLock { state in
                    if state.cache.drop(question, readAt: entry.readAt) { state.counts.voided += 1 }
                }
            case .fresh where canTell:
                view.usable[question] = entry
                view.isFresh.insert(question)
            case .fresh, .expired: view.usable[question] = entry
            }
        }
        return view
    }

    private func answer(
        _ entry: LiveCache.Entry,
        _ source: LiveAnswer.Source,
        _ marks: LedgerMarks?,
        staleBecause: LiveFailure? = nil
    ) -> LiveAnswer {
        LiveAnswer(
            value: entry.value,
            block: entry.block,
            isFinal: marks?.finalized.map(entry.isFinal(upTo:)) ?? false,
            source: source,
            ageSeconds: UInt64(max(0, (now() - entry.readAt).components.seconds)),
            staleBecause: staleBecause
        )
    }

    /// The newest that is known where nothing could be read; the failure itself where nothing is.
    private func lastKnown(
        _ question: LiveQuestion,
        _ entry: LiveCache.Entry?,
        _ failure: LiveFailure,
        _ marks: LedgerMarks?
    ) async -> Result<LiveAnswer, LiveFailure> {
        let word = await word(on: question)
        if word?.holding == .counted, case .owner = question { return .failure(.counted) }
        if let entry, word == nil || entry.block.number > word?.block.number ?? 0 {
            return .success(answer(entry, .cache, marks, staleBecause: failure))
        }
        guard let word else { return .failure(failure) }
        let value: LiveValue
        switch word.holding {
        case .owner(let owner): value = .owner(owner)
        case .burned: value = .absent(.burned)
        case .amount(let amount): value = .amount(amount)
        case .counted: return .failure(failure)
        }
        return .success(
            LiveAnswer(
                value: value,
                block: word.block,
                isFinal: word.isFinal,
                source: .store,
                ageSeconds: word.timestamp.map { UInt64(max(0, wallSeconds() - Int64(clamping: $0))) },
                staleBecause: failure
            )
        )
    }

    private func word(on question: LiveQuestion) async -> LedgerWord? {
        guard let ledger, let holding = question.holding else { return nil }
        return try? await ledger.word(on: holding, of: chainID)
    }

    // MARK: Reading

    /// Reads what is open, or waits for whoever reads it already.
    private func read(
        _ open: Set<LiveQuestion>,
        _ marks: LedgerMarks?,
        until end: Duration
    ) async -> [LiveQuestion: Outcome] {
        guard !open.isEmpty else { return [:] }
        let position = marks?.position
        // Only all of them together: one alone would wait for whichever of the others is slowest.
        let reading = state.withLock { state in
            if let reading = state.readings[open], reading.position == position {
                state.counts.joined += UInt64(open.count)
                return reading
            }
            let number = state.nextReading
            state.nextReading += 1
            // Unstructured, because it belongs to everybody who waits for it; it ends with its own deadline.
            let task = Task { await self.readAndKeep(open, marks, number, until: end) }
            let reading = Reading(number: number, position: position, task: task)
            state.readings[open] = reading
            return reading
        }
        return await reading.task.value
    }

    private func readAndKeep(
        _ questions: Set<LiveQuestion>,
        _ marks: LedgerMarks?,
        _ number: UInt64,
        until end: Duration
    ) async -> [LiveQuestion: Outcome] {
        let heard = await reads.outcomes(of: Array(questions), marks, until: end)
        let outcomes = await believable(heard, marks, until: end)
        state.withLock { state in
            if state.readings[questions]?.number == number { state.readings[questions] = nil }
            for (question, outcome) in outcomes {
                switch outcome {
                case .success(let entry): state.cache.put(entry, for: question)
                case .failure(let failure): state.counts.failures[failure.kind, default: 0] += 1
                }
            }
        }
        return outcomes
    }

    /// Takes refusals to name an owner for what they are: a contract that counts has no `ownerOf`, and refuses for every token.
    ///
    /// The ledger knows by the events; of others the contract itself is asked.
    private func believable(
        _ heard: [LiveQuestion: Outcome],
        _ marks: LedgerMarks?,
        until end: Duration
    ) async -> [LiveQuestion: Outcome] {
        var outcomes = heard
        var open: [LiveQuestion] = []
        for (question, outcome) in heard {
            guard case .owner = question, case .success(let entry) = outcome, entry.value == .absent(.reverted) else {
                continue
            }
            switch await word(on: question)?.holding {
            case .counted: outcomes[question] = .failure(.counted)
            case nil: open.append(question)
            case .owner, .burned, .amount: break
            }
        }
        let contracts = Set(open.map { LiveQuestion.isCounted($0.contract) })
        guard !contracts.isEmpty else { return outcomes }
        let kinds = await reads.outcomes(of: Array(contracts), marks, until: end)
        for question in open {
            switch kinds[.isCounted(question.contract)] {
            case .success(let entry) where entry.value == .amount(.one): outcomes[question] = .failure(.counted)
            case .failure(let failure) where !failure.isOfContract: outcomes[question] = .failure(failure)
            // It counts nothing, or does not say what it is.
            case .success, .failure, nil: break
            }
        }
        return outcomes
    }
}

extension LiveCounts {
    fileprivate mutating func add(_ answers: some Collection<Result<LiveAnswer, LiveFailure>>) {
        for answer in answers {
            switch answer {
            case .success(let answer) where answer.staleBecause != nil: stale += 1
            case .success(let answer) where answer.source == .cache: cached += 1
            case .success: live += 1
            case .failure: failed += 1
            }
        }
    }
}
