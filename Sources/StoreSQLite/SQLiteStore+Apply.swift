package import Ethereum
import GRDB
package import Tokens

#if MUTANTS
    import GRDBSQLite
#endif

/// Applying an update: one transaction from the compare-and-swap to the commit.
extension SQLiteStore {
    package func applying(_ update: ChainUpdate, to chain: ChainID) throws -> Committed {
        try writing(prepare: Self.sync) { db in try apply(update, to: chain, db) }
    }

    /// How safely the next transaction is written.
    static func sync(_ db: Database) throws {
        // A first backfill may lose its last commits to a power cut and read them again; what is live may not.
        let isBulk = try !Schema.isIndexed(db)
        #if MUTANTS
            if Mutant.is(.liveUnsynced) { return try db.execute(sql: "PRAGMA synchronous = OFF") }
        #endif
        try db.execute(sql: "PRAGMA synchronous = \(isBulk ? "NORMAL" : "FULL")")
    }

    /// The same inside a transaction that does more.
    @discardableResult
    func apply(_ update: ChainUpdate, to chain: ChainID, _ db: Database) throws -> Committed {
        guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
        var version = update.base
        version.revision += 1
        version.commitID = update.commitID
        #if MUTANTS
            let fence = Self.mutatedFence(isTipKept: update.tip == nil || update.tip == row.tip)
        #else
            let fence = Self.fence
        #endif
        #if MUTANTS
            let columns =
                Mutant.is(.commitRenewsNothing)
                ? "revision = revision + 0 * (length(?) + ? + ? + length(?))" : leaseColumns
        #else
            let columns = leaseColumns
        #endif
        // An operator's command holds no lease, and does not end the holder's.
        let lease: (columns: String, arguments: StatementArguments) =
            update.isByOperator ? ("", []) : (columns + ",", leaseArguments)
        try db.cachedStatement(
            sql: "UPDATE chain SET \(lease.columns) revision = ?, commit_id = ? WHERE id = ? AND \(fence)"
        ).execute(
            arguments: lease.arguments + [
                Int64(bitPattern: version.revision), ChainTable.bytes(version.commitID), row.id,
                Int64(bitPattern: update.base.revision), ChainTable.bytes(update.base.commitID),
                Int64(bitPattern: update.base.epoch), ChainTable.bytes(update.base.holder),
            ]
        )
        guard db.changesCount == 1 else { throw LedgerError.stale(current: row.version) }

        var update = update
        var transaction = try LedgerTransaction(
            db,
            chain: row.id,
            statements: try writer.statements(db),
            seed: update.commitID.low
        )
        var coverage = try ChainTable.coverage(of: row.id, db)
        var changed: Set<CoverageKey> = []
        if let keep = update.rewindTo {
            // Another numbering of the same blocks takes nothing from what contracts said after them.
            if !update.renumbers { try transaction.dropOpenings(above: keep) }
            try transaction.rewind(above: keep, number: row.rewinds + 1)
            try noteRewind(
                to: keep,
                of: row,
                transaction,
                coverage,
                version: version,
                cause: update.isByOperator ? .operator : update.renumbers ? .renumbering : .reorg,
                db
            )
            for key in coverage.keys {
                coverage[key]?.cut(above: keep)
                changed.insert(key)
            }
            #if MUTANTS
                if Mutant.is(.rewindInTwo) { Self.commitEarly(db) }
            #endif
        }
        try transaction.insert(update.rows)
        for block in update.blocks { try transaction.insert(block) }
        try transaction.writeHoldings()
        for covered in update.covered {
            coverage[covered.key, default: Coverage()].insert(covered.range, evidence: covered.evidence)
            changed.insert(covered.key)
        }
        for key in changed.sorted() { try ChainTable.write(coverage[key] ?? Coverage(), for: key, db) }
        if let id = update.publishes { try publish(id, &update, row, &transaction) }
        try transaction.settle(coverage, db)
        #if MUTANTS
            if Mutant.is(.finishInTwo) { Self.commitEarly(db) }
        #endif
        let checkpoint = try finish(update, row, transaction, coverage, db)
        return Committed(
            version: version,
            inserted: transaction.inserted,
            repeated: transaction.repeated,
            undone: transaction.undone,
            checkpoint: checkpoint
        )
    }

