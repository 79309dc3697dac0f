import Ethereum
import GRDB
import Tokens

/// Undoing: rows above a block leave the ledger, holdings fall back, nothing is lost.
extension LedgerTransaction {
    /// Undoes all rows above `block`: the sums turn back, unique tokens fall back to their newest transfer that is left.
    ///
    /// What is undone is moved to the orphan tables under the number of this rewind.
    mutating func rewind(above block: BlockNumber, number: UInt64) throws {
        try foldBack(above: block)
        try moveToOrphans(above: block, number: number)
        try forgetObservations(above: block)
        try askAgain(above: block)
        try refuseOverflow()
        #if MUTANTS
            if Mutant.is(.rewindKeepsOwners) { _ = fold.takeOwners() }
        #endif
        try fallBack(fold.takeOwners(), to: block)
        try writeCounted()
    }

    private mutating func foldBack(above block: BlockNumber) throws {
        let rows = statements.transfersAbove
        rows.bind(1, chain)
        rows.bind(2, block)
        while try rows.step(db) {
            guard let transfer = try transfer(rows) else { throw damaged("transfer") }
            #if MUTANTS
                if Mutant.is(.undoForgetsOrdinals), transfer.place.ordinal > 0 { continue }
            #endif
            fold.fold(transfer, contract: rows.int(3), from: rows.int(5), to: rows.int(6), undo: true)
            undone += 1
            transfersProcessed -= 1
        }
        let ranges = statements.rangesAbove
        ranges.bind(1, chain)
        ranges.bind(2, block)
        while try ranges.step(db) {
            guard let range = try range(ranges) else { throw damaged("token_range") }
            fold.fold(range, contract: ranges.int(2), undo: true)
            undone += 1
            transfersProcessed -= 1
        }
    }

    private func transfer(_ row: KeptStatement) throws -> Transfer? {
        let addresses = statements.addresses
        guard let token = row.key(4), let amount = row.number(8), let hash = row.hash(9),
            let contract = try addresses.address(of: row.int(3), db),
            let from = try addresses.address(of: row.int(5), db), let to = try addresses.address(of: row.int(6), db),
            let mover = try addresses.address(of: row.int(7), db),
            let kind = TransferKind(rawValue: UInt8(truncatingIfNeeded: row.int(11)))
        else { return nil }
        let transfer = Transfer(
            place: Place(
                block: row.uint64(0),
                logIndex: UInt32(truncatingIfNeeded: row.int(1)),
                ordinal: UInt32(truncatingIfNeeded: row.int(2))
            ),
            contract: contract,
            token: token,
            from: from,
            to: to,
            operator: mover,
            amount: amount,
            transactionHash: hash,
            transactionIndex: UInt32(truncatingIfNeeded: row.int(10)),
            kind: kind,
            flags: TransferFlags(rawValue: UInt8(truncatingIfNeeded: row.int(12)))
        )
        return transfer
    }

    private func range(_ row: KeptStatement) throws -> RangeTransfer? {
        let addresses = statements.addresses
        guard let first = row.key(3), let last = row.key(4), let hash = row.hash(7),
            let contract = try addresses.address(of: row.int(2), db),
            let from = try addresses.address(of: row.int(5), db), let to = try addresses.address(of: row.int(6), db)
        else { return nil }
        return RangeTransfer(
            place: Place(block: row.uint64(0), logIndex: UInt32(truncatingIfNeeded: row.int(1))),
            contract: contract,
            first: first,
            last: last,
            from: from,
            to: to,
            transactionHash: hash,
            transactionIndex: UInt32(truncatingIfNeeded: row.int(8))
        )
    }

    private mutating func moveToOrphans(above block: BlockNumber, number: UInt64) throws {
        let arguments: StatementArguments = [
            "chain": chain, "rewind": Int64(number), "block": Int64(bitPattern: block),
        ]
        for (table, orphans, columns) in Self.orphanTables {
            #if MUTANTS
                if Mutant.is(.undoForgetsRanges), table == "token_range" { continue }
                if Mutant.is(.undoForgetsHashes), table == "block" { continue }
            #endif
            let place = table == "block" ? "number" : "block"
            try db.execute(
                sql: """
                    INSERT INTO \(orphans)(chain, rewind, \(columns))
                    SELECT chain, :rewind, \(columns) FROM \(table) WHERE chain = :chain AND \(place) > :block
                    """,
                arguments: arguments
            )
            try db.execute(
                sql: "DELETE FROM \(table) WHERE chain = ? AND \(place) > ?",
                arguments: [chain, Int64(bitPattern: block)]
            )
            #if MUTANTS
                if Mutant.is(.undoForgetsCounters) { continue }
            #endif
            if table == "malformed_log" {
                errorCount -= Int64(db.changesCount)
                undone += db.changesCount
            }
        }
    }

