package import Ethereum
import GRDB
import Glibc
package import Tokens

/// Refreshes as rows: a job is a row, a claim is a value in it, and each step is one transaction.
extension SQLiteStore: WalletRefreshes {
    package func requestRefresh(_ request: RefreshRequest, now: Int64) async throws -> RefreshJob {
        var generator = SystemRandomNumberGenerator()
        let id = ID128.random(using: &generator)
        return try await run {
            try self.writing { db in
                let reading = try ListReading(db, request.chain)
                let rows = RefreshRows(db: db)
                try rows.sweep(now)
                if let key = request.key, let job = try Self.job(for: key, request, now, rows) { return job }
                let job = try Self.made(id, request, now, reading, rows)
                if let key = request.key {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO idempotency_key VALUES(?, ?, ?, ?)",
                        arguments: [key, Self.fingerprint(request), ChainTable.bytes(job.id), now]
                    )
                }
                return job
            }
        }
    }

    /// What a key stands for; the body of a request is empty, so that all it asks for is in its path.
    private static func fingerprint(_ request: RefreshRequest) -> String {
        "refresh \(request.chain) \(request.wallet)"
    }

    private static func job(
        for key: String,
        _ request: RefreshRequest,
        _ now: Int64,
        _ rows: RefreshRows
    ) throws -> RefreshJob? {
        let held = try Row.fetchOne(
            rows.db.cachedStatement(sql: "SELECT request, refresh FROM idempotency_key WHERE key = ? AND made_at >= ?"),
            arguments: [key, now - RefreshRequest.keySeconds]
        )
        guard let held else { return nil }
        guard held[0] as String == fingerprint(request) else { throw RefreshRefusal.keyReused }
        return try rows.job(ChainTable.id128(held[1]))
    }

    /// The wallet's unfinished job, or a new one.
    private static func made(
        _ id: ID128,
        _ request: RefreshRequest,
        _ now: Int64,
        _ reading: ListReading,
        _ rows: RefreshRows
    ) throws -> RefreshJob {
        let wallet: StatementArguments = [reading.chain, Blob.data(request.wallet.bytes)]
        let own = "WHERE r.chain = ?1 AND r.wallet = ?2 AND "
        if let job = try rows.first(own + "r.finished_at IS NULL", wallet) { return job }
        if request.gapSeconds > 0,
            let last = try rows.first(own + "r.finished_at > ?3 LIMIT 1", wallet + [now - request.gapSeconds])
        {
            throw RefreshRefusal.tooSoon(retrySeconds: (last.finishedAt ?? now) + request.gapSeconds - now)
        }
        let unfinished = try reading.first(
            "SELECT count(*) FROM wallet_refresh WHERE chain = ?1 AND finished_at IS NULL",
            [reading.chain]
        )
        guard unfinished?[0] ?? 0 < RefreshRequest.unfinishedMax else { throw RefreshRefusal.tooMany }
        try rows.db.execute(
            sql: "INSERT INTO wallet_refresh(id, chain, wallet, requested_at) VALUES(?, ?, ?, ?)",
            arguments: [ChainTable.bytes(id), reading.chain, Blob.data(request.wallet.bytes), now]
        )
        return RefreshJob(id: id, chain: request.chain, wallet: request.wallet, requestedAt: now)
    }

    package func refresh(_ id: ID128) throws -> RefreshJob? {
        try pool.read { db in try RefreshRows(db: db).job(id) }
    }

    package func refreshItems(_ id: ID128) throws -> [RefreshItem] {
        try pool.read { db in try RefreshRows(db: db).items(of: id) }
    }

    // MARK: Working

    package func claimRefresh(
        of chain: ChainID,
        only: ID128?,
        as claim: ID128,
        now: Int64,
        until: Int64
    ) async throws -> RefreshJob? {
        // Most looks find nothing, and should not wait for the writer.
        guard try unclaimed(of: chain, only, now) != nil else { return nil }
        return try await run {
            try self.writing { db in
                guard let id = try self.unclaimed(of: chain, only, now, db) else { return nil }
                try db.execute(
                    sql: """
                        UPDATE wallet_refresh SET claim = ?, claim_until = ?, claim_boot = ?, claim_process = ?, claim_birth = ?
                        WHERE id = ?
                        """,
                    arguments: [
                        ChainTable.bytes(claim), until, self.lease.boot, Int64(getpid()), ProcessBirth.own,
                        ChainTable.bytes(id),
                    ]
                )
                return try RefreshRows(db: db).job(id)
            }
        }
    }

    private func unclaimed(of chain: ChainID, _ only: ID128?, _ now: Int64) throws -> ID128? {
        try pool.read { db in try unclaimed(of: chain, only, now, db) }
    }

    private func unclaimed(of chain: ChainID, _ only: ID128?, _ now: Int64, _ db: Database) throws -> ID128? {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT r.id, r.claim IS NULL OR r.claim_until <= ?2, r.claim_boot, r.claim_process, r.claim_birth
                    FROM wallet_refresh r JOIN chain c ON c.id = r.chain
                    WHERE c.chain_id = ?1 AND r.finished_at IS NULL AND (?3 IS NULL OR r.id = ?3)
                    ORDER BY r.requested_at, r.id
                    """
            ),
            arguments: [String(chain), now, only.map { ChainTable.bytes($0) }]
        )
        for row in rows {
            let (isFree, boot, process, birth): (Bool, String, Int64, String) = (row[1], row[2], row[3], row[4])
            if isFree || boot != lease.boot || lease.isGone(Int32(truncatingIfNeeded: process), birth) {
                return ChainTable.id128(row[0])
            }
        }
        return nil
    }

    package func advanceRefresh(_ id: ID128, _ step: RefreshStep, as claim: ID128, until: Int64) async throws {
        try await run {
            try self.writing { db in
                try db.execute(
                    sql: """
                        UPDATE wallet_refresh SET claim_until = ?3 WHERE id = ?1 AND claim = ?2 AND finished_at IS NULL
                        """,
                    arguments: [ChainTable.bytes(id), ChainTable.bytes(claim), until]
                )
                #if MUTANTS
                    let isMine = Mutant.is(.lateStepTaken) || db.changesCount == 1
                #else
                    let isMine = db.changesCount == 1
                #endif
                guard isMine else { throw RefreshRefusal.passedOn }
                try Self.take(step, of: id, RefreshRows(db: db))
            }
        }
    }

    private static func take(_ step: RefreshStep, of id: ID128, _ rows: RefreshRows) throws {
        func update(_ columns: String, _ arguments: StatementArguments) throws {
            try rows.db.execute(
                sql: "UPDATE wallet_refresh SET \(columns) WHERE id = ?",
                arguments: arguments + [ChainTable.bytes(id)]
            )
        }
        let over = "finished_at = ?, claim = NULL, claim_until = 0"
        switch step {
        case .pinned(let block):
            try rows.forgetItems(of: id)
            try update(
                """
                phase = 1, block = ?, block_hash = ?, next_contract = NULL, next_token = NULL, next_rule = NULL,
                checked = 0, matched = 0
                """,
                [Int64(bitPattern: block.number), Blob.data(block.hash.bytes)]
            )
        case .checked(let counts, let items, let next):
            try rows.stage(items, of: id)
            try update(
                "phase = ?, next_contract = ?, next_token = ?, next_rule = ?, checked = ?, matched = ?",
                [
                    next == nil ? RefreshJob.Phase.explaining.rawValue : RefreshJob.Phase.checking.rawValue,
                    next.map { Blob.data($0.contract.bytes) }, next.map { ListReading.key($0.token) },
                    next.map { $0.rule == .unique ? 0 : 1 }, counts.checked, counts.matched,
                ]
            )
        case .staged(let items):
            try rows.stage(items, of: id)
        case .finished(let counts, let failures, let now):
            try rows.forgetItems(of: id)
            try rows.keep(failures, of: id)
            try update(
                "phase = 3, checked = ?, matched = ?, added = ?, removed = ?, conflicts = ?, failed = ?, " + over,
                [
                    counts.checked, counts.matched, counts.added, counts.removed, counts.conflicts, counts.failed, now,
                ]
            )
        case .stumbled:
            try update("attempts = attempts + 1, claim = NULL, claim_until = 0", [])
        case .failed(let why, let now):
            try rows.forgetItems(of: id)
            try update("phase = 4, reason = ?, " + over, [why, now])
        }
    }

    package func releaseRefresh(_ id: ID128, as claim: ID128) async throws {
        try await run {
            try self.writing { db in
                try db.execute(
                    sql: "UPDATE wallet_refresh SET claim = NULL, claim_until = 0 WHERE id = ? AND claim = ?",
                    arguments: [ChainTable.bytes(id), ChainTable.bytes(claim)]
                )
            }
        }
    }
}
