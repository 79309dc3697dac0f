/// Headers as nodes write them; receipts; what is asked.
import ChainClient
import Ethereum
import Testing

private func header(_ members: String) throws(ScanError) -> ScannedHeader? {
    try HeaderScanner.scan(object: Array("{\"hash\":\"\(word(5))\",\"parentHash\":\"\(word(4))\",\(members)}".utf8))
}

@Suite struct HeaderScannerTests {
    @Test func `what is needed is enough`() throws {
        let scanned = try header("\"number\":\"0x5\",\"timestamp\":\"0x64\"")
        #expect(scanned?.header.number == 5)
        #expect(scanned?.header.timestamp == 100)
        #expect(scanned?.header.hash.number == U256(5))
        #expect(scanned?.full == nil)
        #expect(scanned?.hashIsProved == nil)
    }

    @Test(arguments: [
        "\"number\":\"0x5\",\"nonce\":null,\"mixHash\":\"0x1\",\"difficulty\":\"\",\"extraData\":\"0x1\"",
        "\"number\":\"0x05\",\"logsBloom\":\"0x\"", "\"number\":5,\"logsBloom\":null",
        "\"number\":\"5\",\"sealFields\":[\"0x\"]",
        "\"number\":\"0X5\",\"transactions\":[\"0x1\",{\"a\":null}],\"uncles\":[]",
    ])
    func `odd fields that nobody needs are let pass`(_ members: String) throws {
        let scanned = try header(members)
        #expect(scanned?.header.number == 5)
        #expect(scanned?.header.logsBloom == nil)
        #expect(scanned?.header.timestamp == 0)
    }

    @Test func `null is no header, and nothing else is`() throws {
        #expect(try HeaderScanner.scan(object: Array(" null ".utf8)) == nil)
        for text in ["{}", "[]", "\"0x\"", "true"] {
            #expect(throws: ScanError.self) { try HeaderScanner.scan(object: Array(text.utf8)) }
        }
    }

    @Test(arguments: [
        "\"number\":null", "\"number\":\"-0x5\"", "\"number\":-5", "\"number\":\"0x10000000000000000\"",
        "\"number\":5.5",
        "\"number\":\"0x5\",\"number\":\"0x5\"", "\"number\":\"0x5\",\"timestamp\":\"soon\"",
    ])
    func `a header without a usable number is refused`(_ members: String) {
        #expect(throws: ScanError.self) { try header(members) }
    }

    @Test(arguments: ["\"0x20000000000000\"", "\"0x8000000000000020\"", "9007199254740992", "\"0xffffffffffffffff\""])
    func `a block number that no chain reaches is refused`(_ number: String) throws {
        #expect(throws: ScanError.self) { try header("\"number\":\(number)") }
        let log = FakeChain().log(5).replacing("\"blockNumber\":\"0x5\"", with: "\"blockNumber\":\(number)")
        #expect(throws: ScanError.self) { try LogScanner.scan(array: Array("[\(log)]".utf8)) }
    }

    @Test func `the greatest block number that is believed is 2^53-1`() throws {
        #expect(try header("\"number\":\"0x1fffffffffffff\"")?.header.number == 1 << 53 - 1)
    }

    @Test func `a pending block, without a hash, is refused`() {
        let text = "{\"number\":\"0x5\",\"hash\":null,\"parentHash\":\"\(word(4))\"}"
        #expect(throws: ScanError.self) { try HeaderScanner.scan(object: Array(text.utf8)) }
    }

