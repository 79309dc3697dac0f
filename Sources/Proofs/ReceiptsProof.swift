package import Ethereum

/// The proof that a block's logs are complete: its receipts, recomputed up to its hash.
///
/// Whoever trusts the hash (it is linked to its neighbours by parent hashes) can trust the logs; nobody else has to be.
package enum ReceiptsProof {
    /// Makes every check, also after one failed, so that the verdict tells all that is wrong.
    ///
    /// - Parameters:
    ///   - hash: what the block is known by.
    ///   - transactionCount: how many transactions the block's answer lists.
    /// - Cost: a Keccak for every receipt, every trie node, and every different address and topic; no I/O.
    package static func verdict(
        on receipts: BlockReceipts,
        header: FullHeader,
        hash: Hash32,
        transactionCount: Int
    ) -> ReceiptsVerdict {
        var failures: [ReceiptsVerdict.Failure] = []
        let computedHash = header.computedHash
        if computedHash != hash { failures.append(.headerHash(computed: computedHash)) }
        let root = receipts.root
        if root != header.receiptsRoot { failures.append(.receiptsRoot(computed: root)) }
        let rows = receipts.rows
        if rows.count != transactionCount {
            failures.append(.count(receipts: rows.count, transactions: transactionCount))
        }
        if let row = rows.indices.first(where: { Int(rows[$0].transaction.index) != $0 }) {
            failures.append(.transactionIndex(row: row))
        }
        if let row = firstRow(of: receipts, outside: BlockRef(number: header.number, hash: hash)) {
            failures.append(.otherBlock(row: row))
        }
        // Not strictly: system transactions of some chains use no gas.
        if let row = rows.indices.dropFirst().first(where: {
            rows[$0].cumulativeGasUsed < rows[$0 - 1].cumulativeGasUsed
        }) {
            failures.append(.cumulativeGas(row: row))
        }
        failures += bloomFailures(receipts, headerBloom: header.logsBloom)
        return ReceiptsVerdict(failures: failures, logs: logs(of: receipts, timestamp: header.timestamp))
    }

    private static func firstRow(of receipts: BlockReceipts, outside block: BlockRef) -> Int? {
        if let named = receipts.blockHash, named != block.hash { return 0 }
        return receipts.rows.firstIndex { row in
            receipts.page.logs[row.transaction.logs].contains {
                $0.blockHash != block.hash || $0.blockNumber != block.number
            }
        }
    }

    private static func bloomFailures(_ receipts: BlockReceipts, headerBloom: Bloom) -> [ReceiptsVerdict.Failure] {
        var bits = BloomBits()
        var (bloom, union) = (Bloom(), Bloom())
        var firstBad: Int?
        for (index, row) in receipts.rows.enumerated() {
            guard !row.transaction.logs.isEmpty else {
                if firstBad == nil, !row.bloom.isEmpty { firstBad = index }
                continue
            }
            bloom.removeAll()
            for log in receipts.page.logs[row.transaction.logs] { bits.insert(log, into: &bloom) }
            if firstBad == nil, bloom != row.bloom { firstBad = index }
            union.formUnion(bloom)
        }
        var failures: [ReceiptsVerdict.Failure] = []
        if let firstBad { failures.append(.receiptBloom(row: firstBad)) }
        if union != headerBloom { failures.append(.headerBloom) }
        return failures
    }

    private static func logs(of receipts: BlockReceipts, timestamp: UInt64) -> LogPage {
        var page = receipts.page.numbered(by: receipts.rows.lazy.map(\.transaction))
        for index in page.logs.indices { page.logs[index].blockTimestamp = timestamp }
        return page
    }
}
