package import Ethereum
import GRDB
package import Tokens

/// Every stored transfer and range in order of place, from one snapshot; holds two rows at a time.
extension SQLiteStore {
    @discardableResult
    package func transfers(
        of chain: ChainID,
        upTo block: BlockNumber?,
        _ body: (ExportedTransfer) throws -> Void
    ) throws -> TransfersSummary {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            let asOf = try asOf(block, contract: nil, on: chain, db)
            let arguments: StatementArguments = [reading.chain, block.map { Int64($0) } ?? .max]
            let singles = try reading.rows(ListSQL.transfersInOrder, arguments)
            let ranges = try reading.rows(ListSQL.rangesInOrder, arguments)
            func nextSingle() throws -> ExportedTransfer? {
                try singles.next().map { row in
                    ExportedTransfer(line: try reading.line(row), blockHash: try ListReading.hash(row, 14))
                }
            }
            func nextRange() throws -> ExportedTransfer? {
                try ranges.next().map { row in
                    ExportedTransfer(line: try reading.rangeLine(row), blockHash: try ListReading.hash(row, 10))
                }
            }
            var summary = TransfersSummary(lines: 0, asOf: asOf.answer)
            var single = try nextSingle()
            var range = try nextRange()
            while let next = Self.earlier(single, range) {
                try body(next)
                summary.lines += 1
                if next.line.tokenTo == nil { single = try nextSingle() } else { range = try nextRange() }
            }
            return summary
        }
    }

    private static func earlier(_ single: ExportedTransfer?, _ range: ExportedTransfer?) -> ExportedTransfer? {
        guard let single, let range else { return single ?? range }
        return range.line.transfer.place < single.line.transfer.place ? range : single
    }
}
