package import Ethereum

/// The root of the Merkle-Patricia trie that holds a list: receipts, transactions, withdrawals of a block.
///
/// Keys are the RLP of the positions. Only the root is made; nothing is stored.
package enum OrderedTrie {
    /// The hash that a header commits to.
    ///
    /// - Cost: one Keccak per value and about one per eight values above them.
    package static func root(of values: [[UInt8]]) -> Hash32 {
        var ends: [Int] = []
        ends.reserveCapacity(values.count)
        for value in values { ends.append((ends.last ?? 0) + value.count) }
        return root(of: Array(values.joined()), ends: ends)
    }

    /// The same over values that lie one behind the other, which are hashed where they are.
    ///
    /// - Parameter ends: where each value ends in `bytes`, rising; the first starts at 0.
    package static func root(of bytes: [UInt8], ends: [Int]) -> Hash32 {
        guard !ends.isEmpty else { return FullHeader.emptyRoot }
        let walk = TrieWalk(keys: TrieKey.sorted(count: ends.count), bytes: bytes, ends: ends)
        switch walk.node(0..<ends.count, depth: 0) {
        case .hash(let hash): return hash
        case .short(let node): return Keccak256.hash(node)
        }
    }
}

/// A position's key: the nibbles of its RLP, the first one highest.
private struct TrieKey {
    let position: Int
    private let bits: UInt64
    /// How many nibbles it has.
    let count: Int

    init(_ position: Int) {
        self.position = position
        let value = UInt64(position)
        if position > 0, position < 0x80 {
            bits = value << 56
            count = 2
        } else {
            let length = UInt64(8 - value.leadingZeroBitCount / 8)
            bits = (0x80 + length) << 56 | value << (56 - length << 3)
            count = 2 + Int(length) * 2
        }
    }

    func nibble(_ depth: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: bits >> UInt64(60 - depth << 2)) & 15
    }

    /// The keys of `0..<count` in the order of their nibbles: 0 is 0x80 and stands between 127 and 128.
    static func sorted(count: Int) -> [TrieKey] {
        var keys: [TrieKey] = []
        keys.reserveCapacity(count)
        for position in 1..<max(1, min(count, 0x80)) { keys.append(TrieKey(position)) }
        keys.append(TrieKey(0))
        for position in 0x80..<max(0x80, count) { keys.append(TrieKey(position)) }
        return keys
    }

    /// A stretch of nibbles packed into bytes, with a first nibble that tells leaf and odd length.
    func compact(_ stretch: Range<Int>, isLeaf: Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(stretch.count / 2 + 1)
        let flag: UInt8 = isLeaf ? 0x20 : 0
        var depth = stretch.lowerBound
        if stretch.count.isMultiple(of: 2) {
            out.append(flag)
        } else {
            out.append(flag | 0x10 | nibble(depth))
            depth += 1
        }
        while depth < stretch.upperBound {
            out.append(nibble(depth) << 4 | nibble(depth + 1))
            depth += 2
        }
        return out
    }
}

private struct TrieWalk {
    let keys: [TrieKey]
    let bytes: [UInt8]
    let ends: [Int]

    /// How a node's parent refers to it.
    enum Node {
        case hash(Hash32)
        /// Itself, where its encoding is shorter than a hash.
        case short([UInt8])

        init(_ encoded: [UInt8]) {
            self = encoded.count < 32 ? .short(encoded) : .hash(Keccak256.hash(encoded.span))
        }
    }

    /// The node over keys that share their first `depth` nibbles.
    func node(_ range: Range<Int>, depth: Int) -> Node {
        let (first, last) = (keys[range.lowerBound], keys[range.upperBound - 1])
        if range.count == 1 { return leaf(first, depth: depth) }
        // Sorted: what the first and the last share, all share.
        var end = depth
        while end < first.count, end < last.count, first.nibble(end) == last.nibble(end) { end += 1 }
        var encoder = RLPEncoder(reserving: 576)
        if end > depth {
            encoder.list { list in
                list.append(first.compact(depth..<end, isLeaf: false))
                append(node(range, depth: end), to: &list)
            }
            return Node(encoder.bytes)
        }
        encoder.list { list in
            var start = range.lowerBound
            for nibble in UInt8(0)..<16 {
                var stop = start
                while stop < range.upperBound, keys[stop].nibble(depth) == nibble { stop += 1 }
                if start == stop {
                    list.append(UInt64(0))
                } else {
                    append(node(start..<stop, depth: depth + 1), to: &list)
                }
                start = stop
            }
            // No position's key is a prefix of another's, so branches carry no value.
            list.append(UInt64(0))
        }
        return Node(encoder.bytes)
    }

    private func append(_ node: Node, to list: inout RLPEncoder) {
        switch node {
        case .hash(let hash): list.append(hash)
        case .short(let encoded): list.append(encoded: encoded)
        }
    }

    private func leaf(_ key: TrieKey, depth: Int) -> Node {
        let path = key.compact(depth..<key.count, isLeaf: true)
        let value = (key.position == 0 ? 0 : ends[key.position - 1])..<ends[key.position]
        var encoder = RLPEncoder(reserving: 64)
        guard value.count >= 32 else {
            encoder.list { list in
                list.append(path)
                list.append(bytes[value])
            }
            return Node(encoder.bytes)
        }
        // The value goes into the hash from where it lies. A path of one byte is its own encoding: it is below 0x40.
        let pathCount = path.count == 1 ? 1 : path.count + 1
        encoder.appendListPrefix(payload: pathCount + RLP.prefixCount(payload: value.count) + value.count)
        encoder.append(path)
        encoder.appendStringPrefix(count: value.count)
        var hasher = Keccak256()
        hasher.update(encoder.bytes.span)
        hasher.update(bytes.span.extracting(value))
        return .hash(hasher.finish())
    }
}
