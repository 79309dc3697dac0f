#if MUTANTS
    import Ethereum
#endif

/// How many of a contract's tokens may be looked at again: a bucket that fills by itself.
///
/// A contract may ask for a refresh of everything with every block, and it costs the contract next to nothing. So each has a
/// budget of its own, and what does not fit waits; a reveal of an ordinary collection fits at once.
package struct RefreshBudget: Sendable, Hashable {
    /// Tokens that may be looked at now, as of ``at``.
    package private(set) var left: Int64
    /// Seconds since 1970.
    package private(set) var at: Int64

    /// Tokens; twice an ordinary collection.
    package static let capacity: Int64 = 20_000
    /// How long an empty bucket takes to be full again.
    package static let secondsToFill: Int64 = 3_600

    /// As it was kept; nothing kept is a full one.
    package init(left: Int64 = capacity, at: Int64 = 0) {
        self.left = min(max(0, left), Self.capacity)
        self.at = at
    }

    /// Takes up to `wanted`; what was granted.
    ///
    /// A clock that was set back fills nothing, and takes nothing away.
    package mutating func spend(_ wanted: Int64, now: Int64) -> Int64 {
        let elapsed = min(max(0, now - at), Self.secondsToFill)
        let filled = elapsed * Self.capacity / Self.secondsToFill
        if filled > 0 { (left, at) = (min(Self.capacity, left + filled), now) }
        #if MUTANTS
            if Mutant.is(.budgetEndless) { return wanted }
        #endif
        let granted = min(max(0, wanted), left)
        left -= granted
        return granted
    }

    /// Gives back what was granted and not used.
    package mutating func giveBack(_ count: Int64) { left = min(Self.capacity, left + max(0, count)) }
}
