import Ethereum
import Logging
import Metadata
import Tokens

/// What a round consists of: claims, questions, fetches, results.
extension Enricher {
    /// Claims a handful of jobs where there is room for them, and asks their contracts.
    func fill(_ run: inout Run, _ goal: Goal, _ now: Duration) async throws {
        guard now >= run.lookAgain else { return }
        var limit = options.batch
        if case .drained(let most?) = goal {
            limit = min(limit, most - run.lookedAt - run.jobs)
            if limit <= 0 {
                run.isOver = run.lookedAt >= most
                run.lookAgain = now + Self.lookInterval
                return
            }
        }
        limit = min(limit, options.jobsMax - run.jobs)
        guard limit > 0 else {
            run.lookAgain = now + Self.lookInterval
            return
        }
        let wall = wallSeconds()
        let jobs = try await store.claimMetadata(
            of: chainID,
            contract: contract,
            as: run.claim,
            now: wall,
            until: wall + options.claimSeconds,
            limit: limit,
            avoiding: run.hosts.closed(now: now),
            rotation: random()
        )
        // What is still in memory may go back to the queue.
        run.isOver = jobs.isEmpty && run.hosts.inFlight == 0 && run.results.isEmpty
        let returned = try await ask(jobs, &run, goal, now)
        // As long as some of a handful can be begun, one busy host among them holds up nobody: the store knows it then.
        if returned == jobs.count { run.lookAgain = now + Self.lookInterval }
    }

    /// How many had to go back: their hosts have no room for them, or nobody could be asked.
    private func ask(_ jobs: [MetadataJob], _ run: inout Run, _ goal: Goal, _ now: Duration) async throws -> Int {
        guard !jobs.isEmpty else { return 0 }
        let readings: [URIReader.Reading]
        do {
            guard let tip = try await store.state(of: chainID).tip else {
                throw ChainError.unavailable("nothing of the chain is held yet")
            }
            readings = try await URIReader(chain: chain).read(jobs, at: tip)
            run.failures = 0
        } catch let error as ChainError {
            guard error != .cancelled else { throw CancellationError() }
            run.failures += 1
            logger.warning("contracts could not be asked for URIs", metadata: ["reason": "\(error)"])
            for job in jobs { unheard(job, "\(error)", &run, now) }
            if goal != .forever, run.failures >= Self.failuresMax { throw error }
            return jobs.count
        }
        var reasons: [String: Int] = [:]
        var returned = 0
        for (job, reading) in zip(jobs, readings) {
            switch reading {
            case .unheard(let why):
                reasons[why, default: 0] += 1
                unheard(job, why, &run, now)
            case .tooCostly(let why):
                add(job, nil, .failed(why), retry(job), "", &run, now)
            case .nowhere(let uri, let why): add(job, uri, .failed(why), nil, "", &run, now)
            case .place(let uri, let location):
                if await !send(Located(job: job, uri: uri), location, &run, now) { returned += 1 }
            }
        }
        for (why, count) in reasons {
            logger.warning("contracts were not heard", metadata: ["tokens": "\(count)", "reason": "\(why)"])
        }
        return returned
    }

    /// Lets a job wait for its host; false: it went back.
    ///
    /// What needs no host is done at once.
    private func send(
        _ token: Located,
        _ location: MetadataLocation,
        _ run: inout Run,
        _ now: Duration
    ) async -> Bool {
        run.turn += 1
        let work = Work(tokens: [token], location: location, turn: run.turn)
        let host = documents.host(of: location, turn: run.turn)
        run.jobs += 1
        guard !host.isEmpty else {
            let attempt = await documents.read(location, ids: [token.job.token.token], turn: run.turn)
            conclude(work, "", attempt.outcomes, &run, now)
            return true
        }
        let isShareable =
            DocumentReader.isShareable(location, id: token.job.token.token) && !run.unshareable.contains(location)
        if isShareable, let others = run.sharing[location]?.count {
            if others < options.sharersMax - 1 {
                run.sharing[location]?.append(token)
                return true
            }
        } else if run.hosts.add(work, host: host, now: now) {
            if isShareable { run.sharing[location] = [] }
            return true
        }
        postpone(work.tokens, host, &run, now)
        return false
    }

    func begin(
        _ work: Work,
        _ host: String,
        _ run: inout Run,
        _ now: Duration,
        _ group: inout ThrowingTaskGroup<Event, any Error>
    ) {
        let work = whole(work, &run)
        // A claim would end before the document could come; the first is the oldest.
        if let first = work.tokens.first, wallSeconds() > first.job.until - options.claimSeconds / 4 {
            _ = run.hosts.ended(host, after: .zero, isHealthy: nil, now: now)
            return postpone(work.tokens, host, &run, now)
        }
        group.addTask {
            let start = clock.now
            let attempt = await documents.read(work.location, ids: work.tokens.map(\.job.token.token), turn: work.turn)
            return .ended(work, host: host, attempt, elapsed: start.duration(to: clock.now))
        }
    }

    /// Work with all that share it; none joins it any more.
    private func whole(_ work: Work, _ run: inout Run) -> Work {
        guard let first = work.tokens.first, DocumentReader.isShareable(work.location, id: first.job.token.token) else {
            return work
        }
        var work = work
        work.tokens += run.sharing.removeValue(forKey: work.location) ?? []
        return work
    }

