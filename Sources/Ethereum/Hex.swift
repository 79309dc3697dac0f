/// Reads and writes "0x…" text; no other file knows that notation.
///
/// What is written is strict: lower-case, and quantities without leading zeros. What is read from nodes is lenient
/// where nodes are known to differ: either case, "0X", quantities with leading zeros or without digits. Decimal text,
/// signs and odd digits of byte strings are refused. The `Span` forms do not allocate and are for hot paths.
package enum Hex {
    // MARK: Bytes

    /// Any even number of digits after the prefix; "0x" is no bytes.
    package static func bytes(_ text: String) throws(HexError) -> [UInt8] {
        try bytes(text.utf8.span)
    }

    /// Any even number of digits after the prefix; "0x" is no bytes.
    package static func bytes(_ text: Span<UInt8>) throws(HexError) -> [UInt8] {
        var out: [UInt8] = []
        var target = ContiguousArray<UInt8>()
        try append(text, to: &target)
        out.append(contentsOf: target)
        return out
    }

    /// The same into a buffer that the caller keeps; on an error the buffer is as it was.
    package static func append(_ text: Span<UInt8>, to target: inout ContiguousArray<UInt8>) throws(HexError) {
        guard hasPrefix(text) else { throw .missingPrefix }
        guard text.count.isMultiple(of: 2) else { throw .oddLength(digits: text.count - 2) }
        let start = target.count
        target.reserveCapacity(start + (text.count - 2) / 2)
        var index = 2
        while index + 16 <= text.count {
            guard let word = word64(text, at: index) else { break }
            for shift in stride(from: 56, through: 0, by: -8) {
                target.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
            index += 16
        }
        while index < text.count {
            guard let high = digit(text[index]) else { return try refuse(index, restoring: start, &target) }
            guard let low = digit(text[index + 1]) else { return try refuse(index + 1, restoring: start, &target) }
            target.append(high << 4 | low)
            index += 2
        }
    }

    private static func refuse(
        _ index: Int,
        restoring count: Int,
        _ target: inout ContiguousArray<UInt8>
    ) throws(HexError) {
        target.removeLast(target.count - count)
        throw .notADigit(at: index)
    }

    /// "0x" and two lower-case digits a byte.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        var out: [UInt8] = [0x30, 0x78]
        out.reserveCapacity(2 + 2 * bytes.count)
        for byte in bytes {
            out.append(character(byte >> 4))
            out.append(character(byte & 15))
        }
        return String(decoding: out, as: UTF8.self)
    }

    // MARK: Fixed widths

    /// Exactly thirty-two bytes.
    ///
    /// The prefix may be missing: with 64 digits nothing else can be meant.
    package static func hash(_ text: Span<UInt8>) throws(HexError) -> Hash32 {
        let start = hasPrefix(text) ? 2 : 0
        guard text.count - start == 64 else { throw .wrongLength(digits: text.count - start, expected: 64) }
        guard
            let w0 = word64(text, at: start), let w1 = word64(text, at: start + 16),
            let w2 = word64(text, at: start + 32), let w3 = word64(text, at: start + 48)
        else { throw notADigit(text, from: start) }
        return Hash32(w0: w0, w1: w1, w2: w2, w3: w3)
    }

    /// Exactly twenty bytes, checksum not looked at.
    ///
    /// The prefix may be missing.
    package static func address(_ text: Span<UInt8>) throws(HexError) -> Address {
        let start = hasPrefix(text) ? 2 : 0
        guard text.count - start == 40 else { throw .wrongLength(digits: text.count - start, expected: 40) }
        guard
            let high = word64(text, at: start), let middle = word64(text, at: start + 16),
            let low = word32(text, at: start + 32)
        else { throw notADigit(text, from: start) }
        return Address(high: high, middle: middle, low: low)
    }

    /// Exactly 256 bytes, as `logsBloom` has them.
    package static func bloom(_ text: Span<UInt8>) throws(HexError) -> Bloom {
        let start = hasPrefix(text) ? 2 : 0
        guard text.count - start == 512 else { throw .wrongLength(digits: text.count - start, expected: 512) }
        var words = ContiguousArray<UInt64>()
        words.reserveCapacity(32)
        for index in 0..<32 {
            guard let word = word64(text, at: start + 16 * index) else { throw notADigit(text, from: start) }
            words.append(word)
        }
        return Bloom(words: words)
    }

    // MARK: Quantities

    /// A number of at most 64 bits, as heights and indices are.
    package static func uint64(_ text: Span<UInt8>) throws(HexError) -> UInt64 {
        guard let value = try number(text).uint64 else { throw .tooLarge(bits: 64) }
        return value
    }

    /// A number of at most 64 bits, as heights and indices are.
    package static func uint64(_ text: String) throws(HexError) -> UInt64 {
        try uint64(text.utf8.span)
    }

    /// A number of at most 256 bits; "0x" is zero, leading zeros are skipped.
    package static func number(_ text: Span<UInt8>) throws(HexError) -> U256 {
        guard hasPrefix(text) else { throw .missingPrefix }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for index in 2..<text.count {
            guard let digit = digit(text[index]) else { throw .notADigit(at: index) }
            guard words.0 >> 60 == 0 else { throw .tooLarge(bits: 256) }
            words.0 = words.0 << 4 | words.1 >> 60
            words.1 = words.1 << 4 | words.2 >> 60
            words.2 = words.2 << 4 | words.3 >> 60
            words.3 = words.3 << 4 | UInt64(digit)
        }
        return U256(w0: words.0, w1: words.1, w2: words.2, w3: words.3)
    }

    /// A number of at most 256 bits; "0x" is zero, leading zeros are skipped.
    package static func number(_ text: String) throws(HexError) -> U256 {
        try number(text.utf8.span)
    }

    /// As nodes demand it: no leading zeros, "0x0" for zero.
    package static func quantity(_ value: UInt64) -> String {
        "0x" + String(value, radix: 16)
    }

    /// As nodes demand it: no leading zeros, "0x0" for zero.
    package static func quantity(_ value: U256) -> String {
        let digits = text(value.bytes).dropFirst(2).drop { $0 == "0" }
        return digits.isEmpty ? "0x0" : "0x" + digits
    }

    // MARK: Digits

    static func hasPrefix(_ text: Span<UInt8>) -> Bool {
        text.count >= 2 && text[0] == 0x30 && text[1] | 0x20 == 0x78
    }

    @inline(__always)
    static func digit(_ character: UInt8) -> UInt8? {
        let number = character &- 0x30
        if number < 10 { return number }
        let letter = (character | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    @inline(__always)
    static func character(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }

    /// Sixteen digits; nil when one of them is none.
    @inline(__always)
    private static func word64(_ text: Span<UInt8>, at offset: Int) -> UInt64? {
        guard let high = word32(text, at: offset), let low = word32(text, at: offset + 8) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// Eight digits at once in one register: 64 digits take about 24 ns (release build).
    @inline(__always)
    private static func word32(_ text: Span<UInt8>, at offset: Int) -> UInt32? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = ones &* 0x80
        let letters = text.littleEndian64(at: offset)
        guard letters & tops == 0 else { return nil }
        // Each sum sets a byte's top bit where the byte is at least the bound; no sum carries into the next byte.
        let lower = letters | ones &* 0x20
        let isNumber = (letters &+ ones &* (0x80 - 0x30)) & ~(letters &+ ones &* (0x80 - 0x3A))
        let isLetter = (lower &+ ones &* (0x80 - 0x61)) & ~(lower &+ ones &* (0x80 - 0x67))
        guard (isNumber | isLetter) & tops == tops else { return nil }
        // A letter has bit 6 and its low nibble is nine less than its value.
        let nibbles = (letters & (ones &* 0x0F)) &+ ((letters >> 6) & ones) &* 9
        let pairs = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
        let quads = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: quads | quads >> 16).byteSwapped
    }

    private static func notADigit(_ text: Span<UInt8>, from start: Int) -> HexError {
        for index in start..<text.count where digit(text[index]) == nil { return .notADigit(at: index) }
        return .notADigit(at: start)
    }
}

/// Why text is not the hexadecimal value it should be.
package enum HexError: Error, Sendable, Equatable, CustomStringConvertible {
    case missingPrefix
    case oddLength(digits: Int)
    /// The place of the first character that is no digit, counted in bytes from the start of the text.
    case notADigit(at: Int)
    case wrongLength(digits: Int, expected: Int)
    case tooLarge(bits: Int)
    /// Mixed-case address text that contradicts EIP-55: most likely a typing error.
    case wrongChecksum(expected: String)

    package var description: String {
        switch self {
        case .missingPrefix: "hexadecimal text must start with 0x"
        case .oddLength(let digits): "\(digits) hexadecimal digits do not make whole bytes"
        case .notADigit(let index): "character \(index) is not a hexadecimal digit"
        case .wrongLength(let digits, let expected): "\(digits) hexadecimal digits where \(expected) are needed"
        case .tooLarge(let bits): "the number needs more than \(bits) bits"
        case .wrongChecksum(let expected):
            "the address's upper and lower case do not match its checksum (EIP-55): mistyped? "
                + "If the digits are right, it is \(expected)"
        }
    }
}
