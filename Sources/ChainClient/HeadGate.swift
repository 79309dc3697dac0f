/// Whether a claimed head can be: a broken node that is far ahead of everybody must not move the chain; pure (rpc-quirks §7).
package import Ethereum

package struct HeadGate: Sendable {
    /// More blocks than any gap between two looks explains by itself.
    static let leapMin: UInt64 = 1_024
    /// No chain makes more blocks a second.
    static let blocksPerSecondMax = 100.0
    /// A claim that nobody supports or contradicts is believed when it was made so often in a row: a node that has just
    /// caught up looks the same.
    static let looksNeeded = 3

    private var believed: BlockNumber?
    private var believedAt: Duration = .zero
    private var doubted = 0
    /// What each operator claimed last and was not believed.
    private var claims: [String: (number: BlockNumber, at: Duration)] = [:]
    /// A claim counts for so long as the support of another operator's: some looks at each of several endpoints.
    static let claimAge: Duration = .seconds(60)

    package init() {}

    /// - Parameters:
    ///   - operator: who claims it.
    ///   - others: the newest heads seen at other operators' endpoints.
    package mutating func believes(
        _ number: BlockNumber,
        by operator: String = "",
        others: [BlockNumber],
        now: Duration
    ) -> Bool {
        let reference = max(believed ?? 0, others.max() ?? 0)
        let hasReference = believed != nil || !others.isEmpty
        let elapsed = believed == nil ? 0 : max(0, (now - believedAt).seconds)
        let leap = Self.leapMin + UInt64(min(elapsed, 1e9) * Self.blocksPerSecondMax)
        if hasReference, number > reference, number - reference > leap {
            // Where others can be asked, they decide; alone, a claim that is kept up is believed in the end.
            doubted += 1
            // After a silence of the chain all of them leap at once: then they confirm each other.
            var isConfirmed = claims.contains { other, claim in
                other != `operator` && now - claim.at <= Self.claimAge
                    && max(claim.number, number) - min(claim.number, number) <= Self.leapMin
            }
            #if MUTANTS
                if Mutant.is(.silentLeapDoubted) { isConfirmed = false }
            #endif
            claims[`operator`] = (number, now)
            guard isConfirmed || others.isEmpty && doubted >= Self.looksNeeded else { return false }
        }
        doubted = 0
        if number >= believed ?? 0 { (believed, believedAt) = (number, now) }
        return true
    }
}
