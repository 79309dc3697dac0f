package import Ethereum
package import Logging
package import Tokens

/// Fills the queue while a chain is followed: new tokens, tokens whose contract says that they changed, tokens whose turn it is.
///
/// Works beside an engine or in a process of its own, and beside others that do the same.
package struct NewsReader<Time: Clock>: Sendable where Time.Duration == Duration {
    package typealias Store = any Ledger & MetadataNews

    private let chain: any Chain
    private let store: Store
    private let chainID: ChainID
    /// Whose tokens are looked up without being asked for; nil: nobody's.
    private let scope: MetadataScope?
    private let clock: Time
    /// Seconds since 1970.
    private let wallSeconds: @Sendable () -> Int64
    private let logger: Logger

    /// Between two looks when there was nothing to do.
    private static var pollInterval: Duration { .seconds(2) }
    /// After a look that failed.
    private static var retryPause: Duration { .seconds(10) }
    /// Between two looks when there was something to do; the time that the last one took, where that is longer.
    private static var stepPause: Duration { .milliseconds(20) }
    /// Steps of sweeps in one look, and what they may come to: a collection of ten thousand, or many small ones.
    private static var sweepsPerLook: Int { 100 }
    private static var sweptPerLook: Int { 10_000 }
    /// Blocks passed by at once where nobody has their events any more.
    private static var passedBy: BlockNumber { 1_000 }

    package init(
        chain: any Chain,
        store: Store,
        chainID: ChainID,
        scope: MetadataScope?,
        clock: Time,
        wallSeconds: @escaping @Sendable () -> Int64,
        logger: Logger
    ) {
        self.chain = chain
        self.store = store
        self.chainID = chainID
        self.scope = scope
        self.clock = clock
        self.wallSeconds = wallSeconds
        self.logger = logger
    }

    /// Looks again and again until cancelled; what fails is said and tried again.
    package func run() async {
        while !Task.isCancelled {
            let start = clock.now
            let look = await tryLook()
            // Whoever else writes the database has its turn between two steps.
            let took = start.duration(to: clock.now)
            let pause = look.isFailed ? Self.retryPause : look.isDone ? Self.pollInterval : max(Self.stepPause, took)
            do { try await clock.sleep(for: pause) } catch { return }
        }
    }

    /// One step of each sort of news, none of which is kept from its own by another's failure.
    private func tryLook() async -> (isDone: Bool, isFailed: Bool) {
        var (isDone, isFailed) = (true, false)
        for step in [sweep, enqueue, readSignals] {
            do {
                if try await !step() { isDone = false }
            } catch is CancellationError {
                return (true, false)
            } catch ChainError.cancelled {
                return (true, false)
            } catch {
                isFailed = true
                logger.warning("news of metadata cannot be read", metadata: ["reason": "\(error)"])
            }
        }
        // A failure waits only where there is nothing else to do.
        return (isDone, isFailed && isDone)
    }

    /// One step of each sort of news; true where nothing is left to do now.
    package func look() async throws -> Bool {
        var isDone = true
        for step in [sweep, enqueue, readSignals] where try await !step() { isDone = false }
        return isDone
    }

    private func enqueue() async throws -> Bool {
        guard let scope else { return true }
        return try await store.enqueueNews(of: chainID, scope, now: wallSeconds()).isDone
    }

    /// Some steps of the sweeps that are due, as far as a look may go.
    private func sweep() async throws -> Bool {
        var made = 0
        for _ in 0..<Self.sweepsPerLook where made < Self.sweptPerLook {
            guard let more = try await store.sweepMetadata(of: chainID, now: wallSeconds()) else { return true }
            made += more
        }
        return true
    }

    /// Reads one page of events behind those that were read; true where none is left.
    private func readSignals() async throws -> Bool {
        guard let cursor = try await store.signalCursor(of: chainID) else { return true }
        let state = try await store.state(of: chainID)
        guard let tip = state.tip, cursor.block < tip.number else { return true }
        var range = (cursor.block + 1)...tip.number
        var signals: [MetadataSignal] = []
        do {
            for filter in Self.filters(state) {
                let answer = try await chain.logs(in: range, matching: filter, beside: tip)
                range = range.lowerBound...answer.range.upperBound
                signals += MetadataSignal.all(in: answer.page)
            }
        } catch ChainError.unservable(let why) {
            range = range.lowerBound...min(range.upperBound, range.lowerBound + Self.passedBy - 1)
            logger.warning(
                "no endpoint has the events of some blocks any more; what changed there is found by the schedule",
                metadata: ["blocks": "\(range.lowerBound)…\(range.upperBound)", "reason": "\(why)"]
            )
        }
        try await store.takeSignals(
            signals,
            through: range.upperBound,
            after: cursor,
            of: chainID,
            now: wallSeconds()
        )
        return range.upperBound == tip.number
    }

    /// One for the whole chain where it is followed, else as many as its contracts need.
    private static func filters(_ state: ChainState) -> [LogFilter] {
        let active = state.scopes.filter(\.isActive)
        guard !active.contains(where: { $0.contract == nil }) else {
            return [LogFilter(topics0: MetadataSignal.topics)]
        }
        let contracts = active.compactMap(\.contract)
        return stride(from: 0, to: contracts.count, by: LogFilter.addressesMax).map { start in
            LogFilter(
                addresses: Array(contracts[start..<min(start + LogFilter.addressesMax, contracts.count)]),
                topics0: MetadataSignal.topics
            )
        }
    }
}
