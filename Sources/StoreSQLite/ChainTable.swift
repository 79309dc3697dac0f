import Ethereum
import GRDB
import Tokens

/// Reading and writing the rows that say where a chain stands: version, tip, scopes, coverage.
enum ChainTable {
    struct Row {
        var id: Int64
        var identity: ChainIdentity
        var version: ChainVersion
        var tip: BlockRef?
        var finalized: BlockNumber?
        var settled: BlockNumber?
        var checkpoint: BlockNumber?
        var rewinds: UInt64
        var isRenumbered: Bool
        /// nil where none was ever taken, or it was given back.
        var lease: Lease?
    }

    struct Lease {
        var boot: String
        /// Milliseconds since that start of the machine.
        var until: Int64
        var process: Int32
        /// Tells the process from a later one with its number; see ``ProcessBirth``.
        var birth: String
        var work: String?
    }

    static func row(of chain: ChainID, _ db: Database) throws -> Row? {
        guard
            let row = try GRDB.Row.fetchOne(
                db.cachedStatement(sql: "SELECT * FROM chain WHERE chain_id = ?"),
                arguments: [String(chain)]
            )
        else { return nil }
        return try parse(row)
    }

    static func chains(_ db: Database) throws -> [Row] {
        try GRDB.Row.fetchAll(db.cachedStatement(sql: "SELECT * FROM chain ORDER BY id")).map(parse)
    }

