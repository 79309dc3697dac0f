extension Schema {
    /// Which tokens are to be found out, and found out again, without anybody asking.
    static let metadataNews = """
        -- how far commits were searched for new tokens; walk_…: a walk through all that are held is under way
        CREATE TABLE metadata_cursor(
          chain INTEGER NOT NULL, scope INTEGER NOT NULL, revision INTEGER NOT NULL,
          walk_counted INTEGER, walk_contract INTEGER, walk_token BLOB,
          walked_at INTEGER NOT NULL, wants_walk INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY(chain, scope)
        ) STRICT, WITHOUT ROWID;
        -- how far the contracts' events about metadata were read, and how many rewinds there had been by then
        CREATE TABLE metadata_signal(chain INTEGER PRIMARY KEY, block INTEGER NOT NULL, rewinds INTEGER NOT NULL) STRICT;
        -- sweeps through a collection: the one under way (what is left of it), the ids of the next
        -- (wanted_…, null: all), when to go on, and the budget for all that asks again
        CREATE TABLE metadata_collection(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL,
          due INTEGER NOT NULL, changed_at INTEGER NOT NULL,
          sweep_first BLOB, sweep_last BLOB, wanted_first BLOB, wanted_last BLOB,
          budget_left INTEGER NOT NULL, budget_at INTEGER NOT NULL,
          PRIMARY KEY(chain, contract)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX metadata_collection_by_due ON metadata_collection(chain, due);
        -- what was found out before there was a schedule has its turn, too
        INSERT INTO metadata_collection(chain, contract, due, changed_at, budget_left, budget_at)
          SELECT chain, contract, strftime('%s') + 21600, CAST(strftime('%s') AS INTEGER), 20000, 0
          FROM (SELECT DISTINCT chain, contract FROM token_metadata);
        """
}
