package import Ethereum
import GRDB

/// The endpoints last used for a chain, so that commands need not be told again. URLs carry keys: the file is mode 0600.
extension SQLiteStore {
    package func endpoints(of chain: ChainID) throws -> [String] {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { return [] }
            return try String.fetchAll(
                db,
                sql: "SELECT url FROM endpoint WHERE chain = ? ORDER BY position",
                arguments: [row.id]
            )
        }
    }

    package func keepEndpoints(_ urls: [String], of chain: ChainID) throws {
        guard try endpoints(of: chain) != urls else { return }
        try pool.write { db in
            guard let row = try ChainTable.row(of: chain, db) else { return }
            try db.execute(sql: "DELETE FROM endpoint WHERE chain = ?", arguments: [row.id])
            for (position, url) in urls.enumerated() {
                try db.execute(
                    sql: "INSERT INTO endpoint(chain, position, url) VALUES(?, ?, ?)",
                    arguments: [row.id, position, url]
                )
            }
        }
    }
}
