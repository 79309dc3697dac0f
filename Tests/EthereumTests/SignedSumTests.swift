import Ethereum
import Testing

@Suite struct SignedSumTests {
    static let minText =
        "-1067993517960455041197510853084776057301352261178326384973520803911109862890320275011481043468288"
    static let maxText =
        "1067993517960455041197510853084776057301352261178326384973520803911109862890320275011481043468287"

    @Test(
        arguments: [
            (0, []), (1, [1]), (-1, [0xff]), (127, [0x7f]), (128, [0x00, 0x80]), (-128, [0x80]),
            (-129, [0xff, 0x7f]), (255, [0x00, 0xff]), (256, [0x01, 0x00]), (-256, [0xff, 0x00]), (-257, [0xfe, 0xff]),
            (32_767, [0x7f, 0xff]), (-32_768, [0x80, 0x00]), (32_768, [0x00, 0x80, 0x00]),
            (.max, [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), (.min, [0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] as [(Int64, [UInt8])]
    )
    func `shortest bytes keep the sign and nothing more`(value: Int64, bytes: [UInt8]) {
        let sum = SignedSum(value)
        #expect(sum.shortestBytes == bytes)
        #expect(sum.byteCount == bytes.count)
        #expect(SignedSum(shortestBytes: bytes) == sum)
        #expect(sum.decimal == String(value))
    }

    @Test(
        arguments: [
            [0], [0, 0], [0, 1], [0, 0x7f], [0xff, 0xff], [0xff, 0x80], [0xff, 0x80, 0],
            [UInt8](repeating: 1, count: 41), [UInt8](repeating: 0xff, count: 41),
            [0x80] + [UInt8](repeating: 0, count: 40),
        ] as [[UInt8]]
    )
    func `longer forms and more than forty bytes are refused`(bytes: [UInt8]) {
        #expect(SignedSum(shortestBytes: bytes) == nil)
        #expect(SignedSum(shortestBytes: bytes.span) == nil)
    }

    @Test func `the ends of the range have text and forty bytes`() {
        #expect(SignedSum.min.decimal == SignedSumTests.minText)
        #expect(SignedSum.max.decimal == SignedSumTests.maxText)
        #expect(SignedSum(decimal: SignedSumTests.minText) == .min)
        #expect(SignedSum(decimal: SignedSumTests.maxText) == .max)
        #expect(SignedSum.min.shortestBytes == [0x80] + [UInt8](repeating: 0, count: 39))
        #expect(SignedSum.max.shortestBytes == [0x7f] + [UInt8](repeating: 0xff, count: 39))
        #expect(SignedSum(U256.max).shortestBytes == [0] + [UInt8](repeating: 0xff, count: 32))
    }

    @Test(arguments: [
        "", "-", "--1", "+1", "1-", "- 1", "0x1",
        "1067993517960455041197510853084776057301352261178326384973520803911109862890320275011481043468288",
        "-1067993517960455041197510853084776057301352261178326384973520803911109862890320275011481043468289",
        "2135987035920910082395021706169552114602704522356652769947041607822219725780640550022962086936576",
    ])
    func `text that is no balance is refused`(text: String) {
        #expect(SignedSum(decimal: text) == nil)
    }

    @Test func `an overflow throws and changes nothing`() {
        var sum = SignedSum.max
        #expect(throws: SumOverflow.self) { try sum.add(U256.one) }
        #expect(sum == .max)
        #expect(throws: SumOverflow.self) { try sum.add(sum) }
        #expect(throws: SumOverflow.self) { try sum.subtract(SignedSum(-1)) }
        #expect(sum == .max)
        sum = .min
        #expect(throws: SumOverflow.self) { try sum.subtract(U256.one) }
        #expect(throws: SumOverflow.self) { try sum.add(SignedSum(-1)) }
        #expect(throws: SumOverflow.self) { try sum.negate() }
        #expect(sum == .min)
    }

    @Test func `the ends are reached from both sides without overflow`() throws {
        var sum = SignedSum.max
        try sum.negate()
        try sum.subtract(U256.one)
        #expect(sum == .min)
        try sum.add(SignedSum.max)
        #expect(sum == SignedSum(-1))
        try sum.subtract(SignedSum.min)
        #expect(sum == .max)
    }

    @Test func `amounts in any order add up to the same sum, and taking them back leaves zero`() throws {
        var random = SplitMix64(seed: 51)
        for _ in 0..<300 {
            let amounts = (0..<40).map { _ in (random.number(), random.next() % 2 == 0) }
            var forward = SignedSum.zero
            var shuffled = SignedSum.zero
            for (amount, isIn) in amounts { if isIn { try forward.add(amount) } else { try forward.subtract(amount) } }
            for (amount, isIn) in amounts.shuffled(using: &random) {
                if isIn { try shuffled.add(amount) } else { try shuffled.subtract(amount) }
            }
            #expect(forward == shuffled)
            for (amount, isIn) in amounts { if isIn { try forward.subtract(amount) } else { try forward.add(amount) } }
            #expect(forward.isZero)
        }
    }

    @Test func `algebra, order, text and bytes hold for any two sums`() throws {
        var random = SplitMix64(seed: 52)
        var scratch = InlineArray<40, UInt8>(repeating: 0xaa)
        for _ in 0..<20_000 {
            let (left, right) = (random.sum(), random.sum())
            #expect(SignedSum(decimal: left.decimal) == left)
            #expect(left.decimal.hasPrefix("-") == left.isNegative)
            let short = left.shortestBytes
            #expect(SignedSum(shortestBytes: short) == left)
            #expect(SignedSum(shortestBytes: short.span) == left)
            #expect((0..<left.writeShortest(into: &scratch)).map { scratch[$0] } == short)
            #expect(left.clampedToZero == (left.isNegative ? .zero : left))
            #expect((left < right) == (right > left) && (left == right) == !(left < right || right < left))
            var difference = left
            if (try? difference.subtract(right)) != nil {
                #expect(difference.isNegative == (left < right))
                try difference.add(right)
                #expect(difference == left)
            } else {
                #expect(left.isNegative != right.isNegative)
            }
            var negated = left
            if left != .min {
                try negated.negate()
                #expect(negated.isNegative == (!left.isNegative && !left.isZero))
                try negated.add(left)
                #expect(negated.isZero)
            }
        }
    }

    @Test func `an amount comes back only where it fits`() {
        #expect(SignedSum(U256.max).amount == .max)
        #expect(SignedSum(-1).amount == nil)
        #expect(SignedSum(w0: 1, w1: 0, w2: 0, w3: 0, w4: 0).amount == nil)
        #expect(SignedSum.zero.amount == .zero)
    }
}
