/// Whether an endpoint is asked for one class of methods, told from how it answered of late; pure (reliability §5).
#if MUTANTS
    import Ethereum
#endif

/// A circuit breaker over a time window; who uses it gives the time and the chance.
///
/// Closed, it counts. Open, it lets nothing through for a while. Half open, one probe goes alone, then three real calls;
/// when all went well it is closed again, and the first that did not opens it for twice as long.
package struct Breaker: Sendable, Hashable {
    /// Methods that work or fail together: a node without receipts is not dead for logs.
    package enum Class: Int, Sendable, Hashable, CaseIterable, Comparable {
        case head, logs, receipts, call

        package static func < (left: Class, right: Class) -> Bool { left.rawValue < right.rawValue }
    }

    package enum State: String, Sendable, Hashable {
        case closed, open, halfOpen
    }

    /// What is counted is what happened within this, to the tenth part.
    package static let window: Duration = .seconds(30)
    static let buckets = 10
    /// Fewer calls than this say nothing about a share.
    package static let callsMin = 10
    package static let failedShareMax = 0.5
    /// Nobody listens there: no need to wait for more.
    package static let connectFailuresMax = 3
    package static let openBase: Duration = .seconds(5)
    package static let openMax: Duration = .seconds(300)
    /// Either way, so that clients do not return in step.
    static let jitter = 0.2
    /// Calls let through at a time after the probe, and successes needed.
    package static let trialCalls = 3

    private enum Phase: Sendable, Hashable {
        case closed
        case open(until: Duration)
        /// - Parameter resume: where a probe out of turn goes back to.
        case halfOpen(successes: Int, inFlight: Int, resume: Duration?)
    }

    private struct Bucket: Sendable, Hashable {
        var turn: Int64 = -1
        var calls = 0
        var failures = 0
    }

    private var phase = Phase.closed
    private var counts = [Bucket](repeating: Bucket(), count: Self.buckets)
    private var connectFailures = 0
    /// Openings in a row, with no closing between.
    private var openings = 0
    private var lastFailure: Duration?

    package init() {}

    package func state(_ now: Duration) -> State {
        switch phase {
        case .closed: .closed
        case .open(let until): now < until ? .open : .halfOpen
        case .halfOpen: .halfOpen
        }
    }

    /// When a call may be let through; nil: now.
    package func blockedUntil(_ now: Duration) -> Duration? {
        switch phase {
        case .closed: nil
        case .open(let until): now < until ? until : nil
        // Whoever holds the place gives it back within its deadline: looked at again soon.
        case .halfOpen(let successes, let inFlight, _):
            inFlight < (successes == 0 ? 1 : Self.trialCalls) ? nil : now + .milliseconds(100)
        }
    }

    /// Whether the last that was heard, of late, was a failure: asked after others, though it is closed.
    package func isShaky(_ now: Duration) -> Bool {
        guard phase == .closed, let lastFailure else { return false }
        return now - lastFailure < Self.window
    }

    // MARK: A call

    /// Takes the right to make a call, to be given back with ``end(_:)``; false: not now.
    ///
    /// - Parameter isForced: a probe although it is open, because nobody else is left to ask.
    package mutating func begin(_ now: Duration, isForced: Bool = false) -> Bool {
        switch phase {
        case .closed: return true
        case .open(let until):
            guard now >= until || isForced else { return false }
            phase = .halfOpen(successes: 0, inFlight: 1, resume: now < until ? until : nil)
        case .halfOpen(let successes, let inFlight, let resume):
            guard isForced || blockedUntil(now) == nil else { return false }
            phase = .halfOpen(successes: successes, inFlight: inFlight + 1, resume: resume)
        }
        return true
    }

    /// The call is over, however it went; what it showed is told by ``succeeded(_:)`` and ``failed(_:isConnect:random:)``.
    package mutating func end(_ now: Duration) {
        guard case .halfOpen(let successes, let inFlight, let resume) = phase else { return }
        // A probe out of turn that showed nothing opens no door.
        if inFlight <= 1, successes == 0, let resume, resume > now {
            phase = .open(until: resume)
        } else {
            phase = .halfOpen(successes: successes, inFlight: max(0, inFlight - 1), resume: resume)
        }
    }

    /// One request was answered.
    package mutating func succeeded(_ now: Duration) {
        (connectFailures, lastFailure) = (0, nil)
        switch phase {
        case .closed: count(now, failed: false)
        // Sent before it opened: no news.
        case .open: break
        case .halfOpen(let successes, let inFlight, _):
            guard successes < Self.trialCalls else {
                self = Breaker()
                return
            }
            phase = .halfOpen(successes: successes + 1, inFlight: inFlight, resume: nil)
        }
    }

    /// One request failed in a way that speaks against the endpoint.
    package mutating func failed(_ now: Duration, isConnect: Bool = false, random: UInt64) {
        connectFailures = isConnect ? connectFailures + 1 : 0
        lastFailure = now
        switch phase {
        case .closed:
            count(now, failed: true)
            let (calls, failures) = recent(now)
            let isFailing = calls >= Self.callsMin && Double(failures) >= Self.failedShareMax * Double(calls)
            if isFailing || connectFailures >= Self.connectFailuresMax { open(now, random) }
        // Many in flight fail together: one failure, not many.
        case .open: break
        case .halfOpen(_, _, let resume):
            if let resume, resume > now { phase = .open(until: resume) } else { open(now, random) }
        }
    }

    private mutating func open(_ now: Duration, _ random: UInt64) {
        #if MUTANTS
            if Mutant.is(.breakerNeverOpens) { return }
        #endif
        let length = min(Self.openMax, Self.openBase * (1 << openings))
        let opened = min(openings + 1, 16)
        self = Breaker()
        openings = opened
        phase = .open(until: now + min(Self.openMax, Backoff.spread(length, by: Self.jitter, random: random)))
    }

    // MARK: The window

    private static let bucketLength = window / buckets

    private mutating func count(_ now: Duration, failed: Bool) {
        let turn = Int64(now / Self.bucketLength)
        let index = Int(turn % Int64(Self.buckets))
        if counts[index].turn != turn { counts[index] = Bucket(turn: turn) }
        counts[index].calls += 1
        if failed { counts[index].failures += 1 }
    }

    /// Calls and failures within the window.
    package func recent(_ now: Duration) -> (calls: Int, failures: Int) {
        let oldest = Int64(now / Self.bucketLength) - Int64(Self.buckets)
        return counts.reduce(into: (0, 0)) { sum, bucket in
            guard bucket.turn > oldest, bucket.turn >= 0 else { return }
            sum.0 += bucket.calls
            sum.1 += bucket.failures
        }
    }
}

extension RPCMethod {
    /// The breaker that it belongs to.
    package var breakerClass: Breaker.Class {
        switch self {
        case .chainID, .blockByNumber, .blockByHash: .head
        case .logs: .logs
        case .blockReceipts: .receipts
        case .call, .code, .clientVersion: .call
        }
    }

    /// The classes that a call about it is made of: logs and receipts are bound to headers of the same endpoint.
    package var breakerClasses: Set<Breaker.Class> { [.head, breakerClass] }
}
