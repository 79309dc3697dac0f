package import Ethereum
package import Tokens

/// What a contract is and how its ids can be found, by a handful of calls.
package enum ContractProbe {
    package enum Finding: Sendable, Hashable {
        case plan(SnapshotPlan)
        /// Why there is nothing that a snapshot could read; in words for an operator.
        case refused(String)
        case pruned
        /// Not known: ask again.
        case unanswered
    }

    /// ERC-165 of itself, ERC-721, ERC-1155 and ERC-721's enumeration; then `totalSupply()` and `tokenByIndex(0)`.
    package static func calls(_ contract: Address) -> [ContractCall] {
        let interfaces: [UInt32] = [0x01ff_c9a7, 0x80ac_58cd, 0xd9b6_7a26, 0x780e_9d63]
        return interfaces.map { interface in
            var word = [UInt8](repeating: 0, count: 32)
            for place in 0..<4 { word[place] = UInt8(truncatingIfNeeded: interface >> UInt32(24 - 8 * place)) }
            let argument = Hash32(bytes: word) ?? .zero
            return ContractCall(contract: contract, data: ABI.call(0x01ff_c9a7, [.word(argument)]))
        } + [
            ContractCall(contract: contract, data: ABI.call(0x1816_0ddd)),
            TokenAnswers.token(at: .zero, in: contract),
        ]
    }

    /// - Parameters:
    ///   - outcomes: of ``calls(_:)``.
    ///   - ids: what an operator gave; nil: as the contract enumerates them.
    package static func judge(_ outcomes: [CallOutcome], ids: ClosedRange<U256>?) -> Finding {
        precondition(outcomes.count == 6, "one outcome for each call")
        if outcomes.contains(.statePruned) { return .pruned }
        guard !outcomes.contains(.unavailable) else { return .unanswered }
        if outcomes.allSatisfy({ $0 == .noData }) {
            return .refused("there is no contract at that address in that block")
        }
        func claims(_ place: Int) -> Bool {
            guard case .returned(let bytes) = outcomes[place] else { return false }
            return (try? ABI.bool(in: bytes.span, at: 0)) ?? false
        }
        if claims(2) {
            return .refused(
                "it is an ERC-1155 contract: its holders cannot be enumerated by calls; follow its events instead "
                    + "(`holdfast contracts add`)"
            )
        }
        guard claims(1) else {
            return .refused("it does not say that it is an ERC-721 contract (ERC-165); follow its events instead")
        }
        return plan(outcomes, isEnumerable: claims(3), ids)
    }

    private static func plan(_ outcomes: [CallOutcome], isEnumerable: Bool, _ ids: ClosedRange<U256>?) -> Finding {
        var supply: U256?
        if case .returned(let bytes) = outcomes[4] { supply = try? ABI.number(in: bytes.span, at: 0) }
        let bound = U256(SnapshotJob.tokensMax)
        if let ids {
            guard ids.upperBound.subtractingReportingOverflow(ids.lowerBound).partialValue < bound else {
                return .refused("the range has more than \(SnapshotJob.tokensMax) ids")
            }
            return .plan(SnapshotPlan(source: .given, range: ids, supply: supply))
        }
        guard let supply else {
            return .refused("it does not say how many tokens there are (totalSupply): give a range with --ids A-B")
        }
        guard supply < bound else {
            return .refused(
                "it says that there are \(supply) tokens, a snapshot reads \(SnapshotJob.tokensMax): give a range with "
                    + "--ids A-B, or follow its events"
            )
        }
        guard supply != .zero else {
            return .plan(SnapshotPlan(source: isEnumerable ? .enumerated : .numbered, range: nil, supply: supply))
        }
        if isEnumerable, outcomes[5] == .outOfResource {
            // Not known is not none: by its count alone, ids above it would be missed without a word.
            return .refused("its enumeration takes more gas or bytes than is given: give a range with --ids A-B")
        }
        if isEnumerable, case .returned(let bytes) = outcomes[5], (try? ABI.number(in: bytes.span, at: 0)) != nil {
            let last = supply.subtractingReportingOverflow(.one).partialValue
            return .plan(SnapshotPlan(source: .enumerated, range: .zero...last, supply: supply))
        }
        // Some count from 0 and some from 1: one id too many is only absent.
        return .plan(SnapshotPlan(source: .numbered, range: .zero...supply, supply: supply))
    }
}
