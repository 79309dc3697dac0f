import Ethereum
import Proofs
import Testing

/// One alteration and the checks that have to notice it, named by their cases.
struct Alteration: Sendable, CustomTestStringConvertible {
    let name: String
    let noticed: Set<String>
    let make: @Sendable (inout SampleBlock) -> Void

    init(_ name: String, _ noticed: Set<String>, _ make: @escaping @Sendable (inout SampleBlock) -> Void) {
        (self.name, self.noticed, self.make) = (name, noticed, make)
    }

    var testDescription: String { name }

    static func row(
        _ name: String,
        _ index: Int,
        _ noticed: Set<String> = ["receiptsRoot"],
        _ make: @escaping @Sendable (inout BlockReceipts.Row) -> Void
    ) -> Alteration {
        Alteration(name, noticed) { make(&$0.receipts.rows[index]) }
    }

    /// Alters the log in the given place; number 4 has four topics and data.
    static func log(
        _ name: String,
        _ index: Int,
        _ noticed: Set<String>,
        _ make: @escaping @Sendable (inout Log) -> Void
    ) -> Alteration {
        Alteration(name, noticed) { make(&$0.receipts.page.logs[index]) }
    }

    private static let hashOnly: Set<String> = ["headerHash"]
    private static let blooms: Set<String> = ["receiptsRoot", "receiptBloom", "headerBloom"]

    static let header: [Alteration] = [
        Alteration("the hash", ["headerHash", "otherBlock"]) { $0.hash = .zero },
        Alteration("parentHash", hashOnly) { $0.header.parentHash = .zero },
        Alteration("sha3Uncles", hashOnly) { $0.header.ommersHash = .zero },
        Alteration("miner", hashOnly) { $0.header.beneficiary = .zero },
        Alteration("stateRoot", hashOnly) { $0.header.stateRoot = .zero },
        Alteration("transactionsRoot", hashOnly) { $0.header.transactionsRoot = .zero },
        Alteration("receiptsRoot", ["headerHash", "receiptsRoot"]) { $0.header.receiptsRoot = .zero },
        Alteration("logsBloom", ["headerHash", "headerBloom"]) { $0.header.logsBloom = Bloom() },
        Alteration("difficulty", hashOnly) { $0.header.difficulty = .one },
        Alteration("number", ["headerHash", "otherBlock"]) { $0.header.number += 1 },
        Alteration("gasLimit", hashOnly) { $0.header.gasLimit += 1 },
        Alteration("gasUsed", hashOnly) { $0.header.gasUsed += 1 },
        Alteration("timestamp", hashOnly) { $0.header.timestamp += 1 },
        Alteration("extraData", hashOnly) { $0.header.extraData[2] = 4 },
        Alteration("mixHash", hashOnly) { $0.header.mixHash = .zero },
        Alteration("nonce", hashOnly) { $0.header.nonce = 1 },
        Alteration("baseFeePerGas", hashOnly) { $0.header.baseFeePerGas = U256(8) },
        Alteration("withdrawalsRoot", hashOnly) { $0.header.withdrawalsRoot = .zero },
        Alteration("blobGasUsed", hashOnly) { $0.header.blobGasUsed = 1 },
        Alteration("excessBlobGas", hashOnly) { $0.header.excessBlobGas = 1 },
        Alteration("parentBeaconBlockRoot", hashOnly) { $0.header.parentBeaconBlockRoot = .zero },
        Alteration("requestsHash", hashOnly) { $0.header.requestsHash = .zero },
        Alteration("requestsHash, absent", hashOnly) { $0.header.requestsHash = nil },
        Alteration("a gap between the forks' fields", hashOnly) { $0.header.baseFeePerGas = nil },
        Alteration("one transaction more in the block", ["count"]) { $0.transactionCount += 1 },
        Alteration("no transactions in the block", ["count"]) { $0.transactionCount = 0 },
    ]

