import Ethereum
import Floor
import Foundation
import Tokens

/// Prepares the bench chain's transfers in memory and lets the C program write them.
enum FloorRun {
    static func run(_ data: Dataset, database: String, appendOnly: Bool) -> [String: Double] {
        for suffix in ["", "-wal", "-shm"] { unlink(database + suffix) }
        var rows: ContiguousArray<floor_transfer> = []
        rows.reserveCapacity(data.logCount + data.logCount / 10)
        var last: UInt64 = 0
        data.forEach { item in
            for (ordinal, move) in item.moves.enumerated() {
                var row = floor_transfer()
                row.block = item.block
                row.log_index = item.logIndex
                row.ordinal = UInt32(ordinal)
                row.tx_index = item.transactionIndex
                row.kind = item.kind.rawValue
                row.new_block = item.block == last ? 0 : 1
                last = item.block
                put(item.contract.bytes, &row.contract)
                put(item.from.bytes, &row.sender)
                put(item.to.bytes, &row.recipient)
                put(item.from.bytes, &row.mover)
                let key = [UInt8(move.token.byteCount)] + move.token.shortestBytes
                row.token_count = UInt8(key.count)
                put(key, &row.token)
                let amount = U256(move.amount).shortestBytes
                row.amount_count = UInt8(amount.count)
                put(amount, &row.amount)
                put(item.transactionHash.bytes, &row.tx_hash)
                put(Dataset.hash(item.block, 7).bytes, &row.block_hash)
                rows.append(row)
            }
        }
        var result = floor_result()
        let code = rows.withUnsafeBufferPointer {
            floor_run(database, schema, indexes, $0.baseAddress, $0.count, 20_000, appendOnly ? 1 : 0, &result)
        }
        precondition(code == 0, "the floor failed")
        return [
            "seconds": result.total_seconds, "rows": Double(rows.count), "rowsSeconds": result.rows_seconds,
            "indexSeconds": result.index_seconds,
        ]
    }

    private static func put<T>(_ bytes: [UInt8], _ field: inout T) {
        withUnsafeMutableBytes(of: &field) { $0.copyBytes(from: bytes) }
    }

    /// The store's tables that a backfill writes, column for column.
    private static let schema = """
        CREATE TABLE address(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE transfer(
          chain INTEGER NOT NULL, block INTEGER NOT NULL, log_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
          contract INTEGER NOT NULL, token BLOB NOT NULL,
          sender INTEGER NOT NULL, recipient INTEGER NOT NULL, operator INTEGER NOT NULL,
          amount BLOB NOT NULL, tx_hash BLOB NOT NULL, tx_index INTEGER NOT NULL,
          kind INTEGER NOT NULL, flags INTEGER NOT NULL,
          PRIMARY KEY(chain, block, log_index, ordinal)) STRICT, WITHOUT ROWID;
        CREATE TABLE block(chain INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, timestamp INTEGER,
          role INTEGER NOT NULL, PRIMARY KEY(chain, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE owner(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, owner INTEGER NOT NULL,
          block INTEGER NOT NULL, log_index INTEGER NOT NULL, ordinal INTEGER NOT NULL, source INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, token)) STRICT, WITHOUT ROWID;
        CREATE TABLE balance(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, owner INTEGER NOT NULL,
          amount BLOB NOT NULL, source INTEGER NOT NULL,
          PRIMARY KEY(chain, contract, token, owner)) STRICT, WITHOUT ROWID;
        CREATE TABLE supply(
          chain INTEGER NOT NULL, contract INTEGER NOT NULL, token BLOB NOT NULL, amount BLOB NOT NULL,
          movements INTEGER NOT NULL, PRIMARY KEY(chain, contract, token)) STRICT, WITHOUT ROWID;
        """
    private static let indexes = """
        CREATE INDEX transfer_by_token ON transfer(chain, contract, token);
        CREATE INDEX owner_by_owner ON owner(chain, owner, contract, token);
        CREATE INDEX balance_by_owner ON balance(chain, owner, contract, token);
        """
}
