/// SQLite under the contract: its file is read by a connection of our own, never through the store.
import Ethereum
import Foundation
import GRDB
import StoreSQLite
import Synchronization
import Tokens

extension StoreEngine {
    static let sqlite = StoreEngine(testDescription: "SQLite") { directory in
        try SQLiteUnderTest(path: directory + "/ledger.db")
    }
}

final class SQLiteUnderTest: StoreUnderTest {
    let path: String
    let sqlite: SQLiteStore
    private let others = Mutex<[SQLiteStore]>([])

    init(path: String, rim: SQLiteStore.Rim = .queued) throws {
        self.path = path
        sqlite = try SQLiteStore(path: path, rim: rim)
    }

    var store: any Ledger & HoldingChecks { sqlite }

    func another() throws -> any Ledger & HoldingChecks {
        let store = try SQLiteStore(path: path)
        others.withLock { $0.append(store) }
        return store
    }

    func close() throws {
        for store in others.withLock({ $0 }) { try store.close() }
        try sqlite.close()
    }

    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func reading<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let value = try queue.read(body)
        try queue.close()
        return value
    }

    func counts(of chain: ChainID) throws -> RowCounts {
        try reading { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM chain WHERE chain_id = ?", arguments: ["\(chain)"])
            else { return RowCounts(transfers: 0, malformed: 0, tokens: 0, counters: []) }
            let id: Int64 = row["id"]
            func count(_ table: String) throws -> Int64 {
                try Int64.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE chain = ?", arguments: [id]) ?? -1
            }
            return RowCounts(
                transfers: try count("transfer") + count("token_range"),
                malformed: try count("malformed_log"),
                tokens: try count("owner") + count("supply"),
                counters: [row["transfers_processed"], row["tokens_discovered"], row["error_count"]]
            )
        }
    }

    private static let addressColumns: Set<String> = ["contract", "sender", "recipient", "operator"]
    private static let versionColumns: Set<String> = ["revision", "commit_id", "epoch", "holder", "rewinds"]

    private static func isBookkeeping(_ table: String) -> Bool {
        ["rewind", "outbox", "endpoint"].contains(table) || table.hasPrefix("orphaned_")
    }

    func dump(bookkeeping: Bool) throws -> [String] {
        try reading { db in
            let names = try String.fetchAll(
                db,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            let addresses = Dictionary(
                uniqueKeysWithValues: try Row.fetchAll(db, sql: "SELECT id, hex(bytes) AS text FROM address")
                    .map { (row: Row) -> (Int64, String) in (row["id"], row["text"]) }
            )
            var lines: [String] = []
            // Numbers of addresses differ with the order of commits and are never taken back: rows show the address.
            for table in names where table != "address" && !table.hasPrefix("grdb_") && !table.hasPrefix("sqlite_") {
                if !bookkeeping && Self.isBookkeeping(table) { continue }
                for row in try Row.fetchAll(db, sql: "SELECT * FROM \(table)") {
                    lines.append(Self.line(row, of: table, addresses, bookkeeping: bookkeeping))
                }
            }
            return lines.sorted()
        }
    }

    private static func line(_ row: Row, of table: String, _ addresses: [Int64: String], bookkeeping: Bool) -> String {
        var line = table
        for (column, value) in row {
            if !bookkeeping && table == "chain" && versionColumns.contains(column) { continue }
            let isAddress =
                addressColumns.contains(column) || (column == "owner" && ["owner", "balance"].contains(table))
            if isAddress, let id = Int64.fromDatabaseValue(value) {
                line += " \(column)=\(addresses[id] ?? "NOBODY")"
            } else {
                line += " \(column)=\(value)"
            }
        }
        return line
    }

    /// The supplies as the vectors write them.
    func supplies() throws -> [String] {
        try reading { db in
            try Row.fetchAll(
                db,
                sql:
                    "SELECT bytes, token, amount, movements FROM supply JOIN address ON id = contract ORDER BY bytes, token"
            ).map { row in
                let (contract, token, amount): (Data, Data, Data) = (row["bytes"], row["token"], row["amount"])
                let movements: Int64 = row["movements"]
                let number = U256(bytes: token.dropFirst()).map { $0.decimal } ?? "?"
                let sum = SignedSum(shortestBytes: amount).map { "\($0)" } ?? "?"
                return "\(contract.last ?? 0)#\(number) x\(sum) m\(movements)"
            }
        }
    }
}
