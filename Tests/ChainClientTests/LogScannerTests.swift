/// Logs as nodes write them, and as nobody should.
import ChainClient
import Ethereum
import Testing

/// The members of a good log, so that a test can change one of them.
private let good: [(key: String, value: String)] = [
    ("address", "\"0x00000000000000000000000000000000000000aB\""),
    ("topics", "[\"\(word(0xAAAA))\",\"\(word(2))\"]"),
    ("data", "\"0x00ff\""),
    ("blockNumber", "\"0x10\""),
    ("blockHash", "\"\(word(16))\""),
    ("transactionHash", "\"\(word(7))\""),
    ("transactionIndex", "\"0x2\""),
    ("logIndex", "\"0x5\""),
    ("removed", "false"),
]

private func log(_ changes: [String: String?] = [:], adding: String = "") -> String {
    let members = good.compactMap { member -> String? in
        guard let change = changes[member.key] else { return "\"\(member.key)\":\(member.value)" }
        return change.map { "\"\(member.key)\":\($0)" }
    }
    return "{" + (members + (adding.isEmpty ? [] : [adding])).joined(separator: ",") + "}"
}

private func scan(_ text: String) throws(ScanError) -> ScannedLogs {
    try LogScanner.scan(array: Array(text.utf8))
}

private func error(of text: String) -> ScanError? {
    do throws(ScanError) {
        _ = try scan(text)
        return nil
    } catch { return error }
}

private let expected = Log(
    blockNumber: 16,
    blockHash: Hash32(w0: 0, w1: 0, w2: 0, w3: 16),
    transactionHash: Hash32(w0: 0, w1: 0, w2: 0, w3: 7),
    transactionIndex: 2,
    logIndex: 5,
    address: Address(high: 0, middle: 0, low: 0xAB),
    topicCount: 2,
    topic0: topicA,
    topic1: Hash32(w0: 0, w1: 0, w2: 0, w3: 2),
    topic2: .zero,
    topic3: .zero,
    dataOffset: 0,
    dataCount: 2,
    blockTimestamp: 0
)

@Suite struct LogScannerTests {
    @Test func `a log is read field by field`() throws {
        let scanned = try scan("[\(log())]")
        #expect(Array(scanned.page.logs) == [expected])
        #expect(Array(scanned.page.data) == [0x00, 0xFF])
        #expect(scanned.pendingCount == 0 && scanned.incompleteCount == 0)
    }

