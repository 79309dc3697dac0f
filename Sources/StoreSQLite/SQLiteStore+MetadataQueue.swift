package import Ethereum
import GRDB
import Glibc
package import Tokens

/// The queue of tokens whose metadata is to be found out: a job is a row, a claim is a value in it.
extension SQLiteStore: MetadataQueue {
    /// Tokens that one transaction looks at when jobs are made: some ten milliseconds of the writer.
    private static let enqueuedAtOnce = 10_000
    /// Contracts among which one claim is shared out.
    private static let contractsPerClaim = 64

    // MARK: Making jobs

    package func enqueueMetadata(
        of chain: ChainID,
        contract: Address?,
        after: MetadataPosition?,
        all: Bool
    ) async throws -> (made: Int, next: MetadataPosition?) {
        try await run {
            try self.writing { db in
                let reading = try ListReading(db, chain)
                guard let contract else {
                    return try Self.enqueue(from: after ?? .start, only: nil, all: all, .everything, reading)
                }
                guard let only = try reading.id(of: contract) else { return (0, nil) }
                return try Self.enqueue(from: after ?? .start, only: only, all: all, .everything, reading)
            }
        }
    }

    /// Of a row `t` of a token: nobody has looked at it.
    static let isWithoutMetadata = """
        NOT EXISTS(SELECT 1 FROM token_metadata m
          WHERE m.chain = t.chain AND m.contract = t.contract AND m.token = t.token)
        """

    static func enqueue(
        from position: MetadataPosition,
        only: AddressID?,
        all: Bool,
        _ whose: MetadataScope,
        _ reading: ListReading
    ) throws -> (made: Int, next: MetadataPosition?) {
        let table = position.isCounted ? "supply" : "owner"
        let from: StatementArguments = [reading.chain, only ?? position.contract, Blob.data(position.token)]
        let behind = "chain = ?1 AND " + (only == nil ? "(contract, token) > (?2, ?3)" : "contract = ?2 AND token > ?3")
        let last = try reading.first(
            "SELECT contract, token FROM \(table) WHERE \(behind) ORDER BY contract, token LIMIT 1 OFFSET ?4",
            from + [enqueuedAtOnce - 1]
        )
        var conditions = [behind]
        // Who owns nothing has nothing to show: the metadata of a burned token stays as it is.
        if !position.isCounted { conditions.append("owner <> 0") }
        if last != nil { conditions.append("(contract, token) <= (?4, ?5)") }
        if !all { conditions.append(isWithoutMetadata) }
        conditions.append(whose.condition)
        var arguments = from
        var next: MetadataPosition?
        if let last {
            let (contract, token): (Int64, Data_) = (last[0], last[1])
            next = MetadataPosition(isCounted: position.isCounted, contract: contract, token: Array(token))
            arguments += [contract, token]
        } else if !position.isCounted {
            next = MetadataPosition(isCounted: true, contract: -1, token: [])
        }
        try reading.db.execute(
            sql: """
                INSERT INTO metadata_job(chain, contract, token, rule)
                SELECT chain, contract, token, \(position.isCounted ? 1 : 0) FROM \(table) t
                WHERE \(conditions.joined(separator: " AND "))
                ON CONFLICT(chain, contract, token) \(all ? again : "DO NOTHING")
                """,
            arguments: arguments
        )
        return (reading.db.changesCount, next)
    }

    /// Who asks for all does not want to wait for the next try of those that failed; what somebody works on stays theirs.
    private static let again = "DO UPDATE SET due = 0, attempts = 0 WHERE claim_until = 0"

    // MARK: Claiming

    package func claimMetadata(
        of chain: ChainID,
        contract: Address?,
        as claim: ID128,
        now: Int64,
        until: Int64,
        limit: Int,
        avoiding: Set<String>,
        rotation: UInt64
    ) async throws -> [MetadataJob] {
        try await run {
            try self.writing { db in
                let reading = try ListReading(db, chain)
                try self.buryDeadWorkers(claim, db)
                let hosts = "[" + avoiding.sorted().map { "\"\($0)\"" }.joined(separator: ",") + "]"
                let contracts: [AddressID]
                if let contract {
                    contracts = [try reading.id(of: contract)].compactMap(\.self)
                } else {
                    contracts = try Self.dueContracts(now, hosts, rotation, reading)
                }
                guard !contracts.isEmpty else { return [] }
                var jobs: [MetadataJob] = []
                // Each has its share first; what the small ones leave goes to whoever has more.
                for share in [max(1, limit / contracts.count), limit] {
                    for contract in contracts where jobs.count < limit {
                        let count = min(share, limit - jobs.count)
                        jobs += try Self.claim(count, of: contract, claim, now, until, hosts, reading)
                    }
                }
                return jobs
            }
        }
    }

