/// Contract calls over a script: pinned, bounded, and a failure is never an answer.
import ChainClient
import Ethereum
import Testing

/// A node with contracts: what each call's data gives, and how it stands to hashes, batches and Multicall3.
private struct CallNode: Sendable {
    enum Answer: Sendable {
        case bytes(String)
        case failure(code: Int, message: String)
    }

    var chain = FakeChain()
    var answers: [String: Answer] = [:]
    var pinsByHash = true
    var hasMulticall = false
    var takesBatches = true

    /// The request's own object out of a body, one for each element of a batch.
    private func parts(_ asked: Asked) -> [Asked] {
        guard asked.text.hasPrefix("[") else { return [asked] }
        return asked.text.dropFirst().dropLast().split(separator: "{\"jsonrpc\"").map { part in
            Asked(text: "{\"jsonrpc\"" + (part.hasSuffix(",") ? part.dropLast() : part))
        }
    }

    func reply(_ asked: Asked) -> TransportReply {
        let parts = parts(asked)
        guard asked.text.hasPrefix("[") else { return .json(one(asked)) }
        guard takesBatches else {
            return .json(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not supported"}}"#)
        }
        return .json("[" + parts.reversed().map(one).joined(separator: ",") + "]")
    }

    private func one(_ asked: Asked) -> String {
        func error(_ code: Int, _ message: String) -> String {
            #"{"jsonrpc":"2.0","id":\#(asked.id),"error":{"code":\#(code),"message":"\#(message)"}}"#
        }
        func result(_ text: String) -> String { #"{"jsonrpc":"2.0","id":\#(asked.id),"result":"\#(text)"}"# }
        guard asked.method == "eth_call" || asked.method == "eth_getCode" else {
            return String(decoding: chain.reply(asked).body, as: UTF8.self)
        }
        if let hash = asked.field("\"blockHash\":\"", until: "\"") {
            guard pinsByHash else { return error(-32602, "invalid argument 1: hex string without 0x prefix") }
            let number = UInt64(hash.suffix(16), radix: 16) ?? 0
            guard hash == word(chain.hash(number & 0xFFFF_FFFF)) else { return error(-32000, "header not found") }
        }
        if asked.method == "eth_getCode" { return result(hasMulticall ? "0x60" : "0x") }
        let data = asked.field("\"data\":\"", until: "\"") ?? ""
        if data.hasPrefix("0x82ad56cb") { return aggregate(data, error, result) }
        switch answers[data] {
        case .bytes(let text): return result(text)
        case .failure(let code, let message): return error(code, message)
        case nil: return result("0x")
        }
    }

    /// Multicall3 by a plain search for the data that is known here; what fails gives nothing.
    private func aggregate(
        _ data: String,
        _ error: (Int, String) -> String,
        _ result: (String) -> String
    ) -> String {
        // Every call of the tests has four bytes of data, so each tuple is five words behind the offsets.
        let digits = Array(data.dropFirst(2 + 8))
        func number(_ place: Int) -> Int {
            Int(String(digits[(place * 64)..<(place * 64 + 64)].suffix(15)), radix: 16) ?? 0
        }
        let count = number(1)
        var elements: [ABI.Value] = []
        for index in 0..<count {
            let start = 2 + number(2 + index) / 32
            let call = "0x" + String(digits[((start + 4) * 64)..<((start + 4) * 64 + 8)])
            switch answers[call] {
            case .bytes(let text): elements.append(.tuple([.bool(true), .bytes(bytes(text))]))
            case .failure: elements.append(.tuple([.bool(false), .bytes([])]))
            case nil: elements.append(.tuple([.bool(true), .bytes([])]))
            }
        }
        let out = ABI.encode([.array(elements)])
        return result("0x" + out.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
    }

    private func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text.dropFirst(2))
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
    }
}

@Suite struct CallsTests {
    private let block = BlockRef(number: 700, hash: Hash32(w0: 0, w1: 0, w2: 0, w3: 1 << 32 | 700))

    private func calls(_ count: Int) -> [ContractCall] {
        (1...count).map { ContractCall(contract: contractA, data: [0, 0, 0, UInt8($0)]) }
    }

    private func key(_ number: Int) -> String { "0x000000" + (number < 16 ? "0" : "") + String(number, radix: 16) }

    private func value(_ number: UInt64) -> CallOutcome {
        .returned(Array(repeating: 0, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) })
    }

    /// Call n gives n, but for the third, which reverts, and the fourth, which gives nothing.
    private func node(_ count: Int) -> CallNode {
        var node = CallNode()
        for number in 1...count { node.answers[key(number)] = .bytes(word(UInt64(number))) }
        node.answers[key(3)] = .failure(code: 3, message: "execution reverted: missing trie node, too many requests")
        node.answers[key(4)] = nil
        return node
    }

    private func client(_ node: CallNode) -> (RPCChain, ScriptedTransport) {
        let transport = ScriptedTransport { _, asked in node.reply(asked) }
        return (RPCChain("a", over: transport), transport)
    }

