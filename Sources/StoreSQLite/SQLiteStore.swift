package import Ethereum
import Foundation
import GRDB
package import Tokens

typealias Data_ = Foundation.Data

/// The store in one SQLite file, with a write-ahead log: one writer, readers that never wait for it.
///
/// The core is synchronous (``SQLiteStore/applying(_:to:)`` and the like) so that a seeded executor can run it; the
/// ``Ledger`` conformance is the rim that moves it off the cooperative threads.
package final class SQLiteStore: Sendable {
    let pool: DatabasePool
    private let writer: WriterState
    private let rim: Rim

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
    private static let hashesKept: UInt64 = 2_048
    /// How long a writer waits for another process's transaction.
    private static let busySeconds = 10.0

    /// Opens or makes the database and brings its schema up to date.
    ///
    /// - Throws: ``StoreError`` where an operator can do something, else what SQLite says.
    package init(path: String, rim: Rim = .queued) throws {
        self.rim = rim
        try Self.prepareFile(path)
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
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) {
                throw StoreError.newer(path)
            }
            try migrator.migrate(pool)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
        writer = WriterState()
    }

    /// Makes the file with mode 0600, because endpoint URLs with keys may be kept in it, and refuses what is not a file.
    private static func prepareFile(_ path: String) throws {
        if let attributes = try? FileManager.default.attributesOfItem(atPath: path) {
            let type = attributes[.type] as? FileAttributeType
            if type == .typeDirectory { throw StoreError.notAFile(path) }
            return
        }
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600 as NSNumber]
            )
        else { throw StoreError.cannotCreate(path) }
    }

    /// The kept statements of the writing connection.
    ///
    /// Unchecked: `statements` is touched only inside `pool.write…` closures, which GRDB runs one at a time.
    private final class WriterState: @unchecked Sendable {
        private var statements: LedgerStatements?

        func statements(_ db: Database) throws -> LedgerStatements {
            if let statements { return statements }
            let made = try LedgerStatements(db)
            statements = made
            return made
        }

        func release() { statements = nil }

        /// After a rollback, numbers given to new addresses were never stored.
        func forget() { statements?.addresses.forget() }
    }

    // MARK: The synchronous core

    package func opening(_ request: ChainRequest, holder: ID128) throws -> ChainState {
        try pool.write { db in
            let row = try row(for: request, holder: holder, db)
            for eventSet in request.eventSets {
                try db.execute(
                    sql: "INSERT INTO event_set(chain, event_set) VALUES(?, ?) ON CONFLICT DO NOTHING",
                    arguments: [row.id, eventSet.rawValue]
                )
            }
            try makeScopes(for: request, chain: row.id, db)
            try refreshCheckpoint(of: row.id, chainID: request.identity.chainID, db)
            guard let opened = try ChainTable.row(of: request.identity.chainID, db) else {
                throw StoreError.unknownChain(request.identity.chainID)
            }
            return try ChainTable.state(of: opened, db)
        }
    }

    private func row(for request: ChainRequest, holder: ID128, _ db: Database) throws -> ChainTable.Row {
        let identity = request.identity
        if let row = try ChainTable.row(of: identity.chainID, db) {
            guard row.identity == identity else {
                throw LedgerError.otherChain(stored: row.identity, found: identity)
            }
            try db.execute(
                sql:
                    "UPDATE chain SET revision = revision + 1, commit_id = ?, epoch = epoch + 1, holder = ? WHERE id = ?",
                arguments: [ChainTable.bytes(holder), ChainTable.bytes(holder), row.id]
            )
            return row
        }
        try db.execute(
            sql: """
                INSERT INTO chain(chain_id, genesis, revision, commit_id, epoch, holder) VALUES(?, ?, 1, ?, 1, ?)
                """,
            arguments: [
                String(identity.chainID), Blob.data(identity.genesis.bytes), ChainTable.bytes(holder),
                ChainTable.bytes(holder),
            ]
        )
        guard let row = try ChainTable.row(of: identity.chainID, db) else {
            throw StoreError.unknownChain(identity.chainID)
        }
        return row
    }

    private func makeScopes(for request: ChainRequest, chain: Int64, _ db: Database) throws {
        let held = try ChainTable.scopes(of: chain, db)
        if request.contracts.isEmpty {
            // Without a contract named, what the database follows goes on; a new one follows the whole chain.
            if held.isEmpty { try makeScope(nil, chain: chain, first: request.firstBlock, db) }
            return
        }
        for contract in request.contracts where !held.contains(where: { $0.contract == contract && $0.isActive }) {
            let id = try writer.statements(db).addresses.id(of: contract, db)
            try makeScope(id, chain: chain, first: request.firstBlock, db)
        }
    }

    private func makeScope(_ contract: AddressID?, chain: Int64, first: BlockNumber?, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO scope(chain, contract, first_block, active) VALUES(?, ?, ?, 1)
                ON CONFLICT DO UPDATE SET active = 1
                """,
            arguments: [chain, contract, Int64(bitPattern: first ?? 0)]
        )
    }

    private func refreshCheckpoint(of chain: Int64, chainID: ChainID, _ db: Database) throws {
        guard let row = try ChainTable.row(of: chainID, db) else { return }
        let state = try ChainTable.state(of: row, db)
        try db.execute(
            sql: "UPDATE chain SET checkpoint = ? WHERE id = ?",
            arguments: [state.checkpoint.map { Int64(bitPattern: $0) }, chain]
        )
    }

    package func reading(_ chain: ChainID) throws -> ChainState {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            return try ChainTable.state(of: row, db)
        }
    }

    package func applying(_ update: ChainUpdate, to chain: ChainID) throws -> Committed {
        do {
            return try pool.writeWithoutTransaction { db in
                let bulk = try !Schema.isIndexed(db)
                try db.execute(sql: "PRAGMA synchronous = \(bulk ? "NORMAL" : "FULL")")
                var committed: Committed?
                try db.inTransaction(.immediate) {
                    committed = try apply(update, to: chain, db)
                    return .commit
                }
                guard let committed else { throw StoreError.unknownChain(chain) }
                return committed
            }
        } catch {
            // Whatever failed, the transaction was rolled back; the book may know numbers that went with it.
            pool.writeWithoutTransaction { _ in writer.forget() }
            throw error
        }
    }

    private func apply(_ update: ChainUpdate, to chain: ChainID, _ db: Database) throws -> Committed {
        guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
        var version = update.base
        version.revision += 1
        version.commitID = update.commitID
        try db.execute(
            sql: """
                UPDATE chain SET revision = ?, commit_id = ?
                WHERE id = ? AND revision = ? AND commit_id = ? AND epoch = ? AND holder = ?
                """,
            arguments: [
                Int64(bitPattern: version.revision), ChainTable.bytes(version.commitID), row.id,
                Int64(bitPattern: update.base.revision), ChainTable.bytes(update.base.commitID),
                Int64(bitPattern: update.base.epoch), ChainTable.bytes(update.base.holder),
            ]
        )
        guard db.changesCount == 1 else { throw LedgerError.stale(current: row.version) }

        var transaction = LedgerTransaction(
            db,
            chain: row.id,
            statements: try writer.statements(db),
            seed: update.commitID.low
        )
        var coverage = try ChainTable.coverage(of: row.id, db)
        var changed: Set<CoverageKey> = []
        if let keep = update.rewindTo {
            try transaction.rewind(above: keep, number: row.rewinds + 1)
            try noteRewind(to: keep, of: row, transaction, coverage, version: version, db)
            for key in coverage.keys {
                coverage[key]?.cut(above: keep)
                changed.insert(key)
            }
        }
        try transaction.insert(update.rows)
        for block in update.blocks { try transaction.insert(block) }
        try transaction.writeHoldings()
        for covered in update.covered {
            coverage[covered.key, default: Coverage()].insert(covered.range, evidence: covered.evidence)
            changed.insert(covered.key)
        }
        for key in changed.sorted() { try ChainTable.write(coverage[key] ?? Coverage(), for: key, db) }
        let checkpoint = try finish(update, row, transaction, coverage, db)
        return Committed(
            version: version,
            inserted: transaction.inserted,
            repeated: transaction.repeated,
            undone: transaction.undone,
            checkpoint: checkpoint
        )
    }

    private func noteRewind(
        to keep: BlockNumber,
        of row: ChainTable.Row,
        _ transaction: LedgerTransaction,
        _ coverage: [CoverageKey: Coverage],
        version: ChainVersion,
        _ db: Database
    ) throws {
        if let finalized = row.finalized, keep < finalized {
            throw LedgerError.tooDeep("block \(keep) is below the final block \(finalized)")
        }
        let kept = coverage.sorted { $0.key < $1.key }.flatMap { key, coverage in
            coverage.ranges.map {
                "\(key.scope) \(key.eventSet.rawValue) \($0.range.lowerBound) \($0.range.upperBound) "
                    + "\($0.evidence.rawValue)"
            }
        }
        try db.execute(
            sql: """
                INSERT INTO rewind(chain, number, revision, to_block, old_tip_number, old_tip_hash, rows, coverage)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                row.id, Int64(bitPattern: row.rewinds + 1), Int64(bitPattern: version.revision),
                Int64(bitPattern: keep), row.tip.map { Int64(bitPattern: $0.number) },
                row.tip.map { Blob.data($0.hash.bytes) }, transaction.undone, kept.joined(separator: "\n"),
            ]
        )
    }

    /// Writes the chain's row: tip, finality, counters, and the checkpoint that follows from the coverage.
    private func finish(
        _ update: ChainUpdate,
        _ row: ChainTable.Row,
        _ transaction: LedgerTransaction,
        _ coverage: [CoverageKey: Coverage],
        _ db: Database
    ) throws -> BlockNumber? {
        let tip = update.tip ?? row.tip
        let finalized = [update.finalized, row.finalized].compactMap(\.self).max()
        let checkpoint = try tip.flatMap { tip in
            ChainState.checkpoint(
                tip: tip.number,
                scopes: try ChainTable.scopes(of: row.id, db),
                eventSets: try ChainTable.eventSets(of: row.id, db),
                coverage: coverage
            )
        }
        try db.execute(
            sql: """
                UPDATE chain SET tip_number = ?, tip_hash = ?, finalized = ?, checkpoint = ?, rewinds = rewinds + ?,
                  transfers_processed = transfers_processed + ?, tokens_discovered = tokens_discovered + ?,
                  error_count = error_count + ?
                WHERE id = ?
                """,
            arguments: [
                tip.map { Int64(bitPattern: $0.number) }, tip.map { Blob.data($0.hash.bytes) },
                finalized.map { Int64(bitPattern: $0) }, checkpoint.map { Int64(bitPattern: $0) },
                update.rewindTo == nil ? 0 : 1, transaction.transfersProcessed, transaction.tokensDiscovered,
                transaction.errorCount, row.id,
            ]
        )
        try pruneHashes(below: update.tip, of: row, db)
        if transaction.inserted > 0 || transaction.undone > 0 {
            let blocks = update.rows.blocks
            try db.execute(
                sql: """
                    INSERT INTO outbox(chain, revision, rewound_to, first_block, last_block, rows)
                    VALUES(?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    row.id, Int64(bitPattern: update.base.revision + 1),
                    update.rewindTo.map { Int64(bitPattern: $0) },
                    blocks.map(\.number).min().map { Int64(bitPattern: $0) },
                    blocks.map(\.number).max().map { Int64(bitPattern: $0) }, transaction.inserted,
                ]
            )
        }
        return checkpoint
    }

    /// Hashes that only served the window go once no rewind by itself reaches them; one in 256 stays for ever.
    private func pruneHashes(below tip: BlockRef?, of row: ChainTable.Row, _ db: Database) throws {
        guard let tip, tip.number > Self.hashesKept else { return }
        let last = tip.number - Self.hashesKept
        let pruned = row.tip.map { $0.number > Self.hashesKept ? $0.number - Self.hashesKept : 0 } ?? 0
        guard pruned < last else { return }
        try db.execute(
            sql: "DELETE FROM block WHERE chain = ? AND number > ? AND number <= ? AND role = 0 AND number % 256 <> 0",
            arguments: [row.id, Int64(bitPattern: pruned), Int64(bitPattern: last)]
        )
    }

    package func buildingIndexes() throws {
        for index in Schema.secondaryIndexes {
            try pool.writeWithoutTransaction { db in try db.execute(sql: index.sql) }
        }
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
            return try work()
        case .queued:
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
            }
        }
    }
}

extension SQLiteStore: Ledger {
    package func open(_ request: ChainRequest, holder: ID128) async throws -> ChainState {
        try await run { try self.opening(request, holder: holder) }
    }

    package func state(of chain: ChainID) async throws -> ChainState {
        try await run { try self.reading(chain) }
    }

    package func apply(_ update: ChainUpdate, to chain: ChainID) async throws -> Committed {
        try await run { try self.applying(update, to: chain) }
    }

    package func buildIndexes() async throws {
        try await run { try self.buildingIndexes() }
    }
}
