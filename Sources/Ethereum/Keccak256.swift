/// Ethereum's hash function: Keccak with 1088 bits of rate and the padding from before SHA-3 (first byte 0x01).
///
/// Streaming: `update` as often as wanted, then `finish()`, which leaves the state as it was. One-shot: `hash`. The
/// state lies inside the value; hashing a span allocates nothing.
package struct Keccak256: Sendable {
    /// Lane x + 5·y of the standard's state at that index.
    private var lanes: InlineArray<25, UInt64> = .init(repeating: 0)
    /// Bytes of the present block that are already in the state; always below ``rate``.
    private var filled = 0

    /// Bytes that go into the state between two permutations.
    private static let rate = 136

    package init() {}

    // MARK: One-shot

    package static func hash(_ bytes: Span<UInt8>) -> Hash32 {
        var hasher = Keccak256()
        hasher.update(bytes)
        return hasher.finish()
    }

    package static func hash(_ bytes: some Collection<UInt8>) -> Hash32 {
        var hasher = Keccak256()
        hasher.update(bytes)
        return hasher.finish()
    }

    /// The hash of the text's UTF-8, as event signatures and selectors are made.
    package static func hash(_ text: String) -> Hash32 {
        hash(text.utf8.span)
    }

    /// The hash of an address's twenty bytes.
    package static func hash(_ address: Address) -> Hash32 {
        var hasher = Keccak256()
        hasher.lanes[0] = address.high.byteSwapped
        hasher.lanes[1] = address.middle.byteSwapped
        hasher.lanes[2] = UInt64(address.low.byteSwapped)
        hasher.filled = 20
        return hasher.finish()
    }

    /// The hash of a word's thirty-two bytes.
    package static func hash(_ word: Hash32) -> Hash32 {
        var hasher = Keccak256()
        hasher.lanes[0] = word.w0.byteSwapped
        hasher.lanes[1] = word.w1.byteSwapped
        hasher.lanes[2] = word.w2.byteSwapped
        hasher.lanes[3] = word.w3.byteSwapped
        hasher.filled = 32
        return hasher.finish()
    }

    // MARK: Streaming

    package mutating func update(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            if filled & 7 == 0 && bytes.count - index >= 8 {
                lanes[filled >> 3] ^= bytes.littleEndian64(at: index)
                filled += 8
                index += 8
            } else {
                lanes[filled >> 3] ^= UInt64(bytes[index]) << UInt64((filled & 7) << 3)
                filled += 1
                index += 1
            }
            if filled == Keccak256.rate { permute() }
        }
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        if let array = bytes as? [UInt8] { return update(array.span) }
        for byte in bytes {
            lanes[filled >> 3] ^= UInt64(byte) << UInt64((filled & 7) << 3)
            filled += 1
            if filled == Keccak256.rate { permute() }
        }
    }

    /// The hash of everything given so far; more may follow, as if this had not been asked.
    package func finish() -> Hash32 {
        var last = self
        last.lanes[filled >> 3] ^= 1 << UInt64((filled & 7) << 3)
        last.lanes[16] ^= 1 << 63
        last.permute()
        return Hash32(
            w0: last.lanes[0].byteSwapped,
            w1: last.lanes[1].byteSwapped,
            w2: last.lanes[2].byteSwapped,
            w3: last.lanes[3].byteSwapped
        )
    }

    // MARK: Permutation

    /// Keccak-f[1600], written out lane by lane so that the whole state stays in registers and on the stack.
    private mutating func permute() {
        filled = 0
        let roundConstants: InlineArray<24, UInt64> = [
            0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808A, 0x8000_0000_8000_8000,
            0x0000_0000_0000_808B, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
            0x0000_0000_0000_008A, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000A,
            0x0000_0000_8000_808B, 0x8000_0000_0000_008B, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
            0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800A, 0x8000_0000_8000_000A,
            0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
        ]
        var a0 = lanes[0]
        var a1 = lanes[1]
        var a2 = lanes[2]
        var a3 = lanes[3]
        var a4 = lanes[4]
        var a5 = lanes[5]
        var a6 = lanes[6]
        var a7 = lanes[7]
        var a8 = lanes[8]
        var a9 = lanes[9]
        var a10 = lanes[10]
        var a11 = lanes[11]
        var a12 = lanes[12]
        var a13 = lanes[13]
        var a14 = lanes[14]
        var a15 = lanes[15]
        var a16 = lanes[16]
        var a17 = lanes[17]
        var a18 = lanes[18]
        var a19 = lanes[19]
        var a20 = lanes[20]
        var a21 = lanes[21]
        var a22 = lanes[22]
        var a23 = lanes[23]
        var a24 = lanes[24]
        for round in 0..<24 {
            let c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            let c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            let c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            let c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            let c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            let d0 = c4 ^ Keccak256.rotate(c1, 1)
            let d1 = c0 ^ Keccak256.rotate(c2, 1)
            let d2 = c1 ^ Keccak256.rotate(c3, 1)
            let d3 = c2 ^ Keccak256.rotate(c4, 1)
            let d4 = c3 ^ Keccak256.rotate(c0, 1)
            let b0 = a0 ^ d0
            let b1 = Keccak256.rotate(a6 ^ d1, 44)
            let b2 = Keccak256.rotate(a12 ^ d2, 43)
            let b3 = Keccak256.rotate(a18 ^ d3, 21)
            let b4 = Keccak256.rotate(a24 ^ d4, 14)
            let b5 = Keccak256.rotate(a3 ^ d3, 28)
            let b6 = Keccak256.rotate(a9 ^ d4, 20)
            let b7 = Keccak256.rotate(a10 ^ d0, 3)
            let b8 = Keccak256.rotate(a16 ^ d1, 45)
            let b9 = Keccak256.rotate(a22 ^ d2, 61)
            let b10 = Keccak256.rotate(a1 ^ d1, 1)
            let b11 = Keccak256.rotate(a7 ^ d2, 6)
            let b12 = Keccak256.rotate(a13 ^ d3, 25)
            let b13 = Keccak256.rotate(a19 ^ d4, 8)
            let b14 = Keccak256.rotate(a20 ^ d0, 18)
            let b15 = Keccak256.rotate(a4 ^ d4, 27)
            let b16 = Keccak256.rotate(a5 ^ d0, 36)
            let b17 = Keccak256.rotate(a11 ^ d1, 10)
            let b18 = Keccak256.rotate(a17 ^ d2, 15)
            let b19 = Keccak256.rotate(a23 ^ d3, 56)
            let b20 = Keccak256.rotate(a2 ^ d2, 62)
            let b21 = Keccak256.rotate(a8 ^ d3, 55)
            let b22 = Keccak256.rotate(a14 ^ d4, 39)
            let b23 = Keccak256.rotate(a15 ^ d0, 41)
            let b24 = Keccak256.rotate(a21 ^ d1, 2)
            a0 = b0 ^ (~b1 & b2)
            a1 = b1 ^ (~b2 & b3)
            a2 = b2 ^ (~b3 & b4)
            a3 = b3 ^ (~b4 & b0)
            a4 = b4 ^ (~b0 & b1)
            a5 = b5 ^ (~b6 & b7)
            a6 = b6 ^ (~b7 & b8)
            a7 = b7 ^ (~b8 & b9)
            a8 = b8 ^ (~b9 & b5)
            a9 = b9 ^ (~b5 & b6)
            a10 = b10 ^ (~b11 & b12)
            a11 = b11 ^ (~b12 & b13)
            a12 = b12 ^ (~b13 & b14)
            a13 = b13 ^ (~b14 & b10)
            a14 = b14 ^ (~b10 & b11)
            a15 = b15 ^ (~b16 & b17)
            a16 = b16 ^ (~b17 & b18)
            a17 = b17 ^ (~b18 & b19)
            a18 = b18 ^ (~b19 & b15)
            a19 = b19 ^ (~b15 & b16)
            a20 = b20 ^ (~b21 & b22)
            a21 = b21 ^ (~b22 & b23)
            a22 = b22 ^ (~b23 & b24)
            a23 = b23 ^ (~b24 & b20)
            a24 = b24 ^ (~b20 & b21)
            a0 ^= roundConstants[round]
        }
        lanes[0] = a0
        lanes[1] = a1
        lanes[2] = a2
        lanes[3] = a3
        lanes[4] = a4
        lanes[5] = a5
        lanes[6] = a6
        lanes[7] = a7
        lanes[8] = a8
        lanes[9] = a9
        lanes[10] = a10
        lanes[11] = a11
        lanes[12] = a12
        lanes[13] = a13
        lanes[14] = a14
        lanes[15] = a15
        lanes[16] = a16
        lanes[17] = a17
        lanes[18] = a18
        lanes[19] = a19
        lanes[20] = a20
        lanes[21] = a21
        lanes[22] = a22
        lanes[23] = a23
        lanes[24] = a24
    }

    @inline(__always)
    private static func rotate(_ lane: UInt64, _ count: UInt64) -> UInt64 {
        lane &<< count | lane &>> (64 &- count)
    }
}
