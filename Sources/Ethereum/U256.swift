/// An unsigned 256-bit number: token ids and amounts.
///
/// Exact always; there is no floating point anywhere near it.
package struct U256: Sendable, Hashable, Comparable {
    package let w0: UInt64
    package let w1: UInt64
    package let w2: UInt64
    package let w3: UInt64

    /// Words most significant first.
    package init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }

    package init(_ value: UInt64) {
        self.init(w0: 0, w1: 0, w2: 0, w3: value)
    }

    package static let zero = U256(0)
    package static let one = U256(1)
    package static let max = U256(w0: .max, w1: .max, w2: .max, w3: .max)

    /// The same bits as a 32-byte word.
    package var word: Hash32 { Hash32(w0: w0, w1: w1, w2: w2, w3: w3) }

    /// The value as a 64-bit number; nil when it does not fit.
    package var uint64: UInt64? { w0 | w1 | w2 == 0 ? w3 : nil }

    package static func < (left: U256, right: U256) -> Bool {
        if left.w0 != right.w0 { return left.w0 < right.w0 }
        if left.w1 != right.w1 { return left.w1 < right.w1 }
        if left.w2 != right.w2 { return left.w2 < right.w2 }
        return left.w3 < right.w3
    }

    /// The sum modulo 2^256, and whether it wrapped.
    package func addingReportingOverflow(_ other: U256) -> (partialValue: U256, overflow: Bool) {
        let (r3, c3) = w3.addingReportingOverflow(other.w3)
        let (r2, c2) = U256.add(w2, other.w2, carry: c3)
        let (r1, c1) = U256.add(w1, other.w1, carry: c2)
        let (r0, c0) = U256.add(w0, other.w0, carry: c1)
        return (U256(w0: r0, w1: r1, w2: r2, w3: r3), c0)
    }

    /// The difference modulo 2^256, and whether it wrapped.
    package func subtractingReportingOverflow(_ other: U256) -> (partialValue: U256, overflow: Bool) {
        let (r3, b3) = w3.subtractingReportingOverflow(other.w3)
        let (r2, b2) = U256.subtract(w2, other.w2, borrow: b3)
        let (r1, b1) = U256.subtract(w1, other.w1, borrow: b2)
        let (r0, b0) = U256.subtract(w0, other.w0, borrow: b1)
        return (U256(w0: r0, w1: r1, w2: r2, w3: r3), b0)
    }

    static func add(_ left: UInt64, _ right: UInt64, carry: Bool) -> (UInt64, Bool) {
        let (sum, first) = left.addingReportingOverflow(right)
        let (total, second) = sum.addingReportingOverflow(carry ? 1 : 0)
        return (total, first || second)
    }

    static func subtract(_ left: UInt64, _ right: UInt64, borrow: Bool) -> (UInt64, Bool) {
        let (difference, first) = left.subtractingReportingOverflow(right)
        let (total, second) = difference.subtractingReportingOverflow(borrow ? 1 : 0)
        return (total, first || second)
    }

    /// Reads up to thirty-two bytes, most significant first; nil when there are more.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count <= 32 else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for byte in bytes {
            words.0 = words.0 << 8 | words.1 >> 56
            words.1 = words.1 << 8 | words.2 >> 56
            words.2 = words.2 << 8 | words.3 >> 56
            words.3 = words.3 << 8 | UInt64(byte)
        }
        self.init(w0: words.0, w1: words.1, w2: words.2, w3: words.3)
    }

    /// All thirty-two bytes, most significant first.
    ///
    /// Allocates: not for inner loops.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        for word in [w0, w1, w2, w3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return out
    }

    /// How many bytes the shortest big-endian form has: 0 for zero, 32 at most.
    package var byteCount: Int {
        if w0 != 0 { return 32 - w0.leadingZeroBitCount / 8 }
        if w1 != 0 { return 24 - w1.leadingZeroBitCount / 8 }
        if w2 != 0 { return 16 - w2.leadingZeroBitCount / 8 }
        return 8 - w3.leadingZeroBitCount / 8
    }
}
