/// A block's header out of the answer to `eth_getBlockBy…`: strict about what is needed, lenient about the rest.
package import Ethereum

/// A header as the node gave it, and all of its fields where they were all there.
package struct ScannedHeader: Sendable, Hashable {
    package var header: Header
    /// Enough to recompute the hash; nil where a field was missing or odd, as on many chains.
    package var full: FullHeader?
    /// How many transactions the answer lists, as hashes or whole; nil where it does not.
    package var transactionCount: Int?

    /// Whether the hash is that of the fields; nil where that cannot be told.
    package var hashIsProved: Bool? { full?.computedHash.map { $0 == header.hash } }
}

package enum HeaderScanner {
    /// Scans a text that is nothing but the object or `null`; for tests.
    package static func scan(object bytes: [UInt8]) throws(ScanError) -> ScannedHeader? {
        try JSONCursor.reading(bytes) { cursor throws(ScanError) in
            let header = try scan(&cursor)
            try cursor.expectEnd()
            return header
        }
    }

    /// Scans an object, or `null`, which is what a node says about a block that it does not know (yet).
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> ScannedHeader? {
        if try cursor.takesNull() { return nil }
        guard cursor.peek() == 0x7B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.header, at: start)
        }
        cursor.place += 1
        var fields = HeaderFields()
        var named: UInt32 = 0
        if !cursor.takes(0x7D) {
            repeat {
                let key = try cursor.string()
                try cursor.expect(0x3A)
                guard let index = names.firstIndex(where: { cursor.equals(key, $0.text) }) else {
                    try cursor.skipValue()
                    continue
                }
                guard named & 1 << UInt32(index) == 0 else { throw .duplicateKey(at: key.start) }
                named |= 1 << UInt32(index)
                if try !cursor.takesNull() { try fields.read(names[index].field, &cursor) }
            } while try cursor.continues(until: 0x7D)
        }
        return try fields.header(at: cursor.place)
    }

    private struct Name {
        var text: StaticString
        var field: HeaderFields.Name
    }

    private static let names: [Name] = [
        Name(text: "number", field: .number), Name(text: "hash", field: .hash),
        Name(text: "parentHash", field: .parentHash), Name(text: "timestamp", field: .timestamp),
        Name(text: "logsBloom", field: .logsBloom), Name(text: "receiptsRoot", field: .receiptsRoot),
        Name(text: "sha3Uncles", field: .ommersHash), Name(text: "miner", field: .beneficiary),
        Name(text: "stateRoot", field: .stateRoot), Name(text: "transactionsRoot", field: .transactionsRoot),
        Name(text: "difficulty", field: .difficulty), Name(text: "gasLimit", field: .gasLimit),
        Name(text: "gasUsed", field: .gasUsed), Name(text: "extraData", field: .extraData),
        Name(text: "mixHash", field: .mixHash), Name(text: "nonce", field: .nonce),
        Name(text: "baseFeePerGas", field: .baseFeePerGas), Name(text: "withdrawalsRoot", field: .withdrawalsRoot),
        Name(text: "blobGasUsed", field: .blobGasUsed), Name(text: "excessBlobGas", field: .excessBlobGas),
        Name(text: "parentBeaconBlockRoot", field: .parentBeaconBlockRoot),
        Name(text: "requestsHash", field: .requestsHash), Name(text: "transactions", field: .transactions),
    ]
}

/// What was found so far while one header is read.
private struct HeaderFields {
    enum Name {
        case number, hash, parentHash, timestamp, logsBloom, receiptsRoot
        case ommersHash, beneficiary, stateRoot, transactionsRoot, difficulty, gasLimit, gasUsed, extraData, mixHash
        case nonce, baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot, requestsHash
        case transactions
    }

