import Ethereum
import GRDB
import Tokens

/// One update on its way into the database: the steps of ``SQLiteStore/apply(_:to:)``, all inside one transaction.
struct LedgerTransaction {
    let db: Database
    let chain: Int64
    let statements: LedgerStatements
    var inserted = 0
    var repeated = 0
    var undone = 0
    var tokensDiscovered: Int64 = 0
    var transfersProcessed: Int64 = 0
    var errorCount: Int64 = 0
    var fold: HoldingFold
    var openings: Openings

    init(_ db: Database, chain: Int64, statements: LedgerStatements, seed: UInt64) throws {
        self.db = db
        openings = try Openings(db, chain: chain)
        self.chain = chain
        self.statements = statements
        fold = HoldingFold(seed: seed)
    }

    /// Inserts the rows that are new and folds those; compares the others.
    mutating func insert(_ rows: DecodedLogs) throws {
        for block in rows.blocks { try insert(block) }
        for transfer in rows.transfers { try insert(transfer) }
        for range in rows.ranges { try insert(range) }
        for log in rows.malformed { try insert(log) }
    }

    private mutating func insert(_ transfer: Transfer) throws {
        let statement = statements.insertTransfer
        let addresses = statements.addresses
        let contract = try addresses.id(of: transfer.contract, db)
        let from = try addresses.id(of: transfer.from, db)
        let to = try addresses.id(of: transfer.to, db)
        let mover = transfer.operator == transfer.from ? from : try addresses.id(of: transfer.operator, db)
        statement.bind(1, chain)
        statement.bind(2, transfer.place.block)
        statement.bind(3, transfer.place.logIndex)
        statement.bind(4, transfer.place.ordinal)
        statement.bind(5, contract)
        statement.bind(6, key: transfer.token)
        statement.bind(7, from)
        statement.bind(8, to)
        statement.bind(9, mover)
        statement.bind(10, shortest: transfer.amount)
        statement.bind(11, transfer.transactionHash)
        statement.bind(12, transfer.transactionIndex)
        statement.bind(13, transfer.kind.rawValue)
        statement.bind(14, transfer.flags.rawValue)
        if try statement.run(db) == 1 {
            inserted += 1
            transfersProcessed += 1
            fold.fold(transfer, contract: contract, from: from, to: to)
        } else {
            #if MUTANTS
                if Mutant.is(.repeatFolded) { fold.fold(transfer, contract: contract, from: from, to: to) }
                if Mutant.is(.conflictIgnored) { return }
            #endif
            try compare(transfer, contract: contract, from: from, to: to, mover: mover)
            repeated += 1
        }
    }

    private func compare(
        _ transfer: Transfer,
        contract: AddressID,
        from: AddressID,
        to: AddressID,
        mover: AddressID
    ) throws {
        let held = statements.selectTransfer
        held.bind(1, chain)
        held.bind(2, transfer.place.block)
        held.bind(3, transfer.place.logIndex)
        held.bind(4, transfer.place.ordinal)
        defer { held.reset() }
        guard try held.step(db),
            held.int(0) == contract, held.key(1) == transfer.token,
            held.int(2) == from, held.int(3) == to, held.int(4) == mover,
            held.number(5) == transfer.amount, held.hash(6) == transfer.transactionHash,
            held.int(7) == Int64(transfer.transactionIndex), held.int(8) == Int64(transfer.kind.rawValue),
            held.int(9) == Int64(transfer.flags.rawValue)
        else {
            throw LedgerError.inconsistent(
                "the transfer at block \(transfer.place.block), log \(transfer.place.logIndex), position "
                    + "\(transfer.place.ordinal)"
            )
        }
    }

