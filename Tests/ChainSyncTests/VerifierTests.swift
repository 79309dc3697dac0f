import ChainSync
import Ethereum
import GRDB
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// The verifier over the real store, a drawn chain and contracts that answer by their events, or do not.
@Suite struct VerifierTests {
    private let nft = Contract(20)
    private let liar = Contract(30)

    private func verifier(_ chain: FakeChain, _ process: Process) throws -> Verifier {
        let summary = try #require(try process.store.chains().first)
        let block = BlockRef(
            number: try #require(summary.checkpoint),
            hash: try #require(summary.checkpointHash)
        )
        return Verifier(chain: chain, store: process.store, chainID: 321, block: block)
    }

    @Test(arguments: Array(UInt64(0)..<6))
    func `whatever honest contracts did, all of it agrees`(seed: UInt64) async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            var random = SplitMix64(seed: seed)
            // Burned tokens, ranges and counted movements; sums that events make negative are no honest contract's.
            for _ in 0..<20 {
                let (from, to, token) = (UInt32(random.below(4)), UInt32(random.below(4)), random.below(8))
                chain.mine([
                    nft.moves(token, from, to: to), Contract(21).sends(U256(token), amount: U256(9), 0, to: 50 + to),
                    Contract(22).movesRange(U256(token), through: U256(token + 5), 0, to: 60),
                ])
            }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 20)
            let result = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(result.tally.equal > 15 && result.tally.different == 0 && result.tally.unanswered == 0)
            // Every line of the export is among those that were checked.
            #expect(result.tally.equal >= (try process.export()).count)
        }
    }

    @Test func `a contract that contradicts its events is a conflict, kept until it is settled`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [liar.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            let lie = account(99)
            let address = liar.address
            chain.state.withLock {
                $0.onCall = { call, _ in call.contract == address ? .returned(lie.word.bytes) : nil }
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
            }
            let verifier = try verifier(chain, process)
            let result = try await verifier.verifyAll(contract: nil)
            #expect(result.differences.map(\.finding) == [.conflict])
            #expect(result.differences.map(\.claimed.contract) == [liar.address])
            let token = TokenID(contract: liar.address, token: U256(1))
            let kept = try process.store.conflicts(about: token, on: 321)
            #expect(kept.map(\.observed) == [.owner(lie)])
            #expect(kept.map(\.claimed.owner) == [account(50)])
            #expect(kept.map(\.block) == [chain.blocks[3].ref])
            // Events decide all the same.
            #expect(try process.store.holders(of: token, on: 321, at: nil).unique?.owner == account(50))
            chain.state.withLock { $0.onCall = nil }
            _ = try await verifier.verifyAll(contract: nil)
            #expect(try process.store.conflicts(about: token, on: 321) == [])
        }
    }

    @Test func `V21: a name that expired is asked for in vain; it is a conflict, and its owner stays`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [liar.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            let address = liar.address
            chain.state.withLock {
                $0.onCall = { call, _ in call.contract == address ? .reverted : nil }
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
            }
            let result = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(result.differences.map(\.finding) == [.conflict])
            let token = TokenID(contract: liar.address, token: U256(1))
            #expect(try process.store.conflicts(about: token, on: 321).map(\.observed) == [.nothing])
            #expect(try process.store.holders(of: token, on: 321, at: nil).unique?.owner == account(50))
            // Registered anew, which its events say.
            chain.state.withLock { $0.onCall = nil }
            chain.mine([liar.moves(1, 50, to: 0), liar.moves(1, 0, to: 51)])
            try await process.sync(to: 4)
            let again = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(again.differences.isEmpty)
            #expect(try process.store.holders(of: token, on: 321, at: nil).unique?.owner == account(51))
        }
    }

    @Test func `a conflict that was observed in an undone state is forgotten with it`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([liar.moves(1, 0, to: 50)], [], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            chain.state.withLock {
                $0.onCall = { _, _ in .reverted }
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
            }
            _ = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(try process.store.conflicts(of: 321, limit: 9).count == 1)
            chain.state.withLock { $0.onCall = nil }
            chain.fork(at: 2)
            chain.mine([], [])
            #expect(try await process.follow { $0.checkpoint == 4 })
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test(arguments: [false, true])
    func `a log that was missed is told from a contradiction, by the logs or by the receipts`(
        byReceipts: Bool
    ) async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine(
                [nft.moves(1, 0, to: 50), nft.moves(2, 0, to: 50)],
                [nft.moves(2, 50, to: 51), nft.moves(1, 50, to: 51)],
                []
            )
            chain.state.withLock { $0.hidden = [2] }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            if byReceipts {
                chain.state.withLock { $0.hasReceipts = true }
            } else {
                chain.state.withLock { $0.hidden = [] }
            }
            let result = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(result.differences.map(\.finding) == [.missed(2...2)])
            #expect(result.differences.map(\.claimed.token) == [U256(1)])
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
            // Nothing is put in by looking; once it is, all agrees, and putting it in again changes nothing.
            let repair = try #require(result.repair)
            for inserted in [1, 0] {
                let state = try process.store.reading(321)
                let update = try #require(repair.update(of: state, commitID: ID128(high: 1, low: UInt64(inserted))))
                #expect(try process.store.applying(update, to: 321).inserted == inserted)
            }
            let repaired = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(repaired.tally.equal == 2 && repaired.tally.different == 0)
        }
    }

    @Test func `missed logs of a state that was undone since are not put in`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [nft.moves(2, 0, to: 50), nft.moves(1, 50, to: 51)], [], [])
            chain.state.withLock { $0.hidden = [2] }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 4)
            chain.state.withLock { $0.hidden = [] }
            let repair = try #require(try await verifier(chain, process).verifyAll(contract: nil).repair)
            chain.fork(at: 3)
            chain.mine([], [])
            #expect(try await process.follow { $0.checkpoint == 5 })
            #expect(repair.update(of: try process.store.reading(321), commitID: ID128(high: 1, low: 1)) == nil)
        }
    }

    @Test(arguments: [(true, false), (false, true)])
    func `without proof that all logs were read, a difference is unproven`(
        hasBlooms: Bool,
        hasReceipts: Bool
    ) async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([liar.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            chain.state.withLock {
                $0.onCall = { _, _ in .reverted }
                ($0.hasBlooms, $0.hasReceipts) = (hasBlooms, hasReceipts)
            }
            let result = try await verifier(chain, process).verifyAll(contract: nil)
            guard case .unproven(let why) = result.differences.first?.finding else {
                Issue.record("\(result.differences)")
                return
            }
            #expect(why.contains(hasBlooms ? "receipts" : "bloom"))
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test func `of a unique token the logs from its newest transfer on are read again, of a balance all`() async throws
    {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([liar.moves(1, 0, to: 50)], [], [], [liar.moves(1, 50, to: 51)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 5)
            chain.state.withLock {
                $0.onCall = { _, _ in .reverted }
                $0.asked = []
            }
            _ = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(chain.asked == [4...5])
            chain.mine([liar.sends(U256(2), amount: U256(9), 0, to: 50)])
            try await process.sync(to: 6)
            chain.state.withLock { $0.asked = [] }
            _ = try await verifier(chain, process).verifyAll(contract: nil)
            #expect(chain.asked == [0...6])
        }
    }

    @Test func `logs that cannot be read again leave a difference unproven`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([liar.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            chain.state.withLock {
                $0.onCall = { _, _ in .reverted }
                $0.requestsLeft = 0
            }
            let result = try await verifier(chain, process).verifyAll(contract: nil)
            guard case .unproven = result.differences.first?.finding else {
                Issue.record("\(result.differences)")
                return
            }
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test func `a block that was reorganised away is not verified`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            let verifier = try verifier(chain, process)
            chain.fork(at: 1)
            chain.mine([nft.moves(1, 50, to: 51)])
            await #expect(throws: ChainError.self) { try await verifier.verifyAll(contract: nil) }
        }
    }
}
