import ChainClient
import Foundation

/// The log scanner against Foundation's JSON decoder on the same bytes, hex validated by the scanner alone.
enum ScanBench {
    private struct Answer: Decodable {
        struct Log: Decodable {
            var address: String
            var topics: [String]
            var data: String
            var blockNumber: String
            var transactionHash: String
            var transactionIndex: String
            var blockHash: String
            var logIndex: String
        }
        var result: [Log]
    }

    static func run() throws -> [String: Double] {
        let logs = RenderedChain(Dataset(logs: 20_000), receiptBlocks: 0).text.logs.bytes
        let body = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[".utf8) + logs.dropLast() + Array("]}".utf8)
        let array = [0x5B] + Array(logs.dropLast()) + [0x5D]
        let foundation = try best(3) {
            let answer = try JSONDecoder().decode(Answer.self, from: Data(body))
            precondition(answer.result.count == 20_000)
        }
        let scanner = try best(20) {
            let count = try LogScanner.scan(array: array).page.logs.count
            precondition(count == 20_000)
        }
        return ["foundation": foundation, "scanner": scanner, "ratio": foundation / scanner]
    }

    private static func best(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
        var least = Double.infinity
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            try body()
            least = min(least, start.duration(to: .now).seconds)
        }
        return least
    }
}
