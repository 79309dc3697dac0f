import Ethereum
import Testing

@Suite struct ABITests {
    static let maxWord = String(repeating: "f", count: 64)
    /// 2^255: a sign bit to whoever reads it as a signed number.
    static let half = "8" + String(repeating: "0", count: 63)

    @Test func `words are read at any place and nowhere beyond`() throws {
        let data = try words("1", "2") + [9]
        #expect(try ABI.number(in: data.span, at: 0) == .one)
        #expect(try ABI.number(in: data.span, at: 32) == U256(2))
        #expect(try ABI.number(in: data.span, at: 33) == U256(0x209))
        for place in [34, 64, 65, 66, 1_000, Int.max, Int.max - 31, -1, -32, Int.min] {
            #expect(throws: ABIError.truncated(at: place)) { try ABI.word(in: data.span, at: place) }
        }
        for count in 0..<32 {
            let short = [UInt8](repeating: 1, count: count)
            #expect(throws: ABIError.truncated(at: 0)) { try ABI.word(in: short.span, at: 0) }
        }
    }

    @Test func `a dirty address word is refused`() throws {
        let clean = "1111111111111111111111111111111111111111"
        let data = try words(clean)
        #expect(try ABI.address(in: data.span, at: 0).hex == "0x" + clean)
        for place in 0..<12 {
            for bit in 0..<8 as Range<UInt8> {
                var dirty = data
                dirty[place] |= 1 << bit
                #expect(throws: ABIError.dirtyAddress(at: 0)) { try ABI.address(in: dirty.span, at: 0) }
            }
        }
    }

    @Test func `a bool is 0 or 1, and a small number is not cut out of a large one`() throws {
        let data = try words("0", "1", "2", "ffffffffffffffff", "10000000000000000", ABITests.half)
        #expect(try !ABI.bool(in: data.span, at: 0))
        #expect(try ABI.bool(in: data.span, at: 32))
        #expect(throws: ABIError.dirtyBool(at: 64)) { try ABI.bool(in: data.span, at: 64) }
        #expect(throws: ABIError.dirtyBool(at: 160)) { try ABI.bool(in: data.span, at: 160) }
        #expect(try ABI.uint64(in: data.span, at: 96) == .max)
        #expect(throws: ABIError.tooLarge(at: 128)) { try ABI.uint64(in: data.span, at: 128) }
        #expect(throws: ABIError.tooLarge(at: 160)) { try ABI.uint64(in: data.span, at: 160) }
    }

    @Test func `an ERC-1155 batch is read pair by pair`() throws {
        let data = try words("40", "a0", "2", "7", "8", "2", "64", "c8")
        let pairs = try ABI.pairs(in: data.span)
        #expect(pairs.count == 2)
        #expect(try pairs.id(0, in: data.span) == U256(7))
        #expect(try pairs.id(1, in: data.span) == U256(8))
        #expect(try pairs.amount(0, in: data.span) == U256(100))
        #expect(try pairs.amount(1, in: data.span) == U256(200))
    }

    /// Well-formed, though no compiler writes it.
    @Test(
        arguments: [
            (["40", "40", "1", "5"], 1), (["40", "60", "0", "0"], 0), (["40", "40", "0"], 0),
            (["60", "40", "1", "1", "5"], 1), (["40", "60", "1", "1", "9"], 1),
            (["0", "0"] + Array(repeating: "0", count: 64), 0),
            (["20", "20", "0"], nil), (["80", "60", ABITests.maxWord, "0", "0"], 0),
        ] as [([String], Int?)]
    )
    func `overlapping and reordered arrays are read like any other`(texts: [String], count: Int?) throws {
        let data = try texts.flatMap { try words($0) }
        #expect((try? ABI.pairs(in: data.span))?.count == count)
    }

    @Test(
        arguments: [
            ([], ABIError.truncated(at: 0)),
            (["40"], .lengthOutside(at: 0)),
            (["40", "60"], .truncated(at: 64)),
            (["61", "60", "0", "0"], .truncated(at: 97)),
            (["40", "60", "1", "0"], .unequalLengths(1, 0)),
            (["40", "80", "1", "5", "0"], .unequalLengths(1, 0)),
            (["40", "80", "2", "5", "0"], .unequalLengths(2, 0)),
            (["40", "80", "3", "5", "0"], .lengthOutside(at: 64)),
            (["40", "60", "0", "1"], .lengthOutside(at: 96)),
            (["81", "60", "0", "0"], .offsetOutside(at: 0)),
            (["40", "81", "0", "0"], .offsetOutside(at: 32)),
            ([maxWord, "60", "0", "0"], .offsetOutside(at: 0)),
            ([half, "60", "0", "0"], .offsetOutside(at: 0)),
            (["7fffffffffffffff", "60", "0", "0"], .offsetOutside(at: 0)),
            (["8000000000000000", "60", "0", "0"], .offsetOutside(at: 0)),
            (["10000000000000040", "60", "0", "0"], .offsetOutside(at: 0)),
            (["40", "60", half, "0"], .lengthOutside(at: 64)),
            (["40", "60", maxWord, "0"], .lengthOutside(at: 64)),
            (["40", "60", "7fffffffffffffff", "0"], .lengthOutside(at: 64)),
            (["40", "60", "8000000000000000", "0"], .lengthOutside(at: 64)),
            (["40", "60", "800000000000000", "0"], .lengthOutside(at: 64)),
            (["40", "60", "10000000000000000", "0"], .lengthOutside(at: 64)),
        ] as [([String], ABIError)]
    )
    func `a hostile batch is refused without touching what is not there`(texts: [String], expected: ABIError) throws {
        let data = try texts.flatMap { try words($0) }
        guard texts != ["40"] else {
            #expect(throws: ABIError.offsetOutside(at: 0)) { try ABI.pairs(in: data.span) }
            return
        }
        #expect(throws: expected) { try ABI.pairs(in: data.span) }
    }

