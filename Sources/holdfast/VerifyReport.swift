import ChainSync
import Ethereum
import Foundation
import Tokens

/// The outcome of a verification, for a person and for a program.
struct VerifyReport {
    var chainID: ChainID
    var block: BlockRef
    var threshold: Double
    /// Of all holdings the rate is known exactly, and a bound says nothing.
    var isSample: Bool
    var result: Verifier.Result
    /// Rows put in; nil: none were missed, or they could not be put in.
    var repaired: Int?

    /// Differences shown; the JSON has them all.
    private static let linesMax = 20

    private var conclusion: Tally.Conclusion { result.tally.conclusion(threshold: threshold) }
    var isPassed: Bool { conclusion == .passed }

    private var verdict: (word: String, reason: String?) {
        switch conclusion {
        case .passed: ("passed", nil)
        case .belowThreshold: ("failed", "the rate is below \(threshold)")
        case .unchecked(let why): ("could not be checked", why)
        }
    }

    // MARK: Words

    var text: String {
        let tally = result.tally
        var lines = [
            "chain \(chainID) at its checkpoint, block \(block.number) (\(block.hash))",
            "\(tally.checked) holdings \(isSample ? "drawn" : "checked"): \(tally.equal) equal, \(tally.different) differ, "
                + "\(tally.unanswered) unanswered"
                + (tally.pruned > 0 ? " (\(tally.pruned) because the state of that block is pruned)" : ""),
        ]
        if let rate = tally.rate {
            var line = String(format: "rate %.4f", rate)
            if isSample, let bound = tally.lowerBound {
                line += String(format: ", above %.4f with 95 %% confidence", bound)
            }
            lines.append(line)
        }
        lines += findings
        for difference in result.differences.prefix(Self.linesMax) { lines.append("  " + sentence(difference)) }
        let hidden = tally.different - min(result.differences.count, Self.linesMax)
        if hidden > 0 { lines.append("  and \(hidden) more") }
        lines.append("\(verdict.word)" + (verdict.reason.map { ": \($0)" } ?? ""))
        return lines.joined(separator: "\n")
    }

    /// What all differences come to, and what to do about missed logs.
    private var findings: [String] {
        var lines: [String] = []
        let conflicts = result.differences.count { $0.finding == .conflict }
        if conflicts > 0 { lines.append("\(conflicts) of them are contracts that contradict their own events") }
        let missed = result.differences.compactMap { difference in
            if case .missed(let range) = difference.finding { range } else { nil }
        }
        if !missed.isEmpty {
            let repair =
                repaired.map { "\($0) missing rows were put in; verify once more" }
                ?? "the chain was reorganised meanwhile, so nothing was put in; verify once more"
            lines.append("\(missed.count) of them are logs that the database MISSED: \(repair)")
        }
        return lines
    }

    private func sentence(_ difference: Verifier.Difference) -> String {
        let claimed = difference.claimed
        let events =
            switch claimed.rule {
            case .unique: claimed.owner == .zero ? "burned" : claimed.owner.checksummed
            case .counted: "\(claimed.owner.checksummed) has \(claimed.amount)"
            }
        let finding =
            switch difference.finding {
            case .conflict: "conflict"
            case .missed(let range): "missed logs in blocks \(range.lowerBound) to \(range.upperBound)"
            case .unproven(let why): "unproven: \(why)"
            }
        return "\(claimed.contract.checksummed) \(claimed.token): events say \(events), the contract says "
            + "\(words(difference.observed)): \(finding)"
    }

    private func words(_ observed: ObservedHolding) -> String {
        switch observed {
        case .nothing: "that there is none"
        case .owner(let owner): owner.checksummed
        case .amount(let amount): "\(amount)"
        case .malformed: "nothing that can be read"
        }
    }

    // MARK: JSON

    private struct Object: Encodable {
        struct Block: Encodable {
            var number: UInt64
            var hash: String
        }

        struct Difference: Encodable {
            var contract: String
            var tokenId: String
            var standard: String
            var claimedOwner: String
            var claimedAmount: String
            var observedOwner: String?
            var observedAmount: String?
            var finding: String
            var reason: String?
            var fromBlock: UInt64?
            var toBlock: UInt64?
        }

        var chainId: UInt64
        var block: Block
        var checked: Int
        var equal: Int
        var different: Int
        var unanswered: Int
        var pruned: Int
        var rate: Double?
        var lowerBound: Double?
        var threshold: Double
        var verdict: String
        var reason: String?
        /// Missing rows that were put in.
        var repaired: Int?
        var differences: [Difference]
    }

    var json: String {
        let tally = result.tally
        let object = Object(
            chainId: chainID,
            block: Object.Block(number: block.number, hash: "\(block.hash)"),
            checked: tally.checked,
            equal: tally.equal,
            different: tally.different,
            unanswered: tally.unanswered,
            pruned: tally.pruned,
            rate: tally.rate,
            lowerBound: isSample ? tally.lowerBound : nil,
            threshold: threshold,
            verdict: conclusion.key,
            reason: verdict.reason,
            repaired: repaired,
            differences: result.differences.map(object)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? String(decoding: encoder.encode(object), as: UTF8.self)) ?? "{}"
    }

    private func object(_ difference: Verifier.Difference) -> Object.Difference {
        let claimed = difference.claimed
        var object = Object.Difference(
            contract: claimed.contract.checksummed,
            tokenId: "\(claimed.token)",
            standard: claimed.rule.standard,
            claimedOwner: claimed.owner.checksummed,
            claimedAmount: "\(claimed.amount)",
            finding: "conflict"
        )
        switch difference.observed {
        case .nothing, .malformed: break
        case .owner(let owner): object.observedOwner = owner.checksummed
        case .amount(let amount): object.observedAmount = "\(amount)"
        }
        switch difference.finding {
        case .conflict: break
        case .missed(let range):
            object.finding = "missed"
            (object.fromBlock, object.toBlock) = (range.lowerBound, range.upperBound)
        case .unproven(let why):
            object.finding = "unproven"
            object.reason = why
        }
        return object
    }
}

extension Tally.Conclusion {
    /// The word for programs.
    fileprivate var key: String {
        switch self {
        case .passed: "passed"
        case .belowThreshold: "failed"
        case .unchecked: "unchecked"
        }
    }
}
