package import Ethereum
import GRDB
import Glibc
package import Tokens

/// Snapshots as rows: what is read is staged under a generation, and one update makes that the one that readers see.
extension SQLiteStore: Snapshots {
    package func requestSnapshot(_ request: SnapshotRequest, now: Int64) async throws -> SnapshotJob {
        var generator = SystemRandomNumberGenerator()
        let holder = ID128.random(using: &generator)
        return try await run {
            try self.writing { db in
                let chain = try Self.chain(request.identity, holder, db)
                let rows = SnapshotRows(db: db)
                let contract = try self.writer.statements(db).addresses.id(of: request.contract, db)
                try Self.refuseFollowed(request, chain, db)
                let wanted: StatementArguments = [
                    request.ids.map { ListReading.key($0.lowerBound) },
                    request.ids.map { ListReading.key($0.upperBound) },
                    request.block.map { Int64(bitPattern: $0) },
                ]
                guard let job = try rows.first("WHERE s.chain = ? AND s.contract = ?", [chain.id, contract]) else {
                    try db.execute(
                        sql: """
                            INSERT INTO snapshot(ids_first, ids_last, block_wanted, chain, contract, requested_at)
                            VALUES(?, ?, ?, ?, ?, ?)
                            """,
                        arguments: wanted + [chain.id, contract, now]
                    )
                    return try Self.held(db.lastInsertedRowID, rows)
                }
                if try Self.goesOn(job, request, chain, rows) { return job }
                try db.execute(
                    sql: """
                        UPDATE snapshot SET ids_first = ?, ids_last = ?, block_wanted = ?, requested_at = ?, phase = 0,
                          block = NULL, block_hash = NULL, reason = NULL, finished_at = NULL,
                          claim = NULL, claim_until = 0
                        WHERE id = ?
                        """,
                    arguments: wanted + [now, job.id]
                )
                return try Self.held(job.id, rows)
            }
        }
    }

    private static func held(_ id: Int64, _ rows: SnapshotRows) throws -> SnapshotJob {
        guard let job = try rows.job(id) else { throw ListReading.damaged("snapshot") }
        return job
    }

    /// The chain's row, made where there is none; nobody holds it then, and nothing is followed.
    private static func chain(_ identity: ChainIdentity, _ holder: ID128, _ db: Database) throws -> ChainTable.Row {
        if try ChainTable.row(of: identity.chainID, db) == nil {
            try db.execute(
                sql: """
                    INSERT INTO chain(chain_id, genesis, revision, commit_id, epoch, holder) VALUES(?, ?, 1, ?, 1, ?)
                    """,
                arguments: [
                    String(identity.chainID), Blob.data(identity.genesis.bytes), ChainTable.bytes(holder),
                    ChainTable.bytes(holder),
                ]
            )
        }
        guard let row = try ChainTable.row(of: identity.chainID, db) else {
            throw StoreError.unknownChain(identity.chainID)
        }
        guard row.identity == identity else { throw LedgerError.otherChain(stored: row.identity, found: identity) }
        return row
    }

    /// Where events are read up to the newest block without a hole, they decide, and a snapshot has nothing to add.
    private static func refuseFollowed(_ request: SnapshotRequest, _ chain: ChainTable.Row, _ db: Database) throws {
        guard !request.retriesFailed, let tip = chain.tip else { return }
        let start = ChainState.historyStart(
            of: request.contract,
            upTo: tip.number,
            scopes: try ChainTable.scopes(of: chain.id, db),
            eventSets: try ChainTable.eventSets(of: chain.id, db),
            coverage: try ChainTable.coverage(of: chain.id, db)
        )
        guard let start else { return }
        let contract = try AddressID.fetchOne(db, sql: ListSQL.address, arguments: [Blob.data(request.contract.bytes)])
        if let contract, let entry = try Openings(db, chain: chain.id)[contract], !entry.isSettled {
            throw SnapshotRefusal.published(entry.block)
        }
        throw SnapshotRefusal.eventsDecide(from: start)
    }

    /// Whether a snapshot is taken up as it is; false: it starts again.
    private static func goesOn(
        _ job: SnapshotJob,
        _ request: SnapshotRequest,
        _ chain: ChainTable.Row,
        _ rows: SnapshotRows
    ) throws -> Bool {
        if request.retriesFailed {
            guard job.phase != .failed, job.counts.failed > 0 else { throw SnapshotRefusal.nothingFailed }
            return true
        }
        switch job.phase {
        case .running:
            return (request.ids == nil || request.ids == job.ids)
                && (request.block == nil || request.block == job.blockWanted)
        case .failed: return false
        case .published:
            let isFollowed = try ChainTable.scopes(of: chain.id, rows.db).contains { scope in
                scope.isActive && (scope.contract == nil || scope.contract == request.contract)
            }
            if isFollowed, let block = job.block { throw SnapshotRefusal.published(block) }
            return false
        }
    }

    package func snapshot(of contract: Address, on chain: ChainID) throws -> SnapshotJob? {
        try pool.read { db in
            try SnapshotRows(db: db).first(
                "WHERE c.chain_id = ? AND a.bytes = ?",
                [String(chain), Blob.data(contract.bytes)]
            )
        }
    }

