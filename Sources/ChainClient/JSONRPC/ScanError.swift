/// What can be wrong with the bytes of an answer, told apart by what to do about it.
package enum ScanError: Error, Sendable, Hashable {
    /// Not JSON at this byte: cut off, garbage, or not UTF-8. Asking again may help (E6).
    case syntax(at: Int)
    /// Nested deeper than any honest answer (E6).
    case tooDeep(at: Int)
    /// JSON, but one key twice in an object (E13): two readers would see two answers.
    case duplicateKey(at: Int)
    /// JSON, but not the value that this field has (E13).
    case shape(Field, at: Int)
    /// A field that nothing works without is not there (E13).
    case missing(Field, at: Int)
    /// A number beyond what the field can hold, or below zero (E13).
    case outOfRange(Field, at: Int)
    /// A log that a reorg took back; it must not be in an answer to `eth_getLogs` (E14).
    case removed(at: Int)

    package enum Field: String, Sendable, Hashable, CaseIterable {
        case address, topics, data, blockNumber, blockHash, blockTimestamp, transactionHash, transactionIndex, logIndex
        case removed, log, logs, receipt, receipts
        case type, status, root, cumulativeGasUsed, depositNonce, depositReceiptVersion
        case number, hash, parentHash, timestamp, logsBloom, header
        case result, error, id, envelope, quantity, value
    }

    /// Whether the bytes are no JSON at all, as opposed to JSON that says something wrong.
    var isSyntax: Bool {
        switch self {
        case .syntax, .tooDeep: true
        default: false
        }
    }
}

extension ScanError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .syntax(let place): "no valid JSON at byte \(place)"
        case .tooDeep(let place): "JSON nested too deeply at byte \(place)"
        case .duplicateKey(let place): "a key twice in one object at byte \(place)"
        case .shape(let field, let place): "malformed \(field.rawValue) at byte \(place)"
        case .missing(let field, let place): "no \(field.rawValue) in the object that ends at byte \(place)"
        case .outOfRange(let field, let place): "\(field.rawValue) out of range at byte \(place)"
        case .removed(let place): "a removed log at byte \(place)"
        }
    }
}
