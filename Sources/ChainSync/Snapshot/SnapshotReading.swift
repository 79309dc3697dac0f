import Ethereum
import Tokens

/// Reads a snapshot's tokens batch by batch, each kept with where it goes on.
struct SnapshotReading {
    private let snapshot: ContractSnapshot
    private var job: SnapshotJob
    private let claim: ID128
    private let block: BlockRef
    private var size: BatchSize
    /// Times that nobody answered, one after the other.
    private var silences = 0

    init(_ snapshot: ContractSnapshot, _ job: SnapshotJob, _ claim: ID128) throws {
        guard let block = job.block, job.plan != nil else { throw SnapshotFault.refused("it has no block") }
        self.snapshot = snapshot
        self.job = job
        self.claim = claim
        self.block = block
        size = BatchSize(snapshot.batchMost)
    }

    /// Reads what is left, then what is listed as failed once more.
    mutating func run(_ progress: ContractSnapshot.Progress) async throws {
        while let next = job.next, let last = job.plan?.range?.upperBound {
            let items = Self.items(from: next, through: last, size.size, job.plan?.source == .enumerated)
            guard let batch = try await read(items) else { continue }
            let following = next.addingReportingOverflow(U256(UInt64(items.count)))
            let left = following.overflow || following.partialValue > last ? nil : following.partialValue
            try await snapshot.step(.read(batch, next: left), of: job.id, claim)
            job.next = left
            try count(batch)
            progress(job)
            try await pause(for: items.count)
        }
        let listed = try snapshot.store.snapshotFailures(job.id)
        var rest = listed.map(\.item)[...]
        while !rest.isEmpty {
            let items = Array(rest.prefix(size.size))
            guard let batch = try await read(items) else { continue }
            try await snapshot.step(.retried(items, batch), of: job.id, claim)
            rest = rest.dropFirst(items.count)
            job.counts.failed -= items.count
            try count(batch)
            progress(job)
            try await pause(for: items.count)
        }
    }

    /// The next items of a range.
    private static func items(from next: U256, through last: U256, _ most: Int, _ isIndex: Bool) -> [SnapshotItem] {
        let span = last.subtractingReportingOverflow(next).partialValue
        let number = span.uint64.map { min(UInt64(most - 1), $0) } ?? UInt64(most - 1)
        return (0...number).map { offset in
            let value = next.addingReportingOverflow(U256(offset)).partialValue
            return isIndex ? .index(value) : .token(value)
        }
    }

    private mutating func count(_ batch: SnapshotBatch) throws {
        job.counts.read += batch.read.count
        job.counts.absent += batch.absent
        job.counts.failed += batch.failures.count
        guard job.counts.failed < SnapshotJob.failuresMax else { throw SnapshotFault.tooManyFailures }
    }

    private func pause(for tokens: Int) async throws {
        guard let rate = snapshot.tokensPerSecond else { return }
        try await snapshot.clock.sleep(for: .seconds(1) * tokens / max(1, rate))
    }

    // MARK: One batch

    /// What a batch found out, with what stayed open asked for alone; nil: it failed as a whole, and a smaller one is due.
    private mutating func read(_ items: [SnapshotItem]) async throws -> SnapshotBatch? {
        var found = SnapshotBatch()
        var open: [SnapshotFailure] = []
        do {
            open = try await ask(items, &found)
        } catch ChainError.unavailable(let why) {
            try await shrink(why)
            return nil
        }
        if open.count == items.count, items.count > 1 || open[0].reason == .unanswered {
            // Nobody was heard: that says nothing about any of the tokens.
            if items.count > 1 || size.isLeast && silences < ContractSnapshot.silencesMax {
                try await shrink("calls at block \(block.number) are not answered")
                return nil
            }
        }
        silences = 0
        size.grow()
        for _ in 1..<ContractSnapshot.triesPerToken where !open.isEmpty {
            var again: [SnapshotFailure] = []
            do {
                again = try await ask(open.map(\.item), &found)
            } catch ChainError.unavailable {
                again = open
            }
            let tries = (open.first?.tries ?? 0) + 1
            open = again.map { SnapshotFailure(item: $0.item, reason: $0.reason, tries: tries) }
        }
        found.failures = open
        return found
    }

    /// Goes on with half as many, or waits where one alone is not answered.
    private mutating func shrink(_ why: String) async throws {
        guard size.isLeast else { return size.shrink() }
        silences += 1
        guard silences <= ContractSnapshot.silencesMax else { throw ChainError.unavailable(why) }
        try await snapshot.clock.sleep(for: .seconds(min(30, 1 << min(silences, 5))))
    }

    /// Asks for all of the items together; what was answered is added to `found`.
    /// - Returns: what stayed open, and why.
    private func ask(_ items: [SnapshotItem], _ found: inout SnapshotBatch) async throws -> [SnapshotFailure] {
        var open: [SnapshotFailure] = []
        var tokens: [(item: SnapshotItem, token: U256)] = []
        let indexes = items.compactMap { item in
            if case .index(let index) = item { index } else { nil as U256? }
        }
        for case .token(let token) in items { tokens.append((.token(token), token)) }
        if !indexes.isEmpty {
            let calls = indexes.map { TokenAnswers.token(at: $0, in: job.contract) }
            for (index, outcome) in zip(indexes, try await snapshot.chain.call(calls, at: block)) {
                let answer = TokenAnswers.token(outcome)
                if answer.isPruned { throw SnapshotFault.pruned(block) }
                if let token = answer.token {
                    tokens.append((.index(index), token))
                } else {
                    open.append(SnapshotFailure(item: .index(index), reason: answer.reason))
                }
            }
        }
        let calls = tokens.map { TokenAnswers.owner(of: $0.token, in: job.contract) }
        for (token, outcome) in zip(tokens, try await snapshot.chain.call(calls, at: block)) {
            switch TokenAnswers.owner(outcome) {
            case .owner(let owner): found.read.append(OwnedToken(token: token.token, owner: owner))
            case .absent: found.absent += 1
            case .failed(let reason): open.append(SnapshotFailure(item: token.item, reason: reason))
            case .pruned: throw SnapshotFault.pruned(block)
            }
        }
        return open
    }
}
