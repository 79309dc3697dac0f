/// What the tests of this module share: a seeded generator, numbers near the edges, and bytes from text.
import Ethereum
import Testing

/// The generator of every random test: the same seed gives the same run on every platform.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// A word that is often 0, all ones or next to them, because carries break there.
    mutating func edgyWord() -> UInt64 {
        switch next() % 8 {
        case 0: 0
        case 1: .max
        case 2: next() % 3
        case 3: .max - next() % 3
        case 4: 1 << (next() % 64)
        default: next()
        }
    }

    /// A number of random length with edgy words.
    mutating func number() -> U256 {
        let length = next() % 5
        return U256(
            w0: length > 3 ? edgyWord() : 0,
            w1: length > 2 ? edgyWord() : 0,
            w2: length > 1 ? edgyWord() : 0,
            w3: length > 0 ? edgyWord() : 0
        )
    }

    /// A balance anywhere in the range; about half of them small.
    mutating func sum() -> SignedSum {
        let amount = number()
        var sum = next() % 4 == 0 ? SignedSum(amount) : SignedSum(Int64(bitPattern: edgyWord()))
        if next() % 4 == 0 {
            sum = SignedSum(w0: edgyWord(), w1: edgyWord(), w2: edgyWord(), w3: edgyWord(), w4: edgyWord())
        }
        return sum
    }

    mutating func bytes(count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    mutating func address() -> Address {
        Address(high: edgyWord(), middle: edgyWord(), low: UInt32(truncatingIfNeeded: edgyWord()))
    }

    /// Changes, removes or adds a few bytes.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0...next() % 4 {
            guard !bytes.isEmpty else {
                bytes = self.bytes(count: 3)
                return
            }
            let place = Int(next() % UInt64(bytes.count))
            switch next() % 6 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes[place] ^= 1 << UInt8(next() % 8)
            case 2: bytes[place] = next() % 2 == 0 ? 0 : 0xff
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(UInt8(truncatingIfNeeded: next()), at: place)
            default: bytes.removeLast(Int(next() % UInt64(bytes.count)) / 4)
            }
        }
    }
}

/// Bytes of hexadecimal text; spaces and line ends between digits are for the reader.
func bytes(_ text: String) throws -> [UInt8] {
    try Hex.bytes("0x" + text.filter { !$0.isWhitespace })
}

/// Words as ABI data: numbers as hexadecimal text without prefix, one a word.
func words(_ texts: String...) throws -> [UInt8] {
    try texts.flatMap { try Hex.number("0x" + $0).bytes }
}

/// `#expect` takes no call with a span in it.
func isPadded(_ data: [UInt8], after range: Range<Int>) -> Bool {
    ABI.hasCleanPadding(after: range, in: data.span)
}
