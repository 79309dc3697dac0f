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
        /// Jobs in memory; a document is at most a MiB and few are held at once.
        package var jobsMax = 2_048
        /// How long a claim holds: far longer than anything in it may take.
        package var claimSeconds: Int64 = 600
        /// Results written together, at most, and how long the first of them waits.
        package var resultsPerCommit = 200
        package var commitInterval: Duration = .milliseconds(500)
        /// Pause between two looks at an empty queue.
        package var pollInterval: Duration = .seconds(5)

        package init() {}
    }

    package init(
        chain: any Chain,
        store: Store,
        documents: DocumentReader,
        chainID: ChainID,
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

    private struct Ended: Sendable {
        var work: Work
        var host: String
        var attempt: DocumentReader.Attempt
        var elapsed: Duration
    }

    /// All that a run knows.
    struct Run: Sendable {
        var claim: ID128
        var hosts = HostQueue<Work>()
        var results: [MetadataResult] = []
        var firstResult: Duration?
        var claimed = 0
        /// Nothing is due that may be claimed now.
        var isDrained = false
        var lookAgain = Duration.zero
        /// Nothing was due, and nothing was in memory that could become so.
        var isOver = false
        var tally = MetadataTally()
        var turn: UInt64 = 0
    }

    /// Runs until the goal is reached or the task is cancelled; what was found by then is written either way.
    ///
    /// - Parameter progress: called after each commit.
    package func run(
        until goal: Goal,
        progress: @escaping @Sendable (MetadataTally) -> Void = { _ in }
    ) async throws -> MetadataTally {
        var run = Run(claim: ID128(high: random(), low: random()))
        let start = clock.now
        do {
            try await withThrowingTaskGroup(of: Ended.self) { group in
                while !Task.isCancelled {
                    var now = start.duration(to: clock.now)
                    try await fill(&run, goal, now)
                    while run.hosts.inFlight < options.requestsInFlight, let (host, work) = run.hosts.next(now: now) {
                        group.addTask { await self.fetch(work, at: host) }
                    }
                    now = start.duration(to: clock.now)
                    let isIdle = run.hosts.inFlight == 0
                    try await commit(&run, now, isForced: run.isDrained, progress)
                    if isIdle, run.isDrained {
                        if case .drained = goal, run.isOver { break }
                        if run.isOver { try await clock.sleep(for: options.pollInterval) }
                        run.lookAgain = .zero
                    } else if run.isDrained || run.hosts.inFlight >= options.requestsInFlight {
                        guard let ended = try await group.next() else { continue }
                        take(ended, &run, start.duration(to: clock.now))
                    }
                }
                group.cancelAll()
            }
        } catch is CancellationError {
            // What is in memory is given back below.
        }
        try await settle(&run, progress)
        return run.tally
    }

    // MARK: The steps

    /// Claims a handful of jobs where there is room for them, and asks their contracts.
    private func fill(_ run: inout Run, _ goal: Goal, _ now: Duration) async throws {
        var limit = options.batch
        if case .drained(let most?) = goal { limit = min(limit, most - run.claimed) }
        guard limit > 0 else {
            (run.isDrained, run.isOver) = (true, true)
            return
        }
        limit = min(limit, options.jobsMax - run.hosts.waiting - run.hosts.inFlight)
        guard limit > 0 else {
            run.isDrained = true
            return
        }
        guard !run.isDrained || now >= run.lookAgain else { return }
        let wall = wallSeconds()
        let jobs = try await store.claimMetadata(
            of: chainID,
            as: run.claim,
            now: wall,
            until: wall + options.claimSeconds,
            limit: limit,
            avoiding: run.hosts.closed(now: now)
        )
        run.isDrained = jobs.isEmpty
        // What is still in memory may go back to the queue.
        run.isOver = jobs.isEmpty && run.hosts.inFlight == 0 && run.results.isEmpty
        run.lookAgain = now + Self.lookInterval
        run.claimed += jobs.count
        if !jobs.isEmpty { await ask(jobs, &run, now) }
    }

    /// An empty queue is not looked at more often while requests are on their way.
    private static var lookInterval: Duration { .milliseconds(200) }

    private func ask(_ jobs: [MetadataJob], _ run: inout Run, _ now: Duration) async {
        let readings: [URIReader.Reading]
        do {
            guard let tip = try await store.state(of: chainID).tip else {
                return jobs.forEach { unheard($0, nil, "nothing of the chain is held yet", &run, now) }
            }
            readings = try await URIReader(chain: chain).read(jobs, at: tip)
        } catch {
            logger.warning("contracts could not be asked for URIs", metadata: ["reason": "\(error)"])
            return jobs.forEach { unheard($0, nil, "\(error)", &run, now) }
        }
        for (job, reading) in zip(jobs, readings) {
            switch reading {
            case .unheard(let why): unheard(job, nil, why, &run, now)
            case .nowhere(let uri, let why): add(job, uri, .failed(why), nil, "", &run, now)
            case .place(let uri, let location):
                run.turn += 1
                let work = Work(job: job, uri: uri, location: location, turn: run.turn)
                let host = documents.host(of: location, turn: run.turn)
                if !run.hosts.add(work, host: host, now: now) { postpone(work, host, &run, now) }
            }
        }
    }

    private func fetch(_ work: Work, at host: String) async -> Ended {
        let start = clock.now
        let attempt = await documents.read(work.location, id: work.job.token.token, turn: work.turn)
        return Ended(work: work, host: host, attempt: attempt, elapsed: start.duration(to: clock.now))
    }

    private func take(_ ended: Ended, _ run: inout Run, _ now: Duration) {
        let (job, uri) = (ended.work.job, ended.work.uri)
        switch ended.attempt.outcome {
        case .document(let document): add(job, uri, .document(document), nil, ended.host, &run, now)
        case .refused(let why): add(job, uri, .refused(why), nil, ended.host, &run, now)
        // Released at the end of the run.
        case .cancelled: break
        case .failed(let why, let isFinal, let after):
            let retry = RetryPlan.next(after: job.attempts, now: wallSeconds(), retryAfter: after, random: random())
            add(job, uri, .failed(why), isFinal ? nil : retry, ended.host, &run, now)
        }
        let dropped = run.hosts.ended(
            ended.host,
            after: ended.elapsed,
            isHealthy: ended.attempt.isHostHealthy,
            now: now
        )
        for work in dropped { postpone(work, ended.host, &run, now) }
    }

    /// Back to the queue without a try: its host is busy or in trouble.
    private func postpone(_ work: Work, _ host: String, _ run: inout Run, _ now: Duration) {
        // A host that is only busy is avoided by the next claims, until it has room.
        let pause = run.hosts.pausedUntil(host, now: now).map { max(1, ($0 - now).components.seconds) } ?? 0
        let due = wallSeconds() + pause
        add(work.job, nil, .unheard("the host is busy"), due, host, &run, now)
    }

    private func unheard(_ job: MetadataJob, _ uri: ObservedURI?, _ why: String, _ run: inout Run, _ now: Duration) {
        let due = RetryPlan.afterUnheard(now: wallSeconds(), random: random())
        add(job, uri, .unheard(why), due, "", &run, now)
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
        run.results.append(
            MetadataResult(token: job.token, uri: uri, finding: finding, retryAt: retryAt, host: host)
        )
    }

    /// Writes results down when there are enough of them, or the first has waited long enough.
    private func commit(
        _ run: inout Run,
        _ now: Duration,
        isForced: Bool,
        _ progress: @Sendable (MetadataTally) -> Void
    ) async throws {
        guard let first = run.firstResult else { return }
        let isDue = run.results.count >= options.resultsPerCommit || now - first >= options.commitInterval
        guard isDue || isForced else { return }
        run.tally += try await store.finishMetadata(run.results, of: chainID, as: run.claim)
        (run.results, run.firstResult) = ([], nil)
        progress(run.tally)
    }

    /// At the end: what was found is written; jobs in memory are free again for whoever comes next.
    private func settle(_ run: inout Run, _ progress: @Sendable (MetadataTally) -> Void) async throws {
        let (store, chainID, claim, results) = (store, chainID, run.claim, run.results)
        // A task of its own: this one may be cancelled.
        run.tally += try await Task {
            let tally = try await store.finishMetadata(results, of: chainID, as: claim)
            try await store.releaseMetadata(as: claim)
            return tally
        }.value
        progress(run.tally)
    }
}
