import Ethereum
import GRDB
import Tokens

/// The names and traits of one contract's tokens, kept equal to their documents.
///
/// In the transaction that writes the document; nothing is written when nothing changed.
struct TraitRows {
    let reading: ListReading
    let contract: AddressID

    /// Traits of one token; documents are cut there when they are read already.
    static let traitsMax = 1_000

    init(_ reading: ListReading, _ contract: AddressID) {
        self.reading = reading
        self.contract = contract
    }

    /// Takes what a token's last good document says; nil: there is none.
    func put(_ fields: MetadataFields?, of token: U256) throws {
        let place: StatementArguments = [reading.chain, contract, ListReading.key(token)]
        let before = try held(place)
        let after = try fields.map { try given($0.attributes) } ?? []
        let known = try reading.first(TraitSQL.name, place)
        let isSameName = fields == nil ? known == nil : known.map { $0[0] as String? == fields?.name } ?? false
        guard !isSameName || before != after else { return }
        if let fields {
            try run(
                """
                INSERT INTO token_name(chain, contract, token, name) VALUES(?1, ?2, ?3, ?4)
                ON CONFLICT(chain, contract, token) DO UPDATE SET name = excluded.name
                """,
                place + [fields.name]
            )
        } else {
            try run("DELETE FROM token_name WHERE chain = ?1 AND contract = ?2 AND token = ?3", place)
        }
        for trait in after.subtracting(before) {
            try run("INSERT INTO token_trait(chain, contract, token, trait) VALUES(?1, ?2, ?3, ?4)", place + [trait])
        }
        for trait in before.subtracting(after) {
            try run(
                "DELETE FROM token_trait WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND trait = ?4",
                place + [trait]
            )
            try forget(trait)
        }
        try run(
            """
            INSERT INTO trait_revision(chain, contract, revision) VALUES(?1, ?2, 1)
            ON CONFLICT(chain, contract) DO UPDATE SET revision = revision + 1
            """,
            [reading.chain, contract]
        )
    }

    private func held(_ place: StatementArguments) throws -> Set<Int64> {
        var out: Set<Int64> = []
        let rows = try reading.rows(TraitSQL.traitsOfToken, place)
        while let row = try rows.next() { out.insert(row[0]) }
        return out
    }

    /// The numbers of the traits in attributes; new ones get theirs.
    private func given(_ attributes: String) throws -> Set<Int64> {
        var texts: [(type: String, value: String, kind: Int64)] = []
        let rows = try reading.rows(TraitSQL.given, [attributes, Self.traitsMax])
        while let row = try rows.next() { texts.append((row[0], row[1], row[2])) }
        var out: Set<Int64> = []
        for text in texts {
            let type = try id(
                TraitSQL.typeNamed,
                "INSERT INTO trait_type(chain, contract, name) VALUES(?1, ?2, ?3)",
                [reading.chain, contract, text.type]
            )
            out.insert(
                try id(
                    TraitSQL.traitValued,
                    "INSERT INTO trait(type, value, kind) VALUES(?1, ?2, ?3)",
                    [type, text.value, text.kind]
                )
            )
        }
        return out
    }

    private func id(_ find: String, _ insert: String, _ values: StatementArguments) throws -> Int64 {
        if let row = try reading.first(find, values) { return row[0] }
        try run(insert, values)
        return reading.db.lastInsertedRowID
    }

    /// Drops a trait that no token has any more, and its type with its last value.
    private func forget(_ trait: Int64) throws {
        guard let type: Int64 = try reading.first("SELECT type FROM trait WHERE id = ?1", [trait])?[0] else { return }
        try run(
            "DELETE FROM trait WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM token_trait WHERE trait = ?1)",
            [trait]
        )
        try run(
            "DELETE FROM trait_type WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM trait WHERE type = ?1)",
            [type]
        )
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try reading.db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
