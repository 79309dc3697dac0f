/// Eight characters in one machine word: hexadecimal digits and the bytes at which a JSON string has to be looked at.
enum SWAR {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Non-zero when any of eight characters is not a hexadecimal digit.
    ///
    /// Results of several words may be or-ed.
    @inline(__always)
    static func notHex(_ word: UInt64) -> UInt64 {
        // Adding 0x80 - c sets the top bit of each byte that is ≥ c. Bytes ≥ 0x80 would carry into their neighbours,
        // but they fail by themselves (`| word`), so what they do to others does not matter.
        let digit = (word &+ (0x80 - 0x30) &* ones) & ~(word &+ (0x80 - 0x3A) &* ones)
        // Case is folded for letters only: a control character plus 0x20 must not become a digit.
        let folded = word | 0x20 &* ones
        let letter = (folded &+ (0x80 - 0x61) &* ones) & ~(folded &+ (0x80 - 0x67) &* ones)
        return (~(digit | letter) | word) & highs
    }

    /// The four bytes that eight valid digits spell, in memory order.
    @inline(__always)
    static func bytes(_ word: UInt64) -> UInt32 {
        let nibbles = (word & (0x0F &* ones)) &+ (((word >> 6) & ones) &* 9)
        var pairs = ((nibbles << 4) | (nibbles >> 8)) & 0x00FF_00FF_00FF_00FF
        pairs = (pairs | (pairs >> 8)) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: pairs | (pairs >> 16))
    }

    /// The big-endian number that sixteen valid digits spell.
    @inline(__always)
    static func number(_ first: UInt64, _ second: UInt64) -> UInt64 {
        (UInt64(bytes(first)) | UInt64(bytes(second)) << 32).byteSwapped
    }

    /// The top bit of each byte that ends a run of plain string characters: a quote, a backslash, a control character
    /// or the start of anything beyond ASCII.
    ///
    /// Only the lowest set bit is exact.
    @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let quote = word ^ (0x22 &* ones)
        let backslash = word ^ (0x5C &* ones)
        let zeroes = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        let controls = (word &- 0x20 &* ones) & ~word
        return (zeroes | controls | word) & highs
    }

    /// The value of one digit of either case; nil for anything else.
    @inline(__always)
    static func digit(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}