    @Test(arguments: [true, false], [true, false])
    func `the outcomes are the same with Multicall3, in batches and one by one`(
        hasMulticall: Bool,
        takesBatches: Bool
    ) async throws {
        var node = node(7)
        node.hasMulticall = hasMulticall
        node.takesBatches = takesBatches
        let (client, transport) = client(node)
        let outcomes = try await client.call(calls(7), at: block)
        #expect(outcomes == [value(1), value(2), .reverted, .noData, value(5), value(6), value(7)])
        #expect(transport.asked.allSatisfy { !$0.text.contains("eth_call") || $0.text.contains("\"blockHash\":\"") })
        #expect(
            transport.asked.allSatisfy { !$0.text.contains("eth_call") || $0.text.contains("\"gas\":\"0x1c9c380\"") }
        )
    }

    @Test func `a call that failed inside Multicall3 is asked again apart before it counts`() async throws {
        var node = node(7)
        node.hasMulticall = true
        let (client, transport) = client(node)
        #expect(try await client.call(calls(7), at: block)[2] == .reverted)
        let apart = transport.asked.filter { $0.text.contains("\"data\":\"\(key(3))\"") }
        #expect(apart.count == 1)
        #expect(!transport.asked.contains { $0.text.contains("\"data\":\"\(key(1))\"") })
    }

    @Test func `where calls by hash are not understood, the height is asked with its hash checked before and after`()
        async throws
    {
        var node = node(2)
        node.pinsByHash = false
        let (client, transport) = client(node)
        #expect(try await client.call(calls(2), at: block) == [value(1), value(2)])
        let methods = transport.asked.map { $0.text.contains("\"0x2bc\"") ? $0.method : "" }.filter { !$0.isEmpty }
        let first = try #require(methods.firstIndex(of: "eth_call"))
        #expect(methods[..<first].contains("eth_getBlockByNumber"))
        #expect(methods.last == "eth_getBlockByNumber")
    }

    @Test func `a node that answers for a hash of nobody's is not believed to pin`() async throws {
        let inner = node(1)
        let transport = ScriptedTransport { _, asked in
            asked.method == "eth_getCode" ? result(asked, "\"0x\"") : inner.reply(asked)
        }
        let client = RPCChain("a", over: transport)
        #expect(try await client.call(calls(1), at: block) == [value(1)])
        #expect(!transport.asked.contains { $0.method == "eth_call" && $0.text.contains("blockHash") })
    }

    @Test func `a block that is another one by number is a reorg, not an answer`() async throws {
        var node = node(1)
        node.pinsByHash = false
        let (client, _) = client(node)
        await #expect {
            try await client.call(calls(1), at: BlockRef(number: 700, hash: topicA))
        } throws: {
            isReorged($0)
        }
    }

    @Test(arguments: [
        ("missing trie node 35a3", CallOutcome.statePruned), ("out of gas", .outOfResource),
        ("execution timeout", .outOfResource), ("no backend is currently healthy", .unavailable),
    ])
    func `a failure of the node is no statement of the contract`(text: String, outcome: CallOutcome) async throws {
        var node = node(1)
        node.answers[key(1)] = .failure(code: -32000, message: text)
        let (client, _) = client(node)
        #expect(try await client.call(calls(1), at: block) == [outcome])
        #expect(!outcome.isAnswer)
    }

    @Test func `what one endpoint has pruned another one answers`() async throws {
        let honest = node(1)
        let transport = ScriptedTransport { endpoint, asked in
            endpoint.name == "pruned" && asked.method == "eth_call"
                ? failure(asked, "missing trie node") : honest.reply(asked)
        }
        let client = RPCChain("pruned", "archive", over: transport)
        #expect(try await client.call(calls(1), at: block) == [value(1)])
        #expect(!transport.asked(of: "pruned").isEmpty)
    }

    @Test func `an outage gives no outcome that could be taken for one`() async throws {
        let transport = ScriptedTransport { _, asked throws(TransportError) in throw .timedOut }
        let client = RPCChain("a", over: transport)
        #expect(try await client.call(calls(5), at: block) == calls(5).map { _ in .unavailable })
        // Tries for the group, none for each of its calls.
        #expect(transport.asked.count < 20)
    }

    @Test(arguments: [true, false])
    func `one contract that returns too much spoils only itself`(hasMulticall: Bool) async throws {
        var node = node(2)
        node.hasMulticall = hasMulticall
        node.answers[key(2)] = .bytes("0x" + String(repeating: "ab", count: 3_000))
        let (client, _) = client(node)
        #expect(try await client.call(calls(2), at: block) == [value(1), .outOfResource])
    }

    @Test func `one call that eats all gas of the many is asked alone, and the others are answered`() async throws {
        let inner = node(7)
        let transport = ScriptedTransport { _, asked in
            if asked.method == "eth_getCode" { return inner.pinsByHash ? code(asked) : inner.reply(asked) }
            return asked.text.contains("0x82ad56cb") ? failure(asked, "out of gas") : inner.reply(asked)
        }
        let client = RPCChain("a", over: transport)
        let outcomes = try await client.call(calls(7), at: block)
        #expect(outcomes == [value(1), value(2), .reverted, .noData, value(5), value(6), value(7)])
    }

    @Test func `three hundred calls are a handful of requests where Multicall3 is there`() async throws {
        var node = CallNode()
        node.hasMulticall = true
        for number in 1...250 { node.answers[key(number)] = .bytes(word(UInt64(number))) }
        let (client, transport) = client(node)
        let outcomes = try await client.call(calls(250), at: block)
        #expect(outcomes == (1...250).map { value(UInt64($0)) })
        #expect(transport.asked.count <= 10)
    }

    private func code(_ asked: Asked) -> TransportReply {
        let isOurs = asked.text.contains(word(1 << 32 | 700))
        return isOurs ? result(asked, "\"0x60\"") : failure(asked, "header not found")
    }
}
