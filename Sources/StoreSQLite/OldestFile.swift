import GRDB

/// A database as the first release wrote it: what a migration is rehearsed on.
extension SQLiteStore {
    /// Makes a file of the oldest schema with the rows that `other`, of today's, has in common with it.
    package static func writeOldest(_ path: String, rowsOf other: String) throws {
        try makeFile(path)
        let pool = try DatabasePool(path: path)
        let migrator = Schema.migrator
        guard let first = migrator.migrations.first else { return }
        try migrator.migrate(pool, upTo: first)
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "ATTACH ? AS today", arguments: [other])
            try db.inTransaction {
                let tables = try String.fetchAll(
                    db,
                    sql: "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT GLOB 'grdb_*'"
                )
                for table in tables {
                    let columns = try String.fetchAll(
                        db,
                        sql: "SELECT '\"' || name || '\"' FROM pragma_table_info(?, 'main')",
                        arguments: [table]
                    ).joined(separator: ", ")
                    try db.execute(
                        sql: """
                            DELETE FROM main.\(table);
                            INSERT INTO main.\(table)(\(columns)) SELECT \(columns) FROM today.\(table);
                            """
                    )
                }
                for index in Schema.secondaryIndexes { try db.execute(sql: index.sql) }
                return .commit
            }
            try db.execute(sql: "DETACH today")
        }
        try pool.close()
    }
}
