/// Which endpoint is asked next; pure. Fail-over is nothing but asking again with what was learnt.
package import Ethereum

package struct UpstreamPool: Sendable {
    package var upstreams: [Upstream]
    private var budgets: [DailyBudget]

    /// What the endpoint has to be able to do.
    package struct Need: Sendable, Hashable {
        /// A block that it must have.
        package var head: BlockNumber?
        /// The oldest block whose logs are wanted.
        package var oldest: BlockNumber?
        package var capability: Upstream.Capability?
        /// Whoever's head was looked at longest ago, so that none is forgotten; not whoever is least busy.
        package var isForHead = false

        package init(
            head: BlockNumber? = nil,
            oldest: BlockNumber? = nil,
            capability: Upstream.Capability? = nil
        ) {
            self.head = head
            self.oldest = oldest
            self.capability = capability
        }
    }

    /// How one call has gone at one endpoint so far.
    package struct Attempt: Sendable, Hashable {
        package var tries = 0
        /// Not again in this call.
        package var isSpent = false

        package init() {}
    }

    package enum Choice: Sendable, Hashable {
        case use(Int)
        /// Its head has to be looked at first: it is not known to have what is needed.
        case refresh(Int)
        /// Somebody may do at this time.
        case wait(until: Duration)
        case nobody
    }

    /// A head estimate younger than this is not asked for again.
    static let headAge: Duration = .milliseconds(500)

    package init(_ endpoints: [Endpoint], _ options: RPCOptions) {
        upstreams = endpoints.map { Upstream($0, options) }
        budgets = endpoints.map { DailyBudget(requests: $0.requestsPerDay) }
    }

    /// The best endpoint for a call: untried before tried, then the least busy, then the first in the operator's order.
    package func choose(for need: Need, after attempts: [Attempt], now: Duration) -> Choice {
        var best: (rank: Rank, choice: Choice)?
        var soonest: Duration?
        for index in upstreams.indices {
            let upstream = upstreams[index]
            #if MUTANTS
                if Mutant.is(.firstEndpointOnly), index > 0 { break }
            #endif
            guard !attempts[index].isSpent, !upstream.isParked(now), budgets[index].allows(now) else { continue }
            if let capability = need.capability, !upstream.can(capability, now: now) { continue }
            if let oldest = need.oldest, upstream.oldestLogs(now) > oldest { continue }
            if let until = upstream.blockedUntil(now) {
                soonest = min(soonest ?? until, until)
                continue
            }
            var choice = Choice.use(index)
            if let head = need.head, upstream.head ?? 0 < head || upstream.head == nil {
                let next = upstream.headAt + Self.headAge
                guard upstream.head == nil || now >= next else {
                    soonest = min(soonest ?? next, next)
                    continue
                }
                choice = .refresh(index)
            }
            let rank = Rank(attempts[index].tries, upstream, index, choice, need)
            if best.map({ rank < $0.rank }) ?? true { best = (rank, choice) }
        }
        return best?.choice ?? soonest.map { .wait(until: $0) } ?? .nobody
    }

    private struct Rank: Comparable {
        var tries: Int
        var refreshes: Int
        var load: Double
        var index: Int

        init(_ tries: Int, _ upstream: Upstream, _ index: Int, _ choice: Choice, _ need: Need) {
            self.tries = tries
            if case .refresh = choice { refreshes = 1 } else { refreshes = 0 }
            let busy = Double(upstream.inFlight) / Double(upstream.throttle.requestsInFlight)
            load = need.isForHead ? Double(upstream.headTurn) : busy
            self.index = index
        }

        static func < (left: Rank, right: Rank) -> Bool {
            (left.tries, left.refreshes, left.load, left.index) < (
                right.tries, right.refreshes, right.load, right.index
            )
        }
    }

    /// Why nobody who can be asked at all will ever serve this; nil while somebody may.
    package func hopelessness(of need: Need, now: Duration) -> String? {
        let usable = upstreams.filter { !$0.isParked(now) }
        guard !usable.isEmpty else { return nil }
        if let capability = need.capability, usable.allSatisfy({ !$0.can(capability, now: now) }) {
            return "no endpoint offers \(capability)"
        }
        if let oldest = need.oldest, usable.allSatisfy({ $0.oldestLogs(now) > oldest }) {
            return "no endpoint has logs as old as block \(oldest) any more"
        }
        return nil
    }

    /// The highest block that any usable endpoint is known to have.
    package func head(now: Duration) -> BlockNumber? {
        upstreams.filter { !$0.isParked(now) }.compactMap(\.head).max()
    }

    /// How many pages of logs are worth having in flight, over all endpoints that can be used.
    package func pagesInFlight(now: Duration) -> Int {
        let usable = upstreams.filter { !$0.isParked(now) && $0.can(.logs, now: now) }
        return max(1, usable.reduce(0) { $0 + $1.throttle.requestsInFlight })
    }

    package mutating func counted(_ index: Int, now: Duration) {
        budgets[index].counted(now)
    }
}

/// Requests a day, from the moment of the first.
private struct DailyBudget: Sendable {
    let requests: Int?
    private var used = 0
    private var since: Duration?
    private static let day: Duration = .seconds(24 * 3_600)

    init(requests: Int?) {
        self.requests = requests
    }

    func allows(_ now: Duration) -> Bool {
        guard let requests, let since, now < since + Self.day else { return true }
        return used < requests
    }

    mutating func counted(_ now: Duration) {
        if let since, now < since + Self.day {
            used += 1
        } else {
            (since, used) = (now, 1)
        }
    }
}