    /// Puts a snapshot's owners in; a ledger that holds no block yet starts at the snapshot's.
    private func publish(
        _ id: Int64,
        _ update: inout ChainUpdate,
        _ row: ChainTable.Row,
        _ transaction: inout LedgerTransaction
    ) throws {
        let (block, isFinal) = try transaction.publish(id)
        guard let tip = row.tip else {
            update.tip = block
            if isFinal { update.finalized = block.number }
            return
        }
        guard block.number <= tip.number else {
            throw LedgerError.inconsistent("the snapshot is of block \(block.number), the newest held is \(tip.number)")
        }
    }

    /// Why rows were undone; only what an operator undid can be restored by hand.
    ///
    /// Stored: never renumber.
    private enum RewindCause: Int {
        case reorg = 0, `operator` = 1, renumbering = 2
    }

    /// What must match for an update to be applied: all of a version.
    private static let fence = "revision = ? AND commit_id = ? AND epoch = ? AND holder = ?"

    #if MUTANTS
        /// Makes two transactions of one, behind GRDB's back.
        static func commitEarly(_ db: Database) {
            // Unsafe: C that reads a constant string during the call.
            guard let handle = unsafe db.sqliteConnection else { return }
            unsafe sqlite3_exec(handle, "COMMIT; BEGIN IMMEDIATE", nil, nil, nil)
        }

        private static func mutatedFence(isTipKept: Bool) -> String {
            switch Mutant.active {
            case .swapUnchecked: "(\(fence) OR 1)"
            case .swapByTip where isTipKept: "(\(fence) OR 1)"
            case .revisionUnchecked: fence.replacing("revision = ?", with: "(revision = ? OR 1)")
            case .commitIDUnchecked: fence.replacing("commit_id = ?", with: "(commit_id = ? OR 1)")
            case .epochUnchecked: fence.replacing("epoch = ?", with: "(epoch = ? OR 1)")
            case .holderUnchecked: fence.replacing("holder = ?", with: "(holder = ? OR 1)")
            default: fence
            }
        }
    #endif

