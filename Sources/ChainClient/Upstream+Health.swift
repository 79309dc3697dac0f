/// Whether one endpoint is asked at all, class by class, and what its answers and faults do to that; pure.
extension Upstream {
    package func breaker(_ methods: Breaker.Class) -> Breaker { breakers[methods.rawValue] }

    /// Until when it is out of use for any of these classes; nil: it may be asked.
    package func openUntil(_ classes: Set<Breaker.Class>, _ now: Duration) -> Duration? {
        let closed = classes.compactMap { breaker($0).blockedUntil(now) }
        return (quarantine.isOn(now) ? closed + [quarantine.until] : closed).max()
    }

    /// Whether it can be asked for these classes now, as far as is known.
    package func isUsable(for classes: Set<Breaker.Class>, _ now: Duration) -> Bool {
        !isParked(now) && openUntil(classes, now) == nil
    }

    package func isShaky(_ classes: Set<Breaker.Class>, _ now: Duration) -> Bool {
        classes.contains { breaker($0).isShaky(now) }
    }

    /// Takes the right to make one call, of all classes or none; to be given back with ``end(_:_:)``.
    package mutating func begin(_ classes: Set<Breaker.Class>, _ now: Duration, isForced: Bool) -> Bool {
        guard isForced || openUntil(classes, now) == nil else { return false }
        for methods in classes { _ = breakers[methods.rawValue].begin(now, isForced: isForced) }
        inFlight += 1
        return true
    }

    package mutating func end(_ classes: Set<Breaker.Class>, _ now: Duration) {
        for methods in classes { breakers[methods.rawValue].end(now) }
        inFlight -= 1
    }

    /// One request was answered usably.
    package mutating func answered(_ method: RPCMethod, now: Duration) {
        throttle.succeeded(now: now)
        breakers[method.breakerClass.rawValue].succeeded(now)
    }

    /// A whole call was: whatever it was parked for is over.
    package mutating func succeeded() { park = nil }

    package mutating func failed(_ fault: Fault, _ method: RPCMethod, now: Duration, random: UInt64) {
        switch fault.kind.action.effect {
        case .none: break
        case .throttles: throttle.limited(now: now, retryAfter: fault.retryAfter, random: random)
        case .counts:
            guard !fault.isOurs else { break }
            if fault.isTimeout { throttle.timedOut(now: now) }
            breakers[method.breakerClass.rawValue].failed(now, isConnect: fault.isConnect, random: random)
        case .suspected: quarantine.contradicted(now, random: random)
        case .parks(let length):
            park = Park(until: now + length, kind: fault.kind, text: fault.text)
            if fault.kind == .wrongChain { verifiedAt = nil }
        }
    }
}
