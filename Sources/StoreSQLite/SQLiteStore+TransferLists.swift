package import Ethereum
import GRDB
package import Tokens

/// Transfers newest first, single ones and ranges in one order.
extension SQLiteStore {
    package func transfers(
        of chain: ChainID,
        token: TokenID?,
        _ page: PageRequest<Place>
    ) throws -> Page<TransferLine, Place> {
        try transfers(of: chain, token: token, page, limits: ListLimits())
    }

    func transfers(
        of chain: ChainID,
        token: TokenID?,
        _ page: PageRequest<Place>,
        limits: ListLimits
    ) throws -> Page<TransferLine, Place> {
        try list(chain) { reading in
            let standing = reading.standing(of: token?.contract)
            let before = Before(page.position)
            var singles: [TransferLine] = []
            var ranges = RangeLines(lines: [], reached: nil)
            if let token {
                try reading.requireIndexes()
                if let contract = try reading.id(of: token.contract) {
                    singles = try reading.transfers(of: token.token, contract, before, limit: page.limit + 1)
                    ranges = try reading.ranges(
                        over: token.token,
                        contract,
                        before,
                        limit: page.limit + 1,
                        steps: limits.rangeStepsMax
                    )
                }
            } else {
                singles = try reading.transfers(before, limit: page.limit + 1)
                ranges.lines = try reading.ranges(before, limit: page.limit + 1)
            }
            return Self.page(singles, ranges, page.limit, standing)
        }
    }

    private static func page(
        _ singles: [TransferLine],
        _ ranges: RangeLines,
        _ limit: Int,
        _ standing: Standing
    ) -> Page<TransferLine, Place> {
        var lines = (singles + ranges.lines).sorted { $0.transfer.place > $1.transfer.place }
        if let reached = ranges.reached { lines.removeAll { $0.transfer.place < reached } }
        let items = Array(lines.prefix(limit))
        let next = lines.count > limit ? items.last?.transfer.place : ranges.reached
        return Page(items: items, next: next, isTruncated: false, standing: standing)
    }
}

/// The place that a page ends before.
private struct Before {
    var block: Int64
    var log: Int64
    var ordinal: Int64

    init(_ place: Place?) {
        block = place.map { Int64(clamping: $0.block) } ?? .max
        log = place.map { Int64($0.logIndex) } ?? .max
        ordinal = place.map { Int64($0.ordinal) } ?? .max
    }
}

/// Ranges of a page, and how far they were looked through when the work ended before the page did.
private struct RangeLines {
    var lines: [TransferLine]
    var reached: Place?
}

extension ListReading {
    fileprivate func transfers(_ before: Before, limit: Int) throws -> [TransferLine] {
        try lines(rows(ListSQL.transfers, [chain, before.block, before.log, before.ordinal, limit]))
    }

    fileprivate func transfers(
        of token: U256,
        _ contract: AddressID,
        _ before: Before,
        limit: Int
    ) throws -> [TransferLine] {
        try lines(
            rows(
                ListSQL.transfersOfToken,
                [chain, before.block, before.log, before.ordinal, limit, contract, Self.key(token)]
            )
        )
    }

    fileprivate func ranges(_ before: Before, limit: Int) throws -> [TransferLine] {
        let rows = try rows(ListSQL.rangeTransfers, [chain, before.block, before.log, limit])
        var out: [TransferLine] = []
        while let row = try rows.next() { out.append(try rangeLine(row)) }
        return out
    }

    /// The ranges of a contract that cover a token; there is no index by id, so the contract's are passed through.
    fileprivate func ranges(
        over token: U256,
        _ contract: AddressID,
        _ before: Before,
        limit: Int,
        steps: Int
    ) throws -> RangeLines {
        let rows = try rows(
            ListSQL.rangeTransfersOfContract,
            [chain, before.block, before.log, steps, contract, Self.key(token)]
        )
        var out = RangeLines(lines: [], reached: nil)
        var passed = 0
        while let row = try rows.next() {
            passed += 1
            if row[10] {
                out.lines.append(try rangeLine(row))
                if out.lines.count == limit { return out }
            }
            if passed == steps { out.reached = Self.place(row, from: 0, ordinal: false) }
        }
        return out
    }

    private func lines(_ rows: RowCursor) throws -> [TransferLine] {
        var out: [TransferLine] = []
        while let row = try rows.next() {
            let amount: Data_ = row[8]
            let (kind, flags): (Int64, Int64) = (row[11], row[12])
            let timestamp: Int64? = row[13]
            guard let amount = U256(bytes: amount), let kind = TransferKind(rawValue: UInt8(truncatingIfNeeded: kind))
            else { throw Self.damaged("transfer") }
            let transfer = Transfer(
                place: Self.place(row, from: 0),
                contract: try Self.address(row, 3),
                token: try Self.token(row, 4),
                from: try Self.address(row, 5),
                to: try Self.address(row, 6),
                operator: try Self.address(row, 7),
                amount: amount,
                transactionHash: try Self.hash(row, 9),
                transactionIndex: Self.small(row, 10),
                kind: kind,
                flags: TransferFlags(rawValue: UInt8(truncatingIfNeeded: flags))
            )
            out.append(
                TransferLine(transfer: transfer, tokenTo: nil, timestamp: timestamp.map(UInt64.init(bitPattern:)))
            )
        }
        return out
    }

    private func rangeLine(_ row: Row) throws -> TransferLine {
        let from = try Self.address(row, 5)
        let timestamp: Int64? = row[9]
        let transfer = Transfer(
            place: Self.place(row, from: 0, ordinal: false),
            contract: try Self.address(row, 2),
            token: try Self.token(row, 3),
            from: from,
            to: try Self.address(row, 6),
            operator: from,
            amount: .one,
            transactionHash: try Self.hash(row, 7),
            transactionIndex: Self.small(row, 8),
            kind: .erc2309,
            flags: []
        )
        return TransferLine(
            transfer: transfer,
            tokenTo: try Self.token(row, 4),
            timestamp: timestamp.map(UInt64.init(bitPattern:))
        )
    }
}
