/// Recursive length prefix: the encoding under every hash of a header, a receipt and a trie node.
///
/// This file holds the values and the errors; `RLPEncoder` writes and `RLP.decode` reads.
package enum RLP {
    /// A string of bytes or a list of items, as a tree.
    package enum Item: Sendable, Hashable {
        case bytes([UInt8])
        case list([Item])

        /// The shortest big-endian form; no bytes for zero.
        package static func integer(_ value: UInt64) -> Item { .bytes(U256(value).shortestBytes) }

        /// The shortest big-endian form; no bytes for zero.
        package static func integer(_ value: U256) -> Item { .bytes(value.shortestBytes) }

        package var bytes: [UInt8]? {
            if case .bytes(let bytes) = self { bytes } else { nil }
        }

        package var items: [Item]? {
            if case .list(let items) = self { items } else { nil }
        }

        /// The number that the bytes are the shortest form of; nil for lists, leading zeros and more than 256 bits.
        package var number: U256? {
            if case .bytes(let bytes) = self { U256(shortestBytes: bytes) } else { nil }
        }
    }

    package static func encode(_ item: Item) -> [UInt8] {
        var encoder = RLPEncoder()
        encoder.append(item)
        return encoder.bytes
    }

    // MARK: Sizes

    /// Bytes of the prefix in front of a list, or of a string that is not a single byte below 0x80.
    package static func prefixCount(payload count: Int) -> Int {
        count < 56 ? 1 : 1 + U256(UInt64(count)).byteCount
    }

    /// Bytes of an integer with its prefix.
    package static func encodedCount(_ value: UInt64) -> Int {
        value < 0x80 ? 1 : 1 + U256(value).byteCount
    }
}

/// Why bytes are not one item in the only encoding it may have.
package enum RLPError: Error, Sendable, Equatable {
    /// The input ends inside an item, or an item reaches beyond the list that holds it.
    case truncated(at: Int)
    /// A single byte below 0x80 behind a prefix, or a length in a longer form than it needs.
    case notCanonical(at: Int)
    /// Bytes behind the outermost item.
    case trailingBytes(at: Int)
    case tooDeep(at: Int)
    case tooManyItems(at: Int)
}

/// Writes RLP into one buffer, lists from the inside out.
package struct RLPEncoder: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package init(reserving count: Int) {
        bytes.reserveCapacity(count)
    }

    package mutating func append(_ value: some Collection<UInt8>) {
        if value.count == 1, let byte = value.first, byte < 0x80 {
            bytes.append(byte)
        } else {
            appendPrefix(short: 0x80, count: value.count)
            bytes.append(contentsOf: value)
        }
    }

    /// The shortest big-endian form, as all of Ethereum's integers are.
    package mutating func append(_ value: UInt64) {
        guard value >= 0x80 else {
            bytes.append(value == 0 ? 0x80 : UInt8(truncatingIfNeeded: value))
            return
        }
        let count = 8 - value.leadingZeroBitCount / 8
        bytes.append(0x80 + UInt8(truncatingIfNeeded: count))
        appendLowBytes(of: value, count: count)
    }

    /// The shortest big-endian form, as all of Ethereum's integers are.
    package mutating func append(_ value: U256) {
        append(value.shortestBytes)
    }

    /// All thirty-two bytes, leading zeros too: a hash is no integer.
    package mutating func append(_ value: Hash32) {
        bytes.append(0x80 + 32)
        appendLowBytes(of: value.w0, count: 8)
        appendLowBytes(of: value.w1, count: 8)
        appendLowBytes(of: value.w2, count: 8)
        appendLowBytes(of: value.w3, count: 8)
    }

    /// All twenty bytes, leading zeros too.
    package mutating func append(_ value: Address) {
        bytes.append(0x80 + 20)
        appendLowBytes(of: value.high, count: 8)
        appendLowBytes(of: value.middle, count: 8)
        appendLowBytes(of: UInt64(value.low), count: 4)
    }

    /// All 256 bytes.
    package mutating func append(_ value: Bloom) {
        appendPrefix(short: 0x80, count: 256)
        for word in value.words { appendLowBytes(of: word, count: 8) }
    }

    package mutating func append(_ item: RLP.Item) {
        switch item {
        case .bytes(let value): append(value)
        case .list(let items): list { for item in items { $0.append(item) } }
        }
    }

    /// Bytes that are RLP already: one item or several, taken as they are.
    package mutating func append(encoded: some Collection<UInt8>) {
        bytes.append(contentsOf: encoded)
    }

    /// A list of what `body` appends.
    ///
    /// - Cost: moves the list's payload once per level, to make room for its length.
    package mutating func list(_ body: (inout RLPEncoder) -> Void) {
        let start = bytes.count
        body(&self)
        let payloadEnd = bytes.count
        appendPrefix(short: 0xC0, count: payloadEnd - start)
        let prefix = Array(bytes[payloadEnd...])
        bytes.removeLast(prefix.count)
        bytes.insert(contentsOf: prefix, at: start)
    }

    /// The prefix of a list whose items, `count` bytes of them, the caller appends next: nothing has to be moved.
    package mutating func appendListPrefix(payload count: Int) {
        appendPrefix(short: 0xC0, count: count)
    }

    /// The prefix of a string of at least two bytes, which the caller writes next, here or elsewhere.
    package mutating func appendStringPrefix(count: Int) {
        appendPrefix(short: 0x80, count: count)
    }

    private mutating func appendLowBytes(of value: UInt64, count: Int) {
        var shift = UInt64(count) << 3
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func appendPrefix(short: UInt8, count: Int) {
        if count < 56 {
            bytes.append(short + UInt8(count))
        } else {
            let length = U256(UInt64(count)).shortestBytes
            bytes.append(short + 55 + UInt8(length.count))
            bytes.append(contentsOf: length)
        }
    }
}
