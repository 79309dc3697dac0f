package import Ethereum
import GRDB
package import Tokens

/// Every holding, contract by contract, in one order whatever the order of commits was; streams from one snapshot.
extension SQLiteStore {
    @discardableResult
    package func holdings(
        of chain: ChainID,
        at block: BlockNumber?,
        _ body: (HoldingLine) throws -> Void
    ) throws -> HoldingsSummary {
        try pool.read { db in
            let asOf = try asOf(block, contract: nil, on: chain, db)
            var summary = HoldingsSummary(lines: 0, negativeSums: 0, asOf: asOf.answer)
            let contracts = try Row.fetchAll(
                db,
                sql: """
                    SELECT contract, bytes FROM contract JOIN address ON address.id = contract.contract
                    WHERE chain = ? ORDER BY bytes
                    """,
                arguments: [asOf.chain]
            )
            for row in contracts {
                let bytes: Data_ = row["bytes"]
                // What is not followed any more is not kept up, so it is no part of a complete answer.
                guard let address = Address(bytes: bytes), asOf.state.isServed(address) else { continue }
                let contract = ContractExport(
                    db: db,
                    chain: asOf.chain,
                    contract: row["contract"],
                    address: address,
                    block: block
                )
                try contract.forEach { line in
                    if line.amount.isNegative {
                        summary.negativeSums += 1
                    } else {
                        summary.lines += 1
                        try body(line)
                    }
                }
            }
            return summary
        }
    }
}

/// The holdings of one contract: its unique and its counted ledger, merged in order of ids.
private struct ContractExport {
    let db: Database
    let chain: Int64
    let contract: AddressID
    let address: Address
    let block: BlockNumber?

    func forEach(_ body: (HoldingLine) throws -> Void) throws {
        let balances = try balanceGroups()
        var waiting: ArraySlice<HoldingLine> = []
        func emitCounted(before line: HoldingLine?) throws {
            while true {
                if waiting.isEmpty {
                    guard let group = try balances.next() else { return }
                    waiting = lines(group)[...]
                    continue
                }
                guard let first = waiting.first, line.map({ precedes(first, $0) }) ?? true else { return }
                try body(first)
                waiting.removeFirst()
            }
        }
        let singles = try singles()
        try UniqueRuns.forEach(segments: RangeOwnership(try ranges()).segments, next: singles.next) { run in
            try emit(run) { line in
                var line = line
                line.isObserved = run.isObserved
                try emitCounted(before: line)
                try body(line)
            }
        }
        try emitCounted(before: nil)
    }

    private func precedes(_ left: HoldingLine, _ right: HoldingLine) -> Bool {
        left.token != right.token ? left.token < right.token : left.owner < right.owner
    }

    private func emit(_ run: UniqueRuns.Run, _ body: (HoldingLine) throws -> Void) throws {
        let count = run.last.subtractingReportingOverflow(run.first).partialValue
        if count >= U256(HoldingLine.runIDsMax) {
            var ids = SignedSum(count)
            try ids.add(.one)
            return try body(line(run.first, to: run.last, run.owner, ids))
        }
        var token = run.first
        while true {
            try body(line(token, to: nil, run.owner, SignedSum(1)))
            if token == run.last { return }
            token = token.addingReportingOverflow(.one).partialValue
        }
    }

    private func line(_ token: U256, to last: U256?, _ owner: Address, _ amount: SignedSum) -> HoldingLine {
        HoldingLine(contract: address, rule: .unique, token: token, tokenTo: last, owner: owner, amount: amount)
    }

    private func lines(_ group: BalanceGroup) -> [HoldingLine] {
        group.balances.map { balance in
            HoldingLine(
                contract: address,
                rule: .counted,
                token: group.token,
                tokenTo: nil,
                owner: balance.owner,
                amount: balance.amount
            )
        }
    }

    // MARK: Reading

    private struct BalanceGroup {
        var token: U256
        var balances: [TokenHolders.Balance]
    }

    /// A stream of values made from rows.
    private final class Stream<Value> {
        let next: () throws -> Value?
        init(_ next: @escaping () throws -> Value?) { self.next = next }
    }

