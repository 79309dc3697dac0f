import ChainSync
import Ethereum
import Foundation
import GRDB
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// Faults of the system that this one replaces, each by its number: what it did wrong must be impossible here.
@Suite struct OriginFaultTests {
    private let nft = Contract(20)

    private func held(_ process: Process, _ sql: String) throws -> Int {
        try DatabaseQueue(path: process.store.path).read { try Int.fetchOne($0, sql: sql) ?? -1 }
    }

    @Test func `F1: a rewind finds the tokens it has to fall back, though their transfers are gone`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [nft.moves(2, 0, to: 50)], [nft.moves(1, 50, to: 51)])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            chain.fork(at: 2)
            chain.mine([], [])
            #expect(try await process.follow { $0.checkpoint == 4 })
            let owner = try process.store.holders(
                of: TokenID(contract: nft.address, token: U256(1)),
                on: 321,
                at: nil
            )
            #expect(owner.unique?.owner == account(50))
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `F2: a reorg of the newest block is noticed, and blocks without transfers take part`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [], [], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 4)
            // Only blocks without a transfer of ours change, and the new ones carry one.
            chain.fork(at: 3)
            chain.mine([nft.moves(1, 50, to: 52)])
            #expect(try await process.follow { $0.tip?.hash == chain.blocks[4].hash && $0.checkpoint == 4 })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `F3: hashes are known for blocks without transfers too`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [], [], [], [], [], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 7)
            let window = try process.store.reading(321).window
            #expect(window.suffix(3) == chain.blocks.suffix(3).map(\.ref)[...])
        }
    }

    @Test(arguments: [
        "9007199254740993", "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    ])
    func `F4: ids above 2^53 are exact from the log to the export`(id: String) async throws {
        try await withDirectory { directory in
            let token = try #require(U256(decimal: id))
            let chain = FakeChain()
            chain.mine([nft.moves(token, 0, to: 50)])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 1)
            #expect(try process.export().map(\.token.decimal) == [id])
        }
    }

    @Test func `F5: a contract whose transfers have long gaps is wholly read, without guessing where it begins`()
        async throws
    {
        try await withDirectory { directory in
            let chain = FakeChain(width: 50)
            chain.mine([nft.moves(1, 0, to: 50)])
            for _ in 0..<400 { chain.mine([]) }
            chain.mine([nft.moves(2, 0, to: 51)])
            let process = try await Process(chain, directory + "/a.db", contracts: [nft.address])
            try await process.sync(to: chain.headNumber)
            #expect(try process.export().map(\.token) == [U256(1), U256(2)])
        }
    }

    @Test func `F10: rows, progress and counters are one transaction, and a repeated batch counts once`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain(width: 3)
            var random = SplitMix64(seed: 4)
            for _ in 0..<30 { chain.mine(random.someLogs()) }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 30)
            let before = try process.store.chains()[0].counters
            // Coverage is lost, the rows are not: everything is read and compared again.
            try await DatabaseQueue(path: process.store.path).write { try $0.execute(sql: "DELETE FROM coverage") }
            try process.store.close()
            let again = try await Process(chain, directory + "/a.db")
            try await again.sync(to: 30)
            #expect(try again.store.chains()[0].counters == before)
            #expect(
                before.transfersProcessed
                    == UInt64(
                        try held(again, "SELECT (SELECT count(*) FROM transfer) + (SELECT count(*) FROM token_range)")
                    )
            )
            #expect(
                before.tokensDiscovered
                    == UInt64(try held(again, "SELECT (SELECT count(*) FROM owner) + (SELECT count(*) FROM supply)"))
            )
        }
    }

    @Test
    func `F11: verification asks for the state at the checkpoint, and a call that failed is neither right nor wrong`()
        async throws
    {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50), nft.moves(2, 0, to: 50), nft.moves(3, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            let checkpoint = chain.blocks[2].ref
            // The chain goes on: by its newest state token 1 is another's.
            chain.mine([nft.moves(1, 50, to: 51)], [])
            let verifier = Verifier(chain: chain, store: process.store, chainID: 321, block: checkpoint)
            let clean = try await verifier.verifyAll(contract: nil)
            #expect(clean.tally.equal == 3 && clean.tally.different == 0)
            #expect(Set(chain.state.withLock { $0.calls }) == [checkpoint])
            // One of three fails: of the others all are equal, and a third unanswered is no verdict at all.
            let failing = HoldingCheck.call(
                for: ClaimedHolding(
                    contract: nft.address,
                    token: U256(2),
                    rule: .unique,
                    owner: account(50),
                    amount: SignedSum(1)
                )
            )
            chain.state.withLock { $0.onCall = { call, _ in call == failing ? .unavailable : nil } }
            let failed = try await verifier.verifyAll(contract: nil)
            #expect(failed.tally.equal == 2 && failed.tally.different == 0 && failed.tally.unanswered == 1)
            #expect(failed.tally.rate == 1)
            guard case .unchecked = failed.tally.conclusion(threshold: 0.99) else {
                Issue.record("a third without an answer was taken for a result")
                return
            }
        }
    }
}
