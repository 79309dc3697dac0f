package import Ethereum
package import Logging
package import Tokens
import Metadata

/// Works the queue off: asks contracts for URIs, servers for documents, and writes down what was found.
///
/// One loop owns all state. Jobs are claimed in handfuls, so that several processes share a queue and a lost one's jobs come
/// back; a token's failure is its own; a host's trouble is its own.
package struct Enricher<Time: Clock>: Sendable where Time.Duration == Duration {
    package typealias Store = any Ledger & MetadataQueue

    let chain: any Chain
    let store: Store
    let documents: DocumentReader
    let chainID: ChainID
    /// Whose tokens alone; nil: everybody's.
    let contract: Address?
    let options: Options
    let clock: Time
    /// Seconds since 1970.
    let wallSeconds: @Sendable () -> Int64
    let random: @Sendable () -> UInt64
    let logger: Logger

    package struct Options: Sendable {
        /// Jobs claimed, and contracts asked, at once.
        package var batch = 100
        /// Requests to servers in flight, of all hosts together.
        package var requestsInFlight = 64
        /// Jobs in memory: places and URIs of at most 8 KiB, and the documents of those in flight.
        package var jobsMax = 2_048
        /// How long a claim holds; what could not be begun in the greater part of it goes back.
        package var claimSeconds: Int64 = 600
        /// Results written together, at most, and how long the first of them waits.
        package var resultsPerCommit = 200
        package var commitInterval: Duration = .milliseconds(500)
        /// Bytes of documents that wait to be written.
        package var resultBytesMax = 8 << 20
        /// Pause between two looks at an empty queue.
        package var pollInterval: Duration = .seconds(5)

        package init() {}
    }

    package init(
        chain: any Chain,
        store: Store,
        documents: DocumentReader,
        chainID: ChainID,
        contract: Address? = nil,
        options: Options = Options(),
        clock: Time,
        wallSeconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64,
        logger: Logger
    ) {
        self.chain = chain
        self.store = store
        self.documents = documents
        self.chainID = chainID
        self.contract = contract
        self.options = options
        self.clock = clock
        self.wallSeconds = wallSeconds
        self.random = random
        self.logger = logger
    }

    /// When a run is over.
    package enum Goal: Sendable, Equatable {
        /// Nothing is due now, or so many tokens were looked at.
        case drained(limit: Int?)
        /// Never.
        case forever
    }

    /// A token whose document is to be fetched.
    struct Work: Sendable {
        var job: MetadataJob
        var uri: ObservedURI
        var location: MetadataLocation
        /// Which gateway is asked first.
        var turn: UInt64
    }

    private enum Event: Sendable {
        case ended(Work, host: String, DocumentReader.Attempt, elapsed: Duration)
        /// Time to look at the queue again.
        case tick
    }

    /// All that a run knows.
    struct Run: Sendable {
        var claim: ID128
        var hosts = HostQueue<Work>()
        var results: [MetadataResult] = []
        var resultBytes = 0
        var firstResult: Duration?
        /// Tokens looked at, as `limit` counts them.
        var lookedAt = 0
        /// Nothing may be claimed before then: nothing was due, or hosts had no room for what was.
        var lookAgain = Duration.zero
        var hasTick = false
        /// Nothing was due, and nothing was in memory that could become so.
        var isOver = false
        /// Looks at contracts in a row that failed as a whole.
        var failures = 0
        var tally = MetadataTally()
        var turn: UInt64 = 0
    }

    /// An empty or crowded queue is not looked at more often while requests are on their way.
    private static var lookInterval: Duration { .milliseconds(200) }
    /// After so many failures in a row to ask contracts at all, a run with an end gives up.
    private static var failuresMax: Int { 5 }

    /// Runs until the goal is reached or the task is cancelled; what was found by then is written either way.
    ///
    /// - Parameter progress: called after each commit.
    /// - Throws: what the endpoints said, where a run with an end could not ask contracts five times in a row; what the
    ///   database said.
    package func run(
        until goal: Goal,
        progress: @escaping @Sendable (MetadataTally) -> Void = { _ in }
    ) async throws -> MetadataTally {
        var run = Run(claim: ID128(high: random(), low: random()))
        let start = clock.now
        var failure: (any Error)?
        do {
            try await withThrowingTaskGroup(of: Event.self) { group in
                defer { group.cancelAll() }
                while !Task.isCancelled {
                    let now = start.duration(to: clock.now)
                    try await fill(&run, goal, now)
                    while run.hosts.inFlight < options.requestsInFlight, let (host, work) = run.hosts.next(now: now) {
                        begin(work, host, &run, now, &group)
                    }
                    try await commit(&run, now, progress)
                    if run.hosts.inFlight == 0, run.isOver {
                        if goal != .forever { break }
                        try await clock.sleep(for: options.pollInterval)
                        (run.isOver, run.lookAgain) = (false, .zero)
                    } else if now < run.lookAgain || run.hosts.inFlight >= options.requestsInFlight {
                        if !run.hasTick {
                            run.hasTick = true
                            group.addTask {
                                try await clock.sleep(for: Self.lookInterval)
                                return .tick
                            }
                        }
                        if let event = try await group.next() { take(event, &run, start.duration(to: clock.now)) }
                    }
                }
            }
        } catch is CancellationError {
            // What is in memory is given back below.
        } catch {
            failure = error
        }
        try await settle(&run, progress)
        if let failure { throw failure }
        return run.tally
    }

    // MARK: The steps

    /// Claims a handful of jobs where there is room for them, and asks their contracts.
    private func fill(_ run: inout Run, _ goal: Goal, _ now: Duration) async throws {
        guard now >= run.lookAgain else { return }
        var limit = options.batch
        if case .drained(let most?) = goal {
            limit = min(limit, most - run.lookedAt - run.hosts.waiting - run.hosts.inFlight)
            if limit <= 0 {
                run.isOver = run.lookedAt >= most
                run.lookAgain = now + Self.lookInterval
                return
            }
        }
        limit = min(limit, options.jobsMax - run.hosts.waiting - run.hosts.inFlight)
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
        let isCrowded = try await ask(jobs, &run, goal, now)
        if jobs.isEmpty || isCrowded { run.lookAgain = now + Self.lookInterval }
    }

    /// Whether something had to go back, because its host has no room for it.
    private func ask(_ jobs: [MetadataJob], _ run: inout Run, _ goal: Goal, _ now: Duration) async throws -> Bool {
        guard !jobs.isEmpty else { return false }
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
            return true
        }
        var reasons: [String: Int] = [:]
        var isCrowded = false
        for (job, reading) in zip(jobs, readings) {
            switch reading {
            case .unheard(let why):
                reasons[why, default: 0] += 1
                unheard(job, why, &run, now)
            case .tooCostly(let why):
                add(job, nil, .failed(why), retry(job), "", &run, now)
            case .nowhere(let uri, let why): add(job, uri, .failed(why), nil, "", &run, now)
            case .place(let uri, let location):
                isCrowded = await !send(job, uri, location, &run, now) || isCrowded
            }
        }
        for (why, count) in reasons {
            logger.warning("contracts were not heard", metadata: ["tokens": "\(count)", "reason": "\(why)"])
        }
        return isCrowded
    }

    /// Lets a job wait for its host; false: it went back.
    ///
    /// What needs no host is done at once.
    private func send(
        _ job: MetadataJob,
        _ uri: ObservedURI,
        _ location: MetadataLocation,
        _ run: inout Run,
        _ now: Duration
    ) async -> Bool {
        run.turn += 1
        let work = Work(job: job, uri: uri, location: location, turn: run.turn)
        let host = documents.host(of: location, turn: run.turn)
        guard !host.isEmpty else {
            let attempt = await documents.read(location, id: job.token.token, turn: run.turn)
            conclude(work, "", attempt.outcome, &run, now)
            return true
        }
        if run.hosts.add(work, host: host, now: now) { return true }
        postpone(work, host, &run, now)
        return false
    }

    private func begin(
        _ work: Work,
        _ host: String,
        _ run: inout Run,
        _ now: Duration,
        _ group: inout ThrowingTaskGroup<Event, any Error>
    ) {
        // Its claim would end before its document could come.
        if wallSeconds() > work.job.until - options.claimSeconds / 4 {
            _ = run.hosts.ended(host, after: .zero, isHealthy: nil, now: now)
            return postpone(work, host, &run, now)
        }
        group.addTask {
            let start = clock.now
            let attempt = await documents.read(work.location, id: work.job.token.token, turn: work.turn)
            return .ended(work, host: host, attempt, elapsed: start.duration(to: clock.now))
        }
    }

    private func take(_ event: Event, _ run: inout Run, _ now: Duration) {
        guard case .ended(let work, let host, let attempt, let elapsed) = event else {
            run.hasTick = false
            return
        }
        conclude(work, host, attempt.outcome, &run, now)
        let dropped = run.hosts.ended(host, after: elapsed, isHealthy: attempt.isHostHealthy, now: now)
        for work in dropped { postpone(work, host, &run, now) }
    }

    private func conclude(
        _ work: Work,
        _ host: String,
        _ outcome: DocumentReader.Outcome,
        _ run: inout Run,
        _ now: Duration
    ) {
        let (job, uri) = (work.job, work.uri)
        switch outcome {
        case .document(let document): add(job, uri, .document(document), nil, host, &run, now)
        // A name that leads to a private address may lead elsewhere tomorrow; a few more tries are cheap.
        case .refused(let why): add(job, uri, .refused(why), retry(job), host, &run, now)
        // Released at the end of the run.
        case .cancelled: break
        case .failed(let why, let isFinal, let after):
            add(job, uri, .failed(why), isFinal ? nil : retry(job, after), host, &run, now)
        }
    }

    private func retry(_ job: MetadataJob, _ retryAfter: Duration? = nil) -> Int64? {
        RetryPlan.next(after: job.attempts, now: wallSeconds(), retryAfter: retryAfter, random: random())
    }

    /// Back to the queue without a try: its host is busy or in trouble.
    private func postpone(_ work: Work, _ host: String, _ run: inout Run, _ now: Duration) {
        // A host that is only busy is avoided by the next claims, until it has room.
        let pause = run.hosts.pausedUntil(host, now: now).map { max(1, ($0 - now).components.seconds) } ?? 0
        add(work.job, nil, .unheard("the host is busy"), wallSeconds() + pause, host, &run, now)
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
    private func commit(
        _ run: inout Run,
        _ now: Duration,
        _ progress: @Sendable (MetadataTally) -> Void
    ) async throws {
        guard let first = run.firstResult else { return }
        guard
            run.results.count >= options.resultsPerCommit || run.resultBytes >= options.resultBytesMax
                || now - first >= options.commitInterval || run.hosts.inFlight == 0
        else { return }
        run.tally += try await store.finishMetadata(run.results, of: chainID, as: run.claim, now: wallSeconds())
        (run.results, run.resultBytes, run.firstResult) = ([], 0, nil)
        progress(run.tally)
    }

    /// At the end: what was found is written; jobs in memory are free again for whoever comes next.
    private func settle(_ run: inout Run, _ progress: @Sendable (MetadataTally) -> Void) async throws {
        let (store, chainID, claim, results, now) = (store, chainID, run.claim, run.results, wallSeconds())
        // A task of its own: this one may be cancelled.
        run.tally += try await Task {
            let tally = try await store.finishMetadata(results, of: chainID, as: claim, now: now)
            try await store.releaseMetadata(as: claim)
            return tally
        }.value
        progress(run.tally)
    }
}
