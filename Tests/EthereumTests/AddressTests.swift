import Ethereum
import Testing

@Suite struct AddressTests {
    /// The test vectors of EIP-55.
    static let checksummed = [
        "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ]

    @Test(arguments: checksummed)
    func `an address is shown with its checksum and read with it`(text: String) throws {
        let address = try Address(text: text)
        #expect(address.checksummed == text)
        #expect(address.hex == text.lowercased())
        #expect(try Address(text: text.lowercased()) == address)
        #expect(try Address(text: "0x" + text.dropFirst(2).uppercased()) == address)
        #expect(try Address(hex: text) == address)
    }

    @Test func `one letter in the wrong case is refused and the right text named`() throws {
        let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
        let wrong = "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
        #expect(throws: HexError.wrongChecksum(expected: right)) { try Address(text: wrong) }
        let message = HexError.wrongChecksum(expected: right).description
        #expect(message.contains(right) && message.contains("checksum"))
    }

    @Test(arguments: [
        ("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", HexError.missingPrefix),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae", .wrongLength(digits: 39, expected: 40)),
        ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg", .notADigit(at: 41)), ("vitalik.eth", .missingPrefix),
    ])
    func `what a person mistypes is refused`(text: String, expected: HexError) {
        #expect(throws: expected) { try Address(text: text) }
    }

    @Test func `an address word is clean, and a dirty one is not`() {
        var random = SplitMix64(seed: 21)
        for _ in 0..<1_000 {
            let address = random.address()
            let word = address.word
            #expect(Address.isClean(word))
            #expect(Address(truncating: word) == address)
            let bit = random.next() % 96
            let dirty = Hash32(
                w0: bit < 64 ? 1 << bit : 0,
                w1: word.w1 | (bit < 64 ? 0 : 1 << (bit - 32)),
                w2: word.w2,
                w3: word.w3
            )
            #expect(!Address.isClean(dirty), "bit \(bit)")
            #expect(Address(truncating: dirty) == address)
        }
    }

    @Test func `addresses sort as their text does`() {
        var random = SplitMix64(seed: 22)
        let addresses = (0..<500).map { _ in random.address() }
        #expect(addresses.sorted().map(\.hex) == addresses.map(\.hex).sorted())
    }
}
