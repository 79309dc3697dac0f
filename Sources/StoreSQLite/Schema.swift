import Foundation
import GRDB

#if MUTANTS
    import Ethereum
#endif

/// The schema's history: named steps, strings only, forward only, never edited once released.
///
/// Token ids are *ordered keys*: one byte that says how many bytes follow, then the shortest big-endian bytes, so that
/// the order of keys is the order of numbers (see ``Blob``). Amounts are shortest big-endian bytes, sums shortest
/// two's complement. Addresses are interned; 0 is the zero address.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 ledger") { db in
            try db.execute(sql: ledger)
        }
        migrator.registerMigration("2 numbered from receipts") { db in
            try db.execute(sql: "ALTER TABLE chain ADD COLUMN renumbered INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("3 settled by depth") { db in
            try db.execute(sql: "ALTER TABLE chain ADD COLUMN settled INTEGER")
        }
        migrator.registerMigration("4 leases") { db in
            try db.execute(
                sql: """
                    ALTER TABLE chain ADD COLUMN lease_boot TEXT NOT NULL DEFAULT '';
                    ALTER TABLE chain ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE chain ADD COLUMN lease_process INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE chain ADD COLUMN lease_birth TEXT NOT NULL DEFAULT '';
                    ALTER TABLE chain ADD COLUMN lease_work TEXT;
                    """
            )
            #if MUTANTS
                if Mutant.is(.migrateInTwo) { SQLiteStore.commitEarly(db) }
            #endif
        }
        migrator.registerMigration("10 endpoint limits") { db in
            try db.execute(
                sql: """
                    CREATE TABLE endpoint_limit(
                      chain INTEGER NOT NULL, endpoint TEXT NOT NULL, name TEXT NOT NULL,
                      value INTEGER NOT NULL, learnt_at INTEGER NOT NULL,
                      PRIMARY KEY(chain, endpoint, name)
                    ) STRICT, WITHOUT ROWID;
                    """
            )
        }
        migrator.registerMigration("11 verification") { db in
            // What contracts said against their own events; owner is 0 for unique tokens. Kinds as in ConflictRows.
            try db.execute(
                sql: """
                    CREATE TABLE conflict(
                      chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, owner INTEGER NOT NULL,
                      rule INTEGER NOT NULL, claimed_owner INTEGER NOT NULL, claimed_amount BLOB NOT NULL,
                      kind INTEGER NOT NULL, observed BLOB NOT NULL,
                      block INTEGER NOT NULL, block_hash BLOB NOT NULL,
                      PRIMARY KEY(chain, contract, token, owner)
                    ) STRICT, WITHOUT ROWID;
                    ALTER TABLE chain ADD COLUMN audit_agreed INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE chain ADD COLUMN audit_different INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE chain ADD COLUMN audit_unanswered INTEGER NOT NULL DEFAULT 0;
                    """
            )
        }
        migrator.registerMigration("12 metadata") { db in
            try db.execute(sql: metadata)
        }
        migrator.registerMigration("13 traits") { db in
            try db.execute(sql: traits)
        }
        migrator.registerMigration("14 wallet refreshes") { db in
            try db.execute(sql: refreshes)
        }
        migrator.registerMigration("15 reading rules") { db in
            // By what a contract's logs are read; see ReadingRule.
            try db.execute(sql: "ALTER TABLE scope ADD COLUMN rule INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("16 snapshots") { db in
            try db.execute(sql: snapshots)
        }
        migrator.registerMigration("17 contract data") { db in
            try db.execute(sql: contractData)
        }
        migrator.registerMigration("18 metadata news") { db in
            try db.execute(sql: metadataNews)
        }
        return migrator
    }

    /// Opens a database and brings its schema up to date, also while other processes do the same at this moment.
    ///
    /// Switching a new file to a write-ahead log does not wait for others, and the migrator looks at what is done before
    /// it takes the writer lock. Every step is one transaction, so nothing is half done and what is left is tried again.
    static func upToDate(_ path: String, _ configuration: Configuration) throws -> DatabasePool {
        let deadline = ContinuousClock.now + .seconds(10)
        let passing: [ResultCode] = [.SQLITE_ERROR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CONSTRAINT, .SQLITE_SCHEMA]
        while true {
            do {
                let pool = try DatabasePool(path: path, configuration: configuration)
                let migrator = migrator
                if try pool.read(migrator.hasBeenSuperseded) { throw StoreError.newer(path) }
                try migrator.migrate(pool)
                return pool
            } catch let error as DatabaseError {
                guard passing.contains(error.resultCode), ContinuousClock.now < deadline else { throw error }
                usleep(20_000)
            }
        }
    }

    private static let ledger = """
        -- one row for each chain: every commit swaps revision and commit_id
        CREATE TABLE chain(
          id INTEGER PRIMARY KEY,
          chain_id TEXT NOT NULL UNIQUE,
          genesis BLOB NOT NULL,
          revision INTEGER NOT NULL,
          commit_id BLOB NOT NULL,
          epoch INTEGER NOT NULL,
          holder BLOB NOT NULL,
          tip_number INTEGER,
          tip_hash BLOB,
          finalized INTEGER,
          checkpoint INTEGER,
          rewinds INTEGER NOT NULL DEFAULT 0,
          transfers_processed INTEGER NOT NULL DEFAULT 0,
          tokens_discovered INTEGER NOT NULL DEFAULT 0,
          tokens_enriched INTEGER NOT NULL DEFAULT 0,
          error_count INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE event_set(
          chain INTEGER NOT NULL, event_set INTEGER NOT NULL,
          PRIMARY KEY(chain, event_set)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE address(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;
        INSERT INTO address(id, bytes) VALUES(0, zeroblob(20));

        -- layer 1: facts from logs
        CREATE TABLE transfer(
          chain INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
          contract INTEGER NOT NULL, token BLOB NOT NULL,
          sender INTEGER NOT NULL, recipient INTEGER NOT NULL, operator INTEGER NOT NULL,
          amount BLOB NOT NULL, tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
          kind INTEGER NOT NULL, flags INTEGER NOT NULL,
          PRIMARY KEY(chain, block, log_index, ordinal)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE token_range(
          chain INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL,
          contract INTEGER NOT NULL, first BLOB NOT NULL, last BLOB NOT NULL,
          sender INTEGER NOT NULL, recipient INTEGER NOT NULL,
          tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
          PRIMARY KEY(chain, block, log_index)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX token_range_by_contract ON token_range(chain, contract, block, log_index);
        CREATE INDEX token_range_by_recipient ON token_range(chain, recipient, contract);
        CREATE TABLE malformed_log(
          chain INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL,
          contract INTEGER NOT NULL, topics BLOB NOT NULL, data BLOB NOT NULL, data_count INTEGER NOT NULL,
          reason TEXT NOT NULL,
          PRIMARY KEY(chain, block, log_index)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE block(
          chain INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, timestamp INTEGER,
          role INTEGER NOT NULL,
          PRIMARY KEY(chain, number)
        ) STRICT, WITHOUT ROWID;

        -- layer 2: the fold; source 0 = events, 1 = a snapshot
        CREATE TABLE owner(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL,
          owner INTEGER NOT NULL,
          block INTEGER NOT NULL, log_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
          source INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY(chain, contract, token)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE balance(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, owner INTEGER NOT NULL,
          amount BLOB NOT NULL,
          source INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY(chain, contract, token, owner)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE supply(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL,
          amount BLOB NOT NULL, movements INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, token)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE contract(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL,
          rows INTEGER NOT NULL, digest_high INTEGER NOT NULL, digest_low INTEGER NOT NULL,
          PRIMARY KEY(chain, contract)
        ) STRICT, WITHOUT ROWID;

        -- what was read
        CREATE TABLE scope(
          id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, contract INTEGER,
          first_block INTEGER NOT NULL, followed_from INTEGER, active INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX scope_by_contract ON scope(chain, ifnull(contract, -1));
        CREATE TABLE coverage(
          scope INTEGER NOT NULL, event_set INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
          evidence INTEGER NOT NULL,
          PRIMARY KEY(scope, event_set, first)
        ) STRICT, WITHOUT ROWID;

        -- what was undone, until it is covered again
        CREATE TABLE rewind(
          chain INTEGER NOT NULL, number INTEGER NOT NULL, revision INTEGER NOT NULL,
          to_block INTEGER NOT NULL, old_tip_number INTEGER, old_tip_hash BLOB,
          rows INTEGER NOT NULL, by_operator INTEGER NOT NULL DEFAULT 0, pending INTEGER NOT NULL DEFAULT 1,
          coverage TEXT NOT NULL,
          PRIMARY KEY(chain, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE orphaned_transfer(
          chain INTEGER NOT NULL, rewind INTEGER NOT NULL,
          block INTEGER NOT NULL, log_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
          contract INTEGER NOT NULL, token BLOB NOT NULL,
          sender INTEGER NOT NULL, recipient INTEGER NOT NULL, operator INTEGER NOT NULL,
          amount BLOB NOT NULL, tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
          kind INTEGER NOT NULL, flags INTEGER NOT NULL,
          PRIMARY KEY(chain, rewind, block, log_index, ordinal)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE orphaned_range(
          chain INTEGER NOT NULL, rewind INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL,
          contract INTEGER NOT NULL, first BLOB NOT NULL, last BLOB NOT NULL,
          sender INTEGER NOT NULL, recipient INTEGER NOT NULL,
          tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
          PRIMARY KEY(chain, rewind, block, log_index)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE orphaned_malformed(
          chain INTEGER NOT NULL, rewind INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL,
          contract INTEGER NOT NULL, topics BLOB NOT NULL, data BLOB NOT NULL, data_count INTEGER NOT NULL,
          reason TEXT NOT NULL,
          PRIMARY KEY(chain, rewind, block, log_index)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE orphaned_block(
          chain INTEGER NOT NULL, rewind INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
          timestamp INTEGER, role INTEGER NOT NULL,
          PRIMARY KEY(chain, rewind, number)
        ) STRICT, WITHOUT ROWID;

        -- what live streams are fed from: one row for each commit that changed rows
        CREATE TABLE outbox(
          chain INTEGER NOT NULL, revision INTEGER NOT NULL,
          rewound_to INTEGER, first_block INTEGER, last_block INTEGER, rows INTEGER NOT NULL,
          PRIMARY KEY(chain, revision)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE endpoint(
          chain INTEGER NOT NULL, position INTEGER NOT NULL, url TEXT NOT NULL,
          PRIMARY KEY(chain, position)
        ) STRICT, WITHOUT ROWID;
        """

    typealias Index = (name: String, sql: String)

    /// Built after a first backfill, which is 1.7 times as fast without them.
    static let secondaryIndexes: [Index] = [
        (
            "transfer_by_token",
            "CREATE INDEX IF NOT EXISTS transfer_by_token ON transfer(chain, contract, token)"
        ),
        (
            "owner_by_owner",
            "CREATE INDEX IF NOT EXISTS owner_by_owner ON owner(chain, owner, contract, token)"
        ),
        (
            "balance_by_owner",
            "CREATE INDEX IF NOT EXISTS balance_by_owner ON balance(chain, owner, contract, token)"
        ),
        (
            "block_untimed",
            "CREATE INDEX IF NOT EXISTS block_untimed ON block(chain, number) WHERE timestamp IS NULL AND role & 1"
        ),
    ]

    /// What an optional index consists of.
    ///
    /// The primary key follows the columns named, so that a wallet's transfers of one token come in order of place.
    static func indexes(of optional: OptionalIndex) -> [Index] {
        switch optional {
        case .wallets:
            [
                (
                    "transfer_by_sender",
                    "CREATE INDEX IF NOT EXISTS transfer_by_sender ON transfer(chain, sender, contract, token)"
                ),
                (
                    "transfer_by_recipient",
                    "CREATE INDEX IF NOT EXISTS transfer_by_recipient ON transfer(chain, recipient, contract, token)"
                ),
            ]
        }
    }

    /// Whether the indexes that every database gets are built, and those of `optional` too.
    static func isIndexed(_ db: Database, with optional: Set<OptionalIndex> = []) throws -> Bool {
        try has(secondaryIndexes + optional.flatMap(indexes), db)
    }

    /// Whether an optional index is built; once built it stays, whatever later starts ask for.
    static func has(_ optional: OptionalIndex, _ db: Database) throws -> Bool {
        try has(indexes(of: optional), db)
    }

    private static func has(_ indexes: [Index], _ db: Database) throws -> Bool {
        let names = indexes.map { "'\($0.name)'" }.joined(separator: ", ")
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name IN (\(names))"
        return try Int.fetchOne(db.cachedStatement(sql: sql)) == indexes.count
    }
}

/// Indexes that are built only where they are asked for, because they cost room and time.
package enum OptionalIndex: String, Sendable, CaseIterable {
    /// Transfers by sender and by recipient: what a wallet held at a past block, and its transfers.
    ///
    /// A first backfill with them takes about 45 % longer.
    case wallets
}
