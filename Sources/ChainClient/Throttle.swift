/// How fast and how many at a time one endpoint is asked; pure.
///
/// Up slowly, down fast.
///
/// It reacts to rate limits and timeouts only; how wide a window of logs may be is ``RangeControl``'s business, and the
/// two never move on the same signal.
package struct Throttle: Sendable, Hashable {
    /// Slower than this nobody is asked to go; below it the endpoint is as good as gone.
    static let rateMin = 0.5
    /// Share by which the rate may grow in a second.
    static let growthPerSecond = 0.05
    /// Signals that come within this of the last decrease belong to the same congestion.
    static let decreaseEvery: Duration = .seconds(1)
    static let pauseBase: Duration = .milliseconds(500)
    static let pauseCap: Duration = .seconds(30)

    private let rateMax: Double?
    private let limitMax: Double
    /// Requests a second at present; nil: not limited.
    private(set) var rate: Double?
    private var tokens: Double
    private var last: Duration = .zero
    /// Requests at a time at present.
    private(set) var limit: Double
    private var isStarting = true
    private(set) var closedUntil: Duration = .zero
    private var limitedInARow = 0
    private var decreasedAt: Duration?
    /// What was really sent of late, a moving average over about four seconds.
    private var observed = 0.0

    package init(requestsPerSecond: Double?, requestsInFlightMax: Int) {
        rateMax = requestsPerSecond.map { max(Self.rateMin, $0) }
        rate = rateMax
        limitMax = Double(max(1, requestsInFlightMax))
        limit = min(4, limitMax)
        tokens = 1
    }

    package var requestsInFlight: Int { max(1, Int(limit)) }

    /// Takes the right to send one request now; otherwise how long to wait before asking again.
    package mutating func wait(now: Duration) -> Duration? {
        if now < closedUntil { return closedUntil - now }
        advance(now)
        guard let rate else {
            sent()
            return nil
        }
        guard tokens < 1 else {
            tokens -= 1
            sent()
            return nil
        }
        // A little more than exact, so that rounding cannot make the wait come out a hair too short for ever.
        return .seconds((1 - tokens) / rate) + .milliseconds(1)
    }

    private mutating func sent() {
        observed += 0.25
    }

    private mutating func advance(_ now: Duration) {
        guard now > last else { return }
        let seconds = (now - last).seconds
        last = now
        observed *= max(0, 1 - seconds / 4)
        guard let rate else { return }
        // A burst of one second's worth at most.
        tokens = min(max(1, rate), tokens + rate * seconds)
    }

    package mutating func succeeded(now: Duration) {
        limitedInARow = 0
        limit = min(limitMax, limit + (isStarting ? 1 : 1 / limit))
        guard let rate, let decreasedAt, now > decreasedAt + Self.decreaseEvery else { return }
        // Spread over the second's requests, whatever their number.
        let grown = rate * (1 + Self.growthPerSecond / max(1, rate))
        if let rateMax {
            self.rate = min(rateMax, grown)
        } else {
            // Far above what is really sent a limit says nothing any more.
            self.rate = grown > 20 * max(1, observed) ? nil : grown
        }
    }

    /// The node wants less (E4).
    ///
    /// Closes the door for what the node asks, or for a pause that grows.
    package mutating func limited(now: Duration, retryAfter: Duration?, random: UInt64) {
        // Half fixed, half random: the fixed half makes sure that there is a pause at all.
        let ceiling = min(Self.pauseCap, Self.pauseBase * (1 << min(limitedInARow, 10)))
        let pause = ceiling / 2 + Backoff.pause(failures: 0, random: random, base: ceiling / 2)
        limitedInARow += 1
        closedUntil = max(closedUntil, now + max(retryAfter ?? .zero, pause))
        decrease(now, lowersRate: true)
    }

    /// No answer in time: fewer at once.
    package mutating func timedOut(now: Duration) {
        decrease(now, lowersRate: false)
    }

    private mutating func decrease(_ now: Duration, lowersRate: Bool) {
        isStarting = false
        if let decreasedAt, now < decreasedAt + Self.decreaseEvery { return }
        decreasedAt = now
        limit = max(1, limit / 2)
        guard lowersRate else { return }
        advance(now)
        rate = max(Self.rateMin, min(rate ?? .infinity, max(observed, Self.rateMin * 2)) / 2)
        tokens = 0
    }
}
