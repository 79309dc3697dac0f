import Ethereum
import Foundation
import Synchronization

/// What the bench chain's node answers, as slices of what was rendered before.
final class Node: Answering {
    /// What is served, and the newest block of it.
    private let view: Mutex<(chain: RenderedChain, head: Int)>
    /// Blocks behind the head that the `finalized` tag stands.
    private let finalityDepth: Int

    init(_ chain: RenderedChain, head: Int? = nil, finalityDepth: Int = 0) {
        view = Mutex((chain, head ?? chain.data.blockCount))
        self.finalityDepth = finalityDepth
    }

    /// Serves one block more; returns its number.
    func advance() -> Int {
        view.withLock { view in
            view.head += 1
            return view.head
        }
    }

    /// From now on another branch is served, up to `head`.
    func turn(to chain: RenderedChain, head: Int) {
        view.withLock { $0 = (chain, head) }
    }

    /// An answer: bytes of its own before and behind a slice of the chain's text.
    struct Answer {
        enum Source { case logs, allLogs, headers, receipts }
        var head: [UInt8]
        var source = Source.logs
        var slice = 0..<0
        var foot: [UInt8] = []
        /// Where the slice is of.
        var text: BlockText?
    }

    func withBytes(of answer: Answer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let chain = answer.text else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let text =
            switch answer.source {
            case .logs: chain.logs
            case .allLogs: chain.allLogs
            case .headers: chain.headers
            case .receipts: chain.receipts
            }
        text.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[answer.slice])) }
    }

    func answer(_ request: String, head _: String) -> Answer {
        let (chain, head) = view.withLock { $0 }
        func one(_ request: RequestText) -> Answer {
            var answer = self.one(request, chain, head)
            answer.text = chain.text
            return answer
        }
        guard request.hasPrefix("[") else { return one(RequestText(request)) }
        var all = Answer(head: [0x5B])
        for (index, piece) in request.components(separatedBy: "\"jsonrpc\"").dropFirst().enumerated() {
            let answer = one(RequestText(piece))
            if index > 0 { all.head.append(UInt8(ascii: ",")) }
            all.head += answer.head
            withBytes(of: answer) { all.head += $0 }
            all.head += answer.foot
        }
        all.head.append(0x5D)
        return all
    }

    private func one(_ request: RequestText, _ chain: RenderedChain, _ head: Int) -> Answer {
        let text = request.text
        if text.contains("eth_getLogs") { return logs(request, chain, head) }
        if text.contains("eth_getBlockReceipts") {
            guard let block = block(request, chain, head) else { return result("null", request) }
            guard block < chain.text.receipts.count else { return failure("no receipts were rendered", request) }
            return result(.receipts, chain.text.receipts.range(block, through: block), request)
        }
        if text.contains("eth_getBlockBy") {
            guard let block = block(request, chain, head) else { return result("null", request) }
            return result(.headers, chain.text.headers.range(block, through: block), request)
        }
        if text.contains("eth_chainId") { return result("\"0x1\"", request) }
        if text.contains("eth_blockNumber") { return result("\"0x\(String(head, radix: 16))\"", request) }
        return failure("method not found", request)
    }

    /// The logs that the filter lets through: the pattern of four topics leaves the ERC-20 transfers out.
    private func logs(_ request: RequestText, _ chain: RenderedChain, _ head: Int) -> Answer {
        let blocks: ClosedRange<Int>
        if request.text.contains("blockHash") {
            guard let block = block(request, chain, head) else { return failure("unknown block", request) }
            blocks = block...block
        } else {
            guard let from = request.hex(after: "fromBlock"), let to = request.hex(after: "toBlock"), from <= head
            else {
                return failure("unknown block", request)
            }
            blocks = Int(from)...max(Int(from), min(head, Int(to)))
        }
        let isWide = chain.data.fungiblePerLog > 0 && !request.text.contains("null")
        let text = isWide ? chain.text.allLogs : chain.text.logs
        var range = text.range(blocks.lowerBound, through: blocks.upperBound)
        // Each log ends with a comma.
        if !range.isEmpty { range = range.lowerBound..<(range.upperBound - 1) }
        var answer = result(isWide ? .allLogs : .logs, range, request)
        answer.head.append(0x5B)
        answer.foot = [0x5D, 0x7D]
        return answer
    }

    /// The block that a request names by tag, number or hash; nil where there is none at or below the head.
    private func block(_ request: RequestText, _ chain: RenderedChain, _ head: Int) -> Int? {
        if request.text.contains("\"latest\"") { return head }
        if request.text.contains("\"finalized\"") { return max(0, head - finalityDepth) }
        guard let digits = request.digits(after: "params") else { return nil }
        let block =
            digits.count == 64
            ? (try? Hash32(hex: "0x\(digits)")).flatMap { chain.numbers[$0] } : Int(digits, radix: 16)
        return block.flatMap { $0 <= head ? $0 : nil }
    }

    private func result(_ source: Answer.Source, _ slice: Range<Int>, _ request: RequestText) -> Answer {
        Answer(head: start(request) + Array("\"result\":".utf8), source: source, slice: slice, foot: [0x7D])
    }

    private func result(_ text: String, _ request: RequestText) -> Answer {
        Answer(head: start(request) + Array("\"result\":\(text)}".utf8))
    }

    private func failure(_ text: String, _ request: RequestText) -> Answer {
        Answer(head: start(request) + Array("\"error\":{\"code\":-32000,\"message\":\"\(text)\"}}".utf8))
    }

    private func start(_ request: RequestText) -> [UInt8] {
        Array("{\"jsonrpc\":\"2.0\",\"id\":\(request.number(after: "\"id\":") ?? "1"),".utf8)
    }
}
