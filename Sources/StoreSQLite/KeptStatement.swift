import Ethereum
import GRDB
import GRDBSQLite

/// A prepared statement that is kept and driven through SQLite's C interface: the hot paths' three times over `execute`.
///
/// Used on the one connection that prepared it, from inside that connection's queue. Blobs are bound without a copy:
/// each parameter has a slot of scratch memory that outlives the step.
@safe final class KeptStatement {
    private let statement: Statement
    /// Unsafe: SQLite's handle; valid as long as `statement`, which this object owns.
    private let handle: SQLiteStatement
    /// Unsafe: raw scratch memory, ``slotBytes`` for each parameter, freed with this object.
    ///
    /// A slot is written before it is bound and not again before the step that reads it is over.
    private let scratch: UnsafeMutableRawPointer
    private static let slotBytes = 48

    init(_ db: Database, _ sql: String) throws {
        statement = try db.makeStatement(sql: sql)
        unsafe handle = statement.sqliteStatement
        let parameters = unsafe Int(sqlite3_bind_parameter_count(handle))
        unsafe scratch = UnsafeMutableRawPointer.allocate(byteCount: (parameters + 1) * Self.slotBytes, alignment: 16)
    }

    deinit { unsafe scratch.deallocate() }

    /// How SQLite would run it, step by step.
    func plan(_ db: Database) throws -> [String] {
        let count = unsafe Int(sqlite3_bind_parameter_count(handle))
        return try Row.fetchAll(
            db,
            sql: "EXPLAIN QUERY PLAN " + statement.sql,
            arguments: StatementArguments(Array(repeating: DatabaseValue.null, count: count))
        ).map { $0["detail"] }
    }

    // MARK: Binding; parameters count from 1

    func bind(_ index: Int32, _ value: Int64) {
        unsafe sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ index: Int32, _ value: UInt64) {
        unsafe sqlite3_bind_int64(handle, index, Int64(bitPattern: value))
    }

    func bind(_ index: Int32, _ value: UInt32) {
        unsafe sqlite3_bind_int64(handle, index, Int64(value))
    }

    func bind(_ index: Int32, _ value: UInt8) {
        unsafe sqlite3_bind_int64(handle, index, Int64(value))
    }

    func bindNull(_ index: Int32) {
        unsafe sqlite3_bind_null(handle, index)
    }

