import GRDB
import GRDBSQLite

/// The statements of the one writing connection, prepared once and kept with the address book.
final class LedgerStatements {
    let addresses: AddressBook
    let existing: ExistingRows

    let insertTransfer: KeptStatement
    let selectTransfer: KeptStatement
    let insertRange: KeptStatement
    let insertMalformed: KeptStatement
    let insertBlock: KeptStatement
    let selectBlock: KeptStatement
    let updateBlock: KeptStatement
    let upsertOwner: KeptStatement
    /// Without the bound of its block the plan would walk back through the whole chain in the order of its key.
    let newestTransfer: KeptStatement
    let uniqueTransfers: KeptStatement
    let updateOwner: KeptStatement
    let deleteOwner: KeptStatement
    let selectBalance: KeptStatement
    let upsertBalance: KeptStatement
    let deleteBalance: KeptStatement
    let selectSupply: KeptStatement
    let upsertSupply: KeptStatement
    let deleteSupply: KeptStatement
    let selectContract: KeptStatement
    let upsertContract: KeptStatement
    let deleteContract: KeptStatement
    let transfersAbove: KeptStatement
    let rangesAbove: KeptStatement

    init(_ db: Database) throws {
        addresses = try AddressBook(db)
        existing = try ExistingRows(db)
        insertTransfer = try KeptStatement(
            db,
            """
            INSERT INTO transfer(chain, block, log_index, ordinal, contract, token, sender, recipient, operator, amount,
              tx_hash, tx_index, kind, flags)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING
            """
        )
        selectTransfer = try KeptStatement(
            db,
            """
            SELECT contract, token, sender, recipient, operator, amount, tx_hash, tx_index, kind, flags
            FROM transfer WHERE chain = ?1 AND block = ?2 AND log_index = ?3 AND ordinal = ?4
            """
        )
        insertRange = try KeptStatement(
            db,
            """
            INSERT INTO token_range(chain, block, log_index, contract, first, last, sender, recipient, tx_hash, tx_index)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING
            """
        )
        insertMalformed = try KeptStatement(
            db,
            """
            INSERT INTO malformed_log(chain, block, log_index, contract, topics, data, data_count, reason)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
            """
        )
        insertBlock = try KeptStatement(
            db,
            """
            INSERT INTO block(chain, number, hash, timestamp, role) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING
            """
        )
        selectBlock = try KeptStatement(
            db,
            "SELECT hash, timestamp, role FROM block WHERE chain = ?1 AND number = ?2"
        )
        updateBlock = try KeptStatement(
            db,
            "UPDATE block SET timestamp = ?3, role = ?4 WHERE chain = ?1 AND number = ?2"
        )
        upsertOwner = try KeptStatement(
            db,
            """
            INSERT INTO owner(chain, contract, token, owner, block, log_index, ordinal)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT(chain, contract, token) DO UPDATE SET
              owner = excluded.owner, block = excluded.block, log_index = excluded.log_index,
              ordinal = excluded.ordinal, source = 0
            WHERE \(ExistingRows.function)()
              AND (excluded.block, excluded.log_index, excluded.ordinal) > (block, log_index, ordinal)
            """
        )
        newestTransfer = try KeptStatement(
            db,
            """
            SELECT block, log_index, ordinal, recipient FROM transfer
            WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND kind IN \(KindSQL.unique) AND block <= ?4
            ORDER BY block DESC, log_index DESC, ordinal DESC LIMIT 1
            """
        )
        uniqueTransfers = try KeptStatement(
            db,
            """
            SELECT block, log_index, ordinal, recipient, contract, token FROM transfer
            WHERE chain = ?1 AND kind IN \(KindSQL.unique) ORDER BY block, log_index, ordinal
            """
        )
        updateOwner = try KeptStatement(
            db,
            """
            UPDATE owner SET owner = ?4, block = ?5, log_index = ?6, ordinal = ?7, source = ?8
            WHERE chain = ?1 AND contract = ?2 AND token = ?3
            """
        )
        deleteOwner = try KeptStatement(
            db,
            "DELETE FROM owner WHERE chain = ?1 AND contract = ?2 AND token = ?3"
        )
        selectBalance = try KeptStatement(
            db,
            "SELECT amount FROM balance WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND owner = ?4"
        )
        upsertBalance = try KeptStatement(
            db,
            """
            INSERT INTO balance(chain, contract, token, owner, amount) VALUES(?1, ?2, ?3, ?4, ?5)
            ON CONFLICT(chain, contract, token, owner) DO UPDATE SET amount = excluded.amount
            """
        )
        deleteBalance = try KeptStatement(
            db,
            "DELETE FROM balance WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND owner = ?4"
        )
        selectSupply = try KeptStatement(
            db,
            "SELECT amount, movements FROM supply WHERE chain = ?1 AND contract = ?2 AND token = ?3"
        )
        upsertSupply = try KeptStatement(
            db,
            """
            INSERT INTO supply(chain, contract, token, amount, movements) VALUES(?1, ?2, ?3, ?4, ?5)
            ON CONFLICT(chain, contract, token) DO UPDATE SET amount = excluded.amount, movements = excluded.movements
            """
        )
        deleteSupply = try KeptStatement(
            db,
            "DELETE FROM supply WHERE chain = ?1 AND contract = ?2 AND token = ?3"
        )
        selectContract = try KeptStatement(
            db,
            "SELECT rows, digest_high, digest_low FROM contract WHERE chain = ?1 AND contract = ?2"
        )
        upsertContract = try KeptStatement(
            db,
            """
            INSERT INTO contract(chain, contract, rows, digest_high, digest_low) VALUES(?1, ?2, ?3, ?4, ?5)
            ON CONFLICT(chain, contract) DO UPDATE SET
              rows = excluded.rows, digest_high = excluded.digest_high, digest_low = excluded.digest_low
            """
        )
        deleteContract = try KeptStatement(db, "DELETE FROM contract WHERE chain = ?1 AND contract = ?2")
        transfersAbove = try KeptStatement(
            db,
            """
            SELECT block, log_index, ordinal, contract, token, sender, recipient, operator, amount, tx_hash, tx_index,
              kind, flags
            FROM transfer WHERE chain = ?1 AND block > ?2 ORDER BY block, log_index, ordinal
            """
        )
        rangesAbove = try KeptStatement(
            db,
            """
            SELECT block, log_index, contract, first, last, sender, recipient, tx_hash, tx_index
            FROM token_range WHERE chain = ?1 AND block > ?2 ORDER BY block, log_index
            """
        )
    }
}

/// Counts the rows that an upsert met: SQLite tells how many rows changed, not whether one was new.
///
/// A function of no arguments in the upsert's WHERE is called once for each conflict and answers true. It costs a fiftieth
/// of looking every row up first.
@safe final class ExistingRows {
    static let function = "row_exists"

    /// Unsafe: shared with the C callback, which runs only inside a step on the connection that made it.
    private let counter: UnsafeMutablePointer<Int64>

    init(_ db: Database) throws {
        unsafe counter = .allocate(capacity: 1)
        unsafe counter.initialize(to: 0)
        let code = unsafe sqlite3_create_function_v2(
            db.sqliteConnection,
            Self.function,
            0,
            SQLITE_UTF8 | SQLITE_INNOCUOUS,
            counter,
            { context, _, _ in
                if let counter = unsafe sqlite3_user_data(context)?.assumingMemoryBound(to: Int64.self) {
                    unsafe counter.pointee += 1
                }
                unsafe sqlite3_result_int(context, 1)
            },
            nil,
            nil,
            nil
        )
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    deinit { unsafe counter.deallocate() }

    /// How many rows were met since the last call.
    func take() -> Int64 {
        defer { unsafe counter.pointee = 0 }
        return unsafe counter.pointee
    }
}