    @Test(arguments: [
        " [ \(log()) ] ", "\u{FEFF}[\(log())]", "[\(log(["removed": nil]))]", "[\(log(["removed": "null"]))]",
        "[\(log(adding: "\"blockTimestamp\":null"))]",
        "[\(log(adding: "\"extra\":{\"a\":[1,2.5e-3,true,null,\"\\u00e9\\\\\"]}"))]",
        "[\(log(adding: "\"topixs\":1,\"dat\":2,\"l1BlockNumber\":\"0x1\""))]",
        "[\(log(["blockNumber": "\"0x010\"", "logIndex": "\"0X5\""]))]",
        "[\(log(["blockNumber": "16", "logIndex": "\"5\""]))]",
        "[\(log(["address": "\"0x00000000000000000000000000000000000000000000000000000000000000ab\""]))]",
        "[\(log(["address": "\"00000000000000000000000000000000000000AB\""]))]",
        "[\(log(["blockHash": "\"\(word(16).dropFirst(2))\""]))]",
    ])
    func `harmless oddities change nothing`(_ text: String) throws {
        #expect(Array(try scan(text).page.logs) == [expected])
    }

    @Test func `fields may come in any order`() throws {
        let members = log().dropFirst().dropLast()
        #expect(!members.isEmpty)
        let reversed = "{" + good.reversed().map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        #expect(Array(try scan("[\(reversed)]").page.logs) == [expected])
    }

    @Test func `the data of many logs lies side by side`() throws {
        let long = "0x" + String(repeating: "0123456789abcdefABCDEF00", count: 9)
        let scanned = try scan("[\(log()),\(log(["data": "\"0x\""])),\(log(["data": "\"\(long)\""]))]")
        #expect(scanned.page.logs.map(\.dataOffset) == [0, 2, 2])
        #expect(scanned.page.logs.map(\.dataCount) == [2, 0, 108])
        #expect(scanned.page.data.count == 110)
        #expect(
            Array(scanned.page.data[2..<14]) == [
                0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xAB, 0xCD, 0xEF, 0x00,
            ]
        )
    }

    @Test func `no logs are no logs`() throws {
        #expect(try scan("[]").page.logs.isEmpty)
        #expect(try scan(" [ ] ").page.logs.isEmpty)
    }

    @Test func `four topics are the most, none is allowed`() throws {
        let four = (UInt64(1)...4).map { "\"\(word($0))\"" }.joined(separator: ",")
        #expect(try scan("[\(log(["topics": "[\(four)]"]))]").page.logs[0].topicCount == 4)
        #expect(try scan("[\(log(["topics": "[]"]))]").page.logs[0].topicCount == 0)
        #expect(try scan("[\(log(["topics": "[\(four)]"]))]").page.logs[0].topic3 == Hash32(w0: 0, w1: 0, w2: 0, w3: 4))
        #expect(error(of: "[\(log(["topics": "[\(four),\(four)]"]))]").map(isShape) == true)
    }

    @Test func `blockTimestamp is kept where it is sent`() throws {
        #expect(try scan("[\(log(adding: "\"blockTimestamp\":\"0x65\""))]").page.logs[0].blockTimestamp == 101)
    }

    @Test(arguments: [
        log(["data": "\"0x0\""]), log(["data": "\"\""]), log(["data": "\"0xzz\""]),
        log(["data": "\"0x\\u0030\\u0030\""]),
        log(["data": "7"]), log(["topics": "[\"0x1\"]"]), log(["topics": "[null]"]), log(["topics": "{}"]),
        log(["blockHash": "\"0x1\""]), log(["blockHash": "\"\(word(16).dropLast())g\""]),
        log(["address": "\"bech1qqqq\""]), log(["removed": "\"no\""]), "7", "null", "[]null",
        log(["blockNumber": "-1"]),
        log(["blockNumber": "1.5"]), log(["blockNumber": "\"0x10000000000000000\""]),
        log(["transactionIndex": "\"0xffffffff\""]),
        log(["address": "\"0x01000000000000000000000000000000000000000000000000000000000000ab\""]),
    ])
    func `a malformed value refuses the answer`(_ text: String) {
        #expect(error(of: "[\(text)]") != nil)
    }

    @Test(arguments: ["address", "topics", "data"]) func `a log without its body refuses the answer`(_ field: String) {
        #expect(error(of: "[\(log([field: nil]))]").map { "\($0)".contains("no \(field)") } == true)
        #expect(error(of: "[\(log([field: "null"]))]") != nil)
    }

    @Test func `a key twice refuses the answer`() {
        #expect(
            error(of: "[\(log(adding: "\"data\":\"0x\""))]").map { if case .duplicateKey = $0 { true } else { false } }
                == true
        )
        #expect(error(of: "[\(log(adding: "\"removed\":null"))]") != nil)
    }

    @Test func `a removed log refuses the answer`() {
        #expect(
            error(of: "[\(log(["removed": "true"]))]").map { if case .removed = $0 { true } else { false } } == true
        )
    }

    @Test func `a pending log is left out and counted`() throws {
        let scanned = try scan("[\(log(["blockNumber": "null", "blockHash": "null", "logIndex": "null"])),\(log())]")
        #expect(Array(scanned.page.logs) == [expected])
        #expect(scanned.pendingCount == 1)
    }

    @Test(arguments: ["blockNumber", "blockHash"]) func `half a block reference is not pending but wrong`(
        _ field: String
    ) {
        #expect(error(of: "[\(log([field: "null"]))]") != nil)
        #expect(error(of: "[\(log([field: nil]))]") != nil)
    }

    @Test(arguments: ["transactionHash", "transactionIndex", "logIndex"])
    func `what receipts can give may be missing`(_ field: String) throws {
        for change in ["null", nil] as [String?] {
            let scanned = try scan("[\(log([field: change]))]")
            #expect(scanned.incompleteCount == 1)
            #expect(scanned.page.logs[0].logIndex == .max)
        }
    }

    @Test func `a log index out of range marks the block for its receipts`() throws {
        for index in ["0xfffffff7", "0x80000000", "0xffffffffffff"] {
            #expect(try scan("[\(log(["logIndex": "\"\(index)\""]))]").incompleteCount == 1)
        }
        #expect(try scan("[\(log(["logIndex": "\"0x7fffffff\""]))]").page.logs[0].logIndex == 0x7FFF_FFFF)
    }

    @Test func `a zero transaction hash is a system log, not a fault`() throws {
        #expect(try scan("[\(log(["transactionHash": "\"\(word(0))\""]))]").incompleteCount == 0)
    }

    @Test func `every cut of an answer is an error of syntax`() {
        let whole = Array("[\(log()),\(log(["data": "\"0x\""]))]".utf8)
        for count in 0..<whole.count {
            let cut = Array(whole[..<count])
            #expect(throws: ScanError.self) { try LogScanner.scan(array: cut) }
            if let error = error(of: String(decoding: cut, as: UTF8.self)) {
                #expect("\(error)".contains("valid JSON"), "cut at \(count): \(error)")
            }
        }
    }

    @Test func `a control character is never taken for a digit`() {
        for byte in UInt8(0)...255 where !"0123456789abcdefABCDEF".utf8.contains(byte) {
            for place in [2, 20, 65] {
                var text = Array("[\(log())]".utf8)
                let start = "[{\"address\":\"0x00000000000000000000000000000000000000aB\",\"topics\":[\"".utf8.count
                text[start + place] = byte
                #expect(throws: ScanError.self, "byte \(byte) at \(place)") { try LogScanner.scan(array: text) }
            }
        }
    }
}

private func isShape(_ error: ScanError) -> Bool { if case .shape = error { true } else { false } }
