import Ethereum
import Foundation
import Testing

/// Vectors that other people's libraries made: `Independent/vectors.py` writes them and says how to run both.
@Suite(.enabled(if: Vector.path != nil, "HOLDFAST_ETHEREUM_VECTORS names no file of Independent/vectors.py"))
struct IndependentTests {
    @Test(arguments: [
        "keccak", "checksum", "selector", "bloom", "decimal", "sum", "rlp", "rlp-mutated", "header", "abi",
        "batch-mutated", "utf8", "fasthash",
    ])
    func `another library's vectors come out the same`(kind: String) throws {
        let vectors = try Vector.all(of: kind)
        try #require(vectors.count >= 100, "too few vectors of kind \(kind)")
        for vector in vectors { try check(vector) }
    }

    private func check(_ vector: Vector) throws {
        switch vector.kind {
        case "keccak": #expect(Keccak256.hash(try Hex.bytes(vector.text)).hex == vector.output)
        case "checksum": #expect(try Address(hex: vector.text).checksummed == vector.output)
        case "selector": #expect(Hex.text(ABI.call(vector.text)) == vector.output)
        case "bloom": try checkBloom(vector)
        case "decimal": try checkDecimal(vector)
        case "sum": try checkSum(vector)
        case "rlp", "rlp-mutated": try checkRLP(vector)
        case "header": #expect(try FullHeader(fields: vector.fields ?? [:]).computedHash?.hex == vector.output)
        case "abi": try checkABI(vector)
        case "batch-mutated": try checkBatch(vector)
        case "utf8": try checkText(vector)
        case "fasthash":
            let words = try (vector.items ?? []).map { try Hex.uint64($0) }
            #expect(Hex.text(FastHash.digest(words.span).bytes) == vector.output)
        default: Issue.record("unknown kind \(vector.kind)")
        }
    }

    private func checkBloom(_ vector: Vector) throws {
        var bloom = Bloom()
        for item in vector.items ?? [] { bloom.insert(try Hex.bytes(item)) }
        #expect(bloom.hex == vector.output)
        for item in vector.items ?? [] { #expect(bloom.mayContain(Bloom.Bits(of: try Hex.bytes(item)))) }
    }

    private func checkDecimal(_ vector: Vector) throws {
        let number = try #require(U256(decimal: vector.text))
        #expect(number.decimal == vector.text)
        #expect(Hex.quantity(number) == vector.output)
    }

    private func checkSum(_ vector: Vector) throws {
        var sum = try #require(SignedSum(decimal: vector.text))
        for step in vector.steps ?? [] {
            let amount = try #require(U256(decimal: step.amount))
            let before = sum
            do {
                if step.sign > 0 { try sum.add(amount) } else { try sum.subtract(amount) }
                #expect(sum.decimal == step.decimal)
                #expect(Hex.text(sum.shortestBytes) == step.bytes)
            } catch {
                #expect(step.decimal == nil, "\(before) overflowed")
                #expect(sum == before)
            }
        }
    }

    private func checkRLP(_ vector: Vector) throws {
        let encoded = try Hex.bytes(vector.input ?? vector.output ?? "")
        let item = try vector.item.map { try $0.item }
        #expect((try? RLP.decode(encoded)) == item, "\(Hex.text(encoded))")
        if let item { #expect(RLP.encode(item) == encoded) }
    }

    /// Writes the arguments, then reads them back out of the other library's bytes.
    private func checkABI(_ vector: Vector) throws {
        let arguments = try (vector.members ?? []).map { try $0.value }
        let encoded = try Hex.bytes(vector.output ?? "")
        #expect(ABI.encode(arguments) == encoded)
        try expect(arguments, in: encoded, at: 0, base: 0)
    }

    private func expect(_ values: [ABI.Value], in data: [UInt8], at start: Int, base: Int) throws {
        var place = start
        for value in values { place = try expect(value, in: data, at: place, base: base) }
    }

    /// Returns the place behind the value's head.
    private func expect(_ value: ABI.Value, in data: [UInt8], at place: Int, base: Int) throws -> Int {
        switch value {
        case .word(let word): #expect(try ABI.word(in: data.span, at: place) == word)
        case .uint(let number): #expect(try ABI.number(in: data.span, at: place) == number)
        case .address(let address): #expect(try ABI.address(in: data.span, at: place) == address)
        case .bool(let bool): #expect(try ABI.bool(in: data.span, at: place) == bool)
        case .bytes(let bytes):
            let range = try ABI.bytes(in: data.span, at: place, base: base)
            #expect(Array(data[range]) == bytes)
            #expect(isPadded(data, after: range))
        case .string(let string):
            let text = try ABI.string(in: data.span, at: place, base: base)
            #expect(text == ABI.Text(value: string, isLossy: false))
        case .array(let elements):
            let array = try ABI.array(in: data.span, at: place, base: base)
            #expect(array.count == elements.count)
            try expect(elements, in: data, at: array.start, base: array.start)
        case .tuple(let members):
            guard members.contains(where: Vector.Argument.isDynamic) else {
                try expect(members, in: data, at: place, base: base)
                return place + ABI.encode(members).count
            }
            let tuple = try ABI.target(in: data.span, at: place, base: base)
            try expect(members, in: data, at: tuple, base: tuple)
        }
        return place + 32
    }

    private func checkBatch(_ vector: Vector) throws {
        let data = try Hex.bytes(vector.text)
        guard let ids = vector.ids, let amounts = vector.amounts else {
            // The other library refuses more than a log needs to (offsets into the head, dirty tails): no trap is enough.
            _ = try? ABI.pairs(in: data.span)
            return
        }
        guard ids.count == amounts.count else {
            #expect(throws: ABIError.unequalLengths(ids.count, amounts.count)) { try ABI.pairs(in: data.span) }
            return
        }
        let pairs = try ABI.pairs(in: data.span)
        #expect(try (0..<pairs.count).map { try pairs.id($0, in: data.span).decimal } == ids)
        #expect(try (0..<pairs.count).map { try pairs.amount($0, in: data.span).decimal } == amounts)
    }

    private func checkText(_ vector: Vector) throws {
        let data = ABI.encode([.bytes(try Hex.bytes(vector.text))])
        let text = try ABI.string(in: data.span, at: 0)
        #expect(Array(text.value.unicodeScalars) == Array((vector.output ?? "").unicodeScalars))
        #expect(text.isLossy == (vector.valid == false))
    }
}
