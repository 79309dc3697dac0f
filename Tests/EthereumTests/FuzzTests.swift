import Ethereum
import Testing

/// Every decoder meets 100,000 random and mutated inputs: none may trap, and what is accepted must hold together.
@Suite struct FuzzTests {
    static let rounds = 100_000

    @Test func `hexadecimal text of any kind is read or refused`() {
        var random = SplitMix64(seed: 101)
        let alphabet = Array("0123456789abcdefABCDEFxX g:/@`G-".utf8) + [0, 0x7f, 0x80, 0xff]
        for round in 0..<FuzzTests.rounds {
            var text = (0..<random.next() % 70).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            if round % 2 == 0 {
                text = Array(Hex.text(random.bytes(count: Int(random.next() % 40))).utf8)
                random.mutate(&text)
            }
            if let bytes = try? Hex.bytes(text.span) { #expect(2 + 2 * bytes.count == text.count) }
            if let hash = try? Hex.hash(text.span) { #expect(Array(hash.hex.utf8.suffix(64)).count == 64) }
            if let address = try? Hex.address(text.span) {
                #expect((try? Address(text: address.checksummed)) == address)
            }
            if let number = try? Hex.number(text.span) { #expect(number.byteCount * 2 <= text.count) }
            _ = try? Hex.uint64(text.span)
            let string = String(decoding: text, as: UTF8.self)
            if let address = try? Address(text: string) { #expect(address.hex == string.lowercased()) }
            if let number = U256(text: string) { #expect(U256(decimal: number.decimal) == number) }
        }
    }

    @Test func `decimal text of any kind is read or refused`() {
        var random = SplitMix64(seed: 102)
        for _ in 0..<FuzzTests.rounds {
            var text = Array(random.sum().decimal.utf8)
            random.mutate(&text)
            let string = String(decoding: text, as: UTF8.self)
            if let sum = SignedSum(decimal: string) {
                let digits = string.drop { $0 == "-" }.drop { $0 == "0" }
                #expect(sum.decimal.drop { $0 == "-" }.drop { $0 == "0" } == digits)
            }
            if let number = U256(decimal: string) {
                #expect(number.decimal == (string.drop { $0 == "0" }.isEmpty ? "0" : String(string.drop { $0 == "0" })))
            }
        }
    }

    @Test func `stored bytes of any kind are the shortest form or refused`() {
        var random = SplitMix64(seed: 103)
        for round in 0..<FuzzTests.rounds {
            var bytes = random.bytes(count: Int(random.next() % 45))
            if round % 2 == 0 {
                bytes = random.sum().shortestBytes
                random.mutate(&bytes)
            }
            if let sum = SignedSum(shortestBytes: bytes.span) { #expect(sum.shortestBytes == bytes) }
            if let number = U256(shortestBytes: bytes.span) { #expect(number.shortestBytes == bytes) }
        }
    }

    @Test func `RLP of any kind is canonical or refused`() {
        var random = SplitMix64(seed: 104)
        for round in 0..<FuzzTests.rounds {
            var bytes = random.bytes(count: Int(random.next() % 60))
            if round % 4 != 0 {
                bytes = RLP.encode(RLPTests.tree(depth: 3, &random))
                random.mutate(&bytes)
            }
            if let item = try? RLP.decode(bytes) { #expect(RLP.encode(item) == bytes) }
            let place = Int(random.next() % 70) - 5
            if let element = try? RLP.element(in: bytes.span, from: place, before: bytes.count) {
                #expect(element.payload.lowerBound >= place && element.payload.upperBound <= bytes.count)
            }
        }
    }

    @Test func `ABI data of any kind is read inside its bounds or refused`() {
        var random = SplitMix64(seed: 105)
        for round in 0..<FuzzTests.rounds {
            var data = random.bytes(count: Int(random.next() % 300))
            if round % 4 != 0 {
                let count = random.next() % 5
                data = ABI.encode([
                    .array((0..<count).map { .uint(U256($0)) }), .array((0..<count).map { .uint(U256($0)) }),
                    .string("é"), .bytes([1, 2, 3]),
                ])
                // Hostile numbers go where offsets and lengths lie: into whole words.
                for _ in 0...random.next() % 3 {
                    let place = 32 * Int(random.next() % UInt64(data.count / 32))
                    let word = random.next() % 2 == 0 ? U256(random.next() % 400) : random.number()
                    data.replaceSubrange(place..<place + 32, with: word.bytes)
                }
                if round % 3 == 0 { random.mutate(&data) }
            }
            let place = Int(random.next() % 12) * 16
            let base = Int(random.next() % 4) * 32
            check(data.span, at: place, base: base)
            check(data.span, at: 0, base: 0)
        }
    }

    private func check(_ data: Span<UInt8>, at place: Int, base: Int) {
        if let pairs = try? ABI.pairs(in: data, at: place, base: base) {
            #expect(pairs.count <= data.count / 32)
            for index in 0..<pairs.count {
                #expect((try? pairs.id(index, in: data)) != nil && (try? pairs.amount(index, in: data)) != nil)
            }
        }
        if let range = try? ABI.bytes(in: data, at: place, base: base) {
            #expect(range.lowerBound >= 32 && range.upperBound <= data.count)
            _ = ABI.hasCleanPadding(after: range, in: data)
        }
        if let text = try? ABI.string(in: data, at: place, base: base), !text.isLossy {
            #expect(text.value.utf8.count <= data.count)
        }
        if let address = try? ABI.address(in: data, at: place) {
            #expect((try? ABI.word(in: data, at: place)) == address.word)
        }
        _ = try? ABI.returnedText(data)
        _ = try? ABI.bool(in: data, at: place)
        _ = try? ABI.uint64(in: data, at: place)
    }
}
