/// Decimal text and the shortest bytes of unsigned numbers: how answers show them and how stores keep them.
extension U256: CustomStringConvertible {
    /// Digits only, at least one; nil for a sign, a space, a fraction and for 2^256 and above.
    ///
    /// Leading zeros do not matter.
    package init?(decimal: String) {
        self.init(decimal: decimal.utf8.span)
    }

    /// Digits only, at least one; nil for anything else and for 2^256 and above.
    package init?(decimal digits: Span<UInt8>) {
        guard let words = DecimalText.magnitude(digits), words[0] == 0 else { return nil }
        self.init(w0: words[1], w1: words[2], w2: words[3], w3: words[4])
    }

    /// As people give a token id: decimal, or "0x" and at least one hexadecimal digit.
    package init?(text: String) {
        let bytes = text.utf8.span
        guard Hex.hasPrefix(bytes) else {
            self.init(decimal: bytes)
            return
        }
        guard bytes.count > 2, let number = try? Hex.number(bytes) else { return nil }
        self = number
    }

    /// Without leading zeros; "0" for zero.
    package var decimal: String {
        DecimalText.text([0, w0, w1, w2, w3], isNegative: false)
    }

    package var description: String { decimal }

    // MARK: Shortest bytes

    /// Big-endian without leading zeros; empty for zero.
    ///
    /// Numeric order is length first, then bytes. Allocates: inner loops use `writeShortest`.
    package var shortestBytes: [UInt8] {
        let words: DecimalText.Magnitude = [0, w0, w1, w2, w3]
        return ShortestBytes.array(words, count: byteCount)
    }

    /// Reads what ``shortestBytes`` wrote; nil for more than 32 bytes or a leading zero, which no store of ours wrote.
    package init?(shortestBytes bytes: Span<UInt8>) {
        guard bytes.count <= 32, bytes.count == 0 || bytes[0] != 0 else { return nil }
        let words = ShortestBytes.words(bytes, sign: 0)
        self.init(w0: words[1], w1: words[2], w2: words[3], w3: words[4])
    }

    /// Reads what ``shortestBytes`` wrote; nil for more than 32 bytes or a leading zero, which no store of ours wrote.
    package init?(shortestBytes bytes: some Collection<UInt8>) {
        guard bytes.first != 0 else { return nil }
        self.init(bytes: bytes)
    }

    /// Writes ``shortestBytes`` to the start of `scratch` without allocating; returns how many bytes they are.
    package func writeShortest(into scratch: inout InlineArray<40, UInt8>) -> Int {
        ShortestBytes.write([0, w0, w1, w2, w3], count: byteCount, into: &scratch)
    }

    /// Writes ``shortestBytes`` to the start of `target`, which holds at least 32; returns how many bytes they are.
    package func writeShortest(into target: inout MutableSpan<UInt8>) -> Int {
        ShortestBytes.write([0, w0, w1, w2, w3], count: byteCount, into: &target)
    }
}