    static let receipt: [Alteration] = [
        row("type 2 to 3", 2) { $0.type = 3 }, row("type 2 to none", 2) { $0.type = 0 },
        row("an unknown type", 5) { $0.type = 0x6B }, row("no type to type 1", 0) { $0.type = 1 },
        row("status", 0) { $0.outcome = .status(succeeded: false) },
        row("a root for a status", 0) { $0.outcome = .stateRoot(.zero) },
        row("gas, a little", 4) { $0.cumulativeGasUsed += 1 },
        row("gas, falling", 4, ["receiptsRoot", "cumulativeGas"]) { $0.cumulativeGasUsed = 1 },
        row("a bit of a bloom more", 2, ["receiptsRoot", "receiptBloom"]) { $0.bloom.insert(Address.zero) },
        row("the bloom of an empty receipt", 1, ["receiptsRoot", "receiptBloom"]) { $0.bloom.insert(Address.zero) },
        row("a bloom emptied", 2, ["receiptsRoot", "receiptBloom"]) { $0.bloom = Bloom() },
        row("a deposit's nonce", 8) { $0.deposit?.nonce = 301 },
        row("a deposit's version", 8) { $0.deposit?.version = 2 },
        row("a deposit without its version", 8) { $0.deposit?.version = nil },
        row("a version for an old deposit", 7) { $0.deposit?.version = 1 },
        row("a transaction's index", 9, ["transactionIndex"]) { $0.transaction.index = 10 },
    ]

    static let log: [Alteration] = [
        log("a log's address", 4, blooms) { $0.address = .zero },
        log("topic 0", 4, blooms) { $0.topic0 = .zero }, log("topic 1", 4, blooms) { $0.topic1 = .zero },
        log("topic 2", 4, blooms) { $0.topic2 = .zero }, log("topic 3", 4, blooms) { $0.topic3 = .zero },
        log("a topic less", 4, blooms) { $0.topicCount = 3 },
        log("a byte of data less", 4, ["receiptsRoot"]) { $0.dataCount -= 1 },
        log("no data", 4, ["receiptsRoot"]) { $0.dataCount = 0 },
        log("a log's block hash", 4, ["otherBlock"]) { $0.blockHash = .zero },
        log("a log's block number", 4, ["otherBlock"]) { $0.blockNumber += 1 },
        Alteration("one bit of data", ["receiptsRoot"]) { block in
            block.receipts.page.data[block.receipts.page.logs[4].dataOffset] ^= 1
        },
        Alteration("two logs swapped", ["receiptsRoot"]) { $0.receipts.page.logs.swapAt(0, 1) },
        Alteration("a log left out", blooms) { block in
            block.receipts.rows[2].transaction.logs = 2..<4
        },
        Alteration("a log moved to the next receipt", ["receiptsRoot", "receiptBloom"]) { block in
            block.receipts.rows[2].transaction.logs = 2..<4
            block.receipts.rows[3].transaction.logs = 4..<6
        },
    ]

    static let order: [Alteration] = [
        Alteration("the last receipt left out", ["receiptsRoot", "count"]) { $0.receipts.rows.removeLast() },
        Alteration("an empty receipt left out", ["receiptsRoot", "count", "transactionIndex"]) {
            $0.receipts.rows.remove(at: 1)
        },
        Alteration("a receipt twice", ["receiptsRoot", "count", "transactionIndex"]) {
            $0.receipts.rows.insert($0.receipts.rows[1], at: 1)
        },
        Alteration("two receipts swapped", ["receiptsRoot", "transactionIndex", "cumulativeGas"]) {
            $0.receipts.rows.swapAt(0, 1)
        },
        Alteration("the block that the receipts name", ["otherBlock"]) { $0.receipts.blockHash = .zero },
        Alteration("all receipts left out", ["receiptsRoot", "count", "headerBloom"]) { $0.receipts.rows = [] },
    ]

    static let all = header + receipt + log + order
}

