import ChainClient
import Ethereum
import Foundation
import Proofs
import Testing
import Tokens

/// Recorded mainnet blocks, with their receipts where they were recorded too; read where they are, never committed.
@Suite(.enabled(if: Recorded.directory != nil, "no recorded mainnet logs here: set HOLDFAST_MAINNET_LOGS"))
struct MainnetBlocksTests {
    @Test func `every recorded header hashes to its hash`() throws {
        let headers = try Recorded.results(of: "eth_getBlockByNumber").compactMap {
            try HeaderScanner.scan(object: $0)
        }
        try #require(headers.count > 5)
        for header in headers {
            #expect(header.hashIsProved == true, "block \(header.header.number)")
            #expect(header.transactionCount != nil)
        }
    }

    @Test func `every block whose receipts were all recorded is proved`() throws {
        let receipts = try Recorded.results(of: "eth_getTransactionReceipt")
        var proved: [BlockNumber] = []
        for text in try Recorded.results(of: "eth_getBlockByNumber") {
            guard let block = try HeaderScanner.scan(object: text), let full = block.full,
                !proved.contains(full.number)
            else { continue }
            let own = receipts.filter { $0.containsText(block.header.hash.hex) }
            guard let count = block.transactionCount, count > 0, own.count == count else { continue }
            let array = Array("[".utf8) + own.joined(separator: Array(",".utf8)) + Array("]".utf8)
            let scanned = try #require(try ReceiptScanner.scanWhole(array: Array(array)))
            let verdict = ReceiptsProof.verdict(
                on: scanned,
                header: full,
                hash: block.header.hash,
                transactionCount: count
            )
            #expect(verdict.failures.isEmpty, "block \(full.number)")
            proved.append(full.number)
        }
        #expect(proved.count >= 2)
        print("recorded mainnet blocks: proved \(proved)")
    }

    @Test func `the blooms of two full blocks answer for their transfers, and exclude most strangers`() throws {
        let headers = try JSONSerialization.jsonObject(with: Recorded.data("blocks")) as? [Any] ?? []
        let scanned = try headers.compactMap {
            try HeaderScanner.scan(object: Array(JSONSerialization.data(withJSONObject: $0)))?.header
        }
        let logs = try LogScanner.scan(array: Array(try Recorded.data("logs"))).page.logs
        var verdicts: [BloomCheck.Verdict] = []
        let check = BloomCheck(LogFilter(topics0: [ERC721.transfer]))
        #expect(check.judge(scanned, logs, into: &verdicts) == 0)
        #expect(verdicts == [.answered, .answered])
        // Strangers, of whom full blocks exclude some and let others pass.
        var excludedCount = 0
        for number in UInt64(1)...200 {
            let address = Address(truncating: Keccak256.hash(Hash32(w0: 0, w1: 0, w2: 0, w3: number)))
            let stranger = BloomCheck(LogFilter(addresses: [address], topics0: [ERC721.transfer]))
            #expect(stranger.judge(scanned, [], into: &verdicts) == 0)
            excludedCount += verdicts.count { $0 == .excluded }
        }
        #expect(excludedCount > 100 && excludedCount < 400)
    }
}

extension [UInt8] {
    fileprivate func containsText(_ text: String) -> Bool { Data(self).range(of: Data(text.utf8)) != nil }
}
