/// Which endpoint is asked next; pure. Fail-over is nothing but asking again with what was learnt.
package import Ethereum

package struct UpstreamPool: Sendable {
    package var upstreams: [Upstream]
    private var budgets: [DailyBudget]
    /// When each class was last tried although every endpoint was out of use, and whose turn it was.
    private var panics: [Breaker.Class: (at: Duration, index: Int)] = [:]

    /// What the endpoint has to be able to do.
    package struct Need: Sendable, Hashable {
        /// A block that it must have.
        package var head: BlockNumber?
        /// The oldest block whose logs are wanted.
        package var oldest: BlockNumber?
        package var capability: Upstream.Capability?
        /// What the call is made of; the last is what it is about.
        package var method = RPCMethod.blockByNumber
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
        /// Out of use like all the others, and asked all the same, so that nobody waits for ever.
        case probe(Int)
        /// Its head has to be looked at first: it is not known to have what is needed.
        case refresh(Int)
        /// Somebody may do at this time.
        case wait(until: Duration)
        case nobody
    }

    /// A head estimate younger than this is not asked for again.
    static let headAge: Duration = .milliseconds(500)
    /// While all are out of use, one of them is asked this often.
    static let panicEvery: Duration = .seconds(1)

    package init(_ endpoints: [Endpoint], _ options: RPCOptions) {
        upstreams = endpoints.map { Upstream($0, options) }
        budgets = endpoints.map { DailyBudget(requests: $0.requestsPerDay) }
    }

    /// The best endpoint for a call: untried before tried, then whoever failed last, then the least busy, then the first
    /// in the operator's order.
    package mutating func choose(for need: Need, after attempts: [Attempt], now: Duration) -> Choice {
        var best: (rank: Rank, choice: Choice)?
        var soonest: Duration?
        var out: [Int] = []
        var hasOther = false
        let classes = need.method.breakerClasses
        for index in upstreams.indices {
            let upstream = upstreams[index]
            #if MUTANTS
                if Mutant.is(.firstEndpointOnly), index > 0 { break }
            #endif
            guard !attempts[index].isSpent, !upstream.isParked(now), budgets[index].allows(now) else { continue }
            if let capability = need.capability, !upstream.can(capability, now: now) { continue }
            if let oldest = need.oldest, upstream.oldestLogs(now) > oldest { continue }
            if let until = upstream.openUntil(classes, now) {
                soonest = min(soonest ?? until, until)
                out.append(index)
                continue
            }
            hasOther = true
            let closed = upstream.throttle.closedUntil
            guard closed <= now else {
                soonest = min(soonest ?? closed, closed)
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
            var rank = Rank(attempts[index].tries, upstream, index, choice, need)
            rank.shaky = upstream.isShaky(classes, now) ? 1 : 0
            if best.map({ rank < $0.rank }) ?? true { best = (rank, choice) }
        }
        if let best { return best.choice }
        #if MUTANTS
            if Mutant.is(.nobodyProbed) { hasOther = true }
        #endif
        if !hasOther, !out.isEmpty {
            let due = panics[need.method.breakerClass].map { $0.at + Self.panicEvery } ?? now
            guard now < due else { return .probe(panic(among: out, need.method.breakerClass, now)) }
            soonest = min(soonest ?? due, due)
        }
        return soonest.map { .wait(until: $0) } ?? .nobody
    }

    /// The next in turn of those that are out of use.
    private mutating func panic(among out: [Int], _ methods: Breaker.Class, _ now: Duration) -> Int {
        let last = panics[methods]?.index ?? -1
        let index = out.first { $0 > last } ?? out[0]
        panics[methods] = (now, index)
        return index
    }

    private struct Rank: Comparable {
        var tries: Int
        var shaky = 0
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
            (left.tries, left.shaky, left.refreshes, left.load, left.index) < (
                right.tries, right.shaky, right.refreshes, right.load, right.index
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
        let usable = upstreams.filter {
            $0.isUsable(for: RPCMethod.logs.breakerClasses, now) && $0.can(.logs, now: now)
        }
        return max(1, usable.reduce(0) { $0 + $1.throttle.requestsInFlight })
    }

    package func allows(_ index: Int, now: Duration) -> Bool { budgets[index].allows(now) }

    /// What was sent of a daily budget, and since when; nil where there is none, or nothing was sent yet.
    package func budget(_ index: Int, now: Duration) -> (used: Int, since: Duration)? { budgets[index].day(now) }

    package mutating func recallBudget(_ index: Int, used: Int, since: Duration) {
        budgets[index].recall(used: used, since: since)
    }

    package mutating func counted(_ index: Int, _ requests: Int, now: Duration) {
        budgets[index].counted(requests, now)
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

    func day(_ now: Duration) -> (used: Int, since: Duration)? {
        guard requests != nil, let since, now < since + Self.day else { return nil }
        return (used, since)
    }

    mutating func recall(used: Int, since: Duration) {
        guard let requests else { return }
        // What was kept may be anything; more than all of it is all of it.
        (self.used, self.since) = (self.used + min(used, requests), since)
    }

    mutating func counted(_ requests: Int, _ now: Duration) {
        if let since, now < since + Self.day {
            used += requests
        } else {
            (since, used) = (now, requests)
        }
    }
}