    private func noteRewind(
        to keep: BlockNumber,
        of row: ChainTable.Row,
        _ transaction: LedgerTransaction,
        _ coverage: [CoverageKey: Coverage],
        version: ChainVersion,
        cause: RewindCause,
        _ db: Database
    ) throws {
        #if MUTANTS
            let cause = Mutant.is(.finalUndone) ? .operator : cause
        #endif
        if let finalized = row.finalized, keep < finalized, cause == .reorg {
            throw LedgerError.tooDeep("block \(keep) is below the final block \(finalized)")
        }
        let kept = coverage.sorted { $0.key < $1.key }.flatMap { key, coverage in
            coverage.ranges.map {
                "\(key.scope) \(key.eventSet.rawValue) \($0.range.lowerBound) \($0.range.upperBound) "
                    + "\($0.evidence.rawValue)"
            }
        }
        try db.cachedStatement(
            sql: """
                INSERT INTO rewind(
                  chain, number, revision, to_block, old_tip_number, old_tip_hash, rows, by_operator, coverage)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                row.id, Int64(bitPattern: row.rewinds + 1), Int64(bitPattern: version.revision),
                Int64(bitPattern: keep), row.tip.map { Int64(bitPattern: $0.number) },
                row.tip.map { Blob.data($0.hash.bytes) }, transaction.undone, cause.rawValue,
                kept.joined(separator: "\n"),
            ]
        )
    }

    /// Writes the chain's row: tip, finality, counters, and the checkpoint that follows from the coverage.
    private func finish(
        _ update: ChainUpdate,
        _ row: ChainTable.Row,
        _ transaction: LedgerTransaction,
        _ coverage: [CoverageKey: Coverage],
        _ db: Database
    ) throws -> BlockNumber? {
        let tip = update.tip ?? row.tip
        // Below a rewind nothing is final any more: an operator's word, or another reading of the same blocks, stands above
        // the chain's earlier one, and a later reorg has to be let through.
        let kept = update.rewindTo.map { keep in row.finalized.map { min($0, keep) } } ?? row.finalized
        let finalized = [update.finalized, kept].compactMap(\.self).max()
        let settled = [
            update.settled, update.rewindTo.map { keep in row.settled.map { min($0, keep) } } ?? row.settled,
        ].compactMap(\.self).max()
        let checkpoint = try tip.flatMap { tip in
            ChainState.checkpoint(
                tip: tip.number,
                scopes: try ChainTable.scopes(of: row.id, db),
                eventSets: try ChainTable.eventSets(of: row.id, db),
                coverage: coverage
            )
        }
        try db.cachedStatement(
            sql: """
                UPDATE chain SET tip_number = ?, tip_hash = ?, finalized = ?, settled = ?, checkpoint = ?, rewinds = rewinds + ?,
                  transfers_processed = transfers_processed + ?, tokens_discovered = tokens_discovered + ?,
                  error_count = error_count + ?, renumbered = max(renumbered, ?)
                WHERE id = ?
                """
        ).execute(
            arguments: [
                tip.map { Int64(bitPattern: $0.number) }, tip.map { Blob.data($0.hash.bytes) },
                finalized.map { Int64(bitPattern: $0) }, settled.map { Int64(bitPattern: $0) },
                checkpoint.map { Int64(bitPattern: $0) },
                update.rewindTo == nil ? 0 : 1, transaction.transfersProcessed, transaction.tokensDiscovered,
                transaction.errorCount, update.renumbers, row.id,
            ]
        )
        try pruneHashes(below: update.tip, of: row, db)
        try dropOrphans(coveredTo: checkpoint, of: row.id, db)
        if transaction.inserted > 0 || transaction.undone > 0 {
            let blocks = update.rows.blocks
            try db.cachedStatement(
                sql: """
                    INSERT INTO outbox(chain, revision, rewound_to, first_block, last_block, rows)
                    VALUES(?, ?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    row.id, Int64(bitPattern: update.base.revision + 1),
                    update.rewindTo.map { Int64(bitPattern: $0) },
                    blocks.map(\.number).min().map { Int64(bitPattern: $0) },
                    blocks.map(\.number).max().map { Int64(bitPattern: $0) }, transaction.inserted,
                ]
            )
        }
        return checkpoint
    }

    /// Hashes that only served the window go once no rewind by itself reaches them; one in 256 stays for ever.
    private func pruneHashes(below tip: BlockRef?, of row: ChainTable.Row, _ db: Database) throws {
        guard let tip, tip.number > Self.hashesKept else { return }
        let last = tip.number - Self.hashesKept
        let pruned = row.tip.map { $0.number > Self.hashesKept ? $0.number - Self.hashesKept : 0 } ?? 0
        guard pruned < last else { return }
        try db.cachedStatement(
            sql: "DELETE FROM block WHERE chain = ? AND number > ? AND number <= ? AND role = 0 AND number % 256 <> 0"
        ).execute(
            arguments: [row.id, Int64(bitPattern: pruned), Int64(bitPattern: last)]
        )
    }

    /// What a rewind undid is kept until the range is covered again, then it goes.
    private func dropOrphans(coveredTo checkpoint: BlockNumber?, of chain: Int64, _ db: Database) throws {
        guard let checkpoint else { return }
        let done = try Int64.fetchAll(
            db,
            sql: "SELECT number FROM rewind WHERE chain = ? AND pending = 1 AND ifnull(old_tip_number, -1) <= ?",
            arguments: [chain, Int64(bitPattern: checkpoint)]
        )
        for number in done {
            for table in LedgerTransaction.orphanTables {
                try db.cachedStatement(sql: "DELETE FROM \(table.orphans) WHERE chain = ? AND rewind = ?").execute(
                    arguments: [chain, number]
                )
            }
            try db.cachedStatement(sql: "UPDATE rewind SET pending = 0, coverage = '' WHERE chain = ? AND number = ?")
                .execute(
                    arguments: [chain, number]
                )
        }
    }
}
