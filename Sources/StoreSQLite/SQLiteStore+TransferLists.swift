package import Ethereum
import GRDB
package import Tokens

/// Transfers newest first, single ones and ranges in one order.
extension SQLiteStore {
    package func transfers(
        of subject: TransferSubject,
        on chain: ChainID,
        _ page: PageRequest<Place>
    ) throws -> Page<TransferLine, Place> {
        try transfers(of: subject, on: chain, page, limits: ListLimits())
    }

    func transfers(
        of subject: TransferSubject,
        on chain: ChainID,
        _ page: PageRequest<Place>,
        limits: ListLimits
    ) throws -> Page<TransferLine, Place> {
        try list(chain) { reading in
            let before = PlaceKey(page.position)
            // One more than is shown tells whether there is a next page.
            let limit = page.limit + 1
            var lines: [TransferLine] = []
            var reached: Place?
            func add(_ part: (lines: [TransferLine], reached: Place?)) {
                lines += part.lines
                reached = [reached, part.reached].compactMap(\.self).max()
            }
            func add(_ part: SubjectTransfers.Subject) throws {
                let transfers = SubjectTransfers(reading, of: part, placesMax: limits.placesMax)
                add(try transfers.newest(before: before, limit: limit))
            }
            let contract: Address?
            switch subject {
            case .chain:
                contract = nil
                add((try reading.transfers(before, limit: limit), nil))
                add((try reading.ranges(before, limit: limit), nil))
            case .token(let token):
                contract = token.contract
                try reading.requireIndexes()
                if let id = try reading.id(of: token.contract) {
                    add((try reading.transfers(of: token.token, id, before, limit: limit), nil))
                    add(try reading.ranges(of: id, over: token.token, before, limit: limit, limits.rangeStepsMax))
                }
            case .contract(let address):
                contract = address
                try reading.requireIndexes()
                if let id = try reading.id(of: address) {
                    try add(.contract(id))
                    add(try reading.ranges(of: id, over: nil, before, limit: limit, limits.rangeStepsMax))
                }
            case .wallet(let address):
                contract = nil
                try reading.requireIndexes()
                try reading.requireWalletIndexes()
                if let id = try reading.id(of: address) {
                    try add(.wallet(id))
                    add(try reading.ranges(ofWallet: address, before, limit: limit, limits.rangeStepsMax))
                }
            }
            return Self.page(lines, reached, page.limit, try reading.standing(of: contract))
        }
    }

    /// - Parameter reached: what is older was not looked through and belongs to the next page.
    private static func page(
        _ lines: [TransferLine],
        _ reached: Place?,
        _ limit: Int,
        _ standing: Standing
    ) -> Page<TransferLine, Place> {
        var lines = lines.sorted { $0.transfer.place > $1.transfer.place }
        if let reached { lines.removeAll { $0.transfer.place < reached } }
        let items = Array(lines.prefix(limit))
        let next = lines.count > limit ? items.last?.transfer.place : reached
        return Page(items: items, next: next, isTruncated: false, standing: standing)
    }
}

extension ListReading {
    fileprivate func transfers(_ before: PlaceKey, limit: Int) throws -> [TransferLine] {
        try lines(rows(ListSQL.transfers, [chain, before.block, before.log, before.ordinal, limit]))
    }

    fileprivate func transfers(
        of token: U256,
        _ contract: AddressID,
        _ before: PlaceKey,
        limit: Int
    ) throws -> [TransferLine] {
        try lines(
            rows(
                ListSQL.transfersOfToken,
                [chain, before.block, before.log, before.ordinal, limit, contract, Self.key(token)]
            )
        )
    }

    fileprivate func ranges(_ before: PlaceKey, limit: Int) throws -> [TransferLine] {
        let rows = try rows(ListSQL.rangeTransfers, [chain, before.block, before.log, limit])
        var out: [TransferLine] = []
        while let row = try rows.next() { out.append(try rangeLine(row)) }
        return out
    }

    /// The ranges of a contract, of those that cover a token where one is named.
    ///
    /// There is no index by id, so the contract's are passed through, at most `steps` of them.
    fileprivate func ranges(
        of contract: AddressID,
        over token: U256?,
        _ before: PlaceKey,
        limit: Int,
        _ steps: Int
    ) throws -> (lines: [TransferLine], reached: Place?) {
        let rows = try rows(
            ListSQL.rangeTransfersOfContract,
            [chain, before.block, before.log, steps, contract, Self.key(token ?? .zero)]
        )
        return try ranges(rows, limit: limit, steps) { token == nil || $0[10] }
    }

    /// The ranges that a wallet sent or received, among the chain's.
    fileprivate func ranges(
        ofWallet wallet: Address,
        _ before: PlaceKey,
        limit: Int,
        _ steps: Int
    ) throws -> (lines: [TransferLine], reached: Place?) {
        let rows = try rows(ListSQL.rangeTransfers, [chain, before.block, before.log, steps])
        return try ranges(rows, limit: limit, steps) { row in
            try Self.address(row, 5) == wallet || Self.address(row, 6) == wallet
        }
    }

    private func ranges(
        _ rows: RowCursor,
        limit: Int,
        _ steps: Int,
        where isWanted: (Row) throws -> Bool
    ) throws -> (lines: [TransferLine], reached: Place?) {
        var lines: [TransferLine] = []
        var passed = 0
        while lines.count < limit, let row = try rows.next() {
            passed += 1
            if try isWanted(row) { lines.append(try rangeLine(row)) }
            if passed == steps { return (lines, Self.place(row, from: 0, ordinal: false)) }
        }
        return (lines, nil)
    }

    private func lines(_ rows: RowCursor) throws -> [TransferLine] {
        var out: [TransferLine] = []
        while let row = try rows.next() { out.append(try line(row)) }
        return out
    }

    /// One transfer, from the columns that every statement of transfers has.
    func line(_ row: Row) throws -> TransferLine {
        let (kind, flags): (Int64, Int64) = (row[11], row[12])
        let timestamp: Int64? = row[13]
        guard let kind = TransferKind(rawValue: UInt8(truncatingIfNeeded: kind)) else {
            throw Self.damaged("transfer")
        }
        let transfer = Transfer(
            place: Self.place(row, from: 0),
            contract: try Self.address(row, 3),
            token: try Self.token(row, 4),
            from: try Self.address(row, 5),
            to: try Self.address(row, 6),
            operator: try Self.address(row, 7),
            amount: try Self.amount(row, 8),
            transactionHash: try Self.hash(row, 9),
            transactionIndex: Self.small(row, 10),
            kind: kind,
            flags: TransferFlags(rawValue: UInt8(truncatingIfNeeded: flags))
        )
        return TransferLine(transfer: transfer, tokenTo: nil, timestamp: timestamp.map(UInt64.init(bitPattern:)))
    }

    /// One range as a line, from the columns that every statement of ranges has.
    func rangeLine(_ row: Row) throws -> TransferLine {
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
