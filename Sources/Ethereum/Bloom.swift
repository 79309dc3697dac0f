/// A block's or receipt's filter of 2048 bits: what it does not contain is certainly not in the block's logs.
///
/// Words most significant first, so that bit 0 of the standard is the lowest bit of the last word.
package struct Bloom: Sendable, Hashable {
    private(set) var words: ContiguousArray<UInt64>

    /// The empty filter.
    package init() {
        words = ContiguousArray(repeating: 0, count: 32)
    }

    /// Thirty-two words, most significant first.
    package init(words: ContiguousArray<UInt64>) {
        precondition(words.count == 32, "a bloom has 2048 bits")
        self.words = words
    }

    /// Reads exactly 256 bytes; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 256 else { return nil }
        self.init()
        for (index, byte) in bytes.enumerated() { words[index / 8] = words[index / 8] << 8 | UInt64(byte) }
    }

    /// The 256 bytes, most significant first.
    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        for word in words {
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return out
    }

    /// How many of the 2,048 bits are set.
    package var bitCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    // MARK: Bits

    /// The three bits of one address or topic, worked out once and looked up in many blooms.
    package struct Bits: Sendable, Hashable {
        package let first: UInt16
        package let second: UInt16
        package let third: UInt16

        /// The bits of anything; costs one Keccak.
        package init(of bytes: Span<UInt8>) {
            self.init(hash: Keccak256.hash(bytes))
        }

        /// The bits of anything; costs one Keccak.
        package init(of bytes: some Collection<UInt8>) {
            self.init(hash: Keccak256.hash(bytes))
        }

        package init(_ address: Address) {
            self.init(hash: Keccak256.hash(address))
        }

        package init(_ topic: Hash32) {
            self.init(hash: Keccak256.hash(topic))
        }

        /// The low eleven bits of each of the hash's first three pairs of bytes.
        private init(hash: Hash32) {
            first = UInt16(truncatingIfNeeded: hash.w0 >> 48 & 2047)
            second = UInt16(truncatingIfNeeded: hash.w0 >> 32 & 2047)
            third = UInt16(truncatingIfNeeded: hash.w0 >> 16 & 2047)
        }
    }

    private func isSet(_ bit: UInt16) -> Bool {
        words[31 - Int(bit >> 6)] >> UInt64(bit & 63) & 1 == 1
    }

    /// Whether all three bits are set.
    ///
    /// False proves absence; true proves nothing.
    package func mayContain(_ bits: Bits) -> Bool {
        isSet(bits.first) && isSet(bits.second) && isSet(bits.third)
    }

    /// Costs one Keccak; in loops keep ``Bits``.
    package func mayContain(_ address: Address) -> Bool { mayContain(Bits(address)) }

    /// Costs one Keccak; in loops keep ``Bits``.
    package func mayContain(_ topic: Hash32) -> Bool { mayContain(Bits(topic)) }

    package mutating func insert(_ bits: Bits) {
        set(bits.first)
        set(bits.second)
        set(bits.third)
    }

    private mutating func set(_ bit: UInt16) {
        words[31 - Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    }

    package mutating func insert(_ address: Address) { insert(Bits(address)) }
    package mutating func insert(_ topic: Hash32) { insert(Bits(topic)) }
    package mutating func insert(_ bytes: Span<UInt8>) { insert(Bits(of: bytes)) }
    package mutating func insert(_ bytes: some Collection<UInt8>) { insert(Bits(of: bytes)) }

    /// The address and the topics of one log, as the chain puts them into its receipt's bloom.
    package mutating func insert(_ log: Log) {
        insert(log.address)
        if log.topicCount > 0 { insert(log.topic0) }
        if log.topicCount > 1 { insert(log.topic1) }
        if log.topicCount > 2 { insert(log.topic2) }
        if log.topicCount > 3 { insert(log.topic3) }
    }

    // MARK: Sets

    /// Empties the filter and keeps its memory.
    package mutating func removeAll() {
        for index in words.indices { words[index] = 0 }
    }

    package mutating func formUnion(_ other: Bloom) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    package func union(_ other: Bloom) -> Bloom {
        var out = self
        out.formUnion(other)
        return out
    }

    /// Whether every bit of `other` is set here too, as a block's bloom has every bit of its receipts' blooms.
    package func isSuperset(of other: Bloom) -> Bool {
        for index in words.indices where other.words[index] & ~words[index] != 0 { return false }
        return true
    }
}
