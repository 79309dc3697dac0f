package import Ethereum
package import Tokens

/// One holding against the contract's own answer: what to ask, and what the answer means.
package enum HoldingCheck {
    package enum Verdict: Sendable, Hashable {
        case equal
        case different(ObservedHolding)
        /// The contract was not heard, which says nothing about the holding.
        case unanswered(CallOutcome)
    }

    /// `ownerOf(uint256)`.
    private static let ownerOf: UInt32 = 0x6352_211e
    /// `punkIndexToAddress(uint256)`: what CryptoPunks has instead.
    private static let punkIndexToAddress: UInt32 = 0x5817_8168
    /// `balanceOf(address,uint256)`.
    private static let balanceOf: UInt32 = 0x00fd_d58e

    package static func call(for holding: ClaimedHolding, by rule: ReadingRule = .byShape) -> ContractCall {
        let data =
            switch holding.rule {
            case .unique: ABI.call(rule == .cryptoPunks ? punkIndexToAddress : ownerOf, [.uint(holding.token)])
            case .counted: ABI.call(balanceOf, [.address(holding.owner), .uint(holding.token)])
            }
        return ContractCall(contract: holding.contract, data: data)
    }

    package static func judge(_ holding: ClaimedHolding, _ outcome: CallOutcome) -> Verdict {
        #if MUTANTS
            // The fault of the system that this one replaces.
            if Mutant.is(.failedCallIsNobody), !outcome.isAnswer { return verdict(holding, .nothing) }
        #endif
        return switch outcome {
        case .returned(let bytes): verdict(holding, observed(bytes, by: holding.rule))
        case .reverted, .noData: verdict(holding, .nothing)
        case .outOfResource, .statePruned, .unavailable: .unanswered(outcome)
        }
    }

    private static func observed(_ bytes: [UInt8], by rule: HoldingRule) -> ObservedHolding {
        do throws(ABIError) {
            switch rule {
            case .unique:
                let owner = try ABI.address(in: bytes.span, at: 0)
                return owner == .zero ? .nothing : .owner(owner)
            case .counted: return .amount(try ABI.number(in: bytes.span, at: 0))
            }
        } catch {
            return .malformed
        }
    }

    private static func verdict(_ holding: ClaimedHolding, _ observed: ObservedHolding) -> Verdict {
        let isEqual =
            switch (holding.rule, observed) {
            case (.unique, .owner(let owner)): owner == holding.owner
            // Of a burned token a contract says that there is none, by refusing or by the zero address.
            case (.unique, .nothing): holding.owner == .zero
            case (.counted, .amount(let amount)): holding.amount.amount == amount
            default: false
            }
        return isEqual ? .equal : .different(observed)
    }
}
