/// How long to wait and how often to try again; pure.
#if MUTANTS
    import Ethereum
#endif

package enum Backoff {
    /// The first pause is random up to this.
    package static let base: Duration = .milliseconds(200)
    /// No pause is longer, however often it failed.
    package static let cap: Duration = .seconds(30)

    /// Full jitter: anything from nothing to base · 2^failures, so that clients do not return in step.
    package static func pause(
        failures: Int,
        random: UInt64,
        base: Duration = Backoff.base,
        cap: Duration = Backoff.cap
    ) -> Duration {
        let ceiling = min(cap, base * (1 << min(max(failures, 0), 16)))
        // 53 bits are exact in a Double; which fraction it is does not matter more exactly than that.
        return ceiling * (Double(random >> 11) / Double(1 << 53))
    }

    /// `length`, longer or shorter by up to `share` of it.
    package static func spread(_ length: Duration, by share: Double, random: UInt64) -> Duration {
        let fraction = Double(random >> 11) / Double(1 << 53)
        return length * (1 - share + 2 * share * fraction)
    }
}

/// How many more tries are allowed: a share of the questions asked, so that an outage is not answered by a storm.
///
/// It limits only immediate tries at endpoints that were asked already. A call that it ends says *unavailable*, and the
/// engine's loop comes back slowly, for ever.
package struct RetryBudget: Sendable, Hashable {
    /// One retry for five questions.
    package static let share = 0.2
    /// And so many a second, so that a quiet client may retry at all.
    package static let perSecond = 2.0
    /// Never saved up beyond this.
    package static let tokensMax = 20.0

    private(set) var tokens = RetryBudget.tokensMax
    private var last: Duration = .zero

    package init() {}

    package mutating func asked(now: Duration) {
        refill(now)
        tokens = min(Self.tokensMax, tokens + Self.share)
    }

    /// Takes one token; false when there is none.
    package mutating func takes(now: Duration) -> Bool {
        refill(now)
        #if MUTANTS
            if Mutant.is(.retriesWithoutEnd) { return true }
        #endif
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    private mutating func refill(_ now: Duration) {
        guard now > last else { return }
        tokens = min(Self.tokensMax, tokens + Self.perSecond * (now - last).seconds)
        last = now
    }
}

/// When a node says we may come back: read leniently, believed up to a ceiling.
package enum RetryAfter {
    /// A node that wants us away longer is parked by our own rules, not by its word.
    package static let cap: Duration = .seconds(300)

    package static func hint(header: String?, text: String) -> Duration? {
        if let header, let seconds = Double(header.filter { $0 != " " }), seconds >= 0, seconds.isFinite {
            return min(cap, .seconds(min(seconds, 1e6)))
        }
        // An HTTP date would need the node's clock to agree with ours; that it is there at all says "later".
        if let header, header.contains("GMT") { return .seconds(30) }
        if let seconds = NumberText.first(in: text, after: "backoff_seconds") {
            return min(cap, .seconds(Int64(clamping: min(seconds, 1_000_000))))
        }
        return tryAgain(text)
    }

    /// "try again in 4ms", "try again in 5m2s".
    private static func tryAgain(_ text: String) -> Duration? {
        guard let found = text.firstRange(of: "try again in ") else { return nil }
        var rest = text[found.upperBound...]
        var total: Duration = .zero
        var isFound = false
        while let first = rest.first, first.isASCII, first.isNumber {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = rest[digits.endIndex...].prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...]
            guard let value = Double(digits), value < 1e6 else { return nil }
            switch unit {
            case "ms": total += .seconds(value / 1_000)
            case "s", "sec", "second", "seconds": total += .seconds(value)
            case "m", "min", "minute", "minutes": total += .seconds(value * 60)
            case "h", "hour", "hours": total += .seconds(value * 3_600)
            default: return nil
            }
            isFound = true
        }
        return isFound ? min(cap, total) : nil
    }
}

extension Duration {
    /// As a floating-point number, for rates only.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
