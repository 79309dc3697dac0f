/// Chains whose log indices cannot be used, headers in batches, and what doctor finds.
import ChainClient
import Ethereum
import Testing

/// A chain that numbers logs per transaction: two transactions in block 100, one log each, both with index 0.
private func perTransaction(_ asked: Asked, _ chain: FakeChain, receipts: Bool = true) -> TransportReply {
    let logs = [chain.log(100, index: 0, tx: 0), chain.log(100, index: 0, tx: 3)]
    switch asked.method {
    case "eth_getLogs": return result(asked, "[\(logs.joined(separator: ",")),\(chain.log(150, index: 0, tx: 1))]")
    case "eth_getBlockReceipts":
        guard receipts else { return failure(asked, code: -32601, "no") }
        let is100 = asked.text.contains(word(chain.hash(100)))
        let number: UInt64 = is100 ? 100 : 150
        func receipt(_ tx: UInt64, _ logs: [String]) -> String {
            """
            {"blockHash":"\(word(chain.hash(number)))","transactionHash":"\(word(tx + 1))","transactionIndex":"\(hex(tx))","logs":[\(logs.joined(separator: ","))]}
            """
        }
        let other = chain.log(number, index: 0, tx: 2, topic: 0xCCCC)
        return is100
            ? result(asked, "[\(receipt(0, [logs[0]])),\(receipt(2, [other, other])),\(receipt(3, [logs[1]]))]")
            : result(asked, "[\(receipt(0, [])),\(receipt(1, [other, chain.log(150, index: 1, tx: 1)]))]")
    default: return chain.reply(asked)
    }
}

@Suite struct RenumberTests {
    private let chain = FakeChain()

    @Test func `indices that restart per transaction are replaced from the receipts, for every block`() async throws {
        let fake = chain
        let client = RPCChain("a", over: ScriptedTransport { _, asked in perTransaction(asked, fake) })
        #expect(!client.renumbered)
        let page = try await client.logs(in: 100...199, matching: filterA).page
        #expect(page.logs.map(\.blockNumber) == [100, 100, 150])
        #expect(page.logs.map(\.logIndex) == [0, 3, 1])
        #expect(page.logs.map(\.transactionIndex) == [0, 3, 1])
        #expect(client.renumbered)
    }

    @Test func `a chain that is known to need it is numbered from the start`() async throws {
        var options = RPCOptions()
        options.renumbered = true
        let fake = chain
        let client = RPCChain(
            "a",
            options: options,
            over: ScriptedTransport { _, asked in
                asked.method == "eth_getLogs"
                    ? result(asked, "[\(fake.log(150, index: 0, tx: 1))]") : perTransaction(asked, fake)
            }
        )
        #expect(try await client.logs(in: 100...199, matching: filterA).page.logs.map(\.logIndex) == [1])
    }

    @Test func `without receipts nothing is numbered by guess`() async throws {
        let fake = chain
        let client = RPCChain("a", over: ScriptedTransport { _, asked in perTransaction(asked, fake, receipts: false) })
        await #expect { try await client.logs(in: 100...199, matching: filterA) } throws: {
            if case ChainError.unservable = $0 { true } else { false }
        }
    }

    @Test func `logs without an index are completed from the receipts`() async throws {
        let fake = chain
        let client = RPCChain(
            "a",
            over: ScriptedTransport { _, asked in
                let bare = fake.log(150, index: 0, tx: 1).replacing("\"logIndex\":\"0x0\"", with: "\"logIndex\":null")
                return asked.method == "eth_getLogs" ? result(asked, "[\(bare)]") : perTransaction(asked, fake)
            }
        )
        #expect(try await client.logs(in: 100...199, matching: filterA).page.logs.map(\.logIndex) == [1])
    }

    @Test func `receipts with fewer logs than were given are refused`() async throws {
        let fake = chain
        let client = RPCChain(
            "a",
            over: ScriptedTransport { _, asked in
                asked.method == "eth_getBlockReceipts" ? result(asked, "[]") : perTransaction(asked, fake)
            }
        )
        await #expect { try await client.logs(in: 100...199, matching: filterA) } throws: {
            if case ChainError.inconsistent = $0 { true } else { false }
        }
    }
}

/// The single requests in a batch.
private func elements(_ asked: Asked) -> [Asked] {
    asked.text.split(separator: "{").filter { $0.contains("method") }.map { Asked(text: "{" + $0) }
}

private func batched(_ asked: Asked, _ answer: ([Asked]) -> [String]) -> TransportReply {
    .json("[" + answer(elements(asked)).joined(separator: ",") + "]")
}