    /// What contracts said in an undone state is nothing that they said.
    private func forgetObservations(above block: BlockNumber) throws {
        try db.execute(
            sql: "DELETE FROM conflict WHERE chain = ? AND block > ?",
            arguments: [chain, Int64(bitPattern: block)]
        )
        // Without its row a contract is asked again by the next who asks.
        try db.execute(
            sql: "DELETE FROM contract_data WHERE chain = ? AND block > ?",
            arguments: [chain, Int64(bitPattern: block)]
        )
    }

    /// What contracts said in the state of blocks that are gone is to be asked again; it stays until then.
    private func askAgain(above block: BlockNumber) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO metadata_job(chain, contract, token, rule)
                SELECT chain, contract, token,
                  EXISTS(SELECT 1 FROM supply s
                    WHERE s.chain = m.chain AND s.contract = m.contract AND s.token = m.token)
                FROM token_metadata m WHERE chain = ? AND block > ?
                """,
            arguments: [chain, Int64(bitPattern: block)]
        )
    }

    /// Table, where its undone rows are kept, and the columns they share besides chain.
    static let orphanTables: [(table: String, orphans: String, columns: String)] = [
        (
            "transfer", "orphaned_transfer",
            "block, log_index, ordinal, contract, token, sender, recipient, operator, amount, tx_hash, tx_index, kind, flags"
        ),
        (
            "token_range", "orphaned_range",
            "block, log_index, contract, first, last, sender, recipient, tx_hash, tx_index"
        ),
        (
            "malformed_log", "orphaned_malformed",
            "block, log_index, contract, topics, data, data_count, reason"
        ),
        ("block", "orphaned_block", "number, hash, timestamp, role"),
    ]

    /// A unique token's newest transfer that is left.
    private struct Newest {
        var owner: AddressID
        var block, logIndex, ordinal: Int64

        init(_ row: KeptStatement) {
            (block, logIndex, ordinal, owner) = (row.int(0), row.int(1), row.int(2), row.int(3))
        }

        init(_ opening: (owner: AddressID, place: Place)) {
            owner = opening.owner
            block = Int64(bitPattern: opening.place.block)
            (logIndex, ordinal) = (Int64(opening.place.logIndex), Int64(opening.place.ordinal))
        }

        var place: Place {
            Place(
                block: UInt64(bitPattern: block),
                logIndex: UInt32(truncatingIfNeeded: logIndex),
                ordinal: UInt32(truncatingIfNeeded: ordinal)
            )
        }
    }

    private struct TokenName: Hashable {
        var contract: AddressID
        var token: U256
    }

    /// Sets unique tokens' owners from their newest transfers that are left, at or below `block`; a token with none left is
    /// not known any more.
    ///
    /// - Cost: a look-up for each; during the first backfill, when there is no index for it yet, one pass over the chain for
    ///   all of them.
    private mutating func fallBack(_ changes: ContiguousArray<OwnerChange>, to block: BlockNumber) throws {
        guard !changes.isEmpty else { return }
        if try Schema.isIndexed(db) {
            let newest = statements.newestTransfer
            for change in changes {
                newest.bind(1, chain)
                newest.bind(2, change.contract)
                newest.bind(3, key: change.token)
                newest.bind(4, block)
                let left = try newest.step(db) ? Newest(newest) : nil
                if left != nil { newest.reset() }
                try fallBack(change, to: left)
            }
            return
        }
        let wanted = Set(changes.lazy.map { TokenName(contract: $0.contract, token: $0.token) })
        var left: [TokenName: Newest] = [:]
        let rows = statements.uniqueTransfers
        rows.bind(1, chain)
        while try rows.step(db) {
            guard let token = rows.key(5) else { throw damaged("transfer") }
            let name = TokenName(contract: rows.int(4), token: token)
            // Rows come in order of place: the last is the newest.
            if wanted.contains(name) { left[name] = Newest(rows) }
        }
        for change in changes {
            try fallBack(change, to: left[TokenName(contract: change.contract, token: change.token)])
        }
    }

    private mutating func fallBack(_ change: OwnerChange, to newest: Newest?) throws {
        let opening = try openings.deciding(change.contract, change.token, at: nil, over: newest?.place)
        if let left = opening.map(Newest.init) ?? newest {
            let update = statements.updateOwner
            update.bind(1, chain)
            update.bind(2, change.contract)
            update.bind(3, key: change.token)
            update.bind(4, left.owner)
            update.bind(5, left.block)
            update.bind(6, left.logIndex)
            update.bind(7, left.ordinal)
            update.bind(8, Int64(opening == nil ? 0 : 1))
            try update.run(db)
        } else {
            let delete = statements.deleteOwner
            delete.bind(1, chain)
            delete.bind(2, change.contract)
            delete.bind(3, key: change.token)
            tokensDiscovered -= Int64(try delete.run(db))
        }
    }
}
