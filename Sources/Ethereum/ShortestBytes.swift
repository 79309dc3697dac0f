/// The low bytes of a 320-bit value, big-endian: shared by unsigned and signed numbers, which differ in the count.
enum ShortestBytes {
    typealias Words = DecimalText.Magnitude

    private static func byte(_ words: Words, fromEnd place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: words[4 - place >> 3] >> UInt64((place & 7) << 3))
    }

    static func array(_ words: Words, count: Int) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(count)
        for place in stride(from: count - 1, through: 0, by: -1) { out.append(byte(words, fromEnd: place)) }
        return out
    }

    static func write(_ words: Words, count: Int, into scratch: inout InlineArray<40, UInt8>) -> Int {
        for place in 0..<count { scratch[count - 1 - place] = byte(words, fromEnd: place) }
        return count
    }

    static func write(_ words: Words, count: Int, into target: inout MutableSpan<UInt8>) -> Int {
        for place in 0..<count { target[count - 1 - place] = byte(words, fromEnd: place) }
        return count
    }

    /// At most forty bytes, filled up in front with the words `sign`: 0 or all ones.
    static func words(_ bytes: Span<UInt8>, sign: UInt64) -> Words {
        var out = Words(repeating: sign)
        for index in 0..<bytes.count {
            let place = bytes.count - 1 - index
            let shift = UInt64((place & 7) << 3)
            out[4 - place >> 3] = out[4 - place >> 3] & ~(0xFF << shift) | UInt64(bytes[index]) << shift
        }
        return out
    }
}
