import Ethereum
import Testing

@Suite struct RLPTests {
    /// From the Yellow Paper, appendix B, and ethereum/tests RLPTests/rlptest.json.
    static let valid: [(RLP.Item, String)] = [
        (.bytes([]), "80"), (.list([]), "c0"), (.bytes([0]), "00"), (.bytes([1]), "01"), (.bytes([0x7f]), "7f"),
        (.bytes([0x80]), "8180"), (.bytes(Array("dog".utf8)), "83646f67"), (.integer(0 as UInt64), "80"),
        (.integer(15 as UInt64), "0f"), (.integer(1024 as UInt64), "820400"), (.integer(100_000 as UInt64), "830186a0"),
        (.list([.bytes(Array("cat".utf8)), .bytes(Array("dog".utf8))]), "c88363617483646f67"),
        (
            .list([.list([]), .list([.list([])]), .list([.list([]), .list([.list([])])])]),
            "c7c0c1c0c3c0c1c0"
        ),
        (
            .bytes(Array("Lorem ipsum dolor sit amet, consectetur adipisicing elit".utf8)),
            "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e67"
                + "20656c6974"
        ),
        (
            .integer(U256(w0: 0, w1: 0x0100_0203_0405_0607, w2: 0x0809_0a0b_0c0d_0e0f, w3: 0x1011_1213_1415_1617)),
            "980100020304050607" + "08090a0b0c0d0e0f1011121314151617"
        ),
    ]

    @Test(arguments: valid)
    func `published encodings are written and read`(item: RLP.Item, text: String) throws {
        let encoded = try bytes(text)
        #expect(RLP.encode(item) == encoded)
        #expect(try RLP.decode(encoded) == item)
    }

    /// From ethereum/tests RLPTests/invalidRLPTest.json.
    @Test(arguments: [
        ("", RLPError.truncated(at: 0)), ("8100", .notCanonical(at: 0)), ("8101", .notCanonical(at: 0)),
        ("817f", .notCanonical(at: 0)), ("bf0f000000000000021111", .truncated(at: 0)),
        ("ff0f000000000000021111", .truncated(at: 0)),
        ("b9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df0", .notCanonical(at: 0)),
        ("b800", .notCanonical(at: 0)), ("f800", .notCanonical(at: 0)),
        ("b81000112233445566778899aabbccddeeff", .notCanonical(at: 0)), ("b801ff", .notCanonical(at: 0)),
        ("f81000112233445566778899aabbccddeeff", .notCanonical(at: 0)), ("f803112233", .notCanonical(at: 0)),
        ("81", .truncated(at: 0)), ("a0000102030405060708090a0b0c0d0e0f", .truncated(at: 0)),
        ("c5010203", .truncated(at: 0)), ("ba010000aabbccddeeff", .truncated(at: 0)),
        ("b840ffeeddccbbaa99887766554433221100", .truncated(at: 0)), ("f90180", .truncated(at: 0)),
        ("ffffffffffffffffff0001020304050607", .truncated(at: 0)), ("e201020304050607", .truncated(at: 0)),
        ("b8", .truncated(at: 0)), ("8080", .trailingBytes(at: 1)), ("c000", .trailingBytes(at: 1)),
        ("c28180c0", .trailingBytes(at: 3)), ("c18180", .trailingBytes(at: 2)), ("c181", .truncated(at: 1)),
        ("c3c2817f", .notCanonical(at: 2)), ("c2c281", .truncated(at: 1)),
    ])
    func `other encodings are refused`(text: String, expected: RLPError) throws {
        let encoded = try bytes(text)
        #expect(throws: expected) { try RLP.decode(encoded) }
    }

    @Test func `lengths around the long form's start are right`() throws {
        for count in [54, 55, 56, 57, 255, 256, 257, 65_535, 65_536] {
            let item = RLP.Item.bytes([UInt8](repeating: 0xab, count: count))
            let list = RLP.Item.list([RLP.Item](repeating: .bytes([7]), count: count))
            for item in [item, list] {
                let encoded = RLP.encode(item)
                let lengthBytes = count < 56 ? 0 : count < 256 ? 1 : count < 65_536 ? 2 : 3
                #expect(encoded.count == 1 + lengthBytes + count)
                #expect(try RLP.decode(encoded) == item)
            }
        }
    }

    @Test func `a length that fits the short form is refused in the long one`() {
        for count in 0...56 {
            for prefix in [0xb8, 0xf8] as [UInt8] {
                let encoded = [prefix, UInt8(count)] + [UInt8](repeating: 1, count: count)
                #expect(((try? RLP.decode(encoded)) != nil) == (count == 56), "\(count) bytes")
            }
        }
    }

    @Test func `nesting is bounded, so a bomb of lists is refused and not followed`() {
        var item = RLP.Item.list([])
        for _ in 1..<RLP.depthMax { item = .list([item]) }
        let deepest = RLP.encode(item)
        #expect((try? RLP.decode(deepest)) == item)
        let deeper = RLP.encode(.list([item]))
        #expect(throws: RLPError.tooDeep(at: RLP.depthMax + 1)) { try RLP.decode(deeper) }
        var bomb = RLPEncoder()
        nest(&bomb, depth: 5_000)
        let bytes = bomb.bytes
        #expect(throws: RLPError.self) { try RLP.decode(bytes) }
    }

    private func nest(_ encoder: inout RLPEncoder, depth: Int) {
        for _ in 0..<depth {
            var outer = RLPEncoder()
            outer.list { $0.append(encoded: encoder.bytes) }
            encoder = outer
        }
    }

    @Test func `the number of items is bounded`() {
        let bytes = RLP.encode(.list([RLP.Item](repeating: .bytes([]), count: 100)))
        #expect((try? RLP.decode(bytes, itemsMax: 101)) != nil)
        #expect(throws: RLPError.self) { try RLP.decode(bytes, itemsMax: 100) }
    }

    @Test func `a random tree reads back, and its encoding is the only one`() throws {
        var random = SplitMix64(seed: 71)
        for _ in 0..<3_000 {
            let item = RLPTests.tree(depth: 6, &random)
            let encoded = RLP.encode(item)
            #expect(try RLP.decode(encoded) == item)
            var mutated = encoded
            random.mutate(&mutated)
            if mutated != encoded, let other = try? RLP.decode(mutated) {
                #expect(other != item)
                #expect(RLP.encode(other) == mutated)
            }
        }
    }

    @Test func `only shortest integers are numbers`() {
        #expect(RLP.Item.bytes([]).number == .zero)
        #expect(RLP.Item.bytes([1, 0]).number == U256(256))
        #expect(RLP.Item.bytes([0, 1]).number == nil)
        #expect(RLP.Item.list([]).number == nil)
        #expect(RLP.Item.bytes([UInt8](repeating: 1, count: 33)).number == nil)
    }

    @Test func `fixed-width values keep their leading zeros`() {
        var encoder = RLPEncoder()
        encoder.append(Hash32.zero)
        encoder.append(Address.zero)
        #expect(encoder.bytes == [0xa0] + [UInt8](repeating: 0, count: 32) + [0x94] + [UInt8](repeating: 0, count: 20))
    }

    static func tree(depth: Int, _ random: inout SplitMix64) -> RLP.Item {
        if depth > 0 && random.next() % 2 == 0 {
            return .list((0..<random.next() % 5).map { _ in tree(depth: depth - 1, &random) })
        }
        return .bytes(random.bytes(count: Int(random.next() % (random.next() % 8 == 0 ? 400 : 40))))
    }
}
