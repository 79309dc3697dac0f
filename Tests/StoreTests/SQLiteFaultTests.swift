/// What goes wrong with files and disks: one clear line, nothing half written, nothing lost.
import Ethereum
import Foundation
import GRDB
@testable import StoreSQLite
import Testing
import TokenFixtures
import Tokens

@Suite struct SQLiteFaultTests {
    private func expectRefused(
        _ path: String,
        _ expected: StoreError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: expected, sourceLocation: sourceLocation) { try SQLiteStore(path: path).close() }
        #expect(!expected.description.contains("\n"))
        #expect(expected.description.contains(path))
    }

    @Test func `a directory is no database`() async throws {
        try await withDirectory { directory in
            expectRefused(directory, .notAFile(directory))
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(files.isEmpty)
        }
    }

    @Test func `a file in a directory that does not exist cannot be made`() async throws {
        try await withDirectory { directory in
            expectRefused(directory + "/no/ledger.db", .cannotCreate(directory + "/no/ledger.db"))
        }
    }

    @Test func `a file that is no database is refused and left as it is`() async throws {
        try await withDirectory { directory in
            let path = directory + "/notes.txt"
            let text = Data(String(repeating: "these are somebody's notes\n", count: 100).utf8)
            try text.write(to: URL(fileURLWithPath: path))
            expectRefused(path, .notADatabase(path))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == text)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["notes.txt"])
        }
    }

    @Test func `a database of a newer release is refused and left as it is`() async throws {
        try await withDirectory { directory in
            let made = try SQLiteUnderTest(path: directory + "/ledger.db")
            var writer = try await Writer(made.store)
            try await writer.take([LogBlock(0, [Contract(20).moves(1, 0, to: 1)])])
            try made.tamper("INSERT INTO grdb_migrations(identifier) VALUES('99 the future')")
            let before = try made.dump(bookkeeping: true)
            expectRefused(made.path, .newer(made.path))
            #expect(try made.dump(bookkeeping: true) == before)
            try made.close()
        }
    }

    @Test func `a new database belongs to its owner alone`() async throws {
        try await withDirectory { directory in
            let path = directory + "/ledger.db"
            try SQLiteStore(path: path).close()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode == 0o600)
        }
    }

    @Test func `a full disk says so, nothing is half written, and later all goes on`() async throws {
        try await withDirectory { directory in
            let made = try SQLiteUnderTest(path: directory + "/ledger.db")
            var writer = try await Writer(made.store)
            var random = SplitMix64(seed: 9)
            let blocks = random.history(0...20)
            try await writer.take(blocks)
            let before = try made.dump(bookkeeping: true)
            try limitPages(of: made.sqlite, to: 1)
            var update = writer.update()
            let more = (0..<3_000).map { Contract(500 + UInt32($0 % 50)).moves(UInt64($0), 0, to: 600 + UInt32($0)) }
            update.add([LogBlock(21, more)], for: writer.state)
            let full = update
            await #expect(throws: StoreError.full(made.path)) { try await made.store.apply(full, to: 321) }
            #expect(try made.dump(bookkeeping: true) == before)
            #expect(try await made.store.state(of: 321) == writer.state)
            try limitPages(of: made.sqlite, to: 1_000_000)
            try await writer.take([LogBlock(21, more)])
            #expect(
                try Oracle(decode(blocks + [LogBlock(21, Array(more.prefix(200)))]))
                    .differences(from: export(made.store).lines.filter { !isLate($0) }) == []
            )
            #expect(try !made.dump(bookkeeping: true).contains { $0.contains("NOBODY") })
            try expectCounters(made)
            try made.close()
        }
    }

    /// Lines of tokens beyond the first 200 of the storm: asking the oracle about all would take long.
    private func isLate(_ line: HoldingLine) -> Bool {
        line.contract >= account(500) && line.token >= U256(200)
    }

    private func limitPages(of store: SQLiteStore, to count: Int) throws {
        try store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }

    // MARK: Failing in the middle

    /// Every table an update writes, and a row of it at which writing fails.
    static let middles: [(table: String, event: String)] = [
        ("chain", "UPDATE"), ("address", "INSERT"), ("transfer", "INSERT"), ("token_range", "INSERT"),
        ("malformed_log", "INSERT"), ("block", "INSERT"), ("owner", "INSERT"), ("owner", "UPDATE"),
        ("balance", "INSERT"), ("supply", "UPDATE"), ("contract", "UPDATE"), ("coverage", "INSERT"),
        ("outbox", "INSERT"), ("rewind", "INSERT"), ("orphaned_transfer", "INSERT"), ("transfer", "DELETE"),
    ]

    @Test(arguments: middles.indices)
    func `an update that fails in the middle leaves nothing behind`(index: Int) async throws {
        let (table, event) = Self.middles[index]
        try await withDirectory { directory in
            let made = try SQLiteUnderTest(path: directory + "/ledger.db")
            let nft = Contract(20)
            let items = Contract(30)
            func some(_ number: UInt64, branch: UInt64 = 0, _ owner: UInt32) -> LogBlock {
                let single = (0..<30).map { nft.moves(UInt64($0), 0, to: owner) }
                let counted = (0..<30).map { items.sends(U256(UInt64($0)), amount: .one, 0, to: owner) }
                let ranged = nft.movesRange(U256(number), through: U256(number + 9), 0, to: owner)
                return LogBlock(
                    number,
                    branch: branch,
                    single + counted + [ranged, items.sends(ids: [], amounts: [], 0, to: 1)]
                )
            }
            var writer = try await Writer(made.store)
            let blocks = [some(0, 40), some(1, 41)]
            try await writer.take(blocks)
            let before = try made.dump(bookkeeping: true)
            // Where many rows are written the twentieth fails; an AFTER trigger lets nineteen through.
            let rows = table == "transfer" || (table, event) == ("owner", "UPDATE") ? 20 : 1
            try made.tamper(
                """
                CREATE TABLE countdown(left INTEGER); INSERT INTO countdown VALUES(\(rows));
                CREATE TRIGGER middle AFTER \(event) ON \(table) BEGIN
                  UPDATE countdown SET left = left - 1;
                  SELECT RAISE(ABORT, 'no') FROM countdown WHERE left <= 0;
                END;
                """
            )
            let new = [some(1, branch: 1, 50), some(2, branch: 1, 51), LogBlock(3, [nft.moves(99, 0, to: 52)])]
            var update = writer.update()
            update.rewindTo = 0
            update.add(new, for: writer.state)
            update.tip = new.last?.ref
            let failing = update
            await #expect(throws: (any Error).self) { try await made.store.apply(failing, to: 321) }
            try made.tamper("DROP TRIGGER middle; DROP TABLE countdown")
            #expect(try made.dump(bookkeeping: true) == before)
            try await writer.take(new, rewindTo: 0)
            #expect(try Oracle(decode([blocks[0]] + new)).differences(from: export(made.store).lines) == [])
            #expect(try !made.dump(bookkeeping: false).contains { $0.contains("NOBODY") })
            try expectCounters(made)
            try made.close()
        }
    }

    /// Two chains share a database and its book of addresses: an update of one that fails must not leave numbers behind
    /// that the other one uses.
    @Test func `an update that fails beside another chain's leaves no address behind`() async throws {
        try await withDirectory { directory in
            let made = try SQLiteUnderTest(path: directory + "/ledger.db")
            let failing = try await Writer(made.store)
            var writer = try await Writer(made.store, .test(1))
            for round in 0..<UInt32(60) {
                var failed = failing
                var bad = failed.update()
                let logs = (0..<20).map { Contract(20).moves(UInt64($0), 0, to: 1_000 + round * 20 + UInt32($0)) }
                bad.add([LogBlock(0, logs)], for: failing.state)
                bad.blocks.append(BlockRecord(number: 0, hash: hash(666), timestamp: nil, role: []))
                let update = bad
                async let refused: Bool = {
                    do { _ = try await made.store.apply(update, to: 321) } catch { return true }
                    return false
                }()
                try await writer.take([LogBlock(UInt64(round), logs)])
                #expect(await refused)
            }
            let lost = try made.dump(bookkeeping: false).filter { $0.contains("NOBODY") }
            #expect(lost.isEmpty, "\(lost.count) rows name addresses that are not stored")
            try made.close()
        }
    }
}
