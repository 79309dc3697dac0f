/// Decimal text and the shortest bytes of balances: how answers show them and how stores keep them.
extension SignedSum: CustomStringConvertible {
    private var words: DecimalText.Magnitude { [w0, w1, w2, w3, w4] }

    private init(words: DecimalText.Magnitude) {
        self.init(w0: words[0], w1: words[1], w2: words[2], w3: words[3], w4: words[4])
    }

    /// Two's complement of the words; of ``min`` it is 2^319, which still fits as a magnitude.
    private static func negated(_ words: DecimalText.Magnitude) -> DecimalText.Magnitude {
        var out = words
        var carry = true
        for index in stride(from: 4, through: 0, by: -1) {
            (out[index], carry) = (~words[index]).addingReportingOverflow(carry ? 1 : 0)
        }
        return out
    }

    /// Without leading zeros, with "-" in front of negative values.
    package var decimal: String {
        DecimalText.text(isNegative ? SignedSum.negated(words) : words, isNegative: isNegative)
    }

    package var description: String { decimal }

    /// Digits with at most one "-" in front; nil for anything else and outside −2^319 … 2^319−1.
    ///
    /// "-0" is zero.
    package init?(decimal: String) {
        let text = decimal.utf8.span
        let isNegative = text.count > 0 && text[0] == 0x2D
        guard let magnitude = DecimalText.magnitude(text.extracting(droppingFirst: isNegative ? 1 : 0)) else {
            return nil
        }
        let value = SignedSum(words: isNegative ? SignedSum.negated(magnitude) : magnitude)
        guard value.isZero || value.isNegative == isNegative else { return nil }
        self = value
    }

    // MARK: Shortest bytes

    /// How many bytes the shortest two's complement has: 0 for zero, 40 at most.
    package var byteCount: Int {
        if isZero { return 0 }
        let flip: UInt64 = isNegative ? .max : 0
        // One bit more than the magnitude's, because the top bit of the first byte is the sign.
        for index in 0..<5 {
            let word = words[index] ^ flip
            if word != 0 { return (64 * (5 - index) - word.leadingZeroBitCount) / 8 + 1 }
        }
        return 1
    }

    /// Big-endian two's complement with as few bytes as keep the sign: none for zero, [0xff] for −1, [0x00, 0x80] for
    /// 128.
    ///
    /// Allocates: inner loops use `writeShortest`.
    package var shortestBytes: [UInt8] {
        ShortestBytes.array(words, count: byteCount)
    }

    /// Reads what ``shortestBytes`` wrote; nil for more than 40 bytes and for longer forms than needed.
    package init?(shortestBytes bytes: Span<UInt8>) {
        guard bytes.count <= 40 else { return nil }
        let isNegative = bytes.count > 0 && bytes[0] >> 7 == 1
        self.init(words: ShortestBytes.words(bytes, sign: isNegative ? .max : 0))
        guard byteCount == bytes.count else { return nil }
    }

    /// Reads what ``shortestBytes`` wrote; nil for more than 40 bytes and for longer forms than needed.
    package init?(shortestBytes bytes: some Collection<UInt8>) {
        var copy = InlineArray<40, UInt8>(repeating: 0)
        var count = 0
        for byte in bytes {
            guard count < 40 else { return nil }
            copy[count] = byte
            count += 1
        }
        self.init(shortestBytes: copy.span.extracting(first: count))
    }

    /// Writes ``shortestBytes`` to the start of `scratch` without allocating; returns how many bytes they are.
    package func writeShortest(into scratch: inout InlineArray<40, UInt8>) -> Int {
        ShortestBytes.write(words, count: byteCount, into: &scratch)
    }

    /// Writes ``shortestBytes`` to the start of `target`, which holds at least 40; returns how many bytes they are.
    package func writeShortest(into target: inout MutableSpan<UInt8>) -> Int {
        ShortestBytes.write(words, count: byteCount, into: &target)
    }
}
