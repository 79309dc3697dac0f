import Ethereum
import LiveReads

/// How live answers look: the value, and always where and when it is from.
extension JSONWriter {
    /// `state`, `owner` and `reason`, then where it is from.
    mutating func fields(owner answer: LiveAnswer) {
        switch answer.value {
        case .owner(let owner):
            field("state", "owned")
            field("owner", owner.checksummed)
            field("reason", nil as String?)
        case .absent(let absence):
            field("state", "absent")
            field("owner", nil as String?)
            field("reason", absence.rawValue)
        case .amount, .text:
            field("state", "failed")
        }
        fields(originOf: answer)
    }

    /// A number or a text by its name; null with a reason where the contract refuses.
    mutating func fields(_ answer: LiveAnswer, named name: StaticString) {
        switch answer.value {
        case .amount(let amount): field(name, amount.decimal)
        case .text(let text): field(name, text)
        case .owner(let owner): field(name, owner.checksummed)
        case .absent(let absence):
            field(name, nil as String?)
            field("reason", absence.rawValue)
        }
        fields(originOf: answer)
    }

    /// `source`, `stale`, `ageSeconds` and `asOf`.
    mutating func fields(originOf answer: LiveAnswer) {
        field("source", answer.source.rawValue)
        field("stale", answer.staleBecause != nil)
        if let why = answer.staleBecause { field("staleReason", why.description) }
        field("ageSeconds", answer.ageSeconds)
        field("asOf") { json in
            json.field("blockNumber", answer.block.number)
            json.field("blockHash", answer.block.hash.hex)
            json.field("finality", answer.isFinal ? "finalized" : "unfinalized")
        }
    }

    /// Why nothing is said.
    mutating func fields(_ failure: LiveFailure) {
        field("state", "failed")
        field("reason", failure.kind.rawValue)
        field("detail", failure.description)
    }
}