    /// Notes who claims, and frees the jobs of those that are certainly gone.
    private func buryDeadWorkers(_ claim: ID128, _ db: Database) throws {
        let own = ChainTable.bytes(claim)
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO metadata_worker VALUES(?, ?, ?, ?)").execute(
            arguments: [own, lease.boot, Int64(getpid()), ProcessBirth.own]
        )
        let others = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT claim, boot, process, birth FROM metadata_worker WHERE claim <> ?"),
            arguments: [own]
        )
        for other in others {
            let (boot, process, birth): (String, Int64, String) = (other[1], other[2], other[3])
            guard boot != lease.boot || lease.isGone(Int32(truncatingIfNeeded: process), birth) else { continue }
            try Self.bury(other[0], db)
        }
    }

    private static func bury(_ claim: Data_, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE metadata_job SET claim = NULL, claim_until = 0 WHERE claim = ?",
            arguments: [claim]
        )
        try db.execute(sql: "DELETE FROM metadata_worker WHERE claim = ?", arguments: [claim])
    }

    /// Contracts with due jobs, at most ``contractsPerClaim``, beginning anywhere, so that all have their turn.
    private static func dueContracts(
        _ now: Int64,
        _ hosts: String,
        _ rotation: UInt64,
        _ reading: ListReading
    ) throws -> [AddressID] {
        let sql = """
            SELECT contract FROM metadata_job
            WHERE chain = ?1 AND contract > ?2 AND due <= ?3 AND claim_until <= ?3
              AND host NOT IN (SELECT value FROM json_each(?4)) ORDER BY contract LIMIT 1
            """
        let greatest = try reading.first("SELECT max(contract) FROM metadata_job WHERE chain = ?1", [reading.chain])
        guard let greatest, let top: Int64 = greatest[0] else { return [] }
        let start = Int64(rotation % UInt64(max(1, top) + 1)) - 1
        var found: [AddressID] = []
        for (begin, end) in [(start, top), (-1, start)] {
            var last = begin
            while found.count < contractsPerClaim, let row = try reading.first(sql, [reading.chain, last, now, hosts]) {
                last = row[0]
                guard last <= end else { break }
                found.append(last)
            }
        }
        return found
    }

    private static func claim(
        _ count: Int,
        of contract: AddressID,
        _ claim: ID128,
        _ now: Int64,
        _ until: Int64,
        _ hosts: String,
        _ reading: ListReading
    ) throws -> [MetadataJob] {
        let rows = try Row.fetchAll(
            reading.db.cachedStatement(
                sql: """
                    SELECT token, rule, attempts FROM metadata_job
                    WHERE chain = ?1 AND contract = ?2 AND due <= ?3 AND claim_until <= ?3
                      AND host NOT IN (SELECT value FROM json_each(?4))
                    ORDER BY due, token LIMIT ?5
                    """
            ),
            arguments: [reading.chain, contract, now, hosts, count]
        )
        guard !rows.isEmpty else { return [] }
        let address = try reading.address(of: contract)
        return try rows.map { row in
            let key: Data_ = row[0]
            try reading.db.execute(
                literal: """
                    UPDATE metadata_job SET claim = \(ChainTable.bytes(claim)), claim_until = \(until)
                    WHERE chain = \(reading.chain) AND contract = \(contract) AND token = \(key)
                    """
            )
            return MetadataJob(
                token: TokenID(contract: address, token: try ListReading.token(row, 0)),
                rule: row[1] as Int64 == 0 ? .unique : .counted,
                attempts: row[2],
                until: until
            )
        }
    }

    package func releaseMetadata(as claim: ID128) async throws {
        try await run {
            try self.writing { db in
                try Self.bury(ChainTable.bytes(claim), db)
            }
        }
    }

    package func metadataBacklog(of chain: ChainID) async throws -> (jobs: Int, nextDue: Int64?) {
        try await run {
            try self.pool.read { db in
                let reading = try ListReading(db, chain)
                let row = try reading.first(
                    "SELECT count(*), min(max(due, claim_until)) FROM metadata_job WHERE chain = ?1",
                    [reading.chain]
                )
                return (row?[0] ?? 0, row?[1])
            }
        }
    }
}

extension MetadataPosition {
    static var start: MetadataPosition { MetadataPosition(isCounted: false, contract: -1, token: []) }
}
