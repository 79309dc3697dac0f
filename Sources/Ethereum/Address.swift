/// Twenty bytes that name an account or a contract.
///
/// Three words, most significant first, so that `<` is the order of the bytes and of the hexadecimal text.
package struct Address: Sendable, Hashable, Comparable {
    package let high: UInt64
    package let middle: UInt64
    package let low: UInt32

    package init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// The account that mints come from and burns go to.
    package static let zero = Address(high: 0, middle: 0, low: 0)

    /// The low twenty bytes of a 32-byte word; the upper twelve are not looked at (see ``isClean(_:)``).
    package init(truncating word: Hash32) {
        self.init(
            high: word.w1 << 32 | word.w2 >> 32,
            middle: word.w2 << 32 | word.w3 >> 32,
            low: UInt32(truncatingIfNeeded: word.w3)
        )
    }

    /// Whether a 32-byte word is an address: its upper twelve bytes are zero.
    ///
    /// A topic that is not is hostile or broken.
    package static func isClean(_ word: Hash32) -> Bool {
        word.w0 == 0 && word.w1 >> 32 == 0
    }

    /// The address as a left-padded 32-byte word, as topics and ABI arguments carry it.
    package var word: Hash32 {
        Hash32(w0: 0, w1: high >> 32, w2: high << 32 | middle >> 32, w3: middle << 32 | UInt64(low))
    }

    package static func < (left: Address, right: Address) -> Bool {
        if left.high != right.high { return left.high < right.high }
        if left.middle != right.middle { return left.middle < right.middle }
        return left.low < right.low
    }

    /// Reads exactly twenty bytes; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
            case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt32(byte)
            }
        }
        self.init(high: words.0, middle: words.1, low: words.2)
    }

    /// The twenty bytes, most significant first.
    ///
    /// Allocates: not for inner loops.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20)
        for word in [high, middle] {
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        for shift in stride(from: 24, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: low >> UInt32(shift)))
        }
        return out
    }
}
