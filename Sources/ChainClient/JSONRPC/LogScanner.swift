/// The result of `eth_getLogs`, bytes in, ``LogPage`` out: one pass, no strings, every digit checked.
import Allocator
package import Ethereum

/// What one answer held.
package struct ScannedLogs: Sendable {
    package var page = LogPage()
    /// Logs of a block that is not mined yet (neither number nor hash); left out of the page.
    package var pendingCount = 0
    /// Logs without a transaction hash, a transaction index or a usable log index: the block has to be read again
    /// through its receipts.
    ///
    /// Their missing fields are zero and their log index is `UInt32.max`.
    package var incompleteCount = 0
}

package enum LogScanner {
    /// Scans a whole answer that is nothing but the array; for tests and benchmarks.
    package static func scan(array bytes: [UInt8]) throws(ScanError) -> ScannedLogs {
        try JSONCursor.reading(bytes) { cursor throws(ScanError) in
            let logs = try scan(&cursor)
            try cursor.expectEnd()
            return logs
        }
    }

    /// Scans an array of logs at the cursor.
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> ScannedLogs {
        var scanned = ScannedLogs()
        try append(&cursor, to: &scanned, decoding: true)
        return scanned
    }

    /// Scans one more array of logs behind what is there already.
    ///
    /// - Parameter decoding: without it `dataOffset` stays a place in the text, for a caller that decodes at the end.
    static func append(
        _ cursor: inout JSONCursor,
        to scanned: inout ScannedLogs,
        decoding: Bool
    ) throws(ScanError) {
        guard cursor.peek() == 0x5B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.logs, at: start)
        }
        cursor.place &+= 1
        guard !cursor.takes(0x5D) else { return }
        let first = scanned.page.logs.count
        // An honest log has about 700 characters; half of that keeps the array from growing more than once.
        if first == 0 {
            let text = cursor.count - cursor.place
            scanned.page.logs.reserveCapacity(min(32_768, text / 500 + 1))
            let expected = min(scanned.page.logs.capacity, text / 700) * MemoryLayout<Log>.stride
            // Unsafe: the array's room, which has at least this many bytes; nothing is written.
            unsafe scanned.page.logs.withUnsafeMutableBufferPointer {
                unsafe allocator_will_fill($0.baseAddress, expected)
            }
        }
        repeat { try log(&cursor, into: &scanned) } while try cursor.continues(until: 0x5D)
        if decoding { try decodeData(&cursor, of: &scanned.page) }
    }

    /// Replaces places in the text by places in `page.data`, which gets exactly the room it needs.
    static func decodeData(_ cursor: inout JSONCursor, of page: inout LogPage) throws(ScanError) {
        var total = 0
        for log in page.logs { total &+= log.dataCount }
        guard total > 0 else {
            for index in page.logs.indices { page.logs[index].dataOffset = 0 }
            return
        }
        var bad: Int?
        let text = cursor
        var logs = page.logs
        page.logs = []
        // Unsafe: room for the sum of all lengths, filled from front to back without gaps.
        page.data = unsafe ContiguousArray(unsafeUninitializedCapacity: total) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            for index in logs.indices {
                let (start, length) = (logs[index].dataOffset, logs[index].dataCount)
                logs[index].dataOffset = count
                let slice = JSONCursor.Slice(start: start, count: length * 2, isEscaped: false)
                guard unsafe text.decode(slice, to: UnsafeMutableRawPointer(base) + count) else {
                    bad = start
                    return
                }
                count &+= length
            }
        }
        if let bad { throw .shape(.data, at: bad) }
        page.logs = logs
    }

    // MARK: One log

    private struct Fields: OptionSet {
        var rawValue: UInt16
        static let address = Fields(rawValue: 1)
        static let topics = Fields(rawValue: 2)
        static let data = Fields(rawValue: 4)
        static let blockNumber = Fields(rawValue: 8)
        static let blockHash = Fields(rawValue: 16)
        static let blockTimestamp = Fields(rawValue: 32)
        static let transactionHash = Fields(rawValue: 64)
        static let transactionIndex = Fields(rawValue: 128)
        static let logIndex = Fields(rawValue: 256)
        static let removed = Fields(rawValue: 512)

        static let whole: Fields = [
            .address, .topics, .data, .blockNumber, .blockHash, .transactionHash, .transactionIndex, .logIndex,
        ]
        static let block: Fields = [.blockNumber, .blockHash]
        static let body: Fields = [.address, .topics, .data]
        static let inTransaction: Fields = [.transactionHash, .transactionIndex, .logIndex]
    }

    private static let blank = Log(
        blockNumber: 0,
        blockHash: .zero,
        transactionHash: .zero,
        transactionIndex: 0,
        logIndex: .max,
        address: .zero,
        topicCount: 0,
        topic0: .zero,
        topic1: .zero,
        topic2: .zero,
        topic3: .zero,
        dataOffset: 0,
        dataCount: 0,
        blockTimestamp: 0
    )

    @inline(__always)
    private static func log(_ cursor: inout JSONCursor, into scanned: inout ScannedLogs) throws(ScanError) {
        guard cursor.peek() == 0x7B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.log, at: start)
        }
        cursor.place &+= 1
        var log = blank
        /// With a value that is not null.
        var present: Fields = []
        /// Named at all, to catch a key that comes twice.
        var named: Fields = []
        if !cursor.takes(0x7D) {
            repeat {
                let key = try cursor.string()
                try cursor.expect(0x3A)
                let field = name(of: key, cursor)
                guard !field.isEmpty else {
                    try cursor.skipValue()
                    continue
                }
                guard named.isDisjoint(with: field) else { throw .duplicateKey(at: key.start) }
                named.formUnion(field)
                if try !cursor.takesNull() {
                    try value(of: field, &cursor, into: &log)
                    present.formUnion(field)
                }
            } while try cursor.continues(until: 0x7D)
        }
        if present.isSuperset(of: .whole), log.logIndex < 1 << 31 {
            scanned.page.logs.append(log)
        } else {
            try oddLog(log, present, at: cursor.place, into: &scanned)
        }
    }

    /// A log with something missing: pending, to be completed from receipts, or wrong.
    @inline(never)
    private static func oddLog(
        _ log: Log,
        _ present: Fields,
        at place: Int,
        into scanned: inout ScannedLogs
    ) throws(ScanError) {
        for (field, name) in [(Fields.address, ScanError.Field.address), (.topics, .topics), (.data, .data)]
        where !present.contains(field) { throw .missing(name, at: place) }
        if present.isDisjoint(with: .block) {
            scanned.pendingCount += 1
            return
        }
        if !present.contains(.blockNumber) { throw .missing(.blockNumber, at: place) }
        if !present.contains(.blockHash) { throw .missing(.blockHash, at: place) }
        scanned.incompleteCount += 1
        var log = log
        log.logIndex = .max
        scanned.page.logs.append(log)
    }

    @inline(__always)
    private static func name(of key: JSONCursor.Slice, _ cursor: JSONCursor) -> Fields {
        switch key.count {
        case 4: cursor.equals(key, "data") ? .data : []
        case 6: cursor.equals(key, "topics") ? .topics : []
        case 7: cursor.equals(key, "address") ? .address : cursor.equals(key, "removed") ? .removed : []
        case 8: cursor.equals(key, "logIndex") ? .logIndex : []
        case 9: cursor.equals(key, "blockHash") ? .blockHash : []
        case 11: cursor.equals(key, "blockNumber") ? .blockNumber : []
        case 14: cursor.equals(key, "blockTimestamp") ? .blockTimestamp : []
        case 15: cursor.equals(key, "transactionHash") ? .transactionHash : []
        case 16: cursor.equals(key, "transactionIndex") ? .transactionIndex : []
        default: []
        }
    }

    @inline(__always)
    private static func value(
        of field: Fields,
        _ cursor: inout JSONCursor,
        into log: inout Log
    ) throws(ScanError) {
        switch field {
        case .address: log.address = try cursor.address(.address)
        case .topics: try topics(&cursor, into: &log)
        case .data:
            let digits = try cursor.hexDigits(.data)
            log.dataOffset = digits.start
            log.dataCount = digits.count >> 1
        case .blockNumber: log.blockNumber = try cursor.blockNumber(.blockNumber)
        case .blockHash: log.blockHash = try cursor.hash(.blockHash)
        case .blockTimestamp: log.blockTimestamp = try cursor.quantity(.blockTimestamp)
        case .transactionHash: log.transactionHash = try cursor.hash(.transactionHash)
        case .transactionIndex:
            let index = try cursor.quantity(.transactionIndex)
            guard index < 1 << 31 else { throw .outOfRange(.transactionIndex, at: cursor.place) }
            log.transactionIndex = UInt32(truncatingIfNeeded: index)
        // An index out of range is kept as the greatest: the block is numbered again from its receipts.
        case .logIndex: log.logIndex = UInt32(clamping: try cursor.quantity(.logIndex))
        default: try removed(&cursor)
        }
    }

    @inline(__always)
    private static func topics(_ cursor: inout JSONCursor, into log: inout Log) throws(ScanError) {
        guard cursor.peek() == 0x5B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.topics, at: start)
        }
        cursor.place &+= 1
        guard !cursor.takes(0x5D) else { return }
        repeat {
            let topic = try cursor.hash(.topics)
            switch log.topicCount {
            case 0: log.topic0 = topic
            case 1: log.topic1 = topic
            case 2: log.topic2 = topic
            case 3: log.topic3 = topic
            default: throw .shape(.topics, at: cursor.place)
            }
            log.topicCount &+= 1
        } while try cursor.continues(until: 0x5D)
    }

    @inline(__always)
    private static func removed(_ cursor: inout JSONCursor) throws(ScanError) {
        switch cursor.peek() {
        case UInt8(ascii: "f"): try cursor.literal("false")
        case UInt8(ascii: "t"):
            try cursor.literal("true")
            throw .removed(at: cursor.place)
        default:
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.removed, at: start)
        }
    }
}
