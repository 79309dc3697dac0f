/// Migration 17: what contracts said of themselves.
extension Schema {
    static let contractData = """
        -- what contracts said of themselves, and as of which block; null: asked, and not heard; due: when it is tried again
        CREATE TABLE contract_data(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL,
          name TEXT, symbol TEXT, supply BLOB, uri TEXT, interfaces INTEGER,
          block INTEGER, block_hash BLOB,
          attempts INTEGER NOT NULL DEFAULT 0, due INTEGER,
          PRIMARY KEY(chain, contract)
        ) STRICT;
        CREATE INDEX contract_data_by_block ON contract_data(chain, block);
        """
}
