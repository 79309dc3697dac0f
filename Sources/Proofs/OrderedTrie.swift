package import Ethereum

/// The root of the Merkle-Patricia trie that holds a list: receipts, transactions, withdrawals of a block.
///
/// Keys are the RLP of the positions. Only the root is made; nothing is stored.
package enum OrderedTrie {
    /// The hash that a header commits to.
    ///
    /// - Cost: one Keccak per value and about one per eight values above them.
    package static func root(of values: [[UInt8]]) -> Hash32 {
        guard !values.isEmpty else { return FullHeader.emptyRoot }
        var leaves: [Leaf] = []
        leaves.reserveCapacity(values.count)
        for (position, value) in values.enumerated() {
            leaves.append(Leaf(path: nibbles(RLP.encode(.integer(UInt64(position)))), value: value))
        }
        leaves.sort { $0.path.lexicographicallyPrecedes($1.path) }
        return Keccak256.hash(node(leaves[...], depth: 0))
    }

    private struct Leaf {
        var path: [UInt8]
        var value: [UInt8]
    }

    /// The node over leaves that share their first `depth` nibbles, encoded.
    private static func node(_ leaves: ArraySlice<Leaf>, depth: Int) -> [UInt8] {
        guard let first = leaves.first, let last = leaves.last else { return RLP.encode(.bytes([])) }
        var encoder = RLPEncoder()
        if leaves.count == 1 {
            encoder.list { list in
                list.append(compact(first.path[depth...], isLeaf: true))
                list.append(first.value)
            }
            return encoder.bytes
        }
        // Sorted: what the first and the last share, all share.
        var end = depth
        while end < first.path.count, end < last.path.count, first.path[end] == last.path[end] { end += 1 }
        if end > depth {
            encoder.list { list in
                list.append(compact(first.path[depth..<end], isLeaf: false))
                append(node(leaves, depth: end), to: &list)
            }
            return encoder.bytes
        }
        encoder.list { list in
            var rest = leaves
            for nibble in UInt8(0)..<16 {
                let child = rest.prefix { $0.path[depth] == nibble }
                rest = rest.dropFirst(child.count)
                if child.isEmpty {
                    list.append([UInt8]())
                } else {
                    append(node(child, depth: depth + 1), to: &list)
                }
            }
            // No position's key is a prefix of another's, so branches carry no value.
            list.append([UInt8]())
        }
        return encoder.bytes
    }

    /// A child by its hash, or itself where it is shorter than a hash.
    private static func append(_ child: [UInt8], to list: inout RLPEncoder) {
        if child.count < 32 {
            list.append(encoded: child)
        } else {
            list.append(Keccak256.hash(child))
        }
    }

    private static func nibbles(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { [$0 >> 4, $0 & 15] }
    }

    /// Nibbles packed into bytes, with a first nibble that tells leaf and odd length.
    private static func compact(_ path: ArraySlice<UInt8>, isLeaf: Bool) -> [UInt8] {
        var flagged: [UInt8] = [isLeaf ? 2 : 0]
        if path.count.isMultiple(of: 2) { flagged.append(0) } else { flagged[0] += 1 }
        flagged += path
        return stride(from: 0, to: flagged.count, by: 2).map { flagged[$0] << 4 | flagged[$0 + 1] }
    }
}
