/// The result of `eth_getBlockReceipts`: only the logs, in the order in which the block made them.
package import Ethereum

/// All logs of one block, numbered from 0 by (transaction index, place in the receipt).
package struct ScannedReceipts: Sendable {
    package var page: LogPage
    /// What the receipts say they are of; nil when there were none.
    package var blockHash: Hash32?
}

package enum ReceiptScanner {
    package static func scan(array bytes: [UInt8]) throws(ScanError) -> ScannedReceipts? {
        try JSONCursor.reading(bytes) { cursor throws(ScanError) in
            let receipts = try scan(&cursor)
            try cursor.expectEnd()
            return receipts
        }
    }

    private struct Receipt {
        var transactionHash: Hash32
        var transactionIndex: UInt32
        var logs: Range<Int>
    }

    /// Scans an array of receipts; nil for `null`, which is what a node says about a block it has not indexed yet.
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> ScannedReceipts? {
        if try cursor.takesNull() { return nil }
        guard cursor.peek() == 0x5B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.receipts, at: start)
        }
        cursor.place += 1
        var scanned = ScannedLogs()
        var receipts: [Receipt] = []
        var hash: Hash32?
        if !cursor.takes(0x5D) {
            repeat {
                let (receipt, blockHash) = try receipt(&cursor, into: &scanned)
                guard hash == nil || hash == blockHash else { throw .shape(.blockHash, at: cursor.place) }
                hash = blockHash
                receipts.append(receipt)
            } while try cursor.continues(until: 0x5D)
        }
        try LogScanner.decodeData(&cursor, of: &scanned.page)
        guard let page = numbered(scanned.page, receipts) else { throw .shape(.receipts, at: cursor.place) }
        return ScannedReceipts(page: page, blockHash: hash)
    }

    /// nil when two receipts claim one place in the block.
    private static func numbered(_ page: LogPage, _ receipts: [Receipt]) -> LogPage? {
        let sorted = receipts.sorted { $0.transactionIndex < $1.transactionIndex }
        for (left, right) in zip(sorted, sorted.dropFirst()) where left.transactionIndex == right.transactionIndex {
            return nil
        }
        var out = LogPage(data: page.data)
        out.logs.reserveCapacity(page.logs.count)
        for receipt in sorted {
            for index in receipt.logs {
                var log = page.logs[index]
                log.logIndex = UInt32(out.logs.count)
                log.transactionIndex = receipt.transactionIndex
                log.transactionHash = receipt.transactionHash
                out.logs.append(log)
            }
        }
        return out
    }

    /// One receipt.
    ///
    /// Its status is not looked at: where there are logs, the transaction succeeded.
    private static func receipt(
        _ cursor: inout JSONCursor,
        into scanned: inout ScannedLogs
    ) throws(ScanError) -> (Receipt, Hash32) {
        guard cursor.peek() == 0x7B else {
            // Also a null among the receipts (dRPC on Cronos).
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.receipt, at: start)
        }
        cursor.place += 1
        var (blockHash, transactionHash): (Hash32?, Hash32?)
        var transactionIndex: UInt64?
        var logs: Range<Int>?
        if !cursor.takes(0x7D) {
            repeat {
                let key = try cursor.string()
                try cursor.expect(0x3A)
                if cursor.equals(key, "blockHash") {
                    guard blockHash == nil else { throw .duplicateKey(at: key.start) }
                    blockHash = try cursor.hash(.blockHash)
                } else if cursor.equals(key, "transactionHash") {
                    guard transactionHash == nil else { throw .duplicateKey(at: key.start) }
                    transactionHash = try cursor.hash(.transactionHash)
                } else if cursor.equals(key, "transactionIndex") {
                    guard transactionIndex == nil else { throw .duplicateKey(at: key.start) }
                    transactionIndex = try cursor.quantity(.transactionIndex)
                } else if cursor.equals(key, "logs") {
                    guard logs == nil else { throw .duplicateKey(at: key.start) }
                    let first = scanned.page.logs.count
                    try LogScanner.append(&cursor, to: &scanned, decoding: false)
                    logs = first..<scanned.page.logs.count
                } else {
                    try cursor.skipValue()
                }
            } while try cursor.continues(until: 0x7D)
        }
        guard let blockHash else { throw .missing(.blockHash, at: cursor.place) }
        guard let transactionHash else { throw .missing(.transactionHash, at: cursor.place) }
        guard let transactionIndex else { throw .missing(.transactionIndex, at: cursor.place) }
        guard let logs else { throw .missing(.logs, at: cursor.place) }
        guard transactionIndex < 1 << 31 else { throw .outOfRange(.transactionIndex, at: cursor.place) }
        for log in scanned.page.logs[logs] where log.blockHash != blockHash {
            throw .shape(.blockHash, at: cursor.place)
        }
        let receipt = Receipt(
            transactionHash: transactionHash,
            transactionIndex: UInt32(truncatingIfNeeded: transactionIndex),
            logs: logs
        )
        return (receipt, blockHash)
    }
}
