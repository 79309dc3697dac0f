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
    /// Steps of sweeps in one look: a collection of ten thousand.
    private static var sweepsPerLook: Int { 10 }

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
            var pause = Duration.zero
            do {
                if try await look() { pause = Self.pollInterval }
            } catch is CancellationError {
                return
            } catch ChainError.cancelled {
                return
            } catch {
                logger.warning("news of metadata cannot be read", metadata: ["reason": "\(error)"])
                pause = Self.retryPause
            }
            do { try await clock.sleep(for: pause) } catch { return }
        }
    }

    /// One step of each sort of news; true where nothing is left to do now.
    package func look() async throws -> Bool {
        var isDone = true
        if let scope { isDone = try await store.enqueueNews(of: chainID, scope, now: wallSeconds()).isDone }
        if try await !readSignals() { isDone = false }
        for _ in 0..<Self.sweepsPerLook {
            guard let made = try await store.sweepMetadata(of: chainID, now: wallSeconds()), made > 0 else { break }
        }
        return isDone
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
