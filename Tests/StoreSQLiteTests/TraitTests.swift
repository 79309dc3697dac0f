/// Traits of tokens beside their documents: what is kept, counted and ranked.
import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct TraitTests {
    private static let one = TestLedger.address(1)
    private static let many = TestLedger.address(2)
    private static let wallet = TestLedger.address(9)

    /// Tokens 1…count of one contract, held, and 99, burned; token 3 of another, counted, and 4, of which nothing is left.
    private static func ledger(_ count: UInt64 = 4) throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(5)
        for token in 1...count { ledger.move(U256(token), of: one, to: wallet) }
        ledger.move(U256(99), of: one, to: wallet)
        for token in [3, 4] as [UInt64] { ledger.move(U256(token), of: many, to: wallet, amount: U256(2)) }
        try ledger.commit()
        return ledger
    }

    private static func burn(_ ledger: TestLedger) throws {
        ledger.at(6)
        ledger.move(U256(99), of: one, from: wallet, to: .zero)
        ledger.move(U256(4), of: many, from: wallet, to: .zero, amount: U256(2))
        try ledger.commit()
    }

    private static let documents: [UInt64: MetadataFields] = [
        1: .named("One", [("Hat", "Red"), ("Eyes", "Blue")]), 2: .named("Two", [("Hat", "Red")]),
        3: .named(nil, [("Hat", "Gold"), ("Eyes", "Blue")]), 99: .named("Gone", [("Hat", "Green")]),
    ]

    /// The traits as `Type=Value:count`, strings in quotes.
    private static func traits(_ ledger: TestLedger, of contract: Address = one) throws -> [String] {
        try ledger.store.traits(of: contract, on: 321, PageRequest(position: nil, limit: 1_000)).items.map(text)
    }

    private static func text(_ trait: TraitCount) -> String {
        let value = trait.value.kind == .string ? "'\(trait.value.text)'" : trait.value.text
        return "\(trait.type)=\(value):\(trait.count)"
    }

    private static func ranking(_ ledger: TestLedger, of contract: Address = one) throws -> [[Int]] {
        try ledger.store.ranking(of: contract, on: 321, PageRequest(position: nil, limit: 1_000)).items
            .map { [Int($0.token.uint64 ?? 0), $0.rank] }
    }

    /// What a database holds of traits, without the numbers that rows happen to have.
    static func rows(_ ledger: TestLedger) throws -> [String] {
        try ledger.store.pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT 'trait ' || hex(k.token) || ' ' || y.name || '=' || t.value || ' ' || t.kind
                    FROM token_trait k JOIN trait t ON t.id = k.trait JOIN trait_type y ON y.id = t.type
                      AND y.chain = k.chain AND y.contract = k.contract
                    UNION ALL SELECT 'name ' || hex(token) || ' ' || ifnull(name, 'NULL') FROM token_name
                    UNION ALL SELECT 'counts ' || (SELECT count(*) FROM token_trait) || ' '
                      || (SELECT count(*) FROM trait) || ' ' || (SELECT count(*) FROM trait_type)
                    ORDER BY 1
                    """
            )
        }
    }

    // MARK: Counting

    @Test func `held tokens with a document count, burned ones and those without do not`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        try await ledger.tell(
            [3: .named("Three", [("A", "x")]), 4: .named("Four", [("A", "x")])],
            of: Self.many,
            at: 11
        )
        #expect(try Self.traits(ledger).sorted() == ["Eyes='Blue':2", "Hat='Gold':1", "Hat='Green':1", "Hat='Red':2"])
        #expect(try Self.traits(ledger, of: Self.many) == ["A='x':2"])
        try Self.burn(ledger)
        #expect(try Self.traits(ledger) == ["Hat='Red':2", "Hat='Gold':1", "Eyes='Blue':2"])
        #expect(try Self.traits(ledger, of: Self.many) == ["A='x':1"])
        let page = try ledger.store.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 1))
        #expect(page.tally?.tokens == 3 && page.tally?.unknown == 1)
        #expect(try ledger.store.rarity(of: TokenID(contract: Self.one, token: U256(99)), on: 321).items.isEmpty)
        #expect(try ledger.store.rarity(of: TokenID(contract: Self.one, token: U256(4)), on: 321).items.isEmpty)
        #expect(try ledger.store.rarity(of: TokenID(contract: Self.one, token: .one), on: 321).items.map(\.rank) == [3])
    }

    @Test func `values of another kind are other values, and a nameless property has the empty type`() async throws {
        let ledger = try Self.ledger()
        let odd = """
            [{"trait_type":"Level","value":5},{"trait_type":"Level","value":"5"},{"trait_type":"Level","value":5.0},
            {"trait_type":"Level","value":1e400},{"trait_type":"Level","value":123456789012345678901234567890},
            {"value":"loose"},{"trait_type":"","value":true},{"trait_type":"Level","value":5},
            {"trait_type":"Nothing","value":null},{"trait_type":"No value"},{"trait_type":"Q\\"\\u00e9\\ud83d\\ude00","value":"\\\\"}]
            """
        try await ledger.tell([1: MetadataFields(name: "x", attributes: odd)], of: Self.one, at: 10)
        #expect(
            try Self.traits(ledger) == [
                "Level=5:1", "Level='5':1", "Level=5.0:1", "Level=1e400:1",
                "Level=123456789012345678901234567890:1", "='loose':1", "=true:1", "Q\"é😀='\\':1",
            ]
        )
    }

    @Test(arguments: [
        "", "nonsense", "{", "[1,\"a\",null,[],{}]", "7", "null", "{\"trait_type\":\"A\",\"value\":\"b\"}",
    ])
    func `attributes that are none have no traits, and the document is kept all the same`(text: String) async throws {
        let ledger = try Self.ledger()
        try await ledger.tell([1: MetadataFields(name: "x", attributes: text)], of: Self.one, at: 10)
        #expect(try Self.traits(ledger).isEmpty)
        #expect(try ledger.store.metadata(of: TokenID(contract: Self.one, token: .one), on: 321)?.fields?.name == "x")
        #expect(try Self.ranking(ledger) == [[1, 1]])
    }

    @Test func `no more than a thousand traits of one token are kept`() async throws {
        let ledger = try Self.ledger()
        let fields = MetadataFields.named("x", (0..<10_000).map { ("T\($0)", "v") })
        try await ledger.tell([1: fields], of: Self.one, at: 10)
        #expect(try Self.rows(ledger).contains("counts 1000 1000 1000"))
    }

    @Test func `an id that a range burned does not count, one that a range gave back does`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        ledger.at(6)
        ledger.moveRange(U256(1)...U256(2), of: Self.one, from: Self.wallet, to: .zero)
        ledger.move(U256(3), of: Self.one, from: Self.wallet, to: .zero)
        ledger.moveRange(U256(3)...U256(3), of: Self.one, to: Self.wallet)
        try ledger.commit()
        #expect(try Self.traits(ledger).sorted() == ["Eyes='Blue':1", "Hat='Gold':1", "Hat='Green':1"])
        #expect(try Self.ranking(ledger).map { $0[0] }.sorted() == [3, 99])
    }

    @Test func `an id of both ledgers is one token`() async throws {
        let ledger = try Self.ledger()
        ledger.at(6)
        ledger.move(U256(1), of: Self.one, to: Self.wallet, amount: U256(5))
        try ledger.commit()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        ledger.at(7)
        ledger.move(U256(1), of: Self.one, from: Self.wallet, to: .zero)
        try ledger.commit()
        #expect(try Self.traits(ledger).contains("Hat='Red':2"))
        #expect(try Self.ranking(ledger).count == 4)
    }

    // MARK: Keeping

    @Test func `a newer document replaces what the older one said, and nothing of it is left`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell([1: .named("A", [("Hat", "Red"), ("Eyes", "Blue")])], of: Self.one, at: 10)
        try await ledger.tell([1: .named("B", [("Hat", "Gold"), ("Mouth", "Open")])], of: Self.one, at: 11)
        #expect(
            try Self.rows(ledger) == [
                "counts 2 2 2", "name 0101 B", "trait 0101 Hat=Gold 0", "trait 0101 Mouth=Open 0",
            ]
        )
        try await ledger.tell([1: .named(nil)], of: Self.one, at: 12)
        #expect(try Self.rows(ledger) == ["counts 0 0 0", "name 0101 NULL"])
    }

    @Test func `nothing is written when a document says the same again`() async throws {
        let ledger = try Self.ledger()
        func revision() throws -> Int64? {
            try ledger.store.pool.read { try Int64.fetchOne($0, sql: "SELECT revision FROM trait_revision") }
        }
        try await ledger.tell([1: .named("A", [("Hat", "Red")])], of: Self.one, at: 10)
        let (before, rows) = (try revision(), try Self.rows(ledger))
        try await ledger.tell([1: .named("A", [("Hat", "Red")])], of: Self.one, at: 11)
        // Another description changes the row of the token, and not its traits.
        var fields = MetadataFields.named("A", [("Hat", "Red")])
        fields.description = "told"
        try await ledger.tell([1: fields], of: Self.one, at: 12)
        #expect(try revision() == before)
        #expect(try Self.rows(ledger) == rows)
        try await ledger.tell([1: .named("B", [("Hat", "Red")])], of: Self.one, at: 13)
        #expect(try revision() == before.map { $0 + 1 })
    }

    @Test func `a database from before gets the rows that it would have been given`() async throws {
        let ledger = try Self.ledger()
        var documents = Self.documents
        documents[4] = MetadataFields(
            name: "é",
            attributes: """
                [{"trait_type":"Hat","value":5},{"trait_type":"Hat","value":"5"},{"value":"a"},{"value":"a"},{"value":null},
                {"trait_type":"Hat","value":false},{"trait_type":"Big","value":1e400},7]
                """
        )
        documents[2] = .named("long", (0..<1_100).map { ("T\($0)", "v") })
        try await ledger.tell(documents, of: Self.one, at: 10)
        try await ledger.tell([3: .named("Three", [("Hat", "Red")])], of: Self.many, at: 11)
        let rows = try Self.rows(ledger)
        #expect(rows.count > 1_010)
        try await ledger.store.pool.write { db in
            for table in ["trait_type", "trait", "token_name", "token_trait", "trait_revision"] {
                try db.execute(sql: "DROP TABLE \(table)")
            }
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '13 traits'")
        }
        let again = try SQLiteStore(path: ledger.path)
        defer { try? again.close() }
        #expect(try Self.rows(ledger) == rows)
        #expect(try again.traits(of: Self.many, on: 321, PageRequest(position: nil, limit: 9)).items.count == 1)
    }

    // MARK: Ranks never lag

    @Test func `ranks follow burns, documents, rewinds and what another process writes at once`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        let before = try Self.ranking(ledger)
        #expect(before == [[3, 1], [99, 1], [1, 3], [2, 3]])
        try Self.burn(ledger)
        #expect(try Self.ranking(ledger) == [[2, 1], [3, 1], [1, 3]])
        try ledger.rewind(to: 5)
        #expect(try Self.ranking(ledger) == before)
        let other = try SQLiteStore(path: ledger.path)
        defer { try? other.close() }
        #expect(try other.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 9)).items.count == 4)
        try await ledger.tell([4: .named("Four", [("Hat", "Red")])], of: Self.one, at: 11)
        #expect(try other.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 9)).items.count == 5)
    }

    @Test func `an unchanged collection is counted once, also when others change`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        let first = try ledger.store.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 9))
        ledger.at(6)
        ledger.move(U256(4), of: Self.many, from: Self.wallet, to: .zero, amount: U256(2))
        try ledger.commit()
        let second = try ledger.store.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 9))
        #expect(second.standing.revision == first.standing.revision)
        #expect(second.standing.block == 6)
        ledger.at(7)
        ledger.move(U256(1), of: Self.one, from: Self.wallet, to: Self.many)
        try ledger.commit()
        let third = try ledger.store.ranking(of: Self.one, on: 321, PageRequest(position: nil, limit: 9))
        #expect(third.standing.revision != first.standing.revision)
    }

    @Test func `a collection beyond the bounds is refused in words, one at the bounds is not`() async throws {
        let ledger = try Self.ledger()
        try await ledger.tell(Self.documents, of: Self.one, at: 10)
        func count(_ limits: CensusLimits) throws -> Int {
            try ledger.store.list(321) { reading in
                let id = try #require(try reading.id(of: Self.one))
                return try CensusReader(reading, id, limits: limits).counted().census.supply
            }
        }
        #expect(try count(CensusLimits(tokensMax: 5, traitsMax: 6)) == 4)
        for limits in [CensusLimits(tokensMax: 4, traitsMax: 6), CensusLimits(tokensMax: 5, traitsMax: 5)] {
            #expect {
                try count(limits)
            } throws: { error in
                if case ListingError.tooMuchHistory = error { true } else { false }
            }
        }
    }

    @Test func `the cache keeps the newest count of a collection, and no more than its bound`() {
        let cache = CensusCache()
        func key(_ contract: Int64, _ traits: Int64) -> CensusCache.Key {
            CensusCache.Key(chain: 1, contract: contract, transfers: 1, digest: [1, 2], traits: traits)
        }
        let counted = CensusCache.Counted(census: TraitCensus.Builder().census(), unknown: 0)
        cache.keep(counted, as: key(1, 1))
        cache.keep(counted, as: key(1, 2))
        #expect(cache.counted(key(1, 1)) == nil)
        #expect(cache.counted(key(1, 2)) != nil)
        for contract in 2...Int64(CensusCache.entriesMax) { cache.keep(counted, as: key(contract, 1)) }
        // Used, it is not the oldest any more.
        #expect(cache.counted(key(1, 2)) != nil)
        cache.keep(counted, as: key(1_000, 1))
        #expect(cache.counted(key(1, 2)) != nil)
        #expect(cache.counted(key(2, 1)) == nil)
    }

    // MARK: Statements

    @Test(arguments: TraitSQL.all.map(\.name))
    func `no statement about traits scans a table or sorts`(name: String) throws {
        let ledger = try Self.ledger()
        let sql = try #require(TraitSQL.all.first { $0.name == name }?.sql)
        let count = (1...9).last { sql.contains("?\($0)") } ?? 0
        let plan = try ledger.store.pool.read { db in
            try Row.fetchAll(
                db,
                sql: "EXPLAIN QUERY PLAN " + sql,
                arguments: StatementArguments(Array(repeating: 0, count: count))
            ).map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        for step in plan {
            let isScan = step.hasPrefix("SCAN") && !step.contains("CONSTANT ROW") && !step.contains("(subquery")
            #expect(!isScan && !step.contains("TEMP B-TREE") && !step.contains("AUTOMATIC"), "\(name): \(plan)")
        }
    }
}
