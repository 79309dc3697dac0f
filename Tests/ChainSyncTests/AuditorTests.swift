import ChainSync
import Ethereum
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// The audit beside an engine: when it asks, what it counts, and who puts in what it finds missing.
@Suite struct AuditorTests {
    private let nft = Contract(20)

    private func auditor(_ process: Process) -> Auditor<ContinuousClock> {
        Auditor(process.engine, store: process.store, chainID: 321, rowsPerMinute: 6_000)
    }

    private func totals(_ process: Process) throws -> AuditTotals {
        try #require(try process.store.chains().first).audit
    }

    @Test func `it asks at the checkpoint, and only while the engine is at the head and nothing is wrong`() async throws
    {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50), nft.moves(2, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            let auditor = auditor(process)
            for phase in [SyncStatus.Phase.idle, .backfill, .blocked, .maintenance] {
                process.engine.status.update { $0.phase = phase }
                try await auditor.check(10)
            }
            process.engine.status.update {
                $0.phase = .tail
                $0.reason = "no endpoint answers"
            }
            try await auditor.check(10)
            #expect(chain.state.withLock { $0.calls.isEmpty })
            #expect(try totals(process) == AuditTotals())
            process.engine.status.update { $0.reason = nil }
            try await auditor.check(10)
            #expect(chain.state.withLock { $0.calls } == [chain.blocks[2].ref, chain.blocks[2].ref])
            #expect(try totals(process) == AuditTotals(agreed: 2))
        }
    }

    @Test func `a call that failed changes nothing but the count of what was not answered`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50), nft.moves(2, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            let before = try process.export()
            let version = try process.store.reading(321).version
            process.engine.status.update { $0.phase = .tail }
            chain.state.withLock { $0.onCall = { _, _ in .unavailable } }
            try await auditor(process).check(10)
            #expect(try totals(process) == AuditTotals(unanswered: 2))
            #expect(try totals(process).rate == nil)
            #expect(try process.export() == before)
            #expect(try process.store.reading(321).version == version)
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test func `what it finds missing the engine puts in, without a rewind`() async throws {
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
            chain.state.withLock { $0.hidden = [] }
            process.engine.status.update { $0.phase = .tail }
            try await auditor(process).check(10)
            #expect(try totals(process) == AuditTotals(agreed: 1, different: 1))
            let token = TokenID(contract: nft.address, token: U256(1))
            #expect(try process.store.holders(of: token, on: 321, at: nil).unique?.owner == account(50))
            #expect(try await process.follow { $0.counters.transfersProcessed == 4 })
            #expect(try process.store.holders(of: token, on: 321, at: nil).unique?.owner == account(51))
            #expect(process.engine.status.snapshot.rowsRepaired == 1)
            let summary = try #require(try process.store.chains().first)
            #expect(summary.rewinds == 0 && summary.checkpoint == 3)
            process.engine.status.update { $0.phase = .tail }
            try await auditor(process).check(10)
            #expect(try totals(process) == AuditTotals(agreed: 3, different: 1))
        }
    }

    @Test func `one that has lost the chain puts nothing in`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [nft.moves(2, 0, to: 50), nft.moves(1, 50, to: 51)], [])
            chain.state.withLock { $0.hidden = [2] }
            let first = try await Process(chain, directory + "/a.db")
            try await first.sync(to: 2)
            chain.state.withLock { $0.hidden = [] }
            first.engine.status.update { $0.phase = .tail }
            try await auditor(first).check(10)
            let stale = try first.store.reading(321)
            let second = try await Process(chain, directory + "/a.db")
            await #expect(throws: SyncError.superseded) { try await first.engine.run(stale, until: .follow) }
            #expect(try second.store.chains().first?.counters.transfersProcessed == 2)
        }
    }

    @Test func `it goes on beside a following engine until it is cancelled`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            let liar = Contract(30)
            chain.mine([nft.moves(1, 0, to: 50), liar.moves(1, 0, to: 50)], [], [])
            let address = liar.address
            chain.state.withLock {
                $0.onCall = { call, _ in call.contract == address ? .reverted : nil }
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
            }
            let process = try await Process(chain, directory + "/a.db")
            let auditor = auditor(process)
            // What is on record is asked about again, and not proved again.
            let auditing = Task { await auditor.run() }
            #expect(try await process.follow(for: .seconds(60)) { $0.audit.agreed > 0 && $0.conflicts == 1 })
            auditing.cancel()
            await auditing.value
            process.engine.status.update { $0.phase = .tail }
            chain.state.withLock { $0.asked = [] }
            try await auditor.check(10)
            #expect(chain.asked.isEmpty)
            #expect(try totals(process).different > 1)
            #expect(
                try process.store.holders(of: TokenID(contract: address, token: U256(1)), on: 321, at: nil)
                    .unique?.owner == account(50)
            )
        }
    }

    @Test func `a difference has its wallet refreshed, once in an hour`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            process.engine.status.update { $0.phase = .tail }
            let lie = account(99).word.bytes
            chain.state.withLock { $0.onCall = { _, _ in .returned(lie) } }
            let now = Mutex<Int64>(1_000)
            let auditor = Auditor(
                process.engine,
                store: process.store,
                chainID: 321,
                rowsPerMinute: 6_000,
                wallSeconds: { now.withLock { $0 } }
            )
            func claimed(_ number: UInt64) async throws -> RefreshJob? {
                let claim = ID128(high: 1, low: number)
                let store = process.store
                let job = try await store.claimRefresh(of: 321, only: nil, as: claim, now: 0, until: 0)
                guard let job else { return nil }
                let step = RefreshStep.finished(RefreshCounts(), failures: [], at: now.withLock { $0 })
                try await store.advanceRefresh(job.id, step, as: claim, until: 0)
                return job
            }
            try await auditor.check(10)
            #expect(try await claimed(1)?.wallet == account(50))
            now.withLock { $0 += 3_599 }
            try await auditor.check(10)
            #expect(try await claimed(2) == nil)
            now.withLock { $0 += 1 }
            try await auditor.check(10)
            #expect(try await claimed(3)?.wallet == account(50))
        }
    }
}
