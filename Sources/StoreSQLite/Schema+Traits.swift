/// Migration 13: names and traits of tokens, taken out of their documents' attributes, to count and to search by.
extension Schema {
    /// Made once and filled from what is held, as ``TraitRows`` keeps it from then on.
    ///
    /// Everything is derived from `token_metadata`, in its transaction. Kinds of values: 0 a string, 1 a number, 2 a truth
    /// value. A property without a name has the type ''. At most 1,000 for each token.
    static let traits = """
        CREATE TABLE trait_type(
          id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, contract INTEGER NOT NULL, name TEXT NOT NULL,
          UNIQUE(chain, contract, name)
        ) STRICT;
        CREATE INDEX trait_type_by_contract ON trait_type(chain, contract);
        CREATE TABLE trait(
          id INTEGER PRIMARY KEY, type INTEGER NOT NULL, value TEXT NOT NULL, kind INTEGER NOT NULL,
          UNIQUE(type, value, kind)
        ) STRICT;
        CREATE INDEX trait_by_type ON trait(type);
        -- a row for each token of which a document is held
        CREATE TABLE token_name(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, name TEXT,
          PRIMARY KEY(chain, contract, token)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE token_trait(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, trait INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, token, trait)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX token_trait_by_trait ON token_trait(trait, token);
        -- grows with every change of a contract's rows above: what is counted of it is good as long as it stays
        CREATE TABLE trait_revision(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, revision INTEGER NOT NULL,
          PRIMARY KEY(chain, contract)
        ) STRICT, WITHOUT ROWID;

        \(given)
        INSERT OR IGNORE INTO trait_type(chain, contract, name)
          SELECT chain, contract, type FROM p ORDER BY chain, contract, token, place;
        \(given)
        INSERT OR IGNORE INTO trait(type, value, kind)
          SELECT y.id, p.value, p.kind FROM p
          JOIN trait_type y ON y.chain = p.chain AND y.contract = p.contract AND y.name = p.type
          ORDER BY p.chain, p.contract, p.token, p.place;
        \(given)
        INSERT OR IGNORE INTO token_trait(chain, contract, token, trait)
          SELECT p.chain, p.contract, p.token, t.id FROM p
          JOIN trait_type y ON y.chain = p.chain AND y.contract = p.contract AND y.name = p.type
          JOIN trait t ON t.type = y.id AND t.value = p.value AND t.kind = p.kind
          ORDER BY p.chain, p.contract, p.token, p.place;
        INSERT INTO token_name(chain, contract, token, name)
          SELECT chain, contract, token, name FROM token_metadata WHERE document IS NOT NULL
          ORDER BY chain, contract, token;
        """

    /// The traits of all tokens, read out of their attributes.
    private static let given = """
        WITH p AS (
          SELECT m.chain, m.contract, m.token, e.key AS place,
            ifnull(CAST(json_extract(e.value, '$.trait_type') AS TEXT), '') AS type,
            CASE json_type(e.value, '$.value')
              WHEN 'text' THEN json_extract(e.value, '$.value') ELSE e.value -> '$.value' END AS value,
            CASE json_type(e.value, '$.value')
              WHEN 'text' THEN 0 WHEN 'true' THEN 2 WHEN 'false' THEN 2 ELSE 1 END AS kind
          FROM token_metadata m, json_each(CASE WHEN json_valid(m.attributes) THEN m.attributes ELSE '[]' END) e
          WHERE m.document IS NOT NULL AND typeof(e.key) = 'integer' AND e.key < 1000
            AND CASE e.type WHEN 'object' THEN
              json_type(e.value, '$.value') IN ('text', 'integer', 'real', 'true', 'false') ELSE 0 END
        )
        """
}
