/// Migrations 12 and 14: what tokens are, and wallets that are compared with their contracts; work that waits in the store.
extension Schema {
    static let metadata = """
        -- layer 3: what contracts said of their tokens, and what was found there
        CREATE TABLE metadata_document(
          id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, raw BLOB NOT NULL
        ) STRICT;
        CREATE TABLE token_metadata(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL,
          uri_state INTEGER NOT NULL, uri BLOB, location TEXT, block INTEGER NOT NULL, block_hash BLOB NOT NULL,
          state INTEGER NOT NULL, detail TEXT,
          version INTEGER NOT NULL, document INTEGER,
          name TEXT, description TEXT, image TEXT, animation TEXT, external_url TEXT,
          attributes TEXT NOT NULL, flags INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, token)
        ) STRICT;
        CREATE INDEX token_metadata_by_block ON token_metadata(chain, block);
        -- the documents that a token had before
        CREATE TABLE metadata_version(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, version INTEGER NOT NULL,
          document INTEGER NOT NULL, location TEXT,
          PRIMARY KEY(chain, contract, token, version)
        ) STRICT, WITHOUT ROWID;
        -- what is to be found out; claimed until claim_until, free before
        CREATE TABLE metadata_job(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL,
          rule INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0,
          host TEXT NOT NULL DEFAULT '', claim BLOB, claim_until INTEGER NOT NULL DEFAULT 0,
          PRIMARY KEY(chain, contract, token)
        ) STRICT, WITHOUT ROWID;
        -- who claims, so that the jobs of one that died need not wait for the end of its claim
        CREATE TABLE metadata_worker(
          claim BLOB PRIMARY KEY, boot TEXT NOT NULL, process INTEGER NOT NULL, birth TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX metadata_job_claimed ON metadata_job(claim) WHERE claim IS NOT NULL;
        CREATE INDEX metadata_job_by_due ON metadata_job(chain, contract, due);
        """

    static let refreshes = """
        -- one unfinished refresh for each wallet; addresses as they are, because a wallet may be in no row of ours
        CREATE TABLE wallet_refresh(
          id BLOB PRIMARY KEY, chain INTEGER NOT NULL, wallet BLOB NOT NULL, phase INTEGER NOT NULL DEFAULT 0,
          block INTEGER, block_hash BLOB, next_contract BLOB, next_token BLOB, next_rule INTEGER,
          checked INTEGER NOT NULL DEFAULT 0, matched INTEGER NOT NULL DEFAULT 0,
          added INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0,
          conflicts INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
          reason TEXT, attempts INTEGER NOT NULL DEFAULT 0,
          requested_at INTEGER NOT NULL, finished_at INTEGER,
          claim BLOB, claim_until INTEGER NOT NULL DEFAULT 0,
          claim_boot TEXT NOT NULL DEFAULT '', claim_process INTEGER NOT NULL DEFAULT 0,
          claim_birth TEXT NOT NULL DEFAULT ''
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX wallet_refresh_unfinished ON wallet_refresh(chain, wallet) WHERE finished_at IS NULL;
        CREATE INDEX wallet_refresh_by_wallet ON wallet_refresh(chain, wallet, finished_at);
        CREATE INDEX wallet_refresh_by_end ON wallet_refresh(finished_at);
        -- what a refresh has to look at again
        CREATE TABLE wallet_refresh_item(
          refresh BLOB NOT NULL, contract BLOB NOT NULL, token BLOB NOT NULL, rule INTEGER NOT NULL,
          before BLOB NOT NULL,
          PRIMARY KEY(refresh, contract, token, rule)
        ) STRICT, WITHOUT ROWID;
        -- what it could not check or explain; without a token: the contract's count
        CREATE TABLE wallet_refresh_failure(
          refresh BLOB NOT NULL, position INTEGER NOT NULL, contract BLOB NOT NULL, token BLOB, reason TEXT NOT NULL,
          PRIMARY KEY(refresh, position)
        ) STRICT, WITHOUT ROWID;
        -- requests that may be repeated: the key, what it was used for, and what came of it
        CREATE TABLE idempotency_key(
          key TEXT PRIMARY KEY, request TEXT NOT NULL, refresh BLOB NOT NULL, made_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_key_by_age ON idempotency_key(made_at);
        """
}