    func take(_ event: Event, _ run: inout Run, _ now: Duration) {
        guard case .ended(let work, let host, let attempt, let elapsed) = event else {
            run.hasTick = false
            return
        }
        conclude(work, host, attempt.outcomes, &run, now)
        let dropped = run.hosts.ended(host, after: elapsed, isHealthy: attempt.isHostHealthy, now: now)
        for work in dropped { postpone(whole(work, &run).tokens, host, &run, now) }
    }

    private static var unshareableMax: Int { 1_000 }

    private func conclude(
        _ work: Work,
        _ host: String,
        _ outcomes: [DocumentReader.Outcome],
        _ run: inout Run,
        _ now: Duration
    ) {
        for (token, outcome) in zip(work.tokens, outcomes) {
            let (job, uri) = (token.job, token.uri)
            run.jobs -= 1
            switch outcome {
            case .document(let document): add(job, uri, .document(document), nil, host, &run, now)
            // A name that leads to a private address may lead elsewhere tomorrow; a few more tries are cheap.
            case .refused(let why): add(job, uri, .refused(why), retry(job), host, &run, now)
            // Released at the end of the run.
            case .cancelled: break
            case .crowded:
                if run.unshareable.count < Self.unshareableMax { run.unshareable.insert(work.location) }
                add(job, nil, .unheard("its document is large"), wallSeconds(), host, &run, now)
            case .failed(let why, let isFinal, let after):
                add(job, uri, .failed(why), isFinal ? nil : retry(job, after), host, &run, now)
            }
        }
    }

    private func retry(_ job: MetadataJob, _ retryAfter: Duration? = nil) -> Int64? {
        RetryPlan.next(after: job.attempts, now: wallSeconds(), retryAfter: retryAfter, random: random())
    }

    /// Back to the queue without a try: its host is busy or in trouble.
    private func postpone(_ tokens: [Located], _ host: String, _ run: inout Run, _ now: Duration) {
        // A host that is only busy is avoided by the next claims, until it has room.
        let pause = run.hosts.pausedUntil(host, now: now).map { max(1, ($0 - now).components.seconds) } ?? 0
        for token in tokens {
            run.jobs -= 1
            add(token.job, nil, .unheard("the host is busy"), wallSeconds() + pause, host, &run, now)
        }
    }

    private func unheard(_ job: MetadataJob, _ why: String, _ run: inout Run, _ now: Duration) {
        add(job, nil, .unheard(why), RetryPlan.afterUnheard(now: wallSeconds(), random: random()), "", &run, now)
    }

    private func add(
        _ job: MetadataJob,
        _ uri: ObservedURI?,
        _ finding: MetadataResult.Finding,
        _ retryAt: Int64?,
        _ host: String,
        _ run: inout Run,
        _ now: Duration
    ) {
        if run.firstResult == nil { run.firstResult = now }
        if finding.isAttempt { run.lookedAt += 1 }
        if case .document(let document) = finding { run.resultBytes += document.raw.count }
        run.resultBytes += uri?.raw?.count ?? 0
        run.results.append(MetadataResult(job: job, uri: uri, finding: finding, retryAt: retryAt, host: host))
    }

    /// Writes results down when there are enough of them, the first has waited long enough, or nothing else is under way.
    func commit(
        _ run: inout Run,
        _ now: Duration,
        _ progress: @Sendable (MetadataTally) -> Void
    ) async throws {
        guard let first = run.firstResult else { return }
        guard
            run.results.count >= options.resultsPerCommit || run.resultBytes >= options.resultBytesMax
                || now - first >= options.commitInterval || run.hosts.inFlight == 0
        else { return }
        for slice in slices(of: run.results) {
            run.tally += try await store.finishMetadata(slice, of: chainID, as: run.claim, now: wallSeconds())
        }
        (run.results, run.resultBytes, run.firstResult) = ([], 0, nil)
        progress(run.tally)
    }

    /// Results by the transaction: the writer is shared with whoever follows the chain.
    private func slices(of results: [MetadataResult]) -> [[MetadataResult]] {
        var (slices, bytes): ([[MetadataResult]], Int) = ([], 0)
        for result in results {
            var size = 0
            if case .document(let document) = result.finding { size = document.fields.attributes.utf8.count }
            let isFull = slices.last.map { $0.count >= options.resultsPerCommit } ?? true
            if isFull || bytes + size > options.attributeBytesPerCommit {
                slices.append([])
                bytes = 0
            }
            slices[slices.count - 1].append(result)
            bytes += size
        }
        return slices
    }

    /// At the end: what was found is written; jobs in memory are free again for whoever comes next.
    func settle(_ run: inout Run, _ progress: @Sendable (MetadataTally) -> Void) async throws {
        let (store, chainID, claim, results, now) = (store, chainID, run.claim, run.results, wallSeconds())
        // A task of its own: this one may be cancelled.
        run.tally += try await Task {
            var tally = MetadataTally()
            for slice in slices(of: results) {
                tally += try await store.finishMetadata(slice, of: chainID, as: claim, now: now)
            }
            try await store.releaseMetadata(as: claim)
            return tally
        }.value
        progress(run.tally)
    }
}