    func bind(_ index: Int32, text: String) {
        // The last argument (-1, SQLITE_TRANSIENT) makes SQLite copy the text.
        unsafe sqlite3_bind_text(handle, index, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
    }

    func bind(_ index: Int32, bytes: [UInt8]) {
        // Copied by SQLite (SQLITE_TRANSIENT): the array may go before the step. An empty one is an empty blob, not NULL.
        if bytes.isEmpty {
            unsafe sqlite3_bind_zeroblob(handle, index, 0)
        } else {
            unsafe sqlite3_bind_blob(
                handle,
                index,
                bytes,
                Int32(bytes.count),
                unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            )
        }
    }

    func bind(_ index: Int32, _ value: Hash32) {
        let slot = unsafe slot(index)
        unsafe store(value.w0, value.w1, value.w2, value.w3, at: slot)
        unsafe sqlite3_bind_blob(handle, index, slot, 32, nil)
    }

    func bind(_ index: Int32, _ value: Address) {
        let slot = unsafe slot(index)
        unsafe slot.storeBytes(of: value.high.bigEndian, as: UInt64.self)
        unsafe (slot + 8).storeBytes(of: value.middle.bigEndian, as: UInt64.self)
        unsafe (slot + 16).storeBytes(of: value.low.bigEndian, as: UInt32.self)
        unsafe sqlite3_bind_blob(handle, index, slot, 20, nil)
    }

    /// Binds a number as its shortest big-endian bytes: none for zero.
    func bind(_ index: Int32, shortest value: U256) {
        let slot = unsafe slot(index)
        let count = value.byteCount
        unsafe store(value.w0, value.w1, value.w2, value.w3, at: slot)
        unsafe sqlite3_bind_blob(handle, index, slot + (32 - count), Int32(count), nil)
    }

    /// Binds a number as an ordered key: how many bytes, then the shortest big-endian bytes.
    func bind(_ index: Int32, key value: U256) {
        let slot = unsafe slot(index) + 8
        let count = value.byteCount
        unsafe store(value.w0, value.w1, value.w2, value.w3, at: slot)
        let start = unsafe slot + (32 - count) - 1
        unsafe start.storeBytes(of: UInt8(count), as: UInt8.self)
        unsafe sqlite3_bind_blob(handle, index, start, Int32(count + 1), nil)
    }

    /// Binds a sum as its shortest two's-complement big-endian bytes: none for zero.
    func bind(_ index: Int32, _ value: SignedSum) {
        bind(index, bytes: value.shortestBytes)
    }

    func bind(_ index: Int32, _ value: ID128Columns) {
        let slot = unsafe slot(index)
        unsafe slot.storeBytes(of: value.high.bigEndian, as: UInt64.self)
        unsafe (slot + 8).storeBytes(of: value.low.bigEndian, as: UInt64.self)
        unsafe sqlite3_bind_blob(handle, index, slot, 16, nil)
    }

    struct ID128Columns {
        var high: UInt64
        var low: UInt64
    }

    @inline(__always)
    private func slot(_ index: Int32) -> UnsafeMutableRawPointer {
        unsafe scratch + Int(index) * Self.slotBytes
    }

    @inline(__always)
    private func store(_ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64, at slot: UnsafeMutableRawPointer) {
        unsafe slot.storeBytes(of: w0.bigEndian, as: UInt64.self)
        unsafe (slot + 8).storeBytes(of: w1.bigEndian, as: UInt64.self)
        unsafe (slot + 16).storeBytes(of: w2.bigEndian, as: UInt64.self)
        unsafe (slot + 24).storeBytes(of: w3.bigEndian, as: UInt64.self)
    }

    // MARK: Running

    /// Runs a statement that returns no rows; the number of rows it changed.
    @discardableResult
    func run(_ db: Database) throws -> Int {
        let code = unsafe sqlite3_step(handle)
        unsafe sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw Self.error(db, code) }
        return unsafe Int(sqlite3_changes(db.sqliteConnection))
    }

    /// Moves to the next row; false when there is none, and then the statement is ready for the next use.
    func step(_ db: Database) throws -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW:
            return true
        case SQLITE_DONE:
            unsafe sqlite3_reset(handle)
            return false
        case let code:
            unsafe sqlite3_reset(handle)
            throw Self.error(db, code)
        }
    }

    /// Ends reading before the last row.
    func reset() { unsafe sqlite3_reset(handle) }

    private static func error(_ db: Database, _ code: Int32) -> DatabaseError {
        let extended = unsafe sqlite3_extended_errcode(db.sqliteConnection)
        let message = unsafe String(cString: sqlite3_errmsg(db.sqliteConnection))
        return DatabaseError(resultCode: ResultCode(rawValue: extended == 0 ? code : extended), message: message)
    }

    // MARK: Reading; columns count from 0

    func int(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    func uint64(_ column: Int32) -> UInt64 { UInt64(bitPattern: int(column)) }

    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let text = unsafe sqlite3_column_text(handle, column) else { return "" }
        return unsafe String(cString: text)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        guard count > 0, let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        // Unsafe: SQLite's memory, valid until the next step; copied here.
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A column of at most 32 big-endian bytes as a number; bytes beyond are a damaged row and read as nil.
    func number(_ column: Int32) -> U256? { U256(bytes: bytes(column)) }

    func key(_ column: Int32) -> U256? { Blob.number(orderedKey: bytes(column)) }

    func hash(_ column: Int32) -> Hash32? { Hash32(bytes: bytes(column)) }

    func address(_ column: Int32) -> Address? { Address(bytes: bytes(column)) }
}
