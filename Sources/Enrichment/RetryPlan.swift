/// When a token's metadata is tried again after a try that failed; pure.
///
/// Times grow fourfold from a minute to a day and end: a collection of dead links costs eight requests a token, not one each
/// minute for ever. What never comes is asked for again by an event of the contract or by hand.
package enum RetryPlan {
    /// Tries in all.
    package static let triesMax = 8
    static let firstSeconds: Int64 = 60
    static let longestSeconds: Int64 = 86_400
    /// Nobody was asked: not the token's fault, and soon over.
    static let unheardSeconds: Int64 = 60

    /// - Parameters:
    ///   - attempts: tries that failed before this one.
    ///   - retryAfter: what the server asked for; it never shortens the pause.
    ///   - random: spreads the pause by a quarter either way, so that tokens that failed together do not return together.
    /// - Returns: seconds since 1970; nil: no more.
    package static func next(
        after attempts: Int,
        now: Int64,
        retryAfter: Duration? = nil,
        random: UInt64
    ) -> Int64? {
        guard attempts + 1 < triesMax else { return nil }
        let pause = min(longestSeconds, firstSeconds << (2 * Int64(min(attempts, 8))))
        return now + max(spread(pause, random), retryAfter?.components.seconds ?? 0)
    }

    package static func afterUnheard(now: Int64, random: UInt64) -> Int64 { now + spread(unheardSeconds, random) }

    private static func spread(_ seconds: Int64, _ random: UInt64) -> Int64 {
        let quarter = max(1, seconds / 4)
        return seconds - quarter + Int64(random % UInt64(2 * quarter + 1))
    }
}
