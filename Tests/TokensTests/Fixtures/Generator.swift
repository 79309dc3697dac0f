/// The generator of every random test: the same seed gives the same run on every platform.
package import Ethereum

package struct SplitMix64: RandomNumberGenerator, Sendable {
    package var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// 0 ..< `bound`.
    package mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }

    /// A number that is often at an edge: 0, 1, 2^64, 2^255, 2^256−1 and next to them.
    package mutating func edgyNumber() -> U256 {
        let near = U256(below(3))
        switch below(6) {
        case 0: return near
        case 1: return U256.max.subtractingReportingOverflow(near).partialValue
        case 2: return U256(w0: 1 << 63, w1: 0, w2: 0, w3: near.w3)
        case 3: return U256(w0: 0, w1: 0, w2: 1, w3: 0).subtractingReportingOverflow(near).partialValue
        case 4: return U256(below(40))
        default: return U256(w0: next(), w1: next(), w2: next(), w3: next())
        }
    }
}

/// Small numbers as addresses: 1 reads 0x00…01.
///
/// 0 is the zero address.
package func account(_ number: UInt32) -> Address { Address(high: 0, middle: 0, low: number) }

/// A hash that says where it comes from.
package func hash(_ block: UInt64, branch: UInt64 = 0, kind: UInt64 = 1) -> Hash32 {
    Hash32(w0: kind, w1: branch, w2: 0x5eed, w3: block)
}
