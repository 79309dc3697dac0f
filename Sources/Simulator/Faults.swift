import Synchronization

/// What can go wrong between a client and what it asks, and at a store; each named, so that one which never happens
/// is seen.
package enum FaultPoint: String, Sendable, Hashable, CaseIterable {
    // The way to the node.
    case slow, timeout, closed, rateLimited, rateLimitedWithRetryAfter, rateLimitedInBody
    case serverError, gatewayPage, cutBody, emptyBody
    // What the node says.
    case unknownText, wrongID, missingBlock, laggingHead, rangeCap, tooManyResults, responseTooLarge
    // What it says about logs.
    case otherBlockLogs, otherForkLogs, duplicateLogs, shuffledLogs, pendingLogs
    /// What nobody can see in an answer: a log, or all logs of a block, left out; another number in a log's data.
    case withheldLog, withheldBlock, alteredLog
    // Made by who drives the world.
    case reorg, twinReorg, returningBranch, splitEndpoints, finalityStall, capChange
    case restart, takeOver, scopeAdded, eventSetAdded
    /// One waits for the chain of another, which then is stopped for longer than its lease, or killed.
    case standby, holderStopped, holderKilled
    // The store.
    case storeBefore, storeAfter, storeBusy, storeUnreadable
}

/// Faults by seed: in each run some kinds never happen and others often, so that runs differ in kind (swarm testing).
package final class Faults: Sendable {
    private struct State: Sendable {
        var random: SplitMix64
        /// In a thousand, by position in `FaultPoint.allCases`.
        var rates: [Int]
        var counts: [Int]
        var isOn = true
    }

    private let state: Mutex<State>
    private static let positions = Dictionary(
        uniqueKeysWithValues: FaultPoint.allCases.enumerated().map { ($0.element, $0.offset) }
    )

    /// Every kind is off with an even chance, else happens up to `perMilleMax` times in a thousand.
    package init(random: SplitMix64, perMilleMax: Int = 80) {
        var random = random
        let rates = FaultPoint.allCases.map { _ in random.happens(500) ? 0 : random.pick(1...max(1, perMilleMax)) }
        let counts = FaultPoint.allCases.map { _ in 0 }
        state = Mutex(State(random: random, rates: rates, counts: counts))
    }

    /// Only what is named.
    package init(seed: UInt64, rates: [FaultPoint: Int]) {
        state = Mutex(
            State(
                random: SplitMix64(seed: seed),
                rates: FaultPoint.allCases.map { rates[$0] ?? 0 },
                counts: FaultPoint.allCases.map { _ in 0 }
            )
        )
    }

    /// None at all.
    package convenience init() {
        self.init(seed: 0, rates: [:])
    }

    /// Whether it happens now; counted if so.
    package func fires(_ point: FaultPoint) -> Bool {
        let position = Faults.positions[point] ?? 0
        return state.withLock { state in
            guard state.isOn, state.rates[position] > 0, state.random.happens(state.rates[position]) else {
                return false
            }
            state.counts[position] += 1
            return true
        }
    }

    /// Counts what somebody else made happen.
    package func note(_ point: FaultPoint) {
        let position = Faults.positions[point] ?? 0
        state.withLock { $0.counts[position] += 1 }
    }

    /// Whether the kind happens at all in this run.
    package func isEnabled(_ point: FaultPoint) -> Bool {
        let position = Faults.positions[point] ?? 0
        return state.withLock { $0.isOn && $0.rates[position] > 0 }
    }

    /// Lets a kind never happen: for a world in which nothing would notice it.
    package func leaveOut(_ point: FaultPoint) {
        let position = Faults.positions[point] ?? 0
        state.withLock { $0.rates[position] = 0 }
    }

    /// From now on nothing goes wrong any more.
    package func stop() {
        state.withLock { $0.isOn = false }
    }

    package func pick(_ range: ClosedRange<Int>) -> Int {
        state.withLock { $0.random.pick(range) }
    }

    package var counts: [FaultPoint: Int] {
        let counts = state.withLock { $0.counts }
        return Dictionary(uniqueKeysWithValues: zip(FaultPoint.allCases, counts))
    }
}
