/// An exact balance: the sum of amounts in minus amounts out, as 320-bit two's complement.
///
/// 2^63 amounts of 2^256−1 fit, so only a broken fold overflows. It never traps and never wraps: an operation that
/// would leave the range throws ``SumOverflow`` and leaves the value as it was. Below zero is legal and kept, because
/// contracts exist whose events give away more than was received.
package struct SignedSum: Sendable, Hashable, Comparable {
    /// Words most significant first; the sign is the top bit of `w0`.
    package let w0: UInt64
    package let w1: UInt64
    package let w2: UInt64
    package let w3: UInt64
    package let w4: UInt64

    package init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64, w4: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
        self.w4 = w4
    }

    package init(_ amount: U256) {
        self.init(w0: 0, w1: amount.w0, w2: amount.w1, w3: amount.w2, w4: amount.w3)
    }

    package init(_ amount: Int64) {
        let sign = UInt64(bitPattern: amount >> 63)
        self.init(w0: sign, w1: sign, w2: sign, w3: sign, w4: UInt64(bitPattern: amount))
    }

    package static let zero = SignedSum(w0: 0, w1: 0, w2: 0, w3: 0, w4: 0)
    /// −2^319.
    package static let min = SignedSum(w0: 1 << 63, w1: 0, w2: 0, w3: 0, w4: 0)
    /// 2^319 − 1.
    package static let max = SignedSum(w0: .max >> 1, w1: .max, w2: .max, w3: .max, w4: .max)

    package var isNegative: Bool { w0 >> 63 == 1 }
    package var isZero: Bool { w0 | w1 | w2 | w3 | w4 == 0 }

    /// What display shows: zero where events contradict themselves.
    ///
    /// Stores never keep it.
    package var clampedToZero: SignedSum { isNegative ? .zero : self }

    /// The value as an amount; nil below zero and from 2^256 on.
    package var amount: U256? { w0 == 0 ? U256(w0: w1, w1: w2, w2: w3, w3: w4) : nil }

    package static func < (left: SignedSum, right: SignedSum) -> Bool {
        if left.w0 != right.w0 { return Int64(bitPattern: left.w0) < Int64(bitPattern: right.w0) }
        if left.w1 != right.w1 { return left.w1 < right.w1 }
        if left.w2 != right.w2 { return left.w2 < right.w2 }
        if left.w3 != right.w3 { return left.w3 < right.w3 }
        return left.w4 < right.w4
    }

    // MARK: Arithmetic

    package mutating func add(_ other: SignedSum) throws(SumOverflow) {
        let sum = wrappingSum(other)
        guard isNegative != other.isNegative || sum.isNegative == isNegative else { throw SumOverflow() }
        self = sum
    }

    package mutating func subtract(_ other: SignedSum) throws(SumOverflow) {
        let difference = wrappingDifference(other)
        guard isNegative == other.isNegative || difference.isNegative == isNegative else { throw SumOverflow() }
        self = difference
    }

    package mutating func add(_ amount: U256) throws(SumOverflow) {
        try add(SignedSum(amount))
    }

    package mutating func subtract(_ amount: U256) throws(SumOverflow) {
        try subtract(SignedSum(amount))
    }

    /// Throws only for ``min``, which has no counterpart.
    package mutating func negate() throws(SumOverflow) {
        var negated = SignedSum.zero
        try negated.subtract(self)
        self = negated
    }

    private func wrappingSum(_ other: SignedSum) -> SignedSum {
        let (r4, c4) = w4.addingReportingOverflow(other.w4)
        let (r3, c3) = U256.add(w3, other.w3, carry: c4)
        let (r2, c2) = U256.add(w2, other.w2, carry: c3)
        let (r1, c1) = U256.add(w1, other.w1, carry: c2)
        let (r0, _) = U256.add(w0, other.w0, carry: c1)
        return SignedSum(w0: r0, w1: r1, w2: r2, w3: r3, w4: r4)
    }

    private func wrappingDifference(_ other: SignedSum) -> SignedSum {
        let (r4, b4) = w4.subtractingReportingOverflow(other.w4)
        let (r3, b3) = U256.subtract(w3, other.w3, borrow: b4)
        let (r2, b2) = U256.subtract(w2, other.w2, borrow: b3)
        let (r1, b1) = U256.subtract(w1, other.w1, borrow: b2)
        let (r0, _) = U256.subtract(w0, other.w0, borrow: b1)
        return SignedSum(w0: r0, w1: r1, w2: r2, w3: r3, w4: r4)
    }
}

/// A sum left the range of 320 bits.
///
/// No honest chain does that: the contract concerned stops with a named state.
package struct SumOverflow: Error, Sendable, Equatable {
    package init() {}
}
