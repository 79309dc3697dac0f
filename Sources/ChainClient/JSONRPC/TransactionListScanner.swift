/// The hashes of a block's transactions out of the answer to `eth_getBlockByHash`: what its receipts are asked by.
package import Ethereum

package enum TransactionListScanner {
    /// Scans a block that lists its transactions by hash; nil for `null`.
    ///
    /// Of the rest only the block's own hash is looked at.
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> TransactionList? {
        if try cursor.takesNull() { return nil }
        guard cursor.peek() == 0x7B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.header, at: start)
        }
        cursor.place += 1
        var block: Hash32?
        var hashes: [Hash32]?
        if !cursor.takes(0x7D) {
            repeat {
                let key = try cursor.string()
                try cursor.expect(0x3A)
                if cursor.equals(key, "hash") {
                    guard block == nil else { throw .duplicateKey(at: key.start) }
                    block = try cursor.hash(.hash)
                } else if cursor.equals(key, "transactions") {
                    guard hashes == nil else { throw .duplicateKey(at: key.start) }
                    hashes = try self.hashes(&cursor)
                } else {
                    try cursor.skipValue()
                }
            } while try cursor.continues(until: 0x7D)
        }
        guard let block else { throw .missing(.hash, at: cursor.place) }
        guard let hashes else { throw .missing(.transactionHash, at: cursor.place) }
        return TransactionList(block: block, hashes: hashes)
    }

    private static func hashes(_ cursor: inout JSONCursor) throws(ScanError) -> [Hash32] {
        let start = cursor.place
        guard cursor.takes(0x5B) else {
            try cursor.skipValue()
            throw .shape(.transactionHash, at: start)
        }
        var hashes: [Hash32] = []
        guard !cursor.takes(0x5D) else { return hashes }
        repeat { hashes.append(try cursor.hash(.transactionHash)) } while try cursor.continues(until: 0x5D)
        return hashes
    }
}

/// A block's transactions in their order.
package struct TransactionList: Sendable, Hashable {
    package var block: Hash32
    package var hashes: [Hash32]
}
