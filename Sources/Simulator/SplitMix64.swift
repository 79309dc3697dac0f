/// Randomness that is a function of a seed: sixty-four bits of state, good enough to choose and cheap to copy.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True this often in a thousand times.
    package mutating func happens(_ perMille: Int) -> Bool {
        Int(next() % 1_000) < perMille
    }

    /// One of `range`, without the rejection loop of the standard library: one draw each, whatever the range.
    package mutating func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    /// One element; the collection must not be empty.
    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }

    /// An independent stream of its own.
    package mutating func fork() -> SplitMix64 { SplitMix64(seed: next()) }
}
