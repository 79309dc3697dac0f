/// A question to a contract, and the only things that can be known of its answer.

/// One read-only call.
package struct ContractCall: Sendable, Hashable {
    package var contract: Address
    package var data: [UInt8]
    /// The most bytes of result that are taken: a hostile contract returns megabytes.
    package var resultBytesMax: Int

    /// A word is 32 bytes; a decoder that wants one looks no further.
    package static let wordsBytesMax = 1_024

    package init(contract: Address, data: [UInt8], resultBytesMax: Int = ContractCall.wordsBytesMax) {
        self.contract = contract
        self.data = data
        self.resultBytesMax = resultBytesMax
    }
}

/// What became of one call.
///
/// Only the first three say something about the contract; the others say something about us, and are never taken for a
/// statement about who owns what.
package enum CallOutcome: Sendable, Hashable {
    case returned([UInt8])
    /// The contract refused.
    case reverted
    /// Success without a byte: no code there, or no such function.
    case noData
    /// More gas, time or bytes than is given; what the contract would say is not known.
    case outOfResource
    /// Nobody who was asked has the state of that block any more.
    case statePruned
    case unavailable

    /// Whether the contract itself was heard.
    package var isAnswer: Bool {
        switch self {
        case .returned, .reverted, .noData: true
        case .outOfResource, .statePruned, .unavailable: false
        }
    }
}
