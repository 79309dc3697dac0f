import Ethereum
import Foundation
import Tokens

/// The counts of a verification and what follows from them.
package struct Tally: Sendable, Hashable {
    package private(set) var equal = 0
    package private(set) var different = 0
    package private(set) var unanswered = 0
    /// Of the unanswered, those whose state no endpoint has any more.
    package private(set) var pruned = 0

    /// Beyond this share of holdings without an answer the answered ones are no sample of all.
    package static let unansweredShareMax = 0.1

    package init() {}

    package mutating func count(_ verdict: HoldingCheck.Verdict) {
        switch verdict {
        case .equal: equal += 1
        case .different: different += 1
        case .unanswered(let outcome):
            unanswered += 1
            if outcome == .statePruned { pruned += 1 }
        }
    }

    /// Those about which the contract itself was heard.
    package var answered: Int { equal + different }
    package var checked: Int { answered + unanswered }

    /// The share of equal ones among those answered; nil without any.
    package var rate: Double? { answered == 0 ? nil : Double(equal) / Double(answered) }

    /// What the true share exceeds with 95 % confidence, were the answered ones drawn independently; nil without any.
    package var lowerBound: Double? {
        answered == 0 ? nil : ClopperPearson.lowerBound(successes: equal, of: answered)
    }

    var totals: AuditTotals {
        AuditTotals(
            agreed: UInt64(equal),
            different: UInt64(different),
            unanswered: UInt64(unanswered)
        )
    }

    package enum Conclusion: Sendable, Hashable {
        case passed
        case belowThreshold
        /// Neither good nor bad: too little was heard; why, in words.
        case unchecked(String)
    }

    package func conclusion(threshold: Double) -> Conclusion {
        guard checked > 0 else { return .unchecked("there is no holding to check") }
        #if MUTANTS
            if Mutant.is(.unansweredPasses), rate ?? 1 >= threshold { return .passed }
        #endif
        guard Double(unanswered) <= Self.unansweredShareMax * Double(checked), let rate else {
            let why =
                pruned * 2 > unanswered
                ? "no endpoint has the state of that block any more; give an archive node with --rpc, or verify sooner"
                : "the endpoints did not answer"
            return .unchecked("\(unanswered) of \(checked) holdings were not answered: \(why)")
        }
        return rate >= threshold ? .passed : .belowThreshold
    }
}

/// The exact confidence bound of a share (Clopper and Pearson, Biometrika 26, 1934).
package enum ClopperPearson {
    /// The share p at which so many successes or more still have a chance of `error`.
    ///
    /// 299 of 299 are the fewest whose bound at 5 % reaches 0.99.
    /// - Cost: O(failures) for each of 60 halvings.
    package static func lowerBound(successes: Int, of trials: Int, error: Double = 0.05) -> Double {
        precondition(0 <= successes && successes <= trials && trials > 0, "successes are some of the trials")
        guard successes > 0 else { return 0 }
        guard successes < trials else { return pow(error, 1 / Double(trials)) }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if chance(failuresMax: trials - successes, of: trials, share: middle) < error {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }

    /// The chance of at most so many failures.
    private static func chance(failuresMax: Int, of trials: Int, share: Double) -> Double {
        var logarithm = Double(trials) * log(share)
        let odds = log1p(-share) - log(share)
        var sum = exp(logarithm)
        for failures in 1...failuresMax {
            logarithm += log(Double(trials - failures + 1)) - log(Double(failures)) + odds
            sum += exp(logarithm)
        }
        return min(1, sum)
    }
}
