/// Receipts read whole: what is there, what may be missing, what is refused.
import ChainClient
import Ethereum
import Proofs
import Testing

@Suite struct WholeReceiptsTests {
    static let bloom = "0x" + String(repeating: "00", count: 255) + "01"
    static let place = "\"blockHash\":\"\(word(9))\",\"transactionHash\":\"\(word(2))\",\"logs\":[]"
    static let common =
        "\(place),\"transactionIndex\":\"0x0\",\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":\"\(bloom)\""

    private func scan(_ receipts: String...) throws(ScanError) -> BlockReceipts? {
        try ReceiptScanner.scanWhole(array: Array("[\(receipts.map { "{\($0)}" }.joined(separator: ","))]".utf8))
    }

    private func row(_ members: String) throws -> BlockReceipts.Row {
        let receipts = try #require(try scan("\(Self.common),\(members)"))
        return try #require(receipts.rows.first)
    }

    @Test func `everything that the header commits to is read`() throws {
        let row = try row("\"type\":\"0x2\",\"status\":\"0x1\",\"gasUsed\":[1],\"blobGasPrice\":null")
        #expect(row.type == 2)
        #expect(row.outcome == .status(succeeded: true))
        #expect(row.cumulativeGasUsed == 21_000)
        #expect(row.bloom.bytes.last == 1)
        #expect(row.transaction.hash.number == U256(2))
        #expect(row.transaction.logs.isEmpty)
        #expect(row.deposit == nil)
    }

    @Test func `before Byzantium there is a root, and the status is absent or null`() throws {
        #expect(try row("\"root\":\"\(word(77))\"").outcome == .stateRoot(Hash32(w0: 0, w1: 0, w2: 0, w3: 77)))
        #expect(try row("\"root\":\"\(word(77))\",\"status\":null").outcome != .status(succeeded: true))
        #expect(try row("\"root\":null,\"status\":\"0x0\"").outcome == .status(succeeded: false))
    }

    @Test func `a node older than the envelopes sends no type`() throws {
        #expect(try row("\"status\":\"0x1\"").type == 0)
        #expect(try row("\"status\":\"0x1\",\"type\":null").type == 0)
    }

    @Test func `deposits have a nonce and a version, other types have neither`() throws {
        let fields = "\"depositNonce\":\"0x2a\",\"depositReceiptVersion\":\"0x1\",\"status\":\"0x1\""
        #expect(try row("\"type\":\"0x7e\",\(fields)").deposit == Receipt.Deposit(nonce: 42, version: 1))
        #expect(
            try row("\"type\":\"0x7e\",\"status\":\"0x1\",\"depositNonce\":null").deposit
                == Receipt.Deposit(nonce: nil, version: nil)
        )
        #expect(try row("\"type\":\"0x2\",\(fields)").deposit == nil)
    }

    @Test func `receipts come in the order of their transactions, whatever the node's`() throws {
        let receipt = { (index: UInt64) in
            Self.common.replacing("\"transactionIndex\":\"0x0\"", with: "\"transactionIndex\":\"\(hex(index))\"")
                + ",\"status\":\"0x1\",\"type\":\"\(hex(index))\""
        }
        let receipts = try #require(try scan(receipt(2), receipt(0), receipt(1)))
        #expect(receipts.rows.map(\.type) == [0, 1, 2])
        #expect(try scan()?.rows.isEmpty == true)
        #expect(try ReceiptScanner.scanWhole(array: Array("null".utf8)) == nil)
    }

    @Test(arguments: [
        ("", ScanError.Field.status), ("\"status\":\"0x2\"", .status), ("\"status\":\"0x\"x", .status),
        ("\"status\":true", .status), ("\"root\":\"0x\"", .root), ("\"status\":\"0x1\",\"type\":\"0x80\"", .type),
        ("\"status\":\"0x1\",\"type\":\"0xff\"", .type), ("\"status\":\"0x1\",\"type\":-1", .type),
        ("\"status\":\"0x1\",\"depositNonce\":\"-1\"", .depositNonce),
        ("\"status\":\"0x1\",\"depositReceiptVersion\":{}", .depositReceiptVersion),
    ])
    func `a receipt that says nothing usable is refused`(_ members: String, _ field: ScanError.Field) throws {
        let comma = members.isEmpty ? "" : ","
        let error = #expect(throws: ScanError.self) { try scan("\(Self.common)\(comma)\(members)") }
        switch try #require(error) {
        case .syntax: #expect(members.hasSuffix("x"))
        case .shape(let named, _), .missing(let named, _), .outOfRange(let named, _): #expect(named == field)
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test(arguments: ["cumulativeGasUsed", "logsBloom", "transactionIndex", "transactionHash", "blockHash", "logs"])
    func `a receipt without a field that is committed to is refused`(_ name: String) {
        let whole = "\(Self.common),\"status\":\"0x1\""
        #expect((try? scan(whole)) != nil)
        #expect(throws: ScanError.self) { try scan(whole.replacing("\"\(name)\"", with: "\"x\(name)\"")) }
        #expect(throws: ScanError.self) { try scan("\(whole),\"\(name)\":null") }
    }

    @Test(arguments: ["0x", "0x00", bloom + "00", String(bloom.dropLast(2)) + "zz", String(bloom.dropLast())])
    func `a bloom has 512 digits`(_ text: String) {
        #expect(throws: ScanError.self) {
            try scan("\(Self.common.replacing(Self.bloom, with: text)),\"status\":\"0x1\"")
        }
    }

    @Test func `one place twice, two blocks, a pending log and no object are refused`() {
        let whole = "\(Self.common),\"status\":\"0x1\""
        let moved = whole.replacing("\"transactionIndex\":\"0x0\"", with: "\"transactionIndex\":\"0x1\"")
        #expect((try? scan(whole, moved)) != nil)
        #expect(throws: ScanError.self) { try scan(whole, whole) }
        #expect(throws: ScanError.self) { try scan(whole, moved.replacing(word(9), with: word(8))) }
        let pending = "{\"address\":\"0x\(word(1).suffix(40))\",\"topics\":[],\"data\":\"0x\"}"
        #expect(throws: ScanError.self) { try scan(whole.replacing("\"logs\":[]", with: "\"logs\":[\(pending)]")) }
        for text in ["[null]", "[1]", "{}", "[[]]", "\"0x\"", "[{}]"] {
            #expect(throws: ScanError.self, "\(text)") { try ReceiptScanner.scanWhole(array: Array(text.utf8)) }
        }
    }

    @Test func `reading logs alone looks at nothing else, so that odd chains can be read`() throws {
        let odd = "\(Self.common.replacing(Self.bloom, with: "0x")),\"status\":\"maybe\",\"type\":\"0xff\""
        #expect(try ReceiptScanner.scan(array: Array("[{\(odd)}]".utf8))?.page.logs.isEmpty == true)
        #expect(throws: ScanError.self) { try scan(odd) }
    }
}
