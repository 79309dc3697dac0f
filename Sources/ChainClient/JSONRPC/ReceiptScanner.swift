/// The result of `eth_getBlockReceipts`: its logs in the order in which the block made them, or the receipts whole.
package import Ethereum
package import Proofs

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

    package static func scanWhole(array bytes: [UInt8]) throws(ScanError) -> BlockReceipts? {
        try JSONCursor.reading(bytes) { cursor throws(ScanError) in
            let receipts = try scanWhole(&cursor)
            try cursor.expectEnd()
            return receipts
        }
    }

    /// Scans an array of receipts for their logs; nil for `null`, which is what a node says about a block it has not
    /// indexed yet.
    ///
    /// Nothing else is looked at, not even the status: where there are logs, the transaction succeeded.
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> ScannedReceipts? {
        guard let found = try receipts(&cursor, whole: false) else { return nil }
        let page = found.scanned.page.numbered(by: found.receipts.lazy.map(\.transaction))
        return ScannedReceipts(page: page, blockHash: found.blockHash)
    }

    /// Scans an array of receipts for everything that the header commits to; nil for `null`.
    ///
    /// Receipts of other shapes, as some chains have them, cannot be proved and are refused.
    static func scanWhole(_ cursor: inout JSONCursor) throws(ScanError) -> BlockReceipts? {
        guard let found = try receipts(&cursor, whole: true) else { return nil }
        var rows: [BlockReceipts.Row] = []
        rows.reserveCapacity(found.receipts.count)
        for receipt in found.receipts { rows.append(try receipt.row) }
        return BlockReceipts(rows: rows, page: found.scanned.page, blockHash: found.blockHash)
    }

    /// Scans one transaction's receipt, as whole as those of a block; nil for `null`.
    static func scanOne(_ cursor: inout JSONCursor) throws(ScanError) -> BlockReceipts? {
        if try cursor.takesNull() { return nil }
        var scanned = ScannedLogs()
        let (receipt, blockHash) = try receipt(&cursor, into: &scanned, whole: true)
        guard scanned.pendingCount == 0 else { throw .missing(.blockHash, at: cursor.place) }
        try LogScanner.decodeData(&cursor, of: &scanned.page)
        return BlockReceipts(rows: [try receipt.row], page: scanned.page, blockHash: blockHash)
    }

    private struct Found {
        var scanned = ScannedLogs()
        /// By rising transaction index, each one once.
        var receipts: [ScannedReceipt] = []
        var blockHash: Hash32?
    }

    private static func receipts(_ cursor: inout JSONCursor, whole: Bool) throws(ScanError) -> Found? {
        if try cursor.takesNull() { return nil }
        guard cursor.peek() == 0x5B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.receipts, at: start)
        }
        cursor.place += 1
        var found = Found()
        if !cursor.takes(0x5D) {
            repeat {
                let (receipt, hash) = try receipt(&cursor, into: &found.scanned, whole: whole)
                guard found.blockHash == nil || found.blockHash == hash else {
                    throw .shape(.blockHash, at: cursor.place)
                }
                found.blockHash = hash
                found.receipts.append(receipt)
            } while try cursor.continues(until: 0x5D)
        }
        // A pending log was left out of the page: the receipt would be another one without it.
        guard found.scanned.pendingCount == 0 else { throw .missing(.blockHash, at: cursor.place) }
        try LogScanner.decodeData(&cursor, of: &found.scanned.page)
        found.receipts.sort { $0.transaction.index < $1.transaction.index }
        for (left, right) in zip(found.receipts, found.receipts.dropFirst())
        where left.transaction.index == right.transaction.index { throw .shape(.receipts, at: cursor.place) }
        return found
    }

    private static func receipt(
        _ cursor: inout JSONCursor,
        into scanned: inout ScannedLogs,
        whole: Bool
    ) throws(ScanError) -> (ScannedReceipt, Hash32) {
        guard cursor.peek() == 0x7B else {
            // Also a null among the receipts (dRPC on Cronos).
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.receipt, at: start)
        }
        cursor.place += 1
        var fields = ReceiptFields()
        if !cursor.takes(0x7D) {
            repeat {
                let key = try cursor.string()
                try cursor.expect(0x3A)
                guard let name = ReceiptFields.Name(key, cursor), whole || name.isNeededForLogs else {
                    try cursor.skipValue()
                    continue
                }
                guard fields.isNew(name) else { throw .duplicateKey(at: key.start) }
                try fields.read(name, &cursor, into: &scanned)
            } while try cursor.continues(until: 0x7D)
        }
        let (receipt, blockHash) = try fields.receipt(at: cursor.place)
        for log in scanned.page.logs[receipt.transaction.logs] where log.blockHash != blockHash {
            throw .shape(.blockHash, at: cursor.place)
        }
        return (receipt, blockHash)
    }
}
