import Ethereum
import Testing

@Suite struct ABIValueTests {
    /// The examples of the ABI specification.
    @Test func `the specification's examples come out`() throws {
        let first = ABI.call("baz(uint32,bool)", [.uint(U256(69)), .bool(true)])
        #expect(first == (try bytes("cdcd77c0")) + (try words("45", "1")))
        let second = ABI.call(
            "sam(bytes,bool,uint256[])",
            [.bytes(Array("dave".utf8)), .bool(true), .array([1, 2, 3].map { .uint(U256($0)) })]
        )
        let dave = "64617665" + String(repeating: "0", count: 56)
        #expect(second == (try bytes("a5643bf2")) + (try words("60", "1", "a0", "4", dave, "3", "1", "2", "3")))
        let third = ABI.encode([
            .array([.array([.uint(U256(1)), .uint(U256(2))]), .array([.uint(U256(3))])]),
            .array([.string("one"), .string("two"), .string("three")]),
        ])
        let (one, two, three) = ("6f6e65", "74776f", "7468726565")
        func left(_ text: String) -> String { text + String(repeating: "0", count: 64 - text.count) }
        #expect(
            third
                == (try words("40", "140", "2", "40", "a0", "2", "1", "2", "1", "3"))
                + (try words("3", "60", "a0", "e0", "3", left(one), "3", left(two), "5", left(three)))
        )
    }

    @Test func `calls that the indexer makes are laid out as contracts expect`() throws {
        let owner = ABI.call("ownerOf(uint256)", [.uint(.max)])
        #expect(owner == (try bytes("6352211e")) + [UInt8](repeating: 0xff, count: 32))
        #expect(ABI.call("name()") == (try bytes("06fdde03")))
        let address = try Address(hex: "0x00000000000000000000000000000000000000ff")
        let balances = ABI.call(
            "balanceOfBatch(address[],uint256[])",
            [.array([.address(address)]), .array([.uint(U256(9))])]
        )
        #expect(balances == (try bytes("4e1273f4")) + (try words("40", "80", "1", "ff", "1", "9")))
        let multicall = ABI.call(
            "aggregate3((address,bool,bytes)[])",
            [.array([.tuple([.address(address), .bool(true), .bytes(ABI.call("name()"))])])]
        )
        let name = "06fdde03" + String(repeating: "0", count: 56)
        #expect(multicall == (try bytes("82ad56cb")) + (try words("20", "1", "20", "ff", "1", "60", "4", name)))
    }

    @Test func `a static tuple lies in the head`() throws {
        let pair = ABI.Value.tuple([.uint(U256(1)), .uint(U256(2))])
        #expect(ABI.encode([pair, .string(""), pair]) == (try words("1", "2", "a0", "1", "2", "0")))
        #expect(ABI.encode([.array([pair, pair])]) == (try words("20", "2", "1", "2", "1", "2")))
    }

    @Test func `what is written is read back`() throws {
        var random = SplitMix64(seed: 91)
        for _ in 0..<2_000 {
            let ids = (0..<random.next() % 20).map { _ in random.number() }
            let amounts = ids.map { _ in random.number() }
            let payload = random.bytes(count: Int(random.next() % 100))
            let address = random.address()
            let data = ABI.encode([
                .address(address), .array(ids.map { .uint($0) }), .array(amounts.map { .uint($0) }), .bytes(payload),
            ])
            #expect(data.count.isMultiple(of: 32))
            #expect(try ABI.address(in: data.span, at: 0) == address)
            let pairs = try ABI.pairs(in: data.span, at: 32)
            #expect(try (0..<pairs.count).map { try pairs.id($0, in: data.span) } == ids)
            #expect(try (0..<pairs.count).map { try pairs.amount($0, in: data.span) } == amounts)
            let range = try ABI.bytes(in: data.span, at: 96)
            #expect(Array(data[range]) == payload)
            #expect(isPadded(data, after: range))
        }
    }
}