    private mutating func insert(_ range: RangeTransfer) throws {
        let statement = statements.insertRange
        let contract = try statements.addresses.id(of: range.contract, db)
        let from = try statements.addresses.id(of: range.from, db)
        let to = try statements.addresses.id(of: range.to, db)
        statement.bind(1, chain)
        statement.bind(2, range.place.block)
        statement.bind(3, range.place.logIndex)
        statement.bind(4, contract)
        statement.bind(5, key: range.first)
        statement.bind(6, key: range.last)
        statement.bind(7, from)
        statement.bind(8, to)
        statement.bind(9, range.transactionHash)
        statement.bind(10, range.transactionIndex)
        if try statement.run(db) == 1 {
            inserted += 1
            transfersProcessed += 1
            fold.fold(range, contract: contract)
            return
        }
        let equal = try Bool.fetchOne(
            db,
            sql: """
                SELECT contract = ? AND first = ? AND last = ? AND sender = ? AND recipient = ? AND tx_hash = ?
                  AND tx_index = ?
                FROM token_range WHERE chain = ? AND block = ? AND log_index = ?
                """,
            arguments: [
                contract, Blob.data(Blob.orderedKey(range.first)), Blob.data(Blob.orderedKey(range.last)), from, to,
                Blob.data(range.transactionHash.bytes), Int64(range.transactionIndex), chain,
                Int64(range.place.block), Int64(range.place.logIndex),
            ]
        )
        guard equal == true else {
            throw LedgerError.inconsistent("the range at block \(range.place.block), log \(range.place.logIndex)")
        }
        repeated += 1
    }

    private mutating func insert(_ log: MalformedLog) throws {
        let statement = statements.insertMalformed
        let contract = try statements.addresses.id(of: log.contract, db)
        statement.bind(1, chain)
        statement.bind(2, log.place.block)
        statement.bind(3, log.place.logIndex)
        statement.bind(4, contract)
        statement.bind(5, bytes: log.topics.flatMap(\.bytes))
        statement.bind(6, bytes: log.data)
        statement.bind(7, Int64(log.dataCount))
        statement.bind(8, text: log.reason.rawValue)
        if try statement.run(db) == 1 {
            inserted += 1
            errorCount += 1
            return
        }
        let equal = try Bool.fetchOne(
            db,
            sql: """
                SELECT contract = ? AND topics = ? AND data = ? AND data_count = ? AND reason = ?
                FROM malformed_log WHERE chain = ? AND block = ? AND log_index = ?
                """,
            arguments: [
                contract, Blob.data(log.topics.flatMap(\.bytes)), Blob.data(log.data), Int64(log.dataCount),
                log.reason.rawValue, chain, Int64(log.place.block), Int64(log.place.logIndex),
            ]
        )
        guard equal == true else {
            throw LedgerError.inconsistent("the malformed log at block \(log.place.block), log \(log.place.logIndex)")
        }
        repeated += 1
    }

    /// Keeps a block's hash.
    ///
    /// Another hash at a held height aborts the update: that is a reorg, and only a rewind proved by it may change what
    /// is held.
    func insert(_ block: BlockRecord) throws {
        let statement = statements.insertBlock
        statement.bind(1, chain)
        statement.bind(2, block.number)
        statement.bind(3, block.hash)
        if let timestamp = block.timestamp { statement.bind(4, timestamp) } else { statement.bindNull(4) }
        statement.bind(5, block.role.rawValue)
        if try statement.run(db) == 1 { return }
        let held = statements.selectBlock
        held.bind(1, chain)
        held.bind(2, block.number)
        guard try held.step(db), let hash = held.hash(0) else {
            held.reset()
            throw LedgerError.inconsistent("block \(block.number) cannot be read back")
        }
        let timestamp = held.isNull(1) ? nil : held.uint64(1)
        let role = BlockRecord.Role(rawValue: UInt8(truncatingIfNeeded: held.int(2)))
        held.reset()
        #if MUTANTS
            if Mutant.is(.otherHashIgnored) { return }
        #endif
        guard hash == block.hash else {
            throw LedgerError.inconsistent("block \(block.number) is held as \(hash), now it is \(block.hash)")
        }
        let merged = role.union(block.role)
        guard merged != role || (timestamp == nil && block.timestamp != nil) else { return }
        let update = statements.updateBlock
        update.bind(1, chain)
        update.bind(2, block.number)
        if let timestamp = timestamp ?? block.timestamp { update.bind(3, timestamp) } else { update.bindNull(3) }
        update.bind(4, merged.rawValue)
        try update.run(db)
    }

    func damaged(_ table: String) -> DatabaseError {
        DatabaseError(
            resultCode: .SQLITE_CORRUPT,
            message: "a row of table \(table) has a value that was never written"
        )
    }
}
