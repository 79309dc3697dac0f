/// A chain that changes deeper than a branch is followed by itself (design §3): two operators have to agree.
import ChainSync
import Ethereum
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

@Suite struct DeepReorgTests {
    /// Where the old and the new chain part; deeper than ``Window/depthMax`` below the tip.
    private static let ancestor: UInt64 = 60
    private static let blocks = 1_200

    /// A chain with rows on both sides of the ancestor, held to its head, then another one from the ancestor on.
    private func withForkedChain(
        operators: (new: Int, old: Int, silentBelow: UInt64)?,
        finalized: UInt64? = nil,
        prunedBelow: UInt64 = 0,
        newBlocks: Int = blocks,
        _ body: (FakeChain, Process) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let chain = FakeChain(width: 500)
            func mine(owner: UInt32, to last: Int = Self.blocks) {
                while chain.blocks.count <= last {
                    let number = UInt64(chain.blocks.count)
                    chain.mine(number % 50 == 3 ? [Contract(20).moves(number, 0, to: owner)] : [])
                }
            }
            mine(owner: 70)
            chain.finalize(finalized)
            let process = try await Process(chain, directory + "/a.db", confirmations: 4)
            try await process.sync(to: chain.headNumber)
            chain.finalize(nil)
            chain.fork(at: Self.ancestor)
            mine(owner: 71, to: newBlocks)
            chain.mine([Contract(20).moves(1, 0, to: 72)])
            chain.state.withLock {
                $0.operators = operators
                $0.prunedBelow = prunedBelow
            }
            try await body(chain, process)
        }
    }

    @Test func `is followed from history when two operators agree on it`() async throws {
        try await withForkedChain(operators: (new: 2, old: 1, silentBelow: 0)) { chain, process in
            #expect(try await process.follow { $0.rewinds == 1 && $0.checkpoint == chain.headNumber })
            #expect(try differences(chain, process.export()) == [])
            // No deeper than it has to be: the newest held block below the ancestor has rows.
            let held = try await process.store.heldBlock(of: 321, atOrBelow: Self.ancestor)
            #expect(held?.number ?? 0 >= Self.ancestor - Self.ancestor % 50 + 3 - 50)
        }
    }

    @Test func `ends a sync with an end as well`() async throws {
        try await withForkedChain(operators: (new: 2, old: 0, silentBelow: 0)) { chain, process in
            try await process.sync(to: chain.headNumber)
            #expect(try differences(chain, process.export()) == [])
        }
    }

    private static let refused: [(operators: (new: Int, old: Int, silentBelow: UInt64), why: String)] = [
        ((new: 1, old: 0, silentBelow: 0), "one operator alone is not believed"),
        ((new: 2, old: 2, silentBelow: 0), "as many serve ours"),
        ((new: 2, old: 3, silentBelow: 0), "more serve ours"),
        ((new: 2, old: 0, silentBelow: 300), "who does not answer half way down has not agreed"),
    ]

    @Test(arguments: refused.indices) func `blocks and undoes nothing where two do not agree`(_ index: Int) async throws
    {
        try await withForkedChain(operators: Self.refused[index].operators) { _, process in
            try await expectBlocked(process)
        }
    }

    @Test func `is not followed below a block that the chain called final`() async throws {
        try await withForkedChain(operators: (new: 2, old: 0, silentBelow: 0), finalized: 200) { _, process in
            try await expectBlocked(process)
        }
    }

    @Test func `is not followed while the new chain's logs cannot be read`() async throws {
        try await withForkedChain(operators: (new: 2, old: 0, silentBelow: 0), prunedBelow: 900) { chain, process in
            try await expectBlocked(process, reason: nil)
            chain.state.withLock { $0.prunedBelow = 0 }
            #expect(try await process.follow { $0.rewinds == 1 && $0.checkpoint == chain.headNumber })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `costs few requests a round while it is blocked`() async throws {
        try await withForkedChain(operators: (new: 1, old: 0, silentBelow: 0)) { chain, process in
            let before = chain.state.withLock { $0.headersByHash }
            await #expect(throws: SyncError.self) { try await process.sync(to: chain.headNumber) }
            let rounds = 3
            #expect(chain.state.withLock { $0.headersByHash } - before <= rounds * 80)
        }
    }

    @Test func `asks what the other chain is of an endpoint that has its head`() async throws {
        try await withForkedChain(operators: (new: 2, old: 1, silentBelow: 0)) { chain, process in
            chain.state.withLock { $0.isFirstLeftBehind = true }
            let isFollowed = try await process.follow { $0.rewinds == 1 && $0.checkpoint == chain.headNumber }
            #expect(isFollowed)
            #expect(try differences(chain, process.export()) == [])
            // The walk was told at its 64th parent that it would not end.
            #expect(chain.state.withLock { $0.headersByHash } < 200)
        }
    }

    @Test func `waits for a head above our tip: who has no block there has not said that ours is gone`() async throws {
        let operators = (new: 2, old: 0, silentBelow: UInt64(0))
        try await withForkedChain(operators: operators, newBlocks: Self.blocks - 20) { chain, process in
            try await expectBlocked(process)
            while chain.blocks.count <= Self.blocks { chain.mine([]) }
            #expect(try await process.follow { $0.rewinds == 1 && $0.checkpoint == chain.headNumber })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `a branch of 150 blocks is not deep: it is followed in one walk on one operator's word`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain(width: 100)
            func mine(owner: UInt32, to last: Int) {
                while chain.blocks.count <= last {
                    let number = UInt64(chain.blocks.count)
                    chain.mine(number % 50 == 3 ? [Contract(20).moves(number, 0, to: owner)] : [])
                }
            }
            mine(owner: 70, to: 1_300)
            let process = try await Process(chain, directory + "/a.db", confirmations: 4)
            let (engine, state) = (process.engine, try process.store.reading(321))
            let running = Task { try await engine.run(state, until: .follow) }
            let summary = { @Sendable in (try? process.store.chains())?.first }
            #expect(await eventually { summary()?.checkpoint == 1_300 })
            let before = chain.state.withLock { $0.headersByHash }
            chain.fork(at: 1_150)
            mine(owner: 71, to: 1_301)
            #expect(await eventually { summary()?.rewinds == 1 && summary()?.checkpoint == 1_301 })
            // One walk of 150 parents: none was broken off at the 64th and begun again.
            #expect(chain.state.withLock { $0.headersByHash } - before < 200)
            running.cancel()
            _ = try? await running.value
            #expect(try differences(chain, process.export()) == [])
        }
    }

    private func expectBlocked(_ process: Process, reason: String? = "deep reorg") async throws {
        let before = try process.export()
        let engine = process.engine
        let state = try process.store.reading(321)
        let running = Task { try await engine.run(state, until: .follow) }
        #expect(await eventually { engine.status.snapshot.phase == .blocked })
        if let reason { #expect(engine.status.snapshot.reason?.contains(reason) == true) }
        running.cancel()
        _ = try? await running.value
        #expect(try process.store.chains()[0].rewinds == 0)
        #expect(try process.export() == before)
    }
}
