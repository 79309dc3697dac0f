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
        append(U256(value))
    }

    /// The shortest big-endian form, as all of Ethereum's integers are.
    package mutating func append(_ value: U256) {
        append(value.shortestBytes)
    }

    /// All thirty-two bytes, leading zeros too: a hash is no integer.
    package mutating func append(_ value: Hash32) {
        append(value.bytes)
    }

    /// All twenty bytes, leading zeros too.
    package mutating func append(_ value: Address) {
        append(value.bytes)
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