    private func ranges() throws -> [RangeTransfer] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT block, log_index, first, last, bytes FROM token_range
                JOIN address ON address.id = token_range.recipient
                WHERE chain = ? AND contract = ? AND block <= ? ORDER BY block, log_index
                """,
            arguments: [chain, contract, Int64(bitPattern: block ?? UInt64(Int64.max))]
        ).compactMap { row in
            let (number, log): (Int64, Int64) = (row["block"], row["log_index"])
            let (first, last, to): (Data_, Data_, Data_) = (row["first"], row["last"], row["bytes"])
            guard let first = Blob.number(orderedKey: first), let last = Blob.number(orderedKey: last),
                let to = Address(bytes: to)
            else { return nil }
            return RangeTransfer(
                place: Place(block: UInt64(bitPattern: number), logIndex: UInt32(truncatingIfNeeded: log)),
                contract: address,
                first: first,
                last: last,
                from: .zero,
                to: to,
                transactionHash: .zero,
                transactionIndex: 0
            )
        }
    }

    private func singles() throws -> Stream<UniqueRuns.Single> {
        let sql: String
        var arguments: StatementArguments = [chain, contract]
        if let block {
            // The newest transfer of each token up to the block: SQLite takes the other columns from the row of the maximum.
            // What a snapshot read is one more, the last of its block, or the first of all once events decide.
            let opening = try Openings(db, chain: chain)[contract].flatMap { $0.block.number <= block ? $0 : nil }
            let place = Place.opening(after: opening?.block.number ?? 0)
            sql = """
                SELECT token, bytes, block, log_index, ordinal, max(rank) FROM (
                  SELECT token, recipient, block, log_index, ordinal, block << 31 | log_index AS rank FROM transfer
                  WHERE chain = ?1 AND contract = ?2 AND kind IN \(KindSQL.unique) AND block <= ?3
                  UNION ALL
                  SELECT token, owner, ?4, ?5, ?6, CASE ?7 WHEN 1 THEN -1 ELSE ?4 << 31 | ?5 END FROM opening
                  WHERE chain = ?1 AND contract = ?2 AND generation = ?8
                ) JOIN address ON address.id = recipient
                GROUP BY token ORDER BY token
                """
            arguments += [
                Int64(bitPattern: block), Int64(bitPattern: place.block), Int64(place.logIndex), Int64(place.ordinal),
                opening?.isSettled ?? false, opening?.generation ?? -1,
            ]
        } else {
            sql = """
                SELECT token, bytes, block, log_index, ordinal FROM owner JOIN address ON address.id = owner.owner
                WHERE chain = ? AND contract = ? ORDER BY token
                """
        }
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        return Stream {
            guard let row = try cursor.next() else { return nil }
            let (token, owner): (Data_, Data_) = (row["token"], row["bytes"])
            let (block, log, ordinal): (Int64, Int64, Int64) = (row["block"], row["log_index"], row["ordinal"])
            guard let token = Blob.number(orderedKey: token), let owner = Address(bytes: owner) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "table owner")
            }
            return UniqueRuns.Single(
                token: token,
                owner: owner,
                place: Place(
                    block: UInt64(bitPattern: block),
                    logIndex: UInt32(truncatingIfNeeded: log),
                    ordinal: UInt32(truncatingIfNeeded: ordinal)
                )
            )
        }
    }

    private func balanceGroups() throws -> Stream<BalanceGroup> {
        if let block { return try pastBalanceGroups(at: block) }
        let cursor = try Row.fetchCursor(
            db,
            sql: """
                SELECT token, bytes, amount FROM balance JOIN address ON address.id = balance.owner
                WHERE chain = ? AND contract = ? ORDER BY token
                """,
            arguments: [chain, contract]
        )
        return groups(
            cursor,
            [TokenHolders.Balance](),
            adding: { balances, row in
                let (bytes, amount): (Data_, Data_) = (row["bytes"], row["amount"])
                guard let owner = Address(bytes: bytes), let sum = SignedSum(shortestBytes: amount) else { return }
                balances.append(TokenHolders.Balance(owner: owner, amount: sum))
            },
            ending: { $0.sorted { $0.owner < $1.owner } }
        )
    }

    private func pastBalanceGroups(at block: BlockNumber) throws -> Stream<BalanceGroup> {
        let cursor = try Row.fetchCursor(
            db,
            sql: """
                SELECT token, sender.bytes AS sender, recipient.bytes AS recipient, amount FROM transfer
                JOIN address AS sender ON sender.id = transfer.sender
                JOIN address AS recipient ON recipient.id = transfer.recipient
                WHERE chain = ? AND contract = ? AND kind IN \(KindSQL.counted) AND block <= ? ORDER BY token
                """,
            arguments: [chain, contract, Int64(bitPattern: block)]
        )
        return groups(cursor, BalanceSums(), adding: { try $0.add($1) }, ending: \.balances)
    }

    /// One value of each token's rows, folded as they come: a popular token has millions, and none of them is kept.
    private func groups<Sums>(
        _ cursor: RowCursor,
        _ empty: Sums,
        adding: @escaping (inout Sums, Row) throws -> Void,
        ending: @escaping (Sums) -> [TokenHolders.Balance]
    ) -> Stream<BalanceGroup> {
        var key: Data_?
        var sums = empty
        func group(_ key: Data_) throws -> BalanceGroup {
            guard let token = Blob.number(orderedKey: key) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a token's key")
            }
            return BalanceGroup(token: token, balances: ending(sums))
        }
        return Stream {
            while let row = try cursor.next() {
                let next: Data_ = row["token"]
                let done = try key.flatMap { try $0 == next ? nil : group($0) }
                if done != nil { sums = empty }
                key = next
                try adding(&sums, row)
                if let done { return done }
            }
            defer { key = nil }
            return try key.map(group)
        }
    }
}
