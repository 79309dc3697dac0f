/// The logs of one block, by hash where that is safe.
import ChainClient
import Ethereum
import Testing

@Suite struct BlockLogsTests {
    private let chain = FakeChain()

    @Test func `logs of a block come by its hash`() async throws {
        let (client, transport) = client { _, asked in
            asked.text.contains(word(1 << 32 | 700)) ? nil : failure(asked, "unknown block")
        }
        let header = try #require(try await client.header(number: 700))
        #expect(try await client.logs(of: header, matching: filterA).logs.map(\.blockNumber) == [700])
        #expect(transport.asked.filter { $0.method == "eth_getLogs" }.allSatisfy { $0.from == nil })
    }

    @Test func `where an unknown hash has no logs, the block is looked for before and after`() async throws {
        let (client, transport) = client { _, asked in result(asked, "[]") }
        let known = try #require(try await client.header(number: 700))
        #expect(try await client.logs(of: known, matching: filterA).logs.isEmpty)
        #expect(transport.count("eth_getBlockByHash") == 2)
        let gone = Header(number: 700, hash: topicB, parentHash: topicA, timestamp: 0)
        await #expect { try await client.logs(of: gone, matching: filterA) } throws: { isReorged($0) }
    }

    @Test func `a hash that nobody knows is a reorg`() async throws {
        let (client, _) = client("a", "b") { _, asked in failure(asked, "unknown block") }
        let gone = Header(number: 700, hash: topicB, parentHash: topicA, timestamp: 0)
        await #expect { try await client.logs(of: gone, matching: filterA) } throws: { isReorged($0) }
    }

    @Test(arguments: [FakeChain().log(701), FakeChain(fork: 2).log(700)])
    func `logs of another block than asked by hash are refused`(_ log: String) async throws {
        let fake = chain
        let (client, _) = client { _, asked in
            asked.text.contains(word(fake.hash(700))) ? result(asked, "[\(log)]") : failure(asked, "unknown block")
        }
        let header = try #require(try await client.header(number: 700))
        await #expect {
            try await client.logs(of: header, matching: filterA)
        } throws: {
            isInconsistent($0)
        }
    }

    @Test func `where asking by hash is refused, the number does with the hash checked`() async throws {
        let (client, _) = client { _, asked in
            asked.from == nil ? failure(asked, code: -32602, "logs are limited to a 10000 block range") : nil
        }
        let header = try #require(try await client.header(number: 700))
        #expect(try await client.logs(of: header, matching: filterA).logs.count == 1)
        let gone = Header(number: 700, hash: topicB, parentHash: topicA, timestamp: 0)
        await #expect { try await client.logs(of: gone, matching: filterA) } throws: { isReorged($0) }
    }
}