@Suite struct ReceiptsProofTests {
    @Test func `an honest block is proved, and its logs come numbered and stamped`() throws {
        let block = SampleBlock()
        let verdict = block.verdict
        #expect(verdict.failures.isEmpty)
        #expect(verdict.conclusion == .proved)
        let page = try #require(verdict.logs)
        #expect(page.logs.count == SampleBlock.receipts.reduce(0) { $0 + $1.logs.count })
        #expect(page.logs.map(\.logIndex) == Array(0..<UInt32(page.logs.count)))
        #expect(page.logs.allSatisfy { $0.blockTimestamp == block.header.timestamp && $0.blockHash == block.hash })
        #expect(page.logs.map(\.transactionIndex) == [0, 0, 2, 2, 2, 3, 4, 4, 5, 6, 8])
        #expect(page.logs.last?.transactionHash == SampleBlock.word(108))
        #expect(page.data == block.receipts.page.data)
    }

    @Test(arguments: Alteration.all) func `what was altered once is noticed by the checks that it breaks`(
        _ alteration: Alteration
    ) {
        var block = SampleBlock()
        alteration.make(&block)
        let verdict = block.verdict
        let names = verdict.failures.map { String("\($0)".prefix { $0 != "(" }) }
        #expect(Set(names) == alteration.noticed)
        #expect(names.count == alteration.noticed.count, "each kind once")
        #expect(verdict.conclusion == .unproved)
        #expect(verdict.logs == nil)
    }

    @Test func `the first place of a failure is told`() {
        var block = SampleBlock()
        block.receipts.rows[3].bloom = Bloom()
        block.receipts.rows[6].bloom = Bloom()
        #expect(block.verdict.failures.contains(.receiptBloom(row: 3)))
        block.receipts.rows[4].transaction.index = 9
        #expect(block.verdict.failures.contains(.transactionIndex(row: 4)))
        block.transactionCount = 12
        #expect(block.verdict.failures.contains(.count(receipts: 10, transactions: 12)))
    }

    @Test func `a chain that keeps no blooms in its headers is told from a lie, and its logs are proved`() {
        let verdict = SampleBlock(headerBloom: Bloom()).verdict
        #expect(verdict.failures == [.headerBloom])
        #expect(verdict.conclusion == .provedWithDeviations)
        #expect(verdict.logs?.logs.count == 11)
    }

    @Test func `a chain that commits to empty blooms in its receipts is told from a lie, and its logs are proved`() {
        var receipts = SampleBlock.receipts
        for index in receipts.indices { receipts[index].bloom = Bloom() }
        let verdict = SampleBlock(receipts, headerBloom: Bloom()).verdict
        #expect(verdict.failures == [.receiptBloom(row: 0), .headerBloom])
        #expect(verdict.conclusion == .provedWithDeviations)
    }

    @Test func `what no receipt commits to is not noticed: transaction hashes and a deposit's nonce before Canyon`() {
        var block = SampleBlock()
        block.receipts.rows[2].transaction.hash = .zero
        block.receipts.rows[7].deposit?.nonce = 8
        #expect(block.verdict.conclusion == .proved)
    }

    @Test func `a system transaction that uses no gas is no fault`() {
        var receipts = BlockReceipts(SampleBlock.receipts)
        for index in receipts.rows.indices { receipts.rows[index].cumulativeGasUsed = 0 }
        var header = SampleBlock().header
        header.receiptsRoot = receipts.root
        for index in receipts.page.logs.indices {
            receipts.page.logs[index].blockNumber = header.number
            receipts.page.logs[index].blockHash = header.computedHash ?? .zero
        }
        let verdict = ReceiptsProof.verdict(
            on: receipts,
            header: header,
            hash: header.computedHash ?? .zero,
            transactionCount: receipts.rows.count
        )
        #expect(verdict.conclusion == .proved)
    }

    @Test func `a block without transactions is proved empty`() {
        let verdict = SampleBlock([]).verdict
        #expect(verdict.conclusion == .proved)
        #expect(verdict.logs?.logs.isEmpty == true)
    }
}
