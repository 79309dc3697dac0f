import Ethereum
import GRDB
import Tokens

/// How far the ledger was searched for tokens that nobody has looked at: a walk through what is held, then commit by commit.
struct NewsRows {
    private let reading: ListReading
    private var held: Cursor?

    private struct Cursor {
        /// Commits up to this revision are done.
        var revision: Int64
        /// A walk goes on behind this.
        var walk: MetadataPosition?
        var walkedAt: Int64
        /// More came at once than is looked through commit by commit.
        var wantsWalk = false
    }

    /// Transfers looked through in one transaction; some ten milliseconds of the writer.
    ///
    /// A commit with more is history.
    private static let transfersAtOnce: Int64 = 5_000
    /// Between the beginnings of two walks: what a long history brings is found walk by walk.
    private static let walkPause: Int64 = 60
    private static let commitsAtOnce = 256

    private let whose: MetadataScope

    init(_ reading: ListReading, _ whose: MetadataScope) throws {
        (self.reading, self.whose) = (reading, whose)
        let row = try reading.first(
            "SELECT * FROM metadata_cursor WHERE chain = ?1 AND scope = ?2",
            [reading.chain, whose.rawValue]
        )
        guard let row else { return }
        var cursor = Cursor(revision: row["revision"], walkedAt: row["walked_at"])
        if let isCounted: Bool = row["walk_counted"], let token: Data_ = row["walk_token"] {
            cursor.walk = MetadataPosition(isCounted: isCounted, contract: row["walk_contract"], token: Array(token))
        }
        cursor.wantsWalk = row["wants_walk"]
        held = cursor
    }

    /// Whether ``advance(_:now:)`` has anything to do; a look-up or two.
    func hasNews(now: Int64) throws -> Bool {
        guard reading.isIndexed else { return false }
        guard let held, held.walk == nil else { return true }
        if held.wantsWalk, now - held.walkedAt >= Self.walkPause { return true }
        return try reading.first(
            "SELECT 1 FROM outbox WHERE chain = ?1 AND revision > ?2 LIMIT 1",
            [reading.chain, held.revision]
        ) != nil
    }

    /// One step: a stretch of a walk, or some commits; jobs made.
    mutating func advance(now: Int64) throws -> Int {
        let revision = Int64(bitPattern: reading.row.version.revision)
        var cursor =
            held ?? Cursor(revision: revision, walk: .start, walkedAt: now)
        if cursor.walk == nil, cursor.wantsWalk, now - cursor.walkedAt >= Self.walkPause {
            cursor = Cursor(revision: revision, walk: .start, walkedAt: now)
        }
        defer { held = cursor }
        let made: Int
        if let walk = cursor.walk {
            (made, cursor.walk) = try SQLiteStore.enqueue(from: walk, only: nil, all: false, whose, reading)
        } else {
            made = try searchCommits(&cursor)
        }
        try write(cursor)
        return made
    }

    private func searchCommits(_ cursor: inout Cursor) throws -> Int {
        let commits = try Row.fetchAll(
            reading.db.cachedStatement(
                sql: """
                    SELECT revision, first_block, last_block, rows FROM outbox WHERE chain = ?1 AND revision > ?2
                    ORDER BY revision LIMIT ?3
                    """
            ),
            arguments: [reading.chain, cursor.revision, Self.commitsAtOnce]
        )
        var (made, transfers) = (0, 0 as Int64)
        for commit in commits {
            let rows: Int64 = commit[3]
            if let first: Int64 = commit[1], let last: Int64 = commit[2], rows > 0 {
                if rows > Self.transfersAtOnce || last - first > Self.blocksMax {
                    cursor.wantsWalk = true
                } else {
                    guard transfers + rows <= Self.transfersAtOnce else { break }
                    transfers += rows
                    #if MUTANTS
                        if Mutant.is(.newsSkipped) {
                            cursor.revision = commit[0]
                            continue
                        }
                    #endif
                    made += try enqueue(first, last)
                }
            }
            cursor.revision = commit[0]
        }
        return made
    }

    /// A commit that spans more blocks brought history; what else lies between its ends would be looked through as well.
    private static let blocksMax: Int64 = 1_024

    /// Its contract knew nothing of it when it was asked; it was minted since, by a transaction that a reorg had undone, or again.
    private static let isMintedAnew = """
        EXISTS(SELECT 1 FROM token_metadata m
          WHERE m.chain = t.chain AND m.contract = t.contract AND m.token = t.token
            AND m.uri_state <> \(URIState.ok.rawValue) AND m.block < moved.minted)
        """

    /// Makes jobs of the tokens that moved in some blocks, are held, and have neither job nor metadata.
    private func enqueue(_ first: Int64, _ last: Int64) throws -> Int {
        var made = 0
        for (rule, table, isHeld) in [(0, "owner", "t.owner <> 0"), (1, "supply", "1")] {
            try reading.db.cachedStatement(
                sql: """
                    INSERT INTO metadata_job(chain, contract, token, rule)
                    SELECT t.chain, t.contract, t.token, \(rule) FROM (
                      SELECT chain, contract, token, max(CASE sender WHEN 0 THEN block END) AS minted
                      FROM transfer WHERE chain = ?1 AND block BETWEEN ?2 AND ?3 GROUP BY contract, token
                    ) moved JOIN \(table) t
                      ON t.chain = moved.chain AND t.contract = moved.contract AND t.token = moved.token
                    WHERE \(isHeld) AND (\(SQLiteStore.isWithoutMetadata) OR \(Self.isMintedAnew)) AND \(whose.condition)
                    ON CONFLICT(chain, contract, token) DO NOTHING
                    """
            ).execute(arguments: [reading.chain, first, last])
            made += reading.db.changesCount
        }
        return made
    }

    private func write(_ cursor: Cursor) throws {
        try reading.db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO metadata_cursor(
                  chain, scope, revision, walk_counted, walk_contract, walk_token, walked_at, wants_walk)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            reading.chain, whose.rawValue, cursor.revision, cursor.walk?.isCounted, cursor.walk?.contract,
            cursor.walk.map { Blob.data($0.token) }, cursor.walkedAt, cursor.wantsWalk,
        ])
    }
}

extension MetadataScope {
    /// Of a row `t` with a contract of the chain that is the statement's first argument.
    var condition: String {
        switch self {
        case .everything: "1"
        case .listed:
            "t.contract IN (SELECT s.contract FROM scope s WHERE s.chain = ?1 AND s.active = 1)"
        }
    }
}
