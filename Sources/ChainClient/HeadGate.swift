/// Whether a claimed head can be: a broken node that is far ahead of everybody must not move the chain; pure (rpc-quirks §7).
package import Ethereum

package struct HeadGate: Sendable, Hashable {
    /// More blocks than any gap between two looks explains by itself.
    static let leapMin: UInt64 = 1_024
    /// No chain makes more blocks a second.
    static let blocksPerSecondMax = 100.0
    /// A claim that nobody supports, and at most one other operator contradicts, is believed when it was made so often: one
    /// of two may be a node that is still syncing.
    static let looksNeeded = 3

    package enum Verdict: Sendable, Hashable {
        case believed
        /// Believed, and what was believed before is not: most operators are far below it.
        case corrected
        /// Not believed yet; at most one other operator has another head.
        case doubted
        /// Not believed: several operators say otherwise.
        case outvoted
    }

    private var believed: BlockNumber?
    private var believedAt: Duration = .zero
    /// By operator: claims in a row that were not believed.
    private var doubts: [String: Int] = [:]

    package init() {}

    /// - Parameters:
    ///   - claimant: the operator whose endpoint says so.
    ///   - others: the newest claim of each other operator, believed or not.
    package mutating func judges(
        _ number: BlockNumber,
        of claimant: String,
        others: [BlockNumber],
        now: Duration
    ) -> Verdict {
        let elapsed = believed == nil ? 0 : max(0, (now - believedAt).seconds)
        let leap = Self.leapMin + UInt64(min(elapsed, 1e9) * Self.blocksPerSecondMax)
        func isFar(_ high: BlockNumber, above low: BlockNumber) -> Bool { high > low && high - low > leap }
        guard let reference = believed ?? others.max() else { return accept(number, now, .believed) }
        if isFar(number, above: reference) {
            if others.contains(where: { !isFar(number, above: $0) }) {
                doubts[claimant] = nil
                return accept(number, now, .believed)
            }
            guard others.count < 2 else { return .outvoted }
            doubts[claimant, default: 0] += 1
            guard doubts[claimant] ?? 0 >= Self.looksNeeded else { return .doubted }
            doubts[claimant] = nil
            return accept(number, now, .believed)
        }
        doubts[claimant] = nil
        // What was believed first may have been the broken one.
        let below = others.count { isFar(reference, above: $0) } + 1
        if believed != nil, isFar(reference, above: number), below >= 2, below > others.count + 1 - below {
            return accept(max(number, others.filter { isFar(reference, above: $0) }.max() ?? 0), now, .corrected)
        }
        return number >= reference ? accept(number, now, .believed) : .believed
    }

    private mutating func accept(_ number: BlockNumber, _ now: Duration, _ verdict: Verdict) -> Verdict {
        (believed, believedAt) = (number, now)
        return verdict
    }
}
