import Ethereum
import GRDB
import Tokens

/// What one rewind undid, read back as the rows it was.
struct OrphanRows {
    let db: Database
    let chain: Int64
    let rewind: Int64

    func read() throws -> DecodedLogs {
        var rows = DecodedLogs()
        rows.transfers = ContiguousArray(try all("orphaned_transfer").map(transfer))
        rows.ranges = try all("orphaned_range").map(range)
        rows.malformed = try all("orphaned_malformed").map(malformed)
        return rows
    }

    func blocks() throws -> [BlockRecord] {
        try all("orphaned_block").map { row in
            let number: Int64 = row["number"]
            let timestamp: Int64? = row["timestamp"]
            guard let hash = Hash32(bytes: row["hash"] as Data_) else { throw damaged }
            return BlockRecord(
                number: UInt64(bitPattern: number),
                hash: hash,
                timestamp: timestamp.map { UInt64(bitPattern: $0) },
                role: BlockRecord.Role(rawValue: row["role"])
            )
        }
    }

    private func all(_ table: String) throws -> [Row] {
        try Row.fetchAll(
            db,
            sql: "SELECT * FROM \(table) WHERE chain = ? AND rewind = ?",
            arguments: [chain, rewind]
        )
    }

    private func transfer(_ row: Row) throws -> Transfer {
        guard let token = Blob.number(orderedKey: row["token"] as Data_),
            let amount = U256(bytes: row["amount"] as Data_),
            let hash = Hash32(bytes: row["tx_hash"] as Data_), let kind = TransferKind(rawValue: row["kind"])
        else { throw damaged }
        return Transfer(
            place: Place(block: block(row), logIndex: row["log_index"], ordinal: row["ordinal"]),
            contract: try address(row, "contract"),
            token: token,
            from: try address(row, "sender"),
            to: try address(row, "recipient"),
            operator: try address(row, "operator"),
            amount: amount,
            transactionHash: hash,
            transactionIndex: row["tx_index"],
            kind: kind,
            flags: TransferFlags(rawValue: row["flags"])
        )
    }

    private func range(_ row: Row) throws -> RangeTransfer {
        guard let first = Blob.number(orderedKey: row["first"] as Data_),
            let last = Blob.number(orderedKey: row["last"] as Data_), let hash = Hash32(bytes: row["tx_hash"] as Data_)
        else { throw damaged }
        return RangeTransfer(
            place: Place(block: block(row), logIndex: row["log_index"]),
            contract: try address(row, "contract"),
            first: first,
            last: last,
            from: try address(row, "sender"),
            to: try address(row, "recipient"),
            transactionHash: hash,
            transactionIndex: row["tx_index"]
        )
    }

    private func malformed(_ row: Row) throws -> MalformedLog {
        let topics: Data_ = row["topics"]
        let bytes = Array(topics)
        guard let reason = MalformedLog.Reason(rawValue: row["reason"]), bytes.count % 32 == 0 else { throw damaged }
        return MalformedLog(
            place: Place(block: block(row), logIndex: row["log_index"]),
            contract: try address(row, "contract"),
            topics: stride(from: 0, to: bytes.count, by: 32).compactMap { Hash32(bytes: bytes[$0..<$0 + 32]) },
            data: Array(row["data"] as Data_),
            dataCount: row["data_count"],
            reason: reason
        )
    }

    private func block(_ row: Row) -> BlockNumber {
        let block: Int64 = row["block"]
        return UInt64(bitPattern: block)
    }

    private func address(_ row: Row, _ column: String) throws -> Address {
        let id: Int64 = row[column]
        let bytes = try Data_.fetchOne(db, sql: "SELECT bytes FROM address WHERE id = ?", arguments: [id])
        guard let bytes, let address = Address(bytes: bytes) else { throw damaged }
        return address
    }

    private var damaged: DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an orphaned row has a value that was never written")
    }
}