    package func snapshotFailures(_ id: Int64) throws -> [SnapshotFailure] {
        try pool.read { db in try SnapshotRows(db: db).failures(id) }
    }

    // MARK: Working

    package func claimSnapshot(_ id: Int64, as claim: ID128, now: Int64, until: Int64) async throws -> SnapshotJob? {
        try await run {
            try self.writing { db in
                let held = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT claim IS NULL OR claim_until <= ?, claim_boot, claim_process, claim_birth FROM snapshot
                        WHERE id = ?
                        """,
                    arguments: [now, id]
                )
                guard let held else { return nil }
                let (isFree, boot, process, birth): (Bool, String, Int64, String) = (held[0], held[1], held[2], held[3])
                let isGone = self.lease.isGone(Int32(truncatingIfNeeded: process), birth)
                guard isFree || boot != self.lease.boot || isGone else { return nil }
                try db.execute(
                    sql: """
                        UPDATE snapshot SET claim = ?, claim_until = ?, claim_boot = ?, claim_process = ?, claim_birth = ?
                        WHERE id = ?
                        """,
                    arguments: [
                        ChainTable.bytes(claim), until, self.lease.boot, Int64(getpid()), ProcessBirth.own, id,
                    ]
                )
                return try SnapshotRows(db: db).job(id)
            }
        }
    }

    package func advanceSnapshot(_ id: Int64, _ step: SnapshotStep, as claim: ID128, until: Int64) async throws {
        try await run {
            try self.writing(prepare: Self.sync) { db in
                try db.execute(
                    sql: "UPDATE snapshot SET claim_until = ?3 WHERE id = ?1 AND claim = ?2",
                    arguments: [id, ChainTable.bytes(claim), until]
                )
                guard db.changesCount == 1 else { throw SnapshotRefusal.passedOn }
                try self.take(step, of: id, db)
            }
        }
    }

    private func take(_ step: SnapshotStep, of id: Int64, _ db: Database) throws {
        let rows = SnapshotRows(db: db)
        let addresses = try writer.statements(db).addresses
        switch step {
        case .pinned(let block, let isFinal, let plan):
            try pin(id, block, isFinal, plan, db)
            try rows.sweep(id)
        case .read(let batch, let next):
            try rows.stage(batch, of: id, addresses)
            try db.execute(
                sql: "UPDATE snapshot SET next = ? WHERE id = ?",
                arguments: [next.map { ListReading.key($0) }, id]
            )
            try rows.sweep(id)
        case .retried(let items, let batch):
            let again = Set(batch.failures.map(\.item))
            try rows.unlist(items.filter { !again.contains($0) }, of: id)
            try rows.stage(batch, of: id, addresses)
        case .renewed:
            try rows.sweep(id)
        case .published(let commit, let now):
            try publish(id, commit, now, db)
        case .failed(let why, let now):
            try db.execute(
                // What is published stays so, whatever keeps its failures from being read again. One that was asked for anew
                // has no block until it has a generation of its own.
                sql: """
                    UPDATE snapshot SET phase = CASE WHEN published = generation AND block IS NOT NULL THEN 1 ELSE 2 END,
                      reason = ?,
                      finished_at = ? WHERE id = ?
                    """,
                arguments: [why, now, id]
            )
        }
    }

    /// Two generations on: the one between is what a retry of the last one may have staged.
    private func pin(_ id: Int64, _ block: BlockRef, _ isFinal: Bool, _ plan: SnapshotPlan, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM snapshot_failure WHERE snapshot = ?", arguments: [id])
        let first = plan.range.map { ListReading.key($0.lowerBound) }
        try db.execute(
            sql: """
                UPDATE snapshot SET generation = generation + 2, phase = 0, block = ?, block_hash = ?, is_final = ?,
                  source = ?, first = ?, last = ?, supply = ?, next = ?, read = 0, absent = 0
                WHERE id = ?
                """,
            arguments: [
                Int64(bitPattern: block.number), Blob.data(block.hash.bytes), isFinal, plan.source.rawValue, first,
                plan.range.map { ListReading.key($0.upperBound) }, plan.supply.map { ListReading.key($0) }, first, id,
            ]
        )
    }

    /// In one transaction, through the same fence as every update: whoever holds the chain reads its state again then.
    private func publish(_ id: Int64, _ commit: ID128, _ now: Int64, _ db: Database) throws {
        guard let job = try SnapshotRows(db: db).job(id), let row = try ChainTable.row(of: job.chain, db) else {
            throw ListReading.damaged("snapshot")
        }
        var update = ChainUpdate(base: row.version, commitID: commit)
        update.isByOperator = true
        update.publishes = id
        try apply(update, to: job.chain, db)
        try db.execute(
            sql: "UPDATE snapshot SET phase = 1, reason = NULL, finished_at = ? WHERE id = ?",
            arguments: [now, id]
        )
    }

    package func releaseSnapshot(_ id: Int64, as claim: ID128) async throws {
        try await run {
            try self.writing { db in
                try db.execute(
                    sql: "UPDATE snapshot SET claim = NULL, claim_until = 0 WHERE id = ? AND claim = ?",
                    arguments: [id, ChainTable.bytes(claim)]
                )
            }
        }
    }
}
