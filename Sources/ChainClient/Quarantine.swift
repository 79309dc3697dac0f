/// How long an endpoint that gave wrong data is kept away from; pure.
#if MUTANTS
    import Ethereum
#endif

/// Counts contradictions of one endpoint.
///
/// Wrong data is worse than none: it holds for every method, and longer than a ``Breaker`` is open. The first time may be
/// a race at the head, so only a second within the window counts.
package struct Quarantine: Sendable, Hashable {
    package static let window: Duration = .seconds(30)
    /// Contradictions this close together are one: many requests in flight see the same reorg.
    package static let together: Duration = .seconds(1)
    package static let base: Duration = .seconds(30)
    package static let lengthMax: Duration = .seconds(900)
    private static let jitter = 0.2

    package private(set) var until: Duration = .zero
    private var last: Duration?
    private var times = 0

    package init() {}

    package func isOn(_ now: Duration) -> Bool { now < until }

    /// An answer contradicted itself, the question, or all other operators.
    package mutating func contradicted(_ now: Duration, random: UInt64) {
        #if MUTANTS
            if Mutant.is(.contradictionsForgiven) { return }
        #endif
        guard now >= until else { return }
        if let last, now - last < Self.together { return }
        defer { last = now }
        guard let last, now - last <= Self.window else { return }
        // Good for as long as the longest quarantine: what was before is forgotten.
        if now - until > Self.lengthMax { times = 0 }
        let length = min(Self.lengthMax, Self.base * (1 << min(times, 16)))
        until = now + min(Self.lengthMax, Backoff.spread(length, by: Self.jitter, random: random))
        times += 1
    }
}
