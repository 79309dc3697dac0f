import Ethereum
import Metadata
import Tokens

/// The questions that a contract is asked about itself, and what its answers are worth; pure.
enum ContractAnswers {
    /// In this order for each contract.
    static func calls(to contract: Address) -> [ContractCall] {
        let questions = [name, symbol, totalSupply, contractURI].map { ABI.call($0) } + interfaces.map(supports)
        return zip(questions, results).map { data, most in
            ContractCall(contract: contract, data: data, resultBytesMax: most)
        }
    }

    /// `name()`, `symbol()`, `totalSupply()`, `contractURI()`, `supportsInterface(bytes4)`.
    private static let name: UInt32 = 0x06fd_de03
    private static let symbol: UInt32 = 0x95d8_9b41
    private static let totalSupply: UInt32 = 0x1816_0ddd
    private static let contractURI: UInt32 = 0xe8a3_d485
    private static let supportsInterface: UInt32 = 0x01ff_c9a7
    private static let interfaces: [UInt32] = [0x80ac_58cd, 0xd9b6_7a26, 0x780e_9d63, 0xffff_ffff]
    private static let meanings: [ContractFacts.Interfaces] = [.erc721, .erc1155, .erc721Enumerable, .everything]

    /// Bytes of a name or symbol that are taken; what is kept of them is far less.
    private static let textResultMax = 8 << 10
    /// A URI with its length and padding.
    private static let uriResultMax = ContractFacts.uriMax + 96
    private static let results =
        [textResultMax, textResultMax, ContractCall.wordsBytesMax, uriResultMax]
        + interfaces.map { _ in ContractCall.wordsBytesMax }

    /// How many calls ``calls(to:)`` gives.
    static let count = 8

    private static func supports(_ interface: UInt32) -> [UInt8] {
        ABI.call(supportsInterface, [.word(Hash32(w0: UInt64(interface) << 32, w1: 0, w2: 0, w3: 0))])
    }

    enum Finding: Sendable, Equatable {
        case facts(ContractFacts)
        /// Nobody answered, which says nothing about the contract.
        case unheard
        /// Too much gas, time or bytes, which a busy node says as well.
        case tooCostly
    }

    /// What the answers to ``calls(to:)`` come to.
    ///
    /// - Parameter isLast: it is not tried again, so what costs too much is taken for no answer.
    static func finding(_ outcomes: ArraySlice<CallOutcome>, at block: BlockRef, isLast: Bool) -> Finding {
        let outcomes = Array(outcomes)
        guard outcomes.count == count, !outcomes.contains(.unavailable), !outcomes.contains(.statePruned) else {
            return .unheard
        }
        if !isLast, outcomes.contains(.outOfResource) { return .tooCostly }
        return .facts(
            ContractFacts(
                name: text(outcomes[0]).map { $0.cut(to: ContractFacts.nameMax) {} },
                symbol: text(outcomes[1]).map { $0.cut(to: ContractFacts.symbolMax) {} },
                totalSupply: number(outcomes[2]),
                uri: text(outcomes[3]).flatMap { $0.isEmpty || $0.utf8.count > ContractFacts.uriMax ? nil : $0 },
                interfaces: supported(outcomes[4...]),
                block: block
            )
        )
    }

    /// A string, or a left-aligned `bytes32` as in the oldest contracts; nil for anything else.
    ///
    /// A NUL ends no text of ours: those at the end are padding, the others are shown as what cannot be shown.
    private static func text(_ outcome: CallOutcome) -> String? {
        guard case .returned(let bytes) = outcome, let text = try? ABI.returnedText(bytes.span) else { return nil }
        var scalars = text.value.unicodeScalars
        while scalars.last == "\0" { scalars.removeLast() }
        return String(String.UnicodeScalarView(scalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    private static func number(_ outcome: CallOutcome) -> U256? {
        guard case .returned(let bytes) = outcome else { return nil }
        return try? ABI.number(in: bytes.span, at: 0)
    }

    private static func supported(_ outcomes: ArraySlice<CallOutcome>) -> ContractFacts.Interfaces? {
        var found: ContractFacts.Interfaces?
        for (outcome, meaning) in zip(outcomes, meanings) {
            guard case .returned(let bytes) = outcome, let isSupported = try? ABI.bool(in: bytes.span, at: 0) else {
                continue
            }
            found = (found ?? []).union(isSupported ? meaning : [])
        }
        return found
    }
}
