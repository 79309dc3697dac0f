import Ethereum
import Testing

@Suite struct U256Tests {
    static let maxText = "115792089237316195423570985008687907853269984665640564039457584007913129639935"

    @Test(arguments: [
        ("0", U256.zero), ("1", .one), ("18446744073709551615", U256(.max)),
        ("18446744073709551616", U256(w0: 0, w1: 0, w2: 1, w3: 0)),
        ("10000000000000000000", U256(10_000_000_000_000_000_000)),
        (
            "100000000000000000000000000000000000000",
            U256(w0: 0, w1: 0, w2: 0x4b3b_4ca8_5a86_c47a, w3: 0x098a_2240_0000_0000)
        ),
        (maxText, .max),
    ])
    func `decimal text is exact`(text: String, number: U256) {
        #expect(U256(decimal: text) == number)
        #expect(number.decimal == text)
        #expect(U256(decimal: "000" + text) == number)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "1 ", " 1", "1.0", "1e3", "0x1", "１", "1_000",
        "115792089237316195423570985008687907853269984665640564039457584007913129639936",
        String(repeating: "9", count: 79), String(repeating: "9", count: 100_000),
    ])
    func `text that is no number of 256 bits is refused`(text: String) {
        #expect(U256(decimal: text) == nil)
    }

    @Test func `a token id is read as decimal or as hexadecimal`() {
        #expect(U256(text: "255") == U256(255))
        #expect(U256(text: "0xff") == U256(255))
        #expect(U256(text: "0xFF") == U256(255))
        #expect(U256(text: "0x") == nil)
        #expect(U256(text: "ff") == nil)
        #expect(U256(text: "0x1" + String(repeating: "0", count: 64)) == nil)
        #expect(U256(text: U256Tests.maxText) == .max)
    }

    @Test func `text and bytes of any number read back`() throws {
        var random = SplitMix64(seed: 41)
        var scratch = InlineArray<40, UInt8>(repeating: 0xaa)
        for _ in 0..<20_000 {
            let number = random.number()
            #expect(U256(decimal: number.decimal) == number)
            #expect(U256(text: Hex.quantity(number)) == number)
            #expect(U256(bytes: number.bytes) == number)
            let short = number.shortestBytes
            #expect(short.first != 0)
            #expect(short.count == number.byteCount)
            #expect(U256(shortestBytes: short) == number)
            #expect(U256(shortestBytes: short.span) == number)
            let count = number.writeShortest(into: &scratch)
            #expect((0..<count).map { scratch[$0] } == short)
            var target = [UInt8](repeating: 0, count: 32)
            var span = target.mutableSpan
            let written = number.writeShortest(into: &span)
            #expect(Array(target.prefix(written)) == short)
        }
    }

    @Test func `shortest bytes have no other form`() {
        #expect(U256.zero.shortestBytes == [])
        #expect(U256(shortestBytes: [] as [UInt8]) == .zero)
        #expect(U256(shortestBytes: [0]) == nil)
        #expect(U256(shortestBytes: [0, 1]) == nil)
        #expect(U256(shortestBytes: [0, 1].span) == nil)
        #expect(U256(shortestBytes: [UInt8](repeating: 1, count: 33)) == nil)
        #expect(U256(shortestBytes: [UInt8](repeating: 1, count: 33).span) == nil)
        #expect(U256(shortestBytes: [UInt8](repeating: 0xff, count: 32)) == .max)
    }

    @Test func `shortest bytes sort by length, then as bytes, as the numbers do`() {
        var random = SplitMix64(seed: 42)
        for _ in 0..<20_000 {
            let (left, right) = (random.number(), random.number())
            let (first, second) = (left.shortestBytes, right.shortestBytes)
            let isBefore = first.lexicographicallyPrecedes(second)
            #expect((left < right) == (first.count != second.count ? first.count < second.count : isBefore))
        }
    }

    @Test func `sums and differences undo each other and say when they wrap`() {
        var random = SplitMix64(seed: 43)
        for _ in 0..<20_000 {
            let (left, right) = (random.number(), random.number())
            let sum = left.addingReportingOverflow(right)
            #expect(sum.partialValue == right.addingReportingOverflow(left).partialValue)
            #expect(sum.overflow == (sum.partialValue < left))
            let back = sum.partialValue.subtractingReportingOverflow(right)
            #expect(back.partialValue == left)
            #expect(back.overflow == sum.overflow)
        }
        let wrapped = U256.max.addingReportingOverflow(.one)
        #expect(wrapped.partialValue == .zero && wrapped.overflow)
        let borrowed = U256.zero.subtractingReportingOverflow(.one)
        #expect(borrowed.partialValue == .max && borrowed.overflow)
    }
}
