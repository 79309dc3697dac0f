import Ethereum
import GRDB
import Tokens

/// Rows of snapshots and what they have staged, as values and back.
struct SnapshotRows {
    let db: Database

    // MARK: Reading

    private static let columns = """
        SELECT s.id, c.chain_id, a.bytes, s.phase, s.ids_first, s.ids_last, s.block_wanted, s.block, s.block_hash,
          s.source, s.first, s.last, s.supply, s.next, s.read, s.absent,
          (SELECT count(*) FROM snapshot_failure f WHERE f.snapshot = s.id), s.reason, s.requested_at
        FROM snapshot s JOIN chain c ON c.id = s.chain JOIN address a ON a.id = s.contract
        """

    func job(_ id: Int64) throws -> SnapshotJob? { try first("WHERE s.id = ?", [id]) }

    func first(_ condition: String, _ arguments: StatementArguments) throws -> SnapshotJob? {
        let sql = Self.columns + " " + condition
        return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments).map(job)
    }

    private func job(_ row: Row) throws -> SnapshotJob {
        guard let chain = ChainID(row[1] as String), let phase = SnapshotJob.Phase(rawValue: row[3]) else {
            throw ListReading.damaged("snapshot")
        }
        var job = SnapshotJob(
            id: row[0],
            chain: chain,
            contract: try ListReading.address(row, 2),
            phase: phase,
            requestedAt: row[18]
        )
        job.ids = try range(row, 4)
        if !row.hasNull(atIndex: 6) { job.blockWanted = ListReading.number(row, 6) }
        if !row.hasNull(atIndex: 7) {
            job.block = BlockRef(number: ListReading.number(row, 7), hash: try ListReading.hash(row, 8))
        }
        if let source = (row[9] as Int64?).flatMap(SnapshotPlan.Source.init) {
            job.plan = SnapshotPlan(source: source, range: try range(row, 10), supply: try number(row, 12))
        }
        job.next = try number(row, 13)
        job.counts.read = row[14]
        job.counts.absent = row[15]
        job.counts.failed = row[16]
        job.reason = row[17]
        return job
    }

    private func number(_ row: Row, _ column: Int) throws -> U256? {
        row.hasNull(atIndex: column) ? nil : try ListReading.token(row, column)
    }

    private func range(_ row: Row, _ column: Int) throws -> ClosedRange<U256>? {
        guard let first = try number(row, column), let last = try number(row, column + 1) else { return nil }
        guard first <= last else { throw ListReading.damaged("range of ids") }
        return first...last
    }

    func failures(_ id: Int64) throws -> [SnapshotFailure] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kind, number, reason, tries FROM snapshot_failure WHERE snapshot = ?
                    ORDER BY kind, number LIMIT \(SnapshotJob.failuresMax)
                    """
            ),
            arguments: [id]
        )
        return try rows.map { row in
            guard let reason = SnapshotFailure.Reason(rawValue: row[2]) else { throw ListReading.damaged("reason") }
            let number = try ListReading.token(row, 1)
            return SnapshotFailure(
                item: row[0] as Int64 == 0 ? .token(number) : .index(number),
                reason: reason,
                tries: row[3]
            )
        }
    }

    // MARK: Writing

    private static func key(_ item: SnapshotItem) -> (kind: Int, number: Data_) {
        switch item {
        case .token(let token): (0, ListReading.key(token))
        case .index(let index): (1, ListReading.key(index))
        }
    }

    func unlist(_ items: [SnapshotItem], of id: Int64) throws {
        for item in items {
            let (kind, number) = Self.key(item)
            try db.cachedStatement(sql: "DELETE FROM snapshot_failure WHERE snapshot = ? AND kind = ? AND number = ?")
                .execute(arguments: [id, kind, number])
        }
    }

    /// Stages what a batch read and lists what it could not read.
    ///
    /// An id that is there already, because the enumeration gives it twice, stays as it is. What is read again for a published
    /// snapshot lies under the generation after until that is published, too: no reader sees it before.
    func stage(_ batch: SnapshotBatch, of id: Int64, _ addresses: AddressBook) throws {
        precondition(batch.read.count <= SnapshotJob.rowsPerStepMax, "a step stages a bounded number of rows")
        guard
            let row = try Row.fetchOne(
                db,
                sql:
                    "SELECT chain, contract, generation, generation + ifnull(published = generation, 0) FROM snapshot WHERE id = ?",
                arguments: [id]
            )
        else { return }
        let (chain, contract): (Int64, AddressID) = (row[0], row[1])
        let (generation, staging): (Int64, Int64) = (row[2], row[3])
        var staged = 0
        for token in batch.read {
            let owner = try addresses.id(of: token.owner, db)
            try db.cachedStatement(
                sql: """
                    INSERT INTO opening SELECT ?1, ?2, ?3, ?4, ?5
                    WHERE NOT EXISTS(SELECT 1 FROM opening WHERE chain = ?1 AND contract = ?2 AND generation = ?6 AND token = ?4)
                    ON CONFLICT DO NOTHING
                    """
            ).execute(
                arguments: [chain, contract, staging, ListReading.key(token.token), owner, generation]
            )
            staged += db.changesCount
        }
        for failure in batch.failures {
            let (kind, number) = Self.key(failure.item)
            try db.cachedStatement(
                sql: """
                    INSERT INTO snapshot_failure VALUES(?1, ?2, ?3, ?4, ?5)
                    ON CONFLICT DO UPDATE SET reason = excluded.reason, tries = tries + excluded.tries
                    """
            ).execute(arguments: [id, kind, number, failure.reason.rawValue, failure.tries])
        }
        try db.cachedStatement(sql: "UPDATE snapshot SET read = read + ?, absent = absent + ? WHERE id = ?").execute(
            arguments: [staged, batch.absent, id]
        )
    }

    /// Removes some of what was staged for a block that was given up: no reader sees it, and a step stays small.
    func sweep(_ id: Int64) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM opening WHERE (chain, contract, generation, token) IN (
                  SELECT o.chain, o.contract, o.generation, o.token FROM opening o
                  JOIN snapshot s ON s.chain = o.chain AND s.contract = o.contract
                  WHERE s.id = ?1 AND o.generation < s.generation AND o.generation <> ifnull(s.published, -1)
                  LIMIT \(SnapshotJob.rowsPerStepMax))
                """
        ).execute(arguments: [id])
    }
}