private func element(_ asked: Asked, _ value: String) -> String {
    "{\"id\":\(asked.id),\"jsonrpc\":\"2.0\",\"result\":\(value)}"
}

@Suite struct BatchTests {
    private let chain = FakeChain()
    private let numbers = (UInt64(1)...37).map { $0 * 3 }

    private func run(
        _ script: @escaping @Sendable (Asked) -> TransportReply
    ) async throws -> ([UInt64], ScriptedTransport) {
        let fake = chain
        let transport = ScriptedTransport { _, asked in asked.text.hasPrefix("[") ? script(asked) : fake.reply(asked) }
        return (try await RPCChain("a", over: transport).headers(numbers: numbers).map(\.number), transport)
    }

    @Test func `S-26: answers are matched by id, in whatever order they come`() async throws {
        let fake = chain
        let (found, transport) = try await run { asked in
            batched(asked) {
                $0.reversed().map { element($0, fake.answer($0)) } + [element(Asked(text: "\"id\":1,"), "null")]
            }
        }
        #expect(found == numbers)
        #expect(transport.asked.count { $0.text.hasPrefix("[") } < 5)
        #expect(transport.asked.count { !$0.text.hasPrefix("[") } == 2, "identity only")
    }

    @Test func `S-26: what a batch leaves out or refuses is asked for by itself`() async throws {
        let fake = chain
        let (found, _) = try await run { asked in
            batched(asked) { asked in
                asked.enumerated().compactMap { index, one in
                    switch index % 4 {
                    case 0: nil
                    case 1: "{\"id\":\(one.id),\"error\":{\"code\":429,\"message\":\"slow\"}}"
                    case 2: element(one, "null")
                    default: element(one, fake.answer(one))
                    }
                }
            }
        }
        #expect(found == numbers)
    }

    @Test(arguments: [
        "[]", "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch requests are not supported\"}}",
        "{\"id\":1,\"result\":{}}",
        "{\"id\":null,\"error\":{\"code\":-32600,\"message\":\"batch too large\"}}", "<html>",
    ])
    func `S-26: where batches do not work, single requests do`(_ answer: String) async throws {
        let (found, transport) = try await run { _ in .json(answer) }
        #expect(found == numbers)
        #expect(transport.asked.count { $0.text.hasPrefix("[") } <= 6)
    }

    @Test func `S-26: two answers for one id are none`() async throws {
        let fake = chain
        let (found, transport) = try await run { asked in
            batched(asked) { asked in asked.flatMap { [element($0, fake.answer($0)), element($0, fake.header(1))] } }
        }
        #expect(found == numbers)
        #expect(transport.asked.count { !$0.text.hasPrefix("[") } >= numbers.count)
    }

    @Test func `doctor finds what an endpoint can do`() async throws {
        let fake = chain
        let transport = ScriptedTransport { _, asked in
            if asked.text.hasPrefix("[") { return batched(asked) { $0.map { element($0, fake.answer($0)) } } }
            if asked.method == "web3_clientVersion" { return result(asked, "\"Geth/v1 \\u0007\"") }
            if asked.method == "eth_getLogs" {
                if asked.width > 2_000 { return failure(asked, code: -32602, "exceed maximum block range: 2000") }
                if asked.from == nil { return failure(asked, "unknown block") }
                if let from = asked.from, from < 40_000 { return failure(asked, code: 4444, "pruned history") }
                return result(asked, asked.text.contains("topics\":[]") ? "[\(fake.log(asked.from ?? 0))]" : "[]")
            }
            return fake.reply(asked)
        }
        let findings = await RPCChain("a", over: transport).probe(0, wallSeconds: 300_030)
        #expect(findings.identity.value?.chainID == 321)
        #expect(findings.head.value?.number == 100_000 && findings.headAgeSeconds == 30)
        #expect(findings.finalized.value??.number == 99_980)
        #expect(findings.logRange.value == .init(answered: 2_000, refusedAbove: 2_000))
        #expect(findings.topicFilterHonoured.value == true)
        #expect(findings.blockHashLogsSafe.value == true)
        #expect(findings.batches.value == true)
        #expect(findings.earliestLogs.value == 40_000)
        #expect(findings.clientVersion.value == "Geth/v1  ")
        #expect(findings.requests <= 60 && findings.requests == transport.asked.count)
    }

    @Test func `doctor says what it could not find`() async throws {
        let transport = ScriptedTransport { _, _ throws(TransportError) in throw .cannotConnect("refused") }
        let findings = await RPCChain("a", over: transport).probe(0)
        guard case .failed(.transient, let text) = findings.head else { return #expect(Bool(false)) }
        #expect(text.contains("cannot connect"))
        #expect(findings.requests < 15)
    }
}
