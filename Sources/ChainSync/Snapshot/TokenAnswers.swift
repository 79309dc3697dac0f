package import Ethereum
package import Tokens

/// What contracts' answers to a snapshot's calls mean; a call that failed is never a fact about a token.
package enum TokenAnswers {
    /// `ownerOf(uint256)`.
    private static let ownerOf: UInt32 = 0x6352_211e
    /// `tokenByIndex(uint256)`, of ERC-721's enumeration.
    private static let tokenByIndex: UInt32 = 0x4f6c_cce7

    package enum Answer: Sendable, Hashable {
        case owner(Address)
        /// The contract says that there is no such token: it refuses, or names the zero address.
        case absent
        case failed(SnapshotFailure.Reason)
        /// Nobody who was asked has the state of that block any more.
        case pruned
    }

    package static func owner(of token: U256, in contract: Address) -> ContractCall {
        ContractCall(contract: contract, data: ABI.call(ownerOf, [.uint(token)]))
    }

    package static func token(at index: U256, in contract: Address) -> ContractCall {
        ContractCall(contract: contract, data: ABI.call(tokenByIndex, [.uint(index)]))
    }

    package static func owner(_ outcome: CallOutcome) -> Answer {
        switch outcome {
        case .returned(let bytes):
            guard let owner = try? ABI.address(in: bytes.span, at: 0) else { return .failed(.malformed) }
            return owner == .zero ? .absent : .owner(owner)
        case .reverted: return .absent
        case .noData: return .failed(.malformed)
        case .outOfResource: return .failed(.outOfResource)
        case .statePruned: return .pruned
        case .unavailable: return .failed(.unanswered)
        }
    }

    /// The id at an index; nil: it is not known, for the reason given.
    ///
    /// An enumeration that refuses below its own count says nothing about which token is missing.
    package static func token(_ outcome: CallOutcome) -> (token: U256?, reason: SnapshotFailure.Reason, isPruned: Bool)
    {
        switch outcome {
        case .returned(let bytes): (try? ABI.number(in: bytes.span, at: 0), .malformed, false)
        case .reverted, .noData: (nil, .malformed, false)
        case .outOfResource: (nil, .outOfResource, false)
        case .statePruned: (nil, .unanswered, true)
        case .unavailable: (nil, .unanswered, false)
        }
    }
}