    @Test func `bytes end where their length says, padded or not`() throws {
        let padded = try words("20", "3") + [1, 2, 3] + [UInt8](repeating: 0, count: 29)
        let range = try ABI.bytes(in: padded.span, at: 0)
        #expect(range == 64..<67)
        #expect(isPadded(padded, after: range))
        var dirty = padded
        dirty[95] = 1
        #expect(try ABI.bytes(in: dirty.span, at: 0) == range)
        #expect(!isPadded(dirty, after: range))
        let unpadded = Array(padded.prefix(67))
        #expect(try ABI.bytes(in: unpadded.span, at: 0) == range)
        #expect(!isPadded(unpadded, after: range))
        let cut = Array(padded.prefix(66))
        #expect(throws: ABIError.lengthOutside(at: 32)) { try ABI.bytes(in: cut.span, at: 0) }
        #expect(!isPadded(padded, after: -3..<0))
        #expect(!isPadded(padded, after: 90..<1_000))
        #expect(isPadded(padded, after: 64..<96))
    }

    @Test func `strings are exact where they are UTF-8 and flagged where they are not`() throws {
        let good = ABI.encode([.string("héllo 🦊\u{0}")])
        #expect(try ABI.string(in: good.span, at: 0) == ABI.Text(value: "héllo 🦊\u{0}", isLossy: false))
        let bad = ABI.encode([.bytes([0x61, 0xa7, 0x62])])
        #expect(try ABI.string(in: bad.span, at: 0) == ABI.Text(value: "a\u{fffd}b", isLossy: true))
        let cut = ABI.encode([.bytes(Array("🦊".utf8.dropLast()))])
        #expect(try ABI.string(in: cut.span, at: 0).isLossy)
        let surrogate = ABI.encode([.bytes([0xed, 0xa0, 0x80])])
        #expect(try ABI.string(in: surrogate.span, at: 0).isLossy)
        let empty = ABI.encode([.string("")])
        #expect(try ABI.string(in: empty.span, at: 0) == ABI.Text(value: "", isLossy: false))
    }

    @Test func `a name may come as a string or as thirty-two bytes, and no answer is no name`() throws {
        let string = ABI.encode([.string("Holdfast")])
        #expect(try ABI.returnedText(string.span).value == "Holdfast")
        let word = Array("Maker".utf8) + [UInt8](repeating: 0, count: 27)
        #expect(try ABI.returnedText(word.span) == ABI.Text(value: "Maker", isLossy: false))
        let full = [UInt8](repeating: 0x41, count: 32)
        #expect(try ABI.returnedText(full.span).value.count == 32)
        let nothing: [UInt8] = []
        #expect(throws: ABIError.truncated(at: 0)) { try ABI.returnedText(nothing.span) }
        let hostile = try words(ABITests.half, "1")
        #expect(throws: ABIError.offsetOutside(at: 0)) { try ABI.returnedText(hostile.span) }
    }

    @Test func `an array of tuples, as multicall answers, is walked by its offsets`() throws {
        let results: [(Bool, [UInt8])] = [(true, [1, 2, 3]), (false, []), (true, [UInt8](repeating: 7, count: 40))]
        let data = ABI.encode([.array(results.map { .tuple([.bool($0.0), .bytes($0.1)]) })])
        let array = try ABI.array(in: data.span, at: 0)
        #expect(array.count == 3)
        for (index, expected) in results.enumerated() {
            let tuple = try ABI.target(in: data.span, at: array.place(index), base: array.start)
            #expect(try ABI.bool(in: data.span, at: tuple) == expected.0)
            let range = try ABI.bytes(in: data.span, at: tuple + 32, base: tuple)
            #expect(Array(data[range]) == expected.1)
        }
    }

    @Test func `a base outside the data is refused`() throws {
        let data = try words("0", "0")
        for base in [-1, 65, Int.max, Int.min] {
            #expect(throws: ABIError.offsetOutside(at: 0)) { try ABI.target(in: data.span, at: 0, base: base) }
        }
        let offset = try words("20")
        #expect(try ABI.target(in: offset.span, at: 0) == 32)
        #expect(throws: ABIError.offsetOutside(at: 0)) { try ABI.target(in: offset.span, at: 0, base: 1) }
    }
}