    private var number: BlockNumber?
    private var hash: Hash32?
    private var parentHash: Hash32?
    private var timestamp: UInt64?
    private var logsBloom: Bloom?
    private var receiptsRoot: Hash32?
    private var transactionCount: Int?
    private var full = FullHeader(number: 0, parentHash: .zero, timestamp: 0)
    /// Fields that every header since genesis has, counted: all ten are needed to recompute a hash.
    private var found = 0
    private static let needed = 10
    private var isOdd = false

    mutating func read(_ name: Name, _ cursor: inout JSONCursor) throws(ScanError) {
        switch name {
        case .number: number = try cursor.blockNumber(.number)
        case .hash: hash = try cursor.hash(.hash)
        case .parentHash: parentHash = try cursor.hash(.parentHash)
        case .timestamp: timestamp = try cursor.quantity(.timestamp)
        default: try leniently(name, &cursor)
        }
    }

    /// Fields that nothing but the hash check needs: an odd value costs that check and nothing else.
    private mutating func leniently(_ name: Name, _ cursor: inout JSONCursor) throws(ScanError) {
        let start = cursor.place
        do throws(ScanError) {
            try value(name, &cursor)
        } catch {
            guard !error.isSyntax else { throw error }
            if name != .transactions { isOdd = true }
            cursor.place = start
            try cursor.skipValue()
        }
    }

    private mutating func value(_ name: Name, _ cursor: inout JSONCursor) throws(ScanError) {
        switch name {
        case .logsBloom: logsBloom = try cursor.bloom(.logsBloom)
        case .receiptsRoot: receiptsRoot = try cursor.hash(.value)
        case .ommersHash: full.ommersHash = try counted(cursor.hash(.value))
        case .beneficiary: full.beneficiary = try counted(cursor.address(.value))
        case .stateRoot: full.stateRoot = try counted(cursor.hash(.value))
        case .transactionsRoot: full.transactionsRoot = try counted(cursor.hash(.value))
        case .difficulty: full.difficulty = try counted(cursor.wideQuantity(.value))
        case .gasLimit: full.gasLimit = try counted(cursor.quantity(.value))
        case .gasUsed: full.gasUsed = try counted(cursor.quantity(.value))
        case .extraData: full.extraData = try counted(cursor.hexBytes(.value))
        case .mixHash: full.mixHash = try counted(cursor.hash(.value))
        case .nonce: full.nonce = try counted(cursor.quantity(.value))
        case .baseFeePerGas: full.baseFeePerGas = try cursor.wideQuantity(.value)
        case .withdrawalsRoot: full.withdrawalsRoot = try cursor.hash(.value)
        case .blobGasUsed: full.blobGasUsed = try cursor.quantity(.value)
        case .excessBlobGas: full.excessBlobGas = try cursor.quantity(.value)
        case .parentBeaconBlockRoot: full.parentBeaconBlockRoot = try cursor.hash(.value)
        case .requestsHash: full.requestsHash = try cursor.hash(.value)
        case .transactions: transactionCount = try cursor.elementCount(.value)
        case .number, .hash, .parentHash, .timestamp: break
        }
    }

    private mutating func counted<Value>(_ value: Value) -> Value {
        found += 1
        return value
    }

    func header(at place: Int) throws(ScanError) -> ScannedHeader {
        guard let number else { throw .missing(.number, at: place) }
        guard let hash else { throw .missing(.hash, at: place) }
        guard let parentHash else { throw .missing(.parentHash, at: place) }
        var scanned = ScannedHeader(
            header: Header(
                number: number,
                hash: hash,
                parentHash: parentHash,
                timestamp: timestamp ?? 0,
                logsBloom: logsBloom,
                receiptsRoot: receiptsRoot
            ),
            transactionCount: transactionCount
        )
        guard found == Self.needed, !isOdd, let timestamp, let logsBloom, let receiptsRoot else { return scanned }
        var full = full
        (full.number, full.parentHash, full.timestamp) = (number, parentHash, timestamp)
        (full.logsBloom, full.receiptsRoot) = (logsBloom, receiptsRoot)
        scanned.full = full
        return scanned
    }
}
