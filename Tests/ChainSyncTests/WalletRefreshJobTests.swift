import ChainSync
import Ethereum
import Logging
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// Refreshes as jobs: asked for twice, dropped, taken over, overtaken by a reorg and by live transfers.
@Suite struct WalletRefreshJobTests {
    private let nft = Contract(20)
    private let wallet = account(50)

    private func refresh(_ chain: FakeChain, _ store: SQLiteStore) -> WalletRefresh {
        var refresh = WalletRefresh(
            chain: chain,
            store: store,
            wallSeconds: { 1_000 },
            random: { .random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        refresh.holdingsPerPage = 2
        return refresh
    }

    /// Eight tokens of one wallet.
    private func eight(_ directory: String) async throws -> (FakeChain, Process) {
        let chain = FakeChain()
        chain.mine((1...8).map { nft.moves(UInt64($0), 0, to: 50) }, [], [])
        let process = try await Process(chain, directory + "/a.db")
        try await process.sync(to: 3)
        return (chain, process)
    }

    private func ask(
        _ store: SQLiteStore,
        _ wallet: Address,
        key: String? = nil,
        gap: Int64 = 0,
        now: Int64 = 1_000
    ) async throws -> RefreshJob {
        try await store.requestRefresh(
            RefreshRequest(chain: 321, wallet: wallet, key: key, gapSeconds: gap),
            now: now
        )
    }

    private func claim(_ store: SQLiteStore, _ number: UInt64, now: Int64 = 1_000) async throws -> RefreshJob? {
        try await store.claimRefresh(
            of: 321,
            only: nil,
            as: ID128(high: 7, low: number),
            now: now,
            until: now + 60
        )
    }

    // MARK: Asking

    @Test func `a wallet has one unfinished job, however many ask`() async throws {
        try await withDirectory { directory in
            let store = try await eight(directory).1.store
            let jobs = try await withThrowingTaskGroup(of: RefreshJob.self) { group in
                for key in 0..<8 { group.addTask { try await ask(store, wallet, key: "k\(key)") } }
                return try await group.reduce(into: Set<ID128>()) { $0.insert($1.id) }
            }
            #expect(jobs.count == 1)
            #expect(try await ask(store, account(51)).id != jobs.first)
        }
    }

    @Test func `a key gives its job again, also after it is done, and is refused for another wallet`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet, key: "a")
            #expect(try await RefreshWorker(refresh(chain, store), chainID: 321).workOne() == .ended)
            #expect(try await ask(store, wallet, key: "a", gap: 30).id == job.id)
            #expect(try await ask(store, wallet, key: "b").id != job.id)
            await #expect(throws: RefreshRefusal.keyReused) { try await ask(store, account(51), key: "a") }
            // Two days later the key is forgotten.
            #expect(try await ask(store, account(51), key: "a", now: 1_001 + RefreshRequest.keySeconds).id != job.id)
        }
    }

    @Test func `a wallet that was just refreshed has to wait, another has not`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            _ = try await ask(store, wallet)
            #expect(try await RefreshWorker(refresh(chain, store), chainID: 321).workOne() == .ended)
            await #expect(throws: RefreshRefusal.tooSoon(retrySeconds: 20)) {
                try await ask(store, wallet, gap: 30, now: 1_010)
            }
            _ = try await ask(store, account(51), gap: 30, now: 1_010)
            _ = try await ask(store, wallet, gap: 30, now: 1_030)
        }
    }

    @Test func `beyond a thousand jobs that nobody works on, none is taken`() async throws {
        try await withDirectory { directory in
            let store = try await eight(directory).1.store
            for number in 0..<UInt32(RefreshRequest.unfinishedMax) { _ = try await ask(store, account(1_000 + number)) }
            await #expect(throws: RefreshRefusal.tooMany) { try await ask(store, account(9)) }
            // Who is among them is served.
            _ = try await ask(store, account(1_000))
        }
    }

    @Test func `a job that ended a week ago is forgotten`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet)
            #expect(try await RefreshWorker(refresh(chain, store), chainID: 321).workOne() == .ended)
            _ = try await ask(store, account(51), now: 1_000 + RefreshJob.keptSeconds)
            #expect(try store.refresh(job.id) != nil)
            _ = try await ask(store, account(51), now: 1_001 + RefreshJob.keptSeconds)
            #expect(try store.refresh(job.id) == nil)
        }
    }

    // MARK: Working

    @Test func `whoever comes after a crash goes on where it was`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet)
            // Two pages of two are answered, then the process is gone.
            chain.state.withLock { $0.callsLeft = 2 }
            let first = try #require(try await claim(store, 1))
            await #expect(throws: ChainError.unavailable("the process is gone")) {
                try await refresh(chain, store).run(first, as: ID128(high: 7, low: 1))
            }
            #expect(try store.refresh(job.id)?.counts.checked == 4)
            chain.state.withLock { ($0.callsLeft, $0.calls) = (nil, []) }
            // Its claim holds for a minute: nobody knows yet that it is gone.
            #expect(try await claim(store, 2, now: 1_059) == nil)
            let second = try #require(try await claim(store, 2, now: 1_060))
            #expect(second.position?.token == U256(5))
            try await refresh(chain, store).run(second, as: ID128(high: 7, low: 2))
            let done = try #require(try store.refresh(job.id))
            #expect(done.phase == .done && done.counts.checked == 8 && done.counts.matched == 8)
            // Four tokens and the contract's count; none of the first four again.
            #expect(chain.state.withLock { $0.calls.count } == 5)
        }
    }

    @Test func `a crash between putting in and counting still counts what was put in`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [nft.moves(9, 0, to: 52), nft.moves(1, 50, to: 51)], [])
            chain.state.withLock { ($0.hidden, $0.hasBlooms) = ([2], true) }
            let process = try await Process(chain, directory + "/a.db")
            let store = process.store
            try await process.sync(to: 3)
            chain.state.withLock { $0.hidden = [] }
            let job = try await ask(store, wallet)
            for calls in 2...5 {
                chain.state.withLock { $0.callsLeft = calls }
                let number = UInt64(calls)
                guard let claimed = try await claim(store, number, now: 1_000 * Int64(calls)) else { break }
                _ = try? await refresh(chain, store).run(claimed, as: ID128(high: 7, low: number))
            }
            let done = try #require(try store.refresh(job.id))
            #expect(done.phase == .done)
            #expect(done.counts.checked == 1 && done.counts.removed == 1 && done.counts.added == 0)
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `who lost a job to another writes nothing more`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet)
            let late = try #require(try await claim(store, 1))
            let other = try #require(try await claim(store, 2, now: 1_060))
            await #expect(throws: RefreshRefusal.passedOn) {
                try await refresh(chain, store).run(late, as: ID128(high: 7, low: 1))
            }
            #expect(try store.refresh(job.id)?.counts.checked == 0)
            try await refresh(chain, store).run(other, as: ID128(high: 7, low: 2))
            #expect(try store.refresh(job.id)?.counts.matched == 8)
        }
    }

    @Test func `a block that leaves the chain meanwhile starts the comparison again`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet)
            chain.state.withLock { $0.callsLeft = 2 }
            let first = try #require(try await claim(store, 1))
            _ = try? await refresh(chain, store).run(first, as: ID128(high: 7, low: 1))
            #expect(try store.refresh(job.id)?.block == chain.blocks[3].ref)
            chain.state.withLock { $0.callsLeft = nil }
            // Token 2 leaves the wallet on the new branch.
            chain.fork(at: 2)
            chain.mine([nft.moves(2, 50, to: 51)], [])
            #expect(try await process.follow { $0.checkpoint == 4 })
            let second = try #require(try await claim(store, 2, now: 1_060))
            try await refresh(chain, store).run(second, as: ID128(high: 7, low: 2))
            let done = try #require(try store.refresh(job.id))
            #expect(done.block?.number == 4 && done.block?.hash == chain.blocks[4].hash)
            #expect(done.counts.checked == 7 && done.counts.matched == 7 && done.counts.failed == 0)
        }
    }

    @Test func `transfers that come meanwhile are neither lost nor mistaken for differences`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await eight(directory)
            let store = process.store
            let job = try await ask(store, wallet)
            let isMined = Mutex(false)
            chain.state.withLock {
                $0.onCall = { [chain, nft] _, _ in
                    let isFirst = isMined.withLock { mined in
                        defer { mined = true }
                        return !mined
                    }
                    if isFirst { Task { chain.mine([nft.moves(6, 50, to: 51), nft.moves(9, 0, to: 50)], []) } }
                    return nil
                }
            }
            let worker = RefreshWorker(refresh(chain, store), chainID: 321)
            async let worked = worker.workOne()
            #expect(try await process.follow { $0.checkpoint == 5 })
            #expect(try await worked == .ended)
            let done = try #require(try store.refresh(job.id))
            #expect(done.phase == .done && done.counts.conflicts + done.counts.failed == 0)
            #expect(done.counts.added + done.counts.removed == 0)
            #expect(try differences(chain, process.export()) == [])
        }
    }
}
