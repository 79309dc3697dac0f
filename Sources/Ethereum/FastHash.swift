/// A fast 128-bit hash of 64-bit words, the same on every platform and in every release.
///
/// Not cryptographic: it finds differences between honest instances, it does not stop a forger. Definition, complete,
/// so that another program can compute it. All numbers are unsigned 64-bit; `fold(x, y)` is the 128-bit product of x
/// and y, its high half XOR its low half. Constants (those of wyhash):
///
///     k0 = 0xa0761d6478bd642f   k1 = 0xe7037ed1a0b428db   k2 = 0x8ebc6af09c88c6e3   k3 = 0x589965cc75374cc3
///
/// For words w[0] … w[n−1]:
///
///     a = k2, b = k3
///     for i = 0, 2, 4, … below n:
///         u = w[i];  v = w[i+1], or 0 where i+1 = n
///         a = fold(u XOR k0, v XOR a)
///         b = fold(u XOR b,  v XOR k1)
///     high = fold(a XOR n, k1)
///     low  = fold(b XOR n, k0)
///
/// Both halves see every word, each behind its own chain of products, so the halves collide independently.
package enum FastHash {
    package static let k0: UInt64 = 0xa076_1d64_78bd_642f
    package static let k1: UInt64 = 0xe703_7ed1_a0b4_28db
    package static let k2: UInt64 = 0x8ebc_6af0_9c88_c6e3
    package static let k3: UInt64 = 0x5899_65cc_7537_4cc3

    package static func digest(_ words: Span<UInt64>) -> Digest128 {
        var a = k2
        var b = k3
        var index = 0
        while index + 1 < words.count {
            let first = words[index]
            let second = words[index + 1]
            a = fold(first ^ k0, second ^ a)
            b = fold(first ^ b, second ^ k1)
            index += 2
        }
        if index < words.count {
            let first = words[index]
            a = fold(first ^ k0, a)
            b = fold(first ^ b, k1)
        }
        let count = UInt64(words.count)
        return Digest128(high: fold(a ^ count, k1), low: fold(b ^ count, k0))
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

/// A sum of hashes modulo 2^128: the same for a set of facts in any order, and taken back exactly by subtraction.
package struct Digest128: Sendable, Hashable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The digest of nothing.
    package static let zero = Digest128(high: 0, low: 0)

    /// Modulo 2^128: wrapping is meant.
    package static func &+ (left: Digest128, right: Digest128) -> Digest128 {
        let (low, carry) = left.low.addingReportingOverflow(right.low)
        return Digest128(high: left.high &+ right.high &+ (carry ? 1 : 0), low: low)
    }

    /// Modulo 2^128: wrapping is meant.
    package static func &- (left: Digest128, right: Digest128) -> Digest128 {
        let (low, borrow) = left.low.subtractingReportingOverflow(right.low)
        return Digest128(high: left.high &- right.high &- (borrow ? 1 : 0), low: low)
    }

    package mutating func add(_ other: Digest128) { self = self &+ other }
    package mutating func subtract(_ other: Digest128) { self = self &- other }

    /// Sixteen bytes, most significant first, as stores keep it.
    package var bytes: [UInt8] { U256(w0: 0, w1: 0, w2: high, w3: low).bytes.suffix(16) }

    /// Reads exactly sixteen bytes; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16, let number = U256(bytes: bytes) else { return nil }
        self.init(high: number.w2, low: number.w3)
    }
}