    @Test func `the hash is recomputed where all fields are there`() throws {
        var full = FullHeader(
            number: 12_965_000,
            parentHash: Hash32(w0: 1, w1: 2, w2: 3, w3: 4),
            timestamp: 1_628_166_822
        )
        full.baseFeePerGas = U256(1_000_000_000)
        full.difficulty = U256(w0: 0, w1: 0, w2: 1, w3: 5)
        full.extraData = [1, 2, 3]
        full.nonce = 0x1234
        let hash = try #require(full.computedHash)
        let text = { (hash: Hash32) in
            """
            {"number":"0xc5d488","hash":"\(Hex.text(hash.bytes))","parentHash":"\(Hex.text(full.parentHash.bytes))",\
            "timestamp":"\(hex(full.timestamp))","logsBloom":"\(Hex.text(full.logsBloom.bytes))",\
            "receiptsRoot":"\(Hex.text(full.receiptsRoot.bytes))","sha3Uncles":"\(Hex.text(full.ommersHash.bytes))",\
            "miner":"\(Hex.text(full.beneficiary.bytes))","stateRoot":"\(Hex.text(full.stateRoot.bytes))",\
            "transactionsRoot":"\(Hex.text(full.transactionsRoot.bytes))","difficulty":"0x10000000000000005",\
            "gasLimit":"0x0","gasUsed":"0x0","extraData":"0x010203","mixHash":"\(Hex.text(full.mixHash.bytes))",\
            "nonce":"0x0000000000001234","baseFeePerGas":"0x3b9aca00","size":"0x220","totalDifficulty":"0x1"}
            """
        }
        #expect(try HeaderScanner.scan(object: Array(text(hash).utf8))?.hashIsProved == true)
        #expect(try HeaderScanner.scan(object: Array(text(.zero).utf8))?.hashIsProved == false)
    }

    @Test func `receipts number their logs by transaction, whatever the node says`() throws {
        let chain = FakeChain()
        let receipt = { (tx: UInt64, count: UInt64) in
            let logs = (0..<count).map { chain.log(9, index: $0, tx: 99) }.joined(separator: ",")
            return """
                {"blockHash":"\(word(chain.hash(9)))","transactionHash":"\(word(100 + tx))","transactionIndex":"\(hex(tx))","logs":[\(logs)]}
                """
        }
        let scanned = try #require(
            try ReceiptScanner.scan(array: Array("[\(receipt(2, 2)),\(receipt(0, 1)),\(receipt(1, 0))]".utf8))
        )
        #expect(scanned.page.logs.map(\.logIndex) == [0, 1, 2])
        #expect(scanned.page.logs.map(\.transactionIndex) == [0, 2, 2])
        #expect(scanned.page.logs.map(\.transactionHash.number) == [U256(100), U256(102), U256(102)])
        for bad in ["[null]", "[\(receipt(1, 0)),\(receipt(1, 0))]", "[{}]", "{}"] {
            #expect(throws: ScanError.self, "\(bad)") { try ReceiptScanner.scan(array: Array(bad.utf8)) }
        }
        #expect(try ReceiptScanner.scan(array: Array("null".utf8)) == nil)
    }

    @Test func `requests are strict`() {
        let text = { (question: Question) in String(decoding: Request.bytes(question, id: 7), as: UTF8.self) }
        #expect(text(.header(0)) == #"{"jsonrpc":"2.0","id":7,"method":"eth_getBlockByNumber","params":["0x0",false]}"#)
        let whole = LogFilter(topics0: [topicA, topicB], topicCountMin: 4)
        #expect(
            text(.logs(16...255, whole)).hasSuffix(
                #""params":[{"fromBlock":"0x10","toBlock":"0xff","topics":[["\#(word(0xAAAA))","\#(word(0xBBBB))"],null,null,null]}]}"#
            )
        )
        let one = LogFilter(addresses: [contractA], topics0: [topicA])
        #expect(
            text(.logs(1...1, one)).contains(
                #""address":["0x000000000000000000000000000000000000000a"],"topics":[["\#(word(0xAAAA))"]]"#
            )
        )
        #expect(!text(.logs(1...1, LogFilter(topics0: [topicA]))).contains("address"))
        let batch = String(decoding: Request.batch([.header(1), .header(2)], firstID: 3), as: UTF8.self)
        #expect(
            batch.hasPrefix("[{") && batch.contains("\"id\":3") && batch.contains("\"id\":4") && batch.hasSuffix("}]")
        )
    }
}
