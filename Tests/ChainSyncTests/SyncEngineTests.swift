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
            let healthy = chain.blocks
            chain.fork(at: 0)
            for _ in 0..<40 { chain.mine([]) }
            chain.state.withLock { $0.canonical[0].branch = 9 }
            let engine = process.engine
            let state = try process.store.reading(321)
            let running = Task { try await engine.run(state, until: .follow) }
            #expect(await eventually { engine.status.snapshot.phase == .blocked })
            #expect(engine.status.snapshot.reason?.contains("deep reorg") == true)
            #expect(try process.export() == before)
            // An operator's rewind, or the old chain again, and it goes on by itself.
            chain.state.withLock { $0.canonical = healthy }
            #expect(await eventually { engine.status.snapshot.phase == .tail })
            running.cancel()
            _ = try? await running.value
            await #expect(throws: SyncError.self) {
                chain.fork(at: 0)
                for _ in 0..<40 { chain.mine([]) }
                chain.state.withLock { $0.canonical[0].branch = 9 }
                try await process.engine.run(process.store.reading(321), until: .block(40))
            }
            #expect(try process.export() == before)
        }
    }

    @Test func `a head that lags between sparse hashes is no reorg, however wide the gap`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain(width: 500)
            for _ in 0..<3_000 { chain.mine([]) }
            let process = try await Process(chain, directory + "/a.db", confirmations: 4)
            try await process.sync(to: 10)
            // From block 10 it jumps to 2,996; between the two nothing is held.
            chain.state.withLock { $0.heads = [3_000, 3_000, 3_000, 1_500, 1_501, 2_000] }
            #expect(try await process.follow { $0.checkpoint == 3_000 })
            #expect(process.engine.status.snapshot.phase != .blocked)
            #expect(try process.store.chains()[0].rewinds == 0)
        }
    }

    @Test func `ours stays while most operators serve our tip, and is given up when they do not`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            try await process.sync(to: chain.headNumber)
            let before = try process.export()
            chain.fork(at: 27)
            chain.mine([Contract(20).moves(1, 0, to: 77)], [], [], [])
            chain.state.withLock { $0.votes = Votes(same: 2, other: 1) }
            #expect(try await !process.follow(for: .milliseconds(200)) { $0.rewinds > 0 })
            #expect(try process.export() == before)
            chain.state.withLock { $0.votes = Votes(same: 1, other: 2) }
            #expect(try await process.follow { $0.rewinds == 1 && $0.checkpoint == 31 })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `a branch that has another block where the chain calls one final is not taken`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            try await process.sync(to: chain.headNumber)
            let before = try process.export()
            let honest = chain.blocks
            chain.fork(at: 27)
            chain.mine([Contract(20).moves(1, 0, to: 77)], [], [], [])
            chain.state.withLock { $0.finalBlock = honest[29] }
            #expect(try await !process.follow(for: .milliseconds(200)) { $0.rewinds > 0 })
            #expect(try process.export() == before)
            #expect(try process.store.chains()[0].finalized ?? 0 < 29)
        }
    }

    @Test func `every range is read beside a held block at or above its end`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let (ranges, besides) = chain.state.withLock { ($0.asked, $0.besides) }
            #expect(ranges.count == besides.count && !ranges.isEmpty)
            for (range, beside) in zip(ranges, besides) {
                let block = try #require(beside)
                #expect(block.number >= range.upperBound)
                #expect(chain.blocks[Int(block.number)].hash == block.hash)
            }
        }
    }

    @Test func `history gets on even when every look at the head takes longer than a round`() async throws {
        try await withDirectory { directory in
            let chain = chain(40)
            let process = try await Process(chain, directory + "/a.db", contracts: [account(20)])
            try await process.sync(to: chain.headNumber)
            try process.store.addContract(account(30), from: 0, to: 321, id: ID128(high: 5, low: 5))
            chain.state.withLock { $0.headDelay = .milliseconds(20) }
            #expect(try await process.follow { $0.checkpoint == chain.headNumber })
        }
    }

    @Test func `with nothing followed there is no checkpoint, and a sync says so`() async throws {
        try await withDirectory { directory in
            let chain = chain(20)
            let process = try await Process(chain, directory + "/a.db", contracts: [account(20)])
            try await process.sync(to: chain.headNumber)
            try process.store.removeContract(account(20), from: 321, id: ID128(high: 5, low: 5))
            #expect(try process.store.chains()[0].checkpoint == nil)
            #expect(try process.export() == [])
            await #expect(throws: SyncError.self) { try await process.sync(to: chain.headNumber) }
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

    @Test(arguments: [1, 30, 55] as [UInt64])
    func `a chain whose numbers turn out unusable is read again whole, and nothing counts twice`(
        from block: UInt64
    ) async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            chain.state.withLock { $0.renumbersFrom = block }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            #expect(try process.store.reading(321).isRenumbered)
            #expect(try differences(chain, process.export()) == [])
            let page = try process.store.transfers(of: .chain, on: 321, PageRequest(position: nil, limit: 100))
            #expect(page.items.allSatisfy { $0.transfer.place.logIndex >= 100 })
            #expect(try process.store.chains()[0].checkpoint == chain.headNumber)
        }
    }

    @Test func `times that the logs came without are filled while there is nothing else to do`() async throws {
        try await withDirectory { directory in
            let chain = chain(30)
            chain.state.withLock { $0.hasTimes = false }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let store = process.store
            #expect(try await !store.untimedBlocks(of: 321, from: 0, limit: 1).isEmpty)
            chain.state.withLock { $0.hasTimes = true }
            let page = PageRequest<Place>(position: nil, limit: 100)
            let reached = try await process.follow { _ in
                let lines = (try? store.transfers(of: .chain, on: 321, page))?.items ?? []
                return lines.allSatisfy { $0.timestamp == 1_700_000_000 + $0.transfer.place.block }
            }
            #expect(reached)
            #expect(try await store.untimedBlocks(of: 321, from: 0, limit: 1).isEmpty)
            #expect(try differences(chain, process.export()) == [])
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

    @Test func `history that nobody serves does not keep the rest from being read`() async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            chain.state.withLock { $0.prunedBelow = 21 }
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            await #expect(throws: (any Error).self) { try await process.sync(to: chain.headNumber) }
            let covered = try process.store.reading(321).coverage.values
            #expect(covered.allSatisfy { $0.missing(in: 21...30).isEmpty && $0.missing(in: 0...20) == [0...20] })
            #expect(try process.store.chains()[0].checkpoint == nil)
        }
    }

    @Test func `history that nobody serves at the moment does not hold up what is new`() async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            chain.state.withLock { $0.unavailableBelow = 21 }
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            let (engine, state) = (process.engine, try process.store.reading(321))
            let running = Task { try await engine.run(state, until: .follow) }
            let tail = { (try? process.store.reading(321))?.tip?.number }
            let checkpoint = { (try? process.store.chains())?.first?.checkpoint }
            #expect(await eventually { tail() == 60 })
            chain.mine([], [])
            #expect(await eventually { tail() == 62 })
            #expect(try process.store.chains()[0].checkpoint == nil)
            // Served again: all of it is read.
            chain.state.withLock { $0.unavailableBelow = 0 }
            #expect(await eventually { checkpoint() == 62 })
            running.cancel()
            _ = try? await running.value
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `a tip that leaves the chain during the first backfill is dealt with`() async throws {
        try await withDirectory { directory in
            let chain = chain(60)
            let process = try await Process(chain, directory + "/a.db", confirmations: 20)
            // The tip is set, one range is read, then the endpoint is gone for a while.
            chain.state.withLock { $0.requestsLeft = 1 }
            await #expect(throws: ChainError.self) { try await process.sync(to: chain.headNumber) }
            let tip = try #require(try process.store.chains()[0].tip)
            chain.fork(at: tip.number - 2)
            var random = SplitMix64(seed: 5)
            for _ in 0..<40 { chain.mine(random.someLogs()) }
            chain.state.withLock { $0.requestsLeft = nil }
            let head = chain.headNumber
            #expect(try await process.follow { $0.checkpoint == head })
            #expect(try differences(chain, process.export()) == [])
        }
    }
}
