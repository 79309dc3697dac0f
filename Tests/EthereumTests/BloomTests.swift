import Ethereum
import Testing

@Suite struct BloomTests {
    /// The two logs of mainnet block 1,755,635; its header's bloom holds nothing else.
    static let addresses = ["0xbb9bc244d798123fde783fcc1c72d3bb8c189413", "0x8b3b3b624c3c0397d3da8fd861512393d51dcbac"]
    static let topics = [
        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        "0x0000000000000000000000006498077292a0921c8804924fdf47b5e91e2a215f",
        "0x0000000000000000000000008b3b3b624c3c0397d3da8fd861512393d51dcbac",
        "0xe3e6ac9b8af8d4194beda053cf95abee2ac870c4fb5f26505181ef1d438512bf",
        "0x0000000000000000000000000000000000000000000000004563918244f40000",
    ]
    static let published = """
        0x\
        000000000000000200000002000200000000000000000000000000000000000000000000000000000000000000000000\
        000000000000000000000000000100000000000000000000000000080000000000000000000000000000000000000000\
        000000000000000000004000010000000400000000000000200000100000000000000000000000000000000000000000\
        000000000000001000000200000010100000000000000000000000000000000000000020000000000000001000000000\
        000000020000000000000000000002000000000000000080000000000000000000000000000000000000000000000010\
        00000002000000000000000000000000
        """

    @Test func `the bloom of a real block comes out of its logs`() throws {
        var bloom = Bloom()
        for address in BloomTests.addresses { bloom.insert(try Address(hex: address)) }
        for topic in BloomTests.topics.dropLast() { bloom.insert(try Hash32(hex: topic)) }
        bloom.insert(try Hash32(hex: BloomTests.topics[4]))
        #expect(bloom.hex == BloomTests.published)
        #expect(try Bloom(hex: BloomTests.published) == bloom)
    }

    @Test func `a real bloom contains its logs and lacks others`() throws {
        let bloom = try Bloom(hex: BloomTests.published)
        for address in BloomTests.addresses { #expect(bloom.mayContain(try Address(hex: address))) }
        for topic in BloomTests.topics { #expect(bloom.mayContain(try Hash32(hex: topic))) }
        #expect(!bloom.mayContain(ABI.topic("TransferSingle(address,address,address,uint256,uint256)")))
        #expect(!bloom.mayContain(Address.zero))
        #expect(!Bloom().mayContain(try Address(hex: BloomTests.addresses[0])))
    }

    @Test func `bytes read back, and only 256 of them`() {
        var random = SplitMix64(seed: 61)
        for _ in 0..<100 {
            let bytes = random.bytes(count: 256)
            #expect(Bloom(bytes: bytes)?.bytes == bytes)
        }
        #expect(Bloom(bytes: [UInt8](repeating: 0, count: 255)) == nil)
        #expect(Bloom(bytes: [UInt8](repeating: 0, count: 257)) == nil)
        #expect(Bloom(bytes: [UInt8](repeating: 0, count: 256)) == Bloom())
        #expect(Bloom().isEmpty)
    }

    @Test func `whatever was inserted is found, by value, by bytes and by bits`() {
        var random = SplitMix64(seed: 62)
        var bloom = Bloom()
        for _ in 0..<200 {
            let address = random.address()
            let topic = random.number().word
            var before = bloom
            bloom.insert(address)
            bloom.insert(topic)
            #expect(bloom.mayContain(address) && bloom.mayContain(Bloom.Bits(topic)))
            #expect(bloom.mayContain(Bloom.Bits(of: address.bytes)))
            before.insert(address.bytes)
            before.insert(topic.bytes.span)
            #expect(before == bloom)
            #expect(!bloom.isEmpty)
        }
    }

    @Test func `a union contains both and nothing else`() {
        var random = SplitMix64(seed: 63)
        for _ in 0..<200 {
            let (left, right) = (random.number().word, random.number().word)
            var first = Bloom()
            var second = Bloom()
            var both = Bloom()
            first.insert(left)
            second.insert(right)
            both.insert(left)
            both.insert(right)
            let union = first.union(second)
            #expect(union == both && union == second.union(first))
            #expect(union.isSuperset(of: first) && union.isSuperset(of: second))
            #expect(first.isSuperset(of: union) == (first == union))
        }
    }

    @Test func `a log puts its address and only its own topics in`() {
        var random = SplitMix64(seed: 64)
        for count in 0...4 {
            let topics = (0..<4).map { _ in random.number().word }
            let log = Log(
                blockNumber: 1,
                blockHash: .zero,
                transactionHash: .zero,
                transactionIndex: 0,
                logIndex: 0,
                address: random.address(),
                topicCount: UInt8(count),
                topic0: topics[0],
                topic1: topics[1],
                topic2: topics[2],
                topic3: topics[3],
                dataOffset: 0,
                dataCount: 0,
                blockTimestamp: 0
            )
            var bloom = Bloom()
            bloom.insert(log)
            var expected = Bloom()
            expected.insert(log.address)
            for topic in topics.prefix(count) { expected.insert(topic) }
            #expect(bloom == expected)
        }
    }
}
