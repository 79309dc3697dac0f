/// When a look at the head that takes long is asked of a second endpoint as well; pure (reliability §5).
package struct HeadHedge: Sendable, Hashable {
    /// Looks that are remembered, and needed before the slowest of them mean anything.
    static let looksMax = 100
    static let looksMin = 20
    /// A look that takes longer than this share of the others.
    static let quantile = 0.95
    /// Extra requests, as a share of all looks; saved up for two.
    static let share = 0.05
    static let tokensMax = 2.0
    /// Quicker than this nobody waits for anything.
    static let delayMin: Duration = .milliseconds(20)

    private var looks: [Duration] = []
    private var next = 0
    private var tokens = 0.0

    package init() {}

    /// How long to wait for the first; nil while too little is known, or no extra request is allowed.
    package var delay: Duration? {
        guard looks.count >= Self.looksMin, tokens >= 1 else { return nil }
        let sorted = looks.sorted()
        return max(Self.delayMin, sorted[min(sorted.count - 1, Int(Double(sorted.count) * Self.quantile))])
    }

    /// A look began, and may be a reason for an extra one later.
    package mutating func began() { tokens = min(Self.tokensMax, tokens + Self.share) }

    /// A look ended after so long, with an answer or because another was quicker.
    package mutating func ended(after elapsed: Duration) {
        if looks.count < Self.looksMax { looks.append(elapsed) } else { looks[next] = elapsed }
        next = (next + 1) % Self.looksMax
    }

    /// Takes the right to one extra request.
    package mutating func takes() -> Bool {
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
