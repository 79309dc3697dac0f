/// Migration 16: snapshots of contracts, and the owners that they read.
extension Schema {
    /// Three tables, empty at first.
    ///
    /// `published` is the generation of `opening` that readers see, of the block that stands beside it; NULL: none. Other
    /// generations are staged, or on their way out.
    static let snapshots = """
        CREATE TABLE snapshot(
          id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, contract INTEGER NOT NULL, phase INTEGER NOT NULL DEFAULT 0,
          generation INTEGER NOT NULL DEFAULT 0,
          ids_first BLOB, ids_last BLOB, block_wanted INTEGER,
          block INTEGER, block_hash BLOB, is_final INTEGER NOT NULL DEFAULT 0,
          source INTEGER, first BLOB, last BLOB, supply BLOB, next BLOB,
          absent INTEGER NOT NULL DEFAULT 0, read INTEGER NOT NULL DEFAULT 0,
          published INTEGER, published_block INTEGER, published_hash BLOB, settled INTEGER NOT NULL DEFAULT 0,
          reason TEXT, requested_at INTEGER NOT NULL, finished_at INTEGER,
          claim BLOB, claim_until INTEGER NOT NULL DEFAULT 0,
          claim_boot TEXT NOT NULL DEFAULT '', claim_process INTEGER NOT NULL DEFAULT 0,
          claim_birth TEXT NOT NULL DEFAULT '',
          UNIQUE(chain, contract)
        ) STRICT;
        -- layer 3: owners that contracts named in the state after a snapshot's block
        CREATE TABLE opening(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, generation INTEGER NOT NULL, token BLOB NOT NULL,
          owner INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, generation, token)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX opening_by_owner ON opening(chain, owner, contract, token);
        -- what could not be read; kind 0 a token's id, 1 its place in the enumeration
        CREATE TABLE snapshot_failure(
          snapshot INTEGER NOT NULL, kind INTEGER NOT NULL, number BLOB NOT NULL,
          reason INTEGER NOT NULL, tries INTEGER NOT NULL,
          PRIMARY KEY(snapshot, kind, number)
        ) STRICT, WITHOUT ROWID;
        """
}
