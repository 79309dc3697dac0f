import Ethereum
import Testing

@Suite struct Keccak256Tests {
    @Test(arguments: [
        ("", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        ("abc", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ("testing", "0x5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02"),
        (
            "The quick brown fox jumps over the lazy dog",
            "0x4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"
        ),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "0x45d3b367a6904e6e8d502ee04999a7c27647f91fa845d456525fd352ae3d7371"
        ),
    ])
    func `published hashes come out`(text: String, expected: String) {
        #expect(Keccak256.hash(text).hex == expected)
        #expect(Keccak256.hash(Array(text.utf8)).hex == expected)
    }

    @Test func `a million bytes give the published hash`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let expected = "0xfadae6b49f129bbb812be8407b7b2894f34aecf6dbd1f9b0f0c7e9853098fc96"
        #expect(Keccak256.hash(bytes.span).hex == expected)
    }

    @Test func `any way to cut the input gives the same hash`() {
        var random = SplitMix64(seed: 31)
        for count in Array(0..<300) + [1_000, 4_096] {
            let input = random.bytes(count: count)
            let expected = Keccak256.hash(input.span)
            #expect(Keccak256.hash(ContiguousArray(input)) == expected)
            #expect(Keccak256.hash(input[...]) == expected)
            var hasher = Keccak256()
            var index = 0
            while index < count {
                let end = min(count, index + Int(random.next() % 40))
                if random.next() % 2 == 0 {
                    hasher.update(input.span.extracting(index..<end))
                } else {
                    hasher.update(input[index..<end])
                }
                index = end
                if random.next() % 8 == 0 { #expect(hasher.finish() == Keccak256.hash(input[..<end])) }
            }
            #expect(hasher.finish() == expected, "\(count) bytes")
        }
    }

    @Test func `an address and a word hash as their bytes do`() {
        var random = SplitMix64(seed: 32)
        for _ in 0..<200 {
            let address = random.address()
            let word = random.number().word
            #expect(Keccak256.hash(address) == Keccak256.hash(address.bytes))
            #expect(Keccak256.hash(word) == Keccak256.hash(word.bytes))
        }
    }
}
