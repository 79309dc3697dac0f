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
        /// Bytes of traits written together, at most: each is a few rows.
        package var attributeBytesPerCommit = 256 << 10
        /// Tokens that one request serves, at most: a slow host with one document must not hold all jobs in memory.
        package var sharersMax = 64
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

    /// A token whose contract said where its document is.
    struct Located: Sendable {
        var job: MetadataJob
        var uri: ObservedURI
    }

    /// A document that is to be fetched, for one token or for several that name the same place.
    struct Work: Sendable {
        /// The first alone while it waits; the others wait in ``Run/sharing``.
        var tokens: [Located]
        var location: MetadataLocation
        /// Which gateway is asked first.
        var turn: UInt64
    }

    enum Event: Sendable {
        case ended(Work, host: String, DocumentReader.Attempt, elapsed: Duration)
        /// Time to look at the queue again.
        case tick
    }

    /// All that a run knows.
    struct Run: Sendable {
        var claim: ID128
        var hosts = HostQueue<Work>()
        /// Tokens that go along with work that waits for its host, by its place.
        ///
        /// Nobody goes along with what has begun: what it brings may be older than the news that the token changed.
        var sharing: [MetadataLocation: [Located]] = [:]
        /// Places whose document is too large to be read for many at once.
        var unshareable: Set<MetadataLocation> = []
        /// Jobs that wait or are under way.
        var jobs = 0
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
    static var lookInterval: Duration { .milliseconds(200) }
    /// After so many failures in a row to ask contracts at all, a run with an end gives up.
    static var failuresMax: Int { 5 }

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
}
