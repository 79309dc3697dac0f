import Ethereum
import GRDB
import Tokens

/// Rows of refreshes and what is staged for them, as values and back.
struct RefreshRows {
    let db: Database

    // MARK: Reading

    private static let columns = """
        SELECT r.id, c.chain_id, r.wallet, r.phase, r.block, r.block_hash, r.next_contract, r.next_token, r.next_rule,
          r.checked, r.matched, r.added, r.removed, r.conflicts, r.failed, r.reason, r.attempts, r.requested_at,
          r.finished_at
        FROM wallet_refresh r JOIN chain c ON c.id = r.chain
        """

    func job(_ id: ID128) throws -> RefreshJob? {
        try first("WHERE r.id = ?1", [ChainTable.bytes(id)])
    }

    func first(_ condition: String, _ arguments: StatementArguments) throws -> RefreshJob? {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: Self.columns + " " + condition),
                arguments: arguments
            )
        else { return nil }
        return try job(row)
    }

    private func job(_ row: Row) throws -> RefreshJob {
        guard let chain = ChainID(row[1] as String), let phase = RefreshJob.Phase(rawValue: row[3]) else {
            throw ListReading.damaged("refresh")
        }
        let id = ChainTable.id128(row[0])
        var job = RefreshJob(id: id, chain: chain, wallet: try ListReading.address(row, 2), requestedAt: row[17])
        job.phase = phase
        if !row.hasNull(atIndex: 4) {
            job.block = BlockRef(number: ListReading.number(row, 4), hash: try ListReading.hash(row, 5))
        }
        if !row.hasNull(atIndex: 6) {
            job.position = TokenPosition(
                contract: try ListReading.address(row, 6),
                token: try ListReading.token(row, 7),
                rule: row[8] as Int64 == 0 ? .unique : .counted
            )
        }
        job.counts.checked = row[9]
        job.counts.matched = row[10]
        job.counts.added = row[11]
        job.counts.removed = row[12]
        job.counts.conflicts = row[13]
        job.counts.failed = row[14]
        job.reason = row[15]
        job.attempts = row[16]
        job.finishedAt = row[18]
        if job.phase.isOver { job.failures = try failures(of: job.id) }
        return job
    }

    private func failures(of id: ID128) throws -> [RefreshFailure] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT contract, token, reason FROM wallet_refresh_failure WHERE refresh = ? ORDER BY position"
            ),
            arguments: [ChainTable.bytes(id)]
        )
        return try rows.map { row in
            RefreshFailure(
                contract: try ListReading.address(row, 0),
                token: row.hasNull(atIndex: 1) ? nil : try ListReading.token(row, 1),
                reason: row[2]
            )
        }
    }

    func items(of id: ID128) throws -> [RefreshItem] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT contract, token, rule, before FROM wallet_refresh_item WHERE refresh = ?
                    ORDER BY contract, token, rule
                    """
            ),
            arguments: [ChainTable.bytes(id)]
        )
        return try rows.map { row in
            RefreshItem(
                token: TokenID(contract: try ListReading.address(row, 0), token: try ListReading.token(row, 1)),
                rule: row[2] as Int64 == 0 ? .unique : .counted,
                before: try ListReading.sum(row, 3)
            )
        }
    }

    // MARK: Writing

    /// Stages items; those that are there stay as they were when they were found.
    func stage(_ items: [RefreshItem], of id: ID128) throws {
        let key = ChainTable.bytes(id)
        let kept = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM wallet_refresh_item WHERE refresh = ?"),
            arguments: [key]
        )
        for item in items.prefix(max(0, RefreshJob.itemsMax - (kept ?? 0))) {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO wallet_refresh_item VALUES(?, ?, ?, ?, ?)").execute(
                arguments: [
                    key, Blob.data(item.token.contract.bytes), ListReading.key(item.token.token),
                    item.rule == .unique ? 0 : 1, Blob.data(item.before.shortestBytes),
                ]
            )
        }
    }

    func keep(_ failures: [RefreshFailure], of id: ID128) throws {
        for (position, failure) in failures.prefix(RefreshJob.failuresMax).enumerated() {
            try db.cachedStatement(sql: "INSERT INTO wallet_refresh_failure VALUES(?, ?, ?, ?, ?)").execute(
                arguments: [
                    ChainTable.bytes(id), position, Blob.data(failure.contract.bytes),
                    failure.token.map { ListReading.key($0) }, failure.reason,
                ]
            )
        }
    }

    func forgetItems(of id: ID128) throws {
        try db.execute(sql: "DELETE FROM wallet_refresh_item WHERE refresh = ?", arguments: [ChainTable.bytes(id)])
    }

    /// Removes some of what nobody can ask for any more: jobs that ended long ago, and old keys.
    func sweep(_ now: Int64) throws {
        let old = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT id FROM wallet_refresh WHERE finished_at < ? ORDER BY finished_at LIMIT 100"
            ),
            arguments: [now - RefreshJob.keptSeconds]
        )
        for row in old {
            let id: Data_ = row[0]
            for table in ["wallet_refresh_failure", "wallet_refresh_item"] {
                try db.execute(sql: "DELETE FROM \(table) WHERE refresh = ?", arguments: [id])
            }
            try db.execute(sql: "DELETE FROM wallet_refresh WHERE id = ?", arguments: [id])
        }
        try db.execute(
            sql: """
                DELETE FROM idempotency_key WHERE key IN
                  (SELECT key FROM idempotency_key WHERE made_at < ? ORDER BY made_at LIMIT 1000)
                """,
            arguments: [now - RefreshRequest.keySeconds]
        )
    }
}
