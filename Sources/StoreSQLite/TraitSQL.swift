/// The statements behind traits and searches by them, in one place so that a test can ask SQLite how it runs each of them.
enum TraitSQL {
    // MARK: Reading; ?1 chain, ?2 contract

    /// What the answers about a collection depend on: its transfers, and what was read of its tokens.
    static let version = """
        SELECT c.rows, c.digest_high, c.digest_low, ifnull(r.revision, 0)
        FROM contract c LEFT JOIN trait_revision r ON r.chain = c.chain AND r.contract = c.contract
        WHERE c.chain = ?1 AND c.contract = ?2
        """
    /// Counts no further than one beyond the bounds ?3 and ?4.
    static let sizes = """
        SELECT (SELECT count(*) FROM (SELECT 1 FROM owner WHERE chain = ?1 AND contract = ?2 LIMIT ?3 + 1)),
          (SELECT count(*) FROM (SELECT 1 FROM supply WHERE chain = ?1 AND contract = ?2 LIMIT ?3 + 1)),
          (SELECT count(*) FROM (SELECT 1 FROM token_trait WHERE chain = ?1 AND contract = ?2 LIMIT ?4 + 1))
        """
    static let owners = """
        SELECT token, owner, block, log_index, ordinal FROM owner WHERE chain = ?1 AND contract = ?2 ORDER BY token
        """
    static let supplies = "SELECT token, amount FROM supply WHERE chain = ?1 AND contract = ?2 ORDER BY token"
    static let names = "SELECT token FROM token_name WHERE chain = ?1 AND contract = ?2 ORDER BY token"
    static let held = "SELECT token, trait FROM token_trait WHERE chain = ?1 AND contract = ?2 ORDER BY token, trait"
    /// Every trait with its type; the index holds both, without the texts.
    static let types = """
        SELECT t.id, t.type FROM trait_type y INDEXED BY trait_type_by_contract
        CROSS JOIN trait t INDEXED BY trait_by_type ON t.type = y.id
        WHERE y.chain = ?1 AND y.contract = ?2
        """
    /// Values of type ?1 from ?2 on, at most ?3.
    static let values = """
        SELECT id, value, kind FROM trait INDEXED BY trait_by_type WHERE type = ?1 AND id >= ?2 ORDER BY id LIMIT ?3
        """
    /// The types of a contract from number ?3 on.
    static let typesFrom = """
        SELECT id, name FROM trait_type INDEXED BY trait_type_by_contract
        WHERE chain = ?1 AND contract = ?2 AND id >= ?3 ORDER BY id
        """

    // MARK: Searching

    static let traitsNamed = """
        SELECT t.id FROM trait_type y CROSS JOIN trait t ON t.type = y.id AND t.value = ?4
        WHERE y.chain = ?1 AND y.contract = ?2 AND y.name = ?3
        """
    /// The first token from ?2 on with trait ?1.
    static let nextWithTrait = "SELECT token FROM token_trait WHERE trait = ?1 AND token >= ?2 ORDER BY token LIMIT 1"
    static let nextNamed = """
        SELECT token, name FROM token_name WHERE chain = ?1 AND contract = ?2 AND token >= ?3 ORDER BY token LIMIT 1
        """
    static let name = "SELECT name FROM token_name WHERE chain = ?1 AND contract = ?2 AND token = ?3"
    static let supply = "SELECT amount FROM supply WHERE chain = ?1 AND contract = ?2 AND token = ?3"

    // MARK: Writing

    static let traitsOfToken = """
        SELECT trait FROM token_trait WHERE chain = ?1 AND contract = ?2 AND token = ?3 ORDER BY trait
        """
    /// The traits in a document's attributes ?1, at most ?2 of them; see migration 13.
    static let given = """
        SELECT DISTINCT ifnull(CAST(json_extract(e.value, '$.trait_type') AS TEXT), ''),
          CASE json_type(e.value, '$.value')
            WHEN 'text' THEN json_extract(e.value, '$.value') ELSE e.value -> '$.value' END,
          CASE json_type(e.value, '$.value')
            WHEN 'text' THEN 0 WHEN 'true' THEN 2 WHEN 'false' THEN 2 ELSE 1 END
        FROM json_each(CASE WHEN json_valid(?1) THEN ?1 ELSE '[]' END) e
        WHERE typeof(e.key) = 'integer' AND e.key < ?2 AND CASE e.type WHEN 'object' THEN
          json_type(e.value, '$.value') IN ('text', 'integer', 'real', 'true', 'false') ELSE 0 END
        """
    static let typeNamed = "SELECT id FROM trait_type WHERE chain = ?1 AND contract = ?2 AND name = ?3"
    static let traitValued = "SELECT id FROM trait WHERE type = ?1 AND value = ?2 AND kind = ?3"

    /// Those that read, by name, for the test of their plans.
    static let all: [(name: String, sql: String)] = [
        ("version", version), ("sizes", sizes), ("owners", owners), ("supplies", supplies), ("names", names),
        ("held", held), ("types", types), ("values", values), ("typesFrom", typesFrom), ("traitsNamed", traitsNamed),
        ("nextWithTrait", nextWithTrait), ("nextNamed", nextNamed), ("name", name), ("supply", supply),
        ("traitsOfToken", traitsOfToken), ("typeNamed", typeNamed), ("traitValued", traitValued),
    ]
}
