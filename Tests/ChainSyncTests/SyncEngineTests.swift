import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

@Suite struct SyncEngineTests {
    /// A chain of so many seeded blocks.
    private func chain(_ count: Int, seed: UInt64 = 1, width: UInt64 = 7) -> FakeChain {
        let chain = FakeChain(width: width)
        var random = SplitMix64(seed: seed)
        for _ in 0..<count { chain.mine(random.someLogs()) }
        return chain
    }

    @Test func `a sync holds what an independent reading of the chain finds`() async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            #expect(try differences(chain, process.export()) == [])
            #expect(try process.store.chains()[0].checkpoint == chain.headNumber)
            #expect(!chain.asked.isEmpty)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8] as [Int])
    func `interrupted after any number of requests, it goes on where it was`(requests: Int) async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            let clean = try await Process(chain, directory + "/clean.db")
            try await clean.sync(to: chain.headNumber)
            let path = directory + "/cut.db"
            chain.state.withLock { $0.requestsLeft = requests }
            let first = try await Process(chain, path)
            await #expect(throws: ChainError.self) { try await first.sync(to: chain.headNumber) }
            try first.store.close()
            chain.state.withLock {
                $0.requestsLeft = nil
                $0.asked = []
            }
            let second = try await Process(chain, path)
            let covered = try second.store.chains()[0].scopes[0].coveredBlocks
            try await second.sync(to: chain.headNumber)
            #expect(try second.export() == clean.export())
            #expect(covered > 0, "the first run committed nothing, so that nothing was resumed")
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8] as [Int])
    func `of pages that were cut only what was served is covered`(requests: Int) async throws {
        try await withDirectory { directory in
            let chain = FakeChain(width: 4, widthPromised: 20)
            var random = SplitMix64(seed: 2)
            for _ in 0..<60 { chain.mine(random.someLogs()) }
            chain.state.withLock { $0.requestsLeft = requests }
            let first = try await Process(chain, directory + "/a.db")
            await #expect(throws: ChainError.self) { try await first.sync(to: chain.headNumber) }
            #expect(try first.store.chains()[0].scopes[0].coveredBlocks == UInt64(4 * requests))
            chain.state.withLock { $0.requestsLeft = nil }
            try await first.sync(to: chain.headNumber)
            #expect(try differences(chain, first.export()) == [])
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `a reorg of any depth is undone together with the branch that replaces it`(depth: UInt64) async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            try await process.sync(to: chain.headNumber)
            chain.fork(at: chain.headNumber - depth)
            var random = SplitMix64(seed: 99)
            for _ in 0...depth { chain.mine(random.someLogs()) }
            let head = chain.headNumber
            let reached = try await process.follow {
                $0.tip?.hash == chain.blocks[Int(head)].hash && $0.checkpoint == head
            }
            #expect(reached)
            #expect(try process.store.chains()[0].rewinds == 1)
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `confirmations are a rule of ours and forbid no rewind`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let process = try await Process(chain, directory + "/a.db", confirmations: 4)
            try await process.sync(to: chain.headNumber)
            chain.fork(at: 30)
            for _ in 0..<12 { chain.mine([Contract(20).moves(1, 0, to: 79)]) }
            let head = chain.headNumber
            #expect(try await process.follow { $0.checkpoint == head })
            #expect(try process.store.chains()[0].rewinds == 1)
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `a branch that is shorter for a while is followed down and up again`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            try await process.sync(to: chain.headNumber)
            chain.fork(at: 24)
            chain.mine([Contract(20).moves(1, 0, to: 77)])
            #expect(try await process.follow { $0.tip?.number == 25 && $0.checkpoint == 25 })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `a lower head and a missing block are no reorg`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            try await process.sync(to: chain.headNumber)
            chain.state.withLock {
                $0.heads = [27, 30, 26, 25, 30, 28]
                $0.missing = [31: 3, 32: 2]
            }
            chain.mine([Contract(20).moves(1, 0, to: 78)], [], [])
            #expect(try await process.follow { $0.checkpoint == 33 })
            #expect(try process.store.chains()[0].rewinds == 0)
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `nothing is guessed when the chain changed below everything that is held`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let process = try await Process(chain, directory + "/a.db", from: 0, confirmations: 4)
            try await process.sync(to: chain.headNumber)
            let before = try process.export()
            chain.fork(at: 0)
            for _ in 0..<40 { chain.mine([]) }
            chain.state.withLock { $0.canonical[0].branch = 9 }
            await #expect(throws: SyncError.self) {
                try await process.engine.run(process.store.reading(321), until: .follow)
            }
            #expect(try process.export() == before)
            #expect(process.engine.status.snapshot.phase == .blocked)
        }
    }

    @Test func `a contract that is added while it runs is read from its first block`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let path = directory + "/a.db"
            let (one, other) = (account(100), account(102))
            let process = try await Process(chain, path, contracts: [one])
            try await process.sync(to: chain.headNumber)
            #expect(try process.export().allSatisfy { $0.contract == one })
            let elsewhere = try await Process(chain, directory + "/b.db", contracts: [one, other])
            try await elsewhere.sync(to: chain.headNumber)
            let running = process
            let added = Task {
                try await Task.sleep(for: .milliseconds(30))
                try running.store.addContract(other, from: 0, to: 321, id: ID128(high: 5, low: 5))
            }
            #expect(try await process.follow { $0.scopes.count == 2 && $0.checkpoint == chain.headNumber })
            try await added.value
            #expect(try process.export() == elsewhere.export())
            #expect(try Set(process.export().map(\.contract)) == [one, other])
        }
    }

    @Test func `a new block says nothing about the history of a contract that was added`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let (one, other) = (account(100), account(102))
            let process = try await Process(chain, directory + "/a.db", contracts: [one])
            try await process.sync(to: chain.headNumber)
            try process.store.addContract(other, from: 0, to: 321, id: ID128(high: 5, low: 5))
            chain.mine([Contract(102).moves(1, 0, to: 79)])
            try await process.sync(to: chain.headNumber)
            let elsewhere = try await Process(chain, directory + "/b.db", contracts: [one, other])
            try await elsewhere.sync(to: chain.headNumber)
            #expect(try process.export() == elsewhere.export())
            #expect(try Set(process.export().map(\.contract)) == [one, other])
        }
    }

    @Test func `a range that was on its way when somebody rewound is dropped and read again`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let (one, other) = (account(100), account(102))
            let process = try await Process(chain, directory + "/a.db", contracts: [one])
            try await process.sync(to: chain.headNumber)
            let store = process.store
            try store.addContract(other, from: 0, to: 321, id: ID128(high: 5, low: 5))
            let rewound = Mutex<BlockRef?>(nil)
            chain.state.withLock {
                $0.onLogs = (
                    of: 20,
                    run: {
                        chain.fork(at: 12)
                        for _ in 0..<30 { chain.mine([Contract(102).moves(1, 0, to: 79)]) }
                        let undone = try? store.rewinding(to: 12, of: 321, id: ID128(high: 6, low: 6))
                        rewound.withLock { $0 = undone?.to }
                    }
                )
            }
            let head: UInt64 = 42
            #expect(try await process.follow { $0.checkpoint == head })
            #expect(rewound.withLock { $0 }.map { $0.number <= 12 } == true)
            let elsewhere = try await Process(chain, directory + "/b.db", contracts: [one, other])
            try await elsewhere.sync(to: head)
            #expect(try process.export() == elsewhere.export())
            #expect(try Set(process.export().map(\.contract)) == [one, other])
        }
    }

    @Test func `an instance that was taken over stops and writes nothing more`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let path = directory + "/a.db"
            let first = try await Process(chain, path)
            let stale = first.state
            _ = try await Process(chain, path)
            await #expect(throws: SyncError.superseded) { try await first.engine.run(stale, until: .follow) }
            #expect(try first.store.chains()[0].counters.transfersProcessed == 0)
        }
    }

    @Test func `a range that was on its way when another instance took over is not committed`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let first = try await Process(chain, directory + "/a.db")
            let store = first.store
            let request = ChainRequest(
                identity: try await chain.identity(),
                contracts: [],
                firstBlock: nil,
                eventSets: [.indexed, .unindexed]
            )
            chain.state.withLock {
                $0.onLogs = (of: 20, run: { _ = try? store.opening(request, holder: ID128(high: 9, low: 9)) })
            }
            await #expect(throws: SyncError.superseded) { try await first.sync(to: 40) }
            let state = try store.reading(321)
            #expect(state.version.holder == ID128(high: 9, low: 9))
            #expect(state.coverage.values.allSatisfy { $0.missing(in: 20...20) == [20...20] })
        }
    }
}