    private static func parse(_ row: GRDB.Row) throws -> Row {
        let genesis: Data_ = row["genesis"]
        let tipHash: Data_? = row["tip_hash"]
        let tipNumber: Int64? = row["tip_number"]
        let finalized: Int64? = row["finalized"]
        let settled: Int64? = row["settled"]
        let checkpoint: Int64? = row["checkpoint"]
        let chainID: String = row["chain_id"]
        guard let identity = Hash32(bytes: genesis), let number = ChainID(chainID) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "table chain: bad identity")
        }
        var tip: BlockRef?
        if let tipNumber, let tipHash, let hash = Hash32(bytes: tipHash) {
            tip = BlockRef(number: UInt64(bitPattern: tipNumber), hash: hash)
        }
        return Row(
            id: row["id"],
            identity: ChainIdentity(chainID: number, genesis: identity),
            version: ChainVersion(
                revision: UInt64(bitPattern: row["revision"]),
                commitID: id128(row["commit_id"]),
                epoch: UInt64(bitPattern: row["epoch"]),
                holder: id128(row["holder"])
            ),
            tip: tip,
            finalized: finalized.map { UInt64(bitPattern: $0) },
            settled: settled.map { UInt64(bitPattern: $0) },
            checkpoint: checkpoint.map { UInt64(bitPattern: $0) },
            rewinds: UInt64(bitPattern: row["rewinds"]),
            isRenumbered: row["renumbered"],
            lease: lease(row)
        )
    }

    private static func lease(_ row: GRDB.Row) -> Lease? {
        let until: Int64 = row["lease_until"]
        let process: Int64 = row["lease_process"]
        guard until > 0 else { return nil }
        return Lease(
            boot: row["lease_boot"],
            until: until,
            process: Int32(truncatingIfNeeded: process),
            birth: row["lease_birth"],
            work: row["lease_work"]
        )
    }

    static func id128(_ bytes: Data_) -> ID128 {
        let number = U256(bytes: bytes) ?? .zero
        return ID128(high: number.w2, low: number.w3)
    }

    static func bytes(_ id: ID128) -> Data_ {
        Blob.data(Array(U256(w0: 0, w1: 0, w2: id.high, w3: id.low).bytes.suffix(16)))
    }

    // MARK: Scopes and coverage

    static func scopes(of chain: Int64, _ db: Database) throws -> [Scope] {
        try GRDB.Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT scope.id AS id, bytes, first_block, active, rule FROM scope
                    LEFT JOIN address ON address.id = scope.contract
                    WHERE chain = ? ORDER BY scope.id
                    """
            ),
            arguments: [chain]
        ).map { row in
            let bytes: Data_? = row["bytes"]
            let first: Int64 = row["first_block"]
            return Scope(
                id: row["id"],
                contract: bytes.flatMap { Address(bytes: $0) },
                firstBlock: UInt64(bitPattern: first),
                isActive: row["active"],
                rule: ReadingRule(rawValue: row["rule"]) ?? .byShape
            )
        }
    }

    /// Writes down by which rule the logs of a contract that is followed are read.
    static func set(_ rule: ReadingRule, of contract: Address, chain: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE scope SET rule = ? WHERE chain = ? AND contract = (SELECT id FROM address WHERE bytes = ?)",
            arguments: [rule.rawValue, chain, Blob.data(contract.bytes)]
        )
    }

    static func eventSets(of chain: Int64, _ db: Database) throws -> [EventSet] {
        try UInt8.fetchAll(
            db.cachedStatement(sql: "SELECT event_set FROM event_set WHERE chain = ? ORDER BY event_set"),
            arguments: [chain]
        ).compactMap(EventSet.init(rawValue:))
    }

    static func coverage(of chain: Int64, _ db: Database) throws -> [CoverageKey: Coverage] {
        var rows: [CoverageKey: [Coverage.Covered]] = [:]
        let cursor = try GRDB.Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT scope, event_set, first, last, evidence FROM coverage
                    WHERE scope IN (SELECT id FROM scope WHERE chain = ?)
                    """
            ),
            arguments: [chain]
        )
        while let row = try cursor.next() {
            let first: Int64 = row["first"]
            let last: Int64 = row["last"]
            guard let eventSet = EventSet(rawValue: row["event_set"]), first <= last else { continue }
            rows[CoverageKey(scope: row["scope"], eventSet: eventSet), default: []].append(
                Coverage.Covered(
                    range: UInt64(bitPattern: first)...UInt64(bitPattern: last),
                    evidence: Evidence(rawValue: row["evidence"])
                )
            )
        }
        return rows.mapValues(Coverage.init(rows:))
    }

    static func write(_ coverage: Coverage, for key: CoverageKey, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM coverage WHERE scope = ? AND event_set = ?").execute(
            arguments: [key.scope, key.eventSet.rawValue]
        )
        for covered in coverage.ranges {
            try db.cachedStatement(
                sql: "INSERT INTO coverage(scope, event_set, first, last, evidence) VALUES(?, ?, ?, ?, ?)"
            ).execute(
                arguments: [
                    key.scope, key.eventSet.rawValue, Int64(bitPattern: covered.range.lowerBound),
                    Int64(bitPattern: covered.range.upperBound), covered.evidence.rawValue,
                ]
            )
        }
    }

    // MARK: The whole state

    /// - Parameter optional: indexes without which the state is not called indexed.
    static func state(
        of row: Row,
        _ db: Database,
        optional: Set<OptionalIndex> = []
    ) throws -> ChainState {
        var state = ChainState(
            identity: row.identity,
            version: row.version,
            tip: row.tip,
            finalized: row.finalized,
            rewinds: row.rewinds,
            scopes: try scopes(of: row.id, db),
            eventSets: try eventSets(of: row.id, db),
            coverage: try coverage(of: row.id, db),
            window: try window(of: row, db),
            isIndexed: try Schema.isIndexed(db, with: optional)
        )
        state.isRenumbered = row.isRenumbered
        return state
    }

    /// The newest held block at or below a height.
    static func heldBlock(of row: Row, atOrBelow number: BlockNumber, _ db: Database) throws -> BlockRef? {
        let held = try GRDB.Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT number, hash FROM block WHERE chain = ? AND number <= ? ORDER BY number DESC LIMIT 1"
            ),
            arguments: [row.id, Int64(clamping: number)]
        )
        guard let held, let hash = Hash32(bytes: held["hash"] as Data_) else { return nil }
        let number: Int64 = held["number"]
        return BlockRef(number: UInt64(bitPattern: number), hash: hash)
    }

    /// Blocks below the tip whose hashes an engine needs: where a branch can start.
    private static let windowBlocks: Int64 = 1_024

    /// The hashes held from the newest final block, or 1,024 blocks below the tip, up; and the newest one below that.
    private static func window(of row: Row, _ db: Database) throws -> [BlockRef] {
        guard let tip = row.tip.map({ Int64(bitPattern: $0.number) }) else { return [] }
        let reach = min(row.finalized.map { Int64(bitPattern: $0) } ?? tip, tip - windowBlocks)
        let base = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(number) FROM block WHERE chain = ? AND number <= ?"),
            arguments: [row.id, reach]
        )
        return try GRDB.Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT number, hash FROM block WHERE chain = ? AND number >= ? AND number <= ? ORDER BY number"
            ),
            arguments: [row.id, base ?? reach, tip]
        ).compactMap { row in
            let number: Int64 = row["number"]
            let bytes: Data_ = row["hash"]
            return Hash32(bytes: bytes).map { BlockRef(number: UInt64(bitPattern: number), hash: $0) }
        }
    }
}
