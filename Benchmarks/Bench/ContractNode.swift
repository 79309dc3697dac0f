import Ethereum
import Foundation
import TestLedger

/// A node whose contracts answer: one collection with consecutive ids, all of one wallet, through Multicall3 or one by one.
final class ContractNode: Answering {
    static let contract = TestLedger.address(1)
    static let wallet = TestLedger.address(9)
    /// The newest block, and the only one in whose state anything is said.
    static let block: UInt64 = 50

    let tokens: Int
    /// What stands before a token's id in its URI, by id.
    private let uri: @Sendable (UInt64) -> String

    init(tokens: Int, uri: @escaping @Sendable (UInt64) -> String) {
        self.tokens = tokens
        self.uri = uri
    }

    func answer(_ body: String, head: String) -> Node.Answer {
        let json = try? JSONSerialization.jsonObject(with: Data(body.utf8))
        let text =
            if let batch = json as? [[String: Any]] {
                "[" + batch.map(one).joined(separator: ",") + "]"
            } else {
                one(json as? [String: Any] ?? [:])
            }
        return Node.Answer(head: Array(text.utf8))
    }

    private func one(_ request: [String: Any]) -> String {
        let id = request["id"] as? Int ?? 1
        let parameters = request["params"] as? [Any] ?? []
        func result(_ text: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":\#(text)}"# }
        func failure(_ text: String) -> String {
            #"{"jsonrpc":"2.0","id":\#(id),"error":{"code":-32000,"message":"\#(text)"}}"#
        }
        let pin = parameters.count > 1 ? (parameters[1] as? [String: Any])?["blockHash"] as? String : nil
        if let pin, pin != "\(TestLedger.hash(Self.block))" { return failure("header for hash not found") }
        switch request["method"] as? String {
        case "eth_chainId": return result("\"0x141\"")
        case "eth_blockNumber": return result("\"0x\(String(Self.block, radix: 16))\"")
        case "eth_getCode": return result("\"0x60\"")
        case "eth_getBlockByNumber":
            guard let text = parameters.first as? String else { return result("null") }
            let number = UInt64(text.dropFirst(2), radix: 16) ?? Self.block
            return result(number <= Self.block ? header(text == "earliest" ? 0 : number) : "null")
        case "eth_getBlockByHash":
            let number = (0...Self.block).first { "\(TestLedger.hash($0))" == parameters.first as? String }
            return result(number.map(header) ?? "null")
        case "eth_getLogs": return result("[]")
        case "eth_call":
            let call = parameters.first as? [String: Any]
            let data = (call?["data"] ?? call?["input"]) as? String ?? "0x"
            guard let bytes = Self.called(Self.bytes(data), one: returned) else { return failure("execution reverted") }
            return result("\"0x\(Self.hex(bytes))\"")
        default: return failure("the method does not exist")
        }
    }

    private func header(_ number: UInt64) -> String {
        let parent = number == 0 ? Hash32.zero : TestLedger.hash(number - 1)
        let hash = number == 0 ? TestLedger.hash(0, 999) : TestLedger.hash(number)
        return #"{"number":"0x\#(String(number, radix: 16))","hash":"\#(hash)","#
            + #""parentHash":"\#(parent)","timestamp":"0x\#(String(1_600_000_000 + number, radix: 16))"}"#
    }

    /// nil: reverted.
    private func returned(_ data: [UInt8]) -> [UInt8]? {
        let id = U256(bytes: data.suffix(32))?.uint64 ?? .max
        switch data.prefix(4) {
        case [0xc8, 0x7b, 0x56, 0xdd]:
            let text = Array(uri(id).utf8)
            return U256(32).bytes + U256(UInt64(text.count)).bytes + text
                + [UInt8](repeating: 0, count: -text.count & 31)
        case [0x63, 0x52, 0x21, 0x1e]: return id >= 1 && id <= tokens ? Self.wallet.word.bytes : nil
        // totalSupply, tokenByIndex, balanceOf(wallet), supportsInterface.
        case [0x18, 0x16, 0x0d, 0xdd]: return U256(UInt64(tokens)).bytes
        case [0x4f, 0x6c, 0xcc, 0xe7]: return id < tokens ? U256(id + 1).bytes : nil
        case [0x70, 0xa0, 0x82, 0x31]: return U256(UInt64(tokens)).bytes
        case [0x01, 0xff, 0xc9, 0xa7]:
            let asked = Array(data.dropFirst(4).prefix(4))
            let isThere = [[0x01, 0xff, 0xc9, 0xa7], [0x80, 0xac, 0x58, 0xcd], [0x78, 0x0e, 0x9d, 0x63]].contains(asked)
            return U256(isThere ? 1 : 0).bytes
        default: return nil
        }
    }

    // MARK: Multicall3

    /// The answer to a call, or to an `aggregate3` of many.
    static func called(_ data: [UInt8], one: ([UInt8]) -> [UInt8]?) -> [UInt8]? {
        guard data.prefix(4) == [0x82, 0xad, 0x56, 0xcb] else { return one(data) }
        let body = Array(data.dropFirst(4))
        func number(_ place: Int) -> Int { body[(place + 28)..<(place + 32)].reduce(0) { $0 << 8 | Int($1) } }
        let count = number(32)
        var (heads, tails): ([UInt8], [UInt8]) = ([], [])
        for index in 0..<count {
            let tuple = 64 + number(64 + 32 * index)
            let bytes = tuple + number(tuple + 64)
            let call = Array(body[(bytes + 32)..<(bytes + 32 + number(bytes))])
            let answer = one(call)
            heads += U256(UInt64(32 * count + tails.count)).bytes
            let raw = answer ?? []
            tails += U256(answer == nil ? 0 : 1).bytes + U256(64).bytes + U256(UInt64(raw.count)).bytes + raw
            tails += [UInt8](repeating: 0, count: -raw.count & 31)
        }
        return U256(32).bytes + U256(UInt64(count)).bytes + heads + tails
    }

    private static func bytes(_ text: String) -> [UInt8] {
        var (out, high): ([UInt8], UInt8?) = ([], nil)
        for digit in text.utf8.dropFirst(2) {
            let value = digit < 58 ? digit - 48 : digit - 87
            if let first = high {
                out.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return out
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// A metadata server: 2 KiB of JSON at every path, and never a word below `/hang/`.
final class DocumentNode: Answering {
    private let filler = String(repeating: "a light that nobody lit ", count: 76)

    func answer(_ body: String, head: String) -> Node.Answer {
        let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? "/"
        while path.hasPrefix("/hang/") { sleep(1_000) }
        let text = """
            {"name":"Lantern \(path)","description":"\(filler)","image":"ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG",\
            "attributes":[{"trait_type":"Glass","value":"Blue"},{"trait_type":"Flame","value":"Low"}]}
            """
        return Node.Answer(head: Array(text.utf8))
    }
}
