/// Reads the contract ABI out of bytes that a hostile contract may have written.
///
/// Every reader takes the whole data and places in it, checks before it touches, and throws instead of trapping.
/// Nothing allocates by a length that the data claims: lengths are bounded by the bytes that are there. Dynamic parts
/// are addressed as the standard says: an offset in the head, counted from `base`, the place where the head starts.
/// Like Solidity's own decoder this one accepts tails that overlap or lie in any order, and missing or dirty padding
/// behind bytes and strings; ``hasCleanPadding(after:in:)`` tells. This file reads words, `ABIDynamic` what offsets
/// lead to, `ABIValue` writes.
package enum ABI {
    // MARK: Words

    /// The 32 bytes at `place`.
    package static func word(in data: Span<UInt8>, at place: Int) throws(ABIError) -> Hash32 {
        guard place >= 0, place <= data.count - 32 else { throw .truncated(at: place) }
        return data.word(at: place)
    }

    package static func number(in data: Span<UInt8>, at place: Int) throws(ABIError) -> U256 {
        try word(in: data, at: place).number
    }

    /// A `uint64` or smaller number; a larger one is an error and is never cut.
    package static func uint64(in data: Span<UInt8>, at place: Int) throws(ABIError) -> UInt64 {
        guard let value = try number(in: data, at: place).uint64 else { throw .tooLarge(at: place) }
        return value
    }

    /// An address whose upper twelve bytes are zero; ``ABIError/dirtyAddress(at:)`` otherwise.
    package static func address(in data: Span<UInt8>, at place: Int) throws(ABIError) -> Address {
        let word = try word(in: data, at: place)
        guard Address.isClean(word) else { throw .dirtyAddress(at: place) }
        return Address(truncating: word)
    }

    /// Exactly 0 or 1; ``ABIError/dirtyBool(at:)`` otherwise.
    package static func bool(in data: Span<UInt8>, at place: Int) throws(ABIError) -> Bool {
        let number = try number(in: data, at: place)
        guard number <= .one else { throw .dirtyBool(at: place) }
        return number == .one
    }
}

/// Why bytes are not what the signature promises.
///
/// Places are counted in bytes from the start of the data.
package enum ABIError: Error, Sendable, Equatable {
    /// A word that should be there lies wholly or partly behind the end.
    case truncated(at: Int)
    /// An offset leads behind the end of the data.
    case offsetOutside(at: Int)
    /// More elements or bytes are claimed than follow.
    case lengthOutside(at: Int)
    case dirtyAddress(at: Int)
    case dirtyBool(at: Int)
    /// The number does not fit the type that it should have.
    case tooLarge(at: Int)
    /// Arrays that belong together have different lengths.
    case unequalLengths(Int, Int)
}
