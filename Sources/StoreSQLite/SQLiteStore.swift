package import Ethereum
import Foundation
import GRDB
import Glibc
package import Tokens

typealias Data_ = Foundation.Data

/// The store in one SQLite file, with a write-ahead log: one writer, readers that never wait for it.
///
/// The core is synchronous (``SQLiteStore/applying(_:to:)`` and the like) so that a seeded executor can run it; the
/// ``Ledger`` conformance is the rim that moves it off the cooperative threads.
package final class SQLiteStore: Sendable {
    let pool: DatabasePool
    /// Where the file lies.
    package var path: String { pool.path }
    let writer: WriterState
    /// Collections as they were counted last.
    let censuses = CensusCache()
    let lease: LeaseTerms
    private let rim: Rim
    /// Indexes that are to be built beside those that every database gets.
    let optionalIndexes: Set<OptionalIndex>

    /// Where blocking work runs.
    package enum Rim: Sendable {
        /// On queues of its own: for a program.
        case queued
        /// On the caller's thread: for a seeded executor, which must not be left.
        case inline
    }

    /// Pages of SQLite's cache, in KiB.
    private static let cacheKiB = 32_768
    /// Pages in the write-ahead log before it is copied back; large, because a backfill writes the same pages again.
    private static let walPagesMax = 20_000
    /// Blocks below the tip whose hashes are all kept.
    static let hashesKept: UInt64 = 2_048
    /// How long a writer waits for another process's transaction.
    private static let busySeconds = 10.0

    /// Opens or makes the database and brings its schema up to date.
    ///
    /// - Parameter optionalIndexes: while one of them is missing, the state says that indexes are to be built.
    /// - Throws: ``StoreError`` where an operator can do something, else what SQLite says.
    package init(
        path: String,
        rim: Rim = .queued,
        lease: LeaseTerms = .takeOver,
        optionalIndexes: Set<OptionalIndex> = []
    ) throws {
        try FileSystem.refuseNetwork(path)
        try Self.prepareFile(path)
        do {
            pool = try Schema.upToDate(path, Self.configuration())
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
        self.rim = rim
        self.lease = lease
        self.optionalIndexes = optionalIndexes
        writer = WriterState()
    }

    /// Opens an existing database for questions alone: nothing is made, migrated or written.
    ///
    /// - Throws: ``StoreError/older(_:)`` where an answer would need a migration first.
    package init(reading path: String) throws {
        var configuration = Self.configuration()
        configuration.readonly = true
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) { throw StoreError.newer(path) }
            guard try pool.read(migrator.hasCompletedMigrations) else { throw StoreError.older(path) }
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
        rim = .queued
        lease = .standard()
        optionalIndexes = []
        writer = WriterState()
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.busySeconds)
        configuration.label = "holdfast"
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA cache_size = -\(Self.cacheKiB);
                    PRAGMA temp_store = FILE;
                    """
            )
            if !db.configuration.readonly {
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.walPagesMax)")
            }
        }
        return configuration
    }

    private static func prepareFile(_ path: String) throws {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return try makeFile(path)
        }
        let type = attributes[.type] as? FileAttributeType
        if type == .typeDirectory { throw StoreError.notAFile(path) }
    }

    /// Makes the file with mode 0600, because endpoint URLs with keys may be kept in it.
    ///
    /// Only where there is none, in one step of the kernel: another process may be writing its first rows at this moment.
    static func makeFile(_ path: String) throws {
        // Unsafe: a C call on a string that outlives it.
        let descriptor = unsafe Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            _ = Glibc.close(descriptor)
        } else if errno != EEXIST {
            throw StoreError.cannotCreate(path)
        }
    }

    /// The kept statements of the writing connection.
    ///
    /// Unchecked: `statements` is touched only inside `pool.write…` closures, which GRDB runs one at a time.
    final class WriterState: @unchecked Sendable {
        private var statements: LedgerStatements?

        func statements(_ db: Database) throws -> LedgerStatements {
            if let statements { return statements }
            let made = try LedgerStatements(db)
            statements = made
            return made
        }

        func release() { statements = nil }

        /// After a rollback, numbers given to new addresses were never stored, and rows met count for nothing.
        func forget() {
            statements?.addresses.forget()
            _ = statements?.existing.take()
        }
    }

    // MARK: Indexes and the end

    package func buildingIndexes(of chain: ChainID, as version: ChainVersion) throws {
        try noting("building indexes", of: chain, as: version)
        for index in Schema.secondaryIndexes + optionalIndexes.flatMap(Schema.indexes) {
            try writing { db in
                try db.execute(sql: index.sql)
                try db.execute(
                    sql: """
                        UPDATE chain SET lease_boot = ?, lease_until = ?, lease_process = ?, lease_birth = ?
                        WHERE chain_id = ? AND epoch = ? AND holder = ?
                        """,
                    arguments: leaseArguments + [
                        String(chain), Int64(bitPattern: version.epoch), ChainTable.bytes(version.holder),
                    ]
                )
                guard db.changesCount == 1 else { throw try lost(chain, db) }
            }
        }
        try renewingLease(of: chain, as: version)
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            _ = try db.checkpoint(.passive)
        }
    }

    /// Ends all use of the database; the store cannot be used afterwards.
    package func close() throws {
        pool.writeWithoutTransaction { _ in writer.release() }
        try pool.close()
    }

    // MARK: The rim

    /// Runs blocking work where it may block.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        switch rim {
        case .inline:
            return try explaining(work)
        case .queued:
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try self.explaining(work) }) }
            }
        }
    }

    /// Says the database's errors in words that an operator can act on.
    func explaining<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as DatabaseError {
            throw StoreError(error, path: pool.path)
        }
    }

    /// One immediate transaction.
    ///
    /// Where it fails, what the writer remembers of it is forgotten before another may start.
    ///
    /// - Parameter prepare: runs on the connection before the transaction begins.
    func writing<Value>(
        prepare: (Database) throws -> Void = { _ in },
        _ body: (Database) throws -> Value
    ) throws -> Value {
        try pool.writeWithoutTransaction { db in
            do {
                try prepare(db)
                var value: Value?
                try db.inTransaction(.immediate) {
                    value = try body(db)
                    return .commit
                }
                if let value { return value }
                throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "a transaction ended without a result")
            } catch {
                writer.forget()
                return try explaining { throw error }
            }
        }
    }
}
