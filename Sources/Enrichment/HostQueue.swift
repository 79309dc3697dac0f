/// Whose server is asked next: waiting work by host, hosts taking turns, a host in trouble paused; pure.
///
/// What one host costs the others is its share of places in flight, however many tokens it has and however long it takes.
package struct HostQueue<Work: Sendable>: Sendable {
    /// Requests in flight at one host: polite, and no host can hold more than these places.
    package static var inFlightMax: Int { 2 }
    /// Failures in a row after which a host is left alone for a while.
    package static var failuresMax: Int { 5 }
    package static var pauseBase: Duration { .seconds(30) }
    package static var pauseMax: Duration { .seconds(3_600) }
    /// Waiting work of a host not known yet; later what it can do in ``horizon``, within these bounds.
    package static var waitingMin: Int { 16 }
    package static var waitingMax: Int { 1_024 }
    /// Far below the time for which a claim holds.
    static var horizon: Duration { .seconds(60) }

    private struct Host: Sendable {
        var waiting: [Work] = []
        /// Where ``waiting`` starts; what lies before is gone.
        var first = 0
        var inFlight = 0
        var failures = 0
        var pauses = 0
        var pausedUntil: Duration?
        /// How long a request takes, smoothed.
        var latency: Duration?

        var count: Int { waiting.count - first }
        var isIdle: Bool { count == 0 && inFlight == 0 }

        var room: Int {
            guard let latency else { return HostQueue.waitingMin }
            let inTime = Double(HostQueue.inFlightMax) * (HostQueue.horizon / max(.milliseconds(1), latency))
            return min(HostQueue.waitingMax, max(HostQueue.waitingMin, Int(min(inTime, 1e6))))
        }

        /// Takes the first that waits; what was taken is given up when it is the greater part.
        mutating func start() -> Work? {
            guard count > 0 else { return nil }
            let work = waiting[first]
            (first, inFlight) = (first + 1, inFlight + 1)
            if first > waiting.count / 2 {
                waiting.removeFirst(first)
                first = 0
            }
            return work
        }

        /// After a pause one request alone shows whether it is over.
        func places(_ now: Duration) -> Int {
            guard let pausedUntil else { return HostQueue.inFlightMax }
            return now < pausedUntil ? 0 : 1
        }
    }

    private var hosts: [String: Host] = [:]
    /// Hosts with waiting work, in order of turn.
    private var turns: [String] = []
    /// Hosts remembered without work; beyond, those that are well are forgotten.
    private static var remembered: Int { 10_000 }

    /// Hosts named as closed at once; the store compares each job's with them.
    private static var namedMax: Int { 1_000 }

    package private(set) var waiting = 0
    package private(set) var inFlight = 0

    package init() {}

    /// Lets work wait for its host; false: the host has enough, or is paused.
    package mutating func add(_ work: Work, host: String, now: Duration) -> Bool {
        if let entry = hosts[host] {
            guard entry.count < entry.room, entry.places(now) > 0 else { return false }
        }
        if hosts[host]?.count ?? 0 == 0 { turns.append(host) }
        // In place: a copy of what waits for each that comes would be quadratic.
        hosts[host, default: Host()].waiting.append(work)
        waiting += 1
        return true
    }

    /// Takes the next work that may start; to be ended by ``ended(_:after:isHealthy:now:)``.
    package mutating func next(now: Duration) -> (host: String, work: Work)? {
        for turn in turns.indices {
            let name = turns[turn]
            guard let host = hosts[name], host.count > 0, host.inFlight < host.places(now) else { continue }
            turns.remove(at: turn)
            if host.count > 1 { turns.append(name) }
            (waiting, inFlight) = (waiting - 1, inFlight + 1)
            return hosts[name, default: Host()].start().map { (name, $0) }
        }
        return nil
    }

    /// A request at a host is over.
    ///
    /// - Parameter isHealthy: whether the host answered; nil: nothing can be said.
    /// - Returns: work that will not be done, because the host is paused now.
    package mutating func ended(_ name: String, after elapsed: Duration, isHealthy: Bool?, now: Duration) -> [Work] {
        inFlight -= 1
        guard var host = hosts[name] else { return [] }
        host.inFlight -= 1
        host.latency = host.latency.map { ($0 * 3 + elapsed) / 4 } ?? elapsed
        var dropped: [Work] = []
        switch isHealthy {
        case true: (host.failures, host.pauses, host.pausedUntil) = (0, 0, nil)
        case false:
            host.failures += 1
            guard host.failures >= Self.failuresMax || host.pausedUntil != nil else { break }
            let pause = min(Self.pauseMax, Self.pauseBase * (1 << min(host.pauses, 10)))
            (host.pausedUntil, host.pauses, host.failures) = (now + pause, host.pauses + 1, 0)
            dropped = Array(host.waiting[host.first...])
            (host.waiting, host.first) = ([], 0)
            waiting -= dropped.count
            turns.removeAll { $0 == name }
        case nil: break
        }
        hosts[name] = host
        forgetIdle(now)
        return dropped
    }

    /// Hosts whose work is better left in the store: paused, or more than half full, so that a handful comes at a time.
    package func closed(now: Duration) -> Set<String> {
        var names: Set<String> = []
        for (name, host) in hosts where host.places(now) == 0 || host.count > host.room / 2 {
            guard names.count < Self.namedMax else { break }
            names.insert(name)
        }
        return names
    }

    /// When a paused host may be asked again; nil: it is not paused.
    package func pausedUntil(_ name: String, now: Duration) -> Duration? {
        hosts[name]?.pausedUntil.flatMap { $0 > now ? $0 : nil }
    }

    private mutating func forgetIdle(_ now: Duration) {
        guard hosts.count > Self.remembered else { return }
        hosts = hosts.filter { !$0.value.isIdle || $0.value.pausedUntil.map { $0 > now } ?? false }
    }
}
