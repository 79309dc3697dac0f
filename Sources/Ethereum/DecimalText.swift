/// Decimal digits of numbers of up to 320 bits, in pieces of nineteen digits: the most that one word holds.
enum DecimalText {
    private static let pieceDigits = 19
    private static let piece: UInt64 = 10_000_000_000_000_000_000

    /// Words most significant first.
    typealias Magnitude = InlineArray<5, UInt64>

    static func text(_ magnitude: Magnitude, isNegative: Bool) -> String {
        var words = magnitude
        var reversed: [UInt8] = []
        reversed.reserveCapacity(98)
        var start = 0
        while start < 5 && words[start] == 0 { start += 1 }
        while start < 5 {
            var rest: UInt64 = 0
            for index in start..<5 { (words[index], rest) = piece.dividingFullWidth((rest, words[index])) }
            while start < 5 && words[start] == 0 { start += 1 }
            // The leading piece has no zeros in front of it; every other one is filled up.
            var digits = 0
            while start < 5 ? digits < pieceDigits : rest != 0 {
                reversed.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
                digits += 1
            }
        }
        if reversed.isEmpty { reversed.append(0x30) }
        if isNegative { reversed.append(0x2D) }
        reversed.reverse()
        return String(decoding: reversed, as: UTF8.self)
    }

    /// Digits only, at least one; nil for anything else and for 2^320 and above.
    ///
    /// Leading zeros do not matter.
    static func magnitude(_ digits: Span<UInt8>) -> Magnitude? {
        guard digits.count > 0 else { return nil }
        var words = Magnitude(repeating: 0)
        var index = 0
        while index < digits.count {
            var value: UInt64 = 0
            var scale: UInt64 = 1
            let end = Swift.min(index + pieceDigits, digits.count)
            while index < end {
                let digit = digits[index] &- 0x30
                guard digit < 10 else { return nil }
                value = value * 10 + UInt64(digit)
                scale *= 10
                index += 1
            }
            for place in stride(from: 4, through: 0, by: -1) {
                let product = words[place].multipliedFullWidth(by: scale)
                let (sum, carry) = product.low.addingReportingOverflow(value)
                words[place] = sum
                value = product.high + (carry ? 1 : 0)
            }
            guard value == 0 else { return nil }
        }
        return words
    }
}
