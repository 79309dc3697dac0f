import Ethereum
import Testing

@Suite struct HexTests {
    @Test(arguments: [
        ("0x", [] as [UInt8]), ("0x00", [0]), ("0xabCD", [0xab, 0xcd]), ("0XfF", [0xff]),
        ("0x000102030405060708090a0b0c0d0e0f10", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ])
    func `bytes are read in either case`(text: String, expected: [UInt8]) throws {
        #expect(try Hex.bytes(text) == expected)
    }

    @Test(arguments: [
        ("", HexError.missingPrefix), ("00", .missingPrefix), ("x00", .missingPrefix), ("0", .missingPrefix),
        ("0x0", .oddLength(digits: 1)), ("0xabc", .oddLength(digits: 3)),
        ("0xg0", .notADigit(at: 2)), ("0x0g", .notADigit(at: 3)), ("0x 0", .notADigit(at: 2)),
        ("0x00112233445566778899aabbccddee/f", .notADigit(at: 32)), ("0x0:", .notADigit(at: 3)),
        ("0x00112233445566é77", .notADigit(at: 16)), ("0x-1", .notADigit(at: 2)),
    ])
    func `bytes that are none are refused with the place`(text: String, expected: HexError) {
        #expect(throws: expected) { try Hex.bytes(text) }
    }

    @Test func `every byte value is a digit or refused, alone and among sixteen`() throws {
        let digits = Array("0123456789abcdefABCDEF".utf8)
        for value in UInt8.min...UInt8.max {
            for place in 0..<64 {
                var text = Array(repeating: UInt8(ascii: "7"), count: 64)
                text[place] = value
                let word = try? Hex.hash(text.span)
                #expect((word != nil) == digits.contains(value), "byte \(value) at \(place)")
                if place < 16 {
                    let prefixed = Array("0x".utf8) + text[0..<16]
                    #expect(((try? Hex.bytes(prefixed.span)) != nil) == digits.contains(value))
                    #expect(((try? Hex.number(prefixed.span)) != nil) == digits.contains(value))
                }
            }
        }
    }

    @Test func `a refused text leaves the caller's buffer as it was`() {
        var buffer: ContiguousArray<UInt8> = [1, 2, 3]
        let text = Array("0x00112233445566778899zz".utf8)
        #expect(throws: HexError.notADigit(at: 22)) {
            try Hex.append(text.span, to: &buffer)
        }
        #expect(buffer == [1, 2, 3])
    }

    @Test(arguments: [
        ("0x0", 0 as UInt64), ("0x", 0), ("0x00", 0), ("0x01f", 31), ("0X1F", 31), ("0xffffffffffffffff", .max),
        ("0x00000000000000000000000000000000000000000000000000000000000000000000000000000001", 1),
    ])
    func `quantities are read as leniently as nodes write them`(text: String, expected: UInt64) throws {
        #expect(try Hex.uint64(text) == expected)
    }

    @Test(arguments: [
        ("", HexError.missingPrefix), ("12", .missingPrefix), ("-0x1", .missingPrefix), ("0x1.5", .notADigit(at: 3)),
        ("0x-1", .notADigit(at: 2)), ("0x10000000000000000", .tooLarge(bits: 64)),
        ("0x1" + String(repeating: "0", count: 64), .tooLarge(bits: 256)),
    ])
    func `decimal, signed and oversized quantities are refused`(text: String, expected: HexError) {
        #expect(throws: expected) { try Hex.uint64(text) }
    }

    @Test func `quantities are written without leading zeros`() throws {
        #expect(Hex.quantity(0 as UInt64) == "0x0")
        #expect(Hex.quantity(0x1f as UInt64) == "0x1f")
        #expect(Hex.quantity(UInt64.max) == "0xffffffffffffffff")
        #expect(Hex.quantity(U256.zero) == "0x0")
        #expect(Hex.quantity(U256.max) == "0x" + String(repeating: "f", count: 64))
        var random = SplitMix64(seed: 11)
        for _ in 0..<2_000 {
            let number = random.number()
            #expect(try Hex.number(Hex.quantity(number)) == number)
        }
    }

    @Test func `text of random bytes reads back as the same bytes`() throws {
        var random = SplitMix64(seed: 12)
        for count in 0..<300 {
            let original = random.bytes(count: count)
            let text = Hex.text(original)
            #expect(try Hex.bytes(text) == original)
            #expect(try Hex.bytes("0x" + text.dropFirst(2).uppercased()) == original)
        }
    }

    @Test func `hashes and addresses have one width, with or without a prefix`() throws {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        let hash = try Hash32(hex: "0x" + digits)
        #expect(try Hash32(hex: digits) == hash)
        #expect(hash.hex == "0x" + digits)
        #expect(hash.w0 == 0x0123_4567_89ab_cdef)
        #expect(Hash32(bytes: hash.bytes) == hash)
        let address = try Address(hex: "0x" + digits.prefix(40))
        #expect(try Address(hex: String(digits.prefix(40).uppercased())) == address)
        #expect(address.low == 0x0123_4567)
        #expect(address.hex == "0x" + digits.prefix(40))
        #expect(Address(bytes: address.bytes) == address)
        #expect(throws: HexError.wrongLength(digits: 63, expected: 64)) { try Hash32(hex: String(digits.dropLast())) }
        #expect(throws: HexError.wrongLength(digits: 64, expected: 40)) { try Address(hex: "0x" + digits) }
        #expect(throws: HexError.wrongLength(digits: 0, expected: 40)) { try Address(hex: "") }
        #expect(throws: HexError.wrongLength(digits: 0, expected: 512)) { try Bloom(hex: "0x") }
    }
}
