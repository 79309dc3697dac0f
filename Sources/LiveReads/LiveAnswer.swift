package import Ethereum

/// What a contract said.
package enum LiveValue: Sendable, Hashable {
    case owner(Address)
    /// There is no such token, by the contract's own word.
    case absent(Absence)
    case amount(U256)
    /// As the contract wrote it; it may hold anything.
    case text(String)

    package enum Absence: String, Sendable, Hashable {
        /// The contract refused.
        case reverted
        case zeroAddress = "zero-address"
        /// By its events, where the contract could not be asked.
        case burned
    }
}

/// An answer with where and when it is from, so that nobody takes an old one for a new one.
package struct LiveAnswer: Sendable, Hashable {
    package enum Source: String, Sendable, Hashable {
        /// Read for this request.
        case live
        /// Read a moment ago.
        case cache
        /// By the events in the database.
        case store
    }

    package var value: LiveValue
    package var block: BlockRef
    package var isFinal: Bool
    package var source: Source
    /// Seconds since it was read, or since the block of the store's word; nil where that block's time is not known.
    package var ageSeconds: UInt64?
    /// Why it could not be read anew; nil: nothing went wrong.
    package var staleBecause: LiveFailure?

    package init(
        value: LiveValue,
        block: BlockRef,
        isFinal: Bool,
        source: Source,
        ageSeconds: UInt64?,
        staleBecause: LiveFailure? = nil
    ) {
        self.value = value
        self.block = block
        self.isFinal = isFinal
        self.source = source
        self.ageSeconds = ageSeconds
        self.staleBecause = staleBecause
    }
}

/// Why a question was not answered; never a statement about who owns what.
package enum LiveFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Success without a byte: no code there, or no such function.
    case noFunction
    /// Bytes that are not what the function returns.
    case malformed
    /// More gas, time or bytes than is given.
    case outOfResource
    /// The token is counted and has no single owner.
    case counted
    /// Nobody answered in the time of one request.
    case deadline
    case unavailable(String)

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case noFunction = "no-function"
        case malformed, counted, deadline, unavailable
        case outOfResource = "out-of-resource"
    }

    package var kind: Kind {
        switch self {
        case .noFunction: .noFunction
        case .malformed: .malformed
        case .outOfResource: .outOfResource
        case .counted: .counted
        case .deadline: .deadline
        case .unavailable: .unavailable
        }
    }

    /// Whether the contract was reached and did not answer; else nobody could ask it.
    var isOfContract: Bool {
        switch self {
        case .noFunction, .malformed, .outOfResource, .counted: true
        case .deadline, .unavailable: false
        }
    }

    package var description: String {
        switch self {
        case .noFunction: "the contract has no code there, or no such function"
        case .malformed: "what the contract returned is not an answer"
        case .outOfResource: "the answer takes more gas, time or bytes than is given"
        case .counted: "the token is counted (ERC-1155) and has no single owner; ask for a wallet's balance"
        case .deadline: "no endpoint answered in time"
        case .unavailable(let why): why
        }
    }
}
