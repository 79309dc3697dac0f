/// What is found while one receipt is read, and the receipt that comes of it.
import Ethereum
import Proofs

/// One receipt of an answer; what the header commits to besides the logs is there when it was looked at.
struct ScannedReceipt {
    var transaction: TransactionLogs
    var type: UInt8
    var outcome: Receipt.Outcome?
    var cumulativeGasUsed: UInt64?
    var bloom: Bloom?
    var deposit: Receipt.Deposit
    /// Where its object ends, for errors.
    var end: Int

    /// All of it; what is missing is an error, because without it there is no proof.
    var row: BlockReceipts.Row {
        get throws(ScanError) {
            guard let outcome else { throw .missing(.status, at: end) }
            guard let cumulativeGasUsed else { throw .missing(.cumulativeGasUsed, at: end) }
            guard let bloom else { throw .missing(.logsBloom, at: end) }
            return BlockReceipts.Row(
                transaction: transaction,
                type: type,
                outcome: outcome,
                cumulativeGasUsed: cumulativeGasUsed,
                bloom: bloom,
                deposit: type == Receipt.depositType ? deposit : nil
            )
        }
    }
}

struct ReceiptFields {
    enum Name: UInt16 {
        case blockHash, transactionHash, transactionIndex, logs
        case type, status, root, cumulativeGasUsed, logsBloom, depositNonce, depositReceiptVersion

        init?(_ key: JSONCursor.Slice, _ cursor: JSONCursor) {
            switch key.count {
            case 4:
                if cursor.equals(key, "logs") {
                    self = .logs
                } else if cursor.equals(key, "type") {
                    self = .type
                } else if cursor.equals(key, "root") {
                    self = .root
                } else {
                    return nil
                }
            case 6 where cursor.equals(key, "status"): self = .status
            case 9:
                if cursor.equals(key, "blockHash") {
                    self = .blockHash
                } else if cursor.equals(key, "logsBloom") {
                    self = .logsBloom
                } else {
                    return nil
                }
            case 12 where cursor.equals(key, "depositNonce"): self = .depositNonce
            case 15 where cursor.equals(key, "transactionHash"): self = .transactionHash
            case 16 where cursor.equals(key, "transactionIndex"): self = .transactionIndex
            case 17 where cursor.equals(key, "cumulativeGasUsed"): self = .cumulativeGasUsed
            case 21 where cursor.equals(key, "depositReceiptVersion"): self = .depositReceiptVersion
            default: return nil
            }
        }

        var isNeededForLogs: Bool { rawValue <= Name.logs.rawValue }
    }

    private var named: UInt16 = 0
    private var blockHash: Hash32?
    private var transactionHash: Hash32?
    private var transactionIndex: UInt64?
    private var logs: Range<Int>?
    /// Absent from nodes that are older than the envelopes.
    private var type: UInt64 = 0
    private var status: UInt64?
    private var root: Hash32?
    private var cumulativeGasUsed: UInt64?
    private var bloom: Bloom?
    private var deposit = Receipt.Deposit(nonce: nil, version: nil)

    /// Whether a key comes for the first time.
    mutating func isNew(_ name: Name) -> Bool {
        let bit = 1 << name.rawValue as UInt16
        defer { named |= bit }
        return named & bit == 0
    }

    mutating func read(_ name: Name, _ cursor: inout JSONCursor, into scanned: inout ScannedLogs) throws(ScanError) {
        switch name {
        case .blockHash: blockHash = try cursor.hash(.blockHash)
        case .transactionHash: transactionHash = try cursor.hash(.transactionHash)
        case .transactionIndex: transactionIndex = try cursor.quantity(.transactionIndex)
        case .logs:
            let first = scanned.page.logs.count
            try LogScanner.append(&cursor, to: &scanned, decoding: false)
            logs = first..<scanned.page.logs.count
        case .cumulativeGasUsed: cumulativeGasUsed = try cursor.quantity(.cumulativeGasUsed)
        case .logsBloom: bloom = try cursor.bloom(.logsBloom)
        // What a receipt of its kind does not have is absent on some nodes and null on others.
        case .type: if try !cursor.takesNull() { type = try cursor.quantity(.type) }
        case .status: if try !cursor.takesNull() { status = try cursor.quantity(.status) }
        case .root: if try !cursor.takesNull() { root = try cursor.hash(.root) }
        case .depositNonce: if try !cursor.takesNull() { deposit.nonce = try cursor.quantity(.depositNonce) }
        case .depositReceiptVersion:
            if try !cursor.takesNull() { deposit.version = try cursor.quantity(.depositReceiptVersion) }
        }
    }

    /// The receipt and the block it says it is of.
    func receipt(at place: Int) throws(ScanError) -> (ScannedReceipt, Hash32) {
        guard let blockHash else { throw .missing(.blockHash, at: place) }
        guard let transactionHash else { throw .missing(.transactionHash, at: place) }
        guard let transactionIndex else { throw .missing(.transactionIndex, at: place) }
        guard let logs else { throw .missing(.logs, at: place) }
        guard transactionIndex < 1 << 31 else { throw .outOfRange(.transactionIndex, at: place) }
        // From 0x80 up an envelope could not be told from a list (zkSync has such types; its roots are others anyway).
        guard type < 0x80 else { throw .outOfRange(.type, at: place) }
        let receipt = ScannedReceipt(
            transaction: TransactionLogs(
                hash: transactionHash,
                index: UInt32(truncatingIfNeeded: transactionIndex),
                logs: logs
            ),
            type: UInt8(truncatingIfNeeded: type),
            outcome: try outcome(at: place),
            cumulativeGasUsed: cumulativeGasUsed,
            bloom: bloom,
            deposit: deposit,
            end: place
        )
        return (receipt, blockHash)
    }

    /// A status decides where there is one: only blocks before Byzantium have roots, and no status.
    private func outcome(at place: Int) throws(ScanError) -> Receipt.Outcome? {
        guard let status else { return root.map { .stateRoot($0) } }
        guard status <= 1 else { throw .outOfRange(.status, at: place) }
        return .status(succeeded: status == 1)
    }
}
