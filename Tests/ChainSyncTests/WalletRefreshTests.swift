import ChainSync
import Ethereum
import Foundation
import GRDB
import Logging
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// Refreshes of wallets over the real store and a drawn chain: what they find, what they change, and what interrupts them.
@Suite struct WalletRefreshTests {
    private let nft = Contract(20)
    private let wallet = account(50)

    // MARK: Support

    private func refresh(_ chain: FakeChain, _ store: SQLiteStore, perPage: Int = 2) -> WalletRefresh {
        var refresh = WalletRefresh(
            chain: chain,
            store: store,
            wallSeconds: { 1_000 },
            random: { .random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        refresh.holdingsPerPage = perPage
        return refresh
    }

    private func request(_ process: Process, _ wallet: Address) async throws -> RefreshJob {
        try await process.store.requestRefresh(RefreshRequest(chain: 321, wallet: wallet), now: 1_000)
    }

    /// Runs a refresh of a wallet and gives the job as it was at the end.
    private func refreshed(_ wallet: Address, _ chain: FakeChain, _ process: Process) async throws -> RefreshJob {
        let job = try await request(process, wallet)
        let worker = RefreshWorker(refresh(chain, process.store), chainID: 321)
        #expect(try await worker.workOne() == .ended)
        return try #require(try process.store.refresh(job.id))
    }

    private func held(_ wallet: Address, _ store: SQLiteStore) throws -> [UInt64] { try Self.held(wallet, store) }

    private static func held(_ wallet: Address, _ store: SQLiteStore) throws -> [UInt64] {
        try store.tokens(of: wallet, on: 321, at: nil, PageRequest(position: nil, limit: 100)).items.map { $0.token.w3 }
    }

    /// A wallet with five tokens of one contract, some counted ones and a range.
    private func honest(_ directory: String) async throws -> (FakeChain, Process) {
        let chain = FakeChain()
        chain.mine(
            (1...5).map { nft.moves(UInt64($0), 0, to: 50) },
            [
                Contract(21).sends(U256(7), amount: U256(9), 0, to: 50),
                Contract(22).movesRange(U256(100), through: U256(103), 0, to: 50),
            ],
            [nft.moves(5, 50, to: 51)],
            []
        )
        let process = try await Process(chain, directory + "/a.db")
        try await process.sync(to: 4)
        return (chain, process)
    }

    // MARK: The data loss of the system that this one replaces

    /// Its wallet refresh: every row of the wallet is deleted, then each token is asked for and written again.
    private func deleteThenInsert(_ chain: FakeChain, _ process: Process) async throws {
        let tokens = try held(wallet, process.store)
        let database = try DatabaseQueue(path: process.store.path)
        let account = "(SELECT id FROM address WHERE bytes = x'\(wallet.hex.dropFirst(2))')"
        let contract = "(SELECT id FROM address WHERE bytes = x'\(nft.address.hex.dropFirst(2))')"
        try await database.write { try $0.execute(sql: "DELETE FROM owner WHERE owner = \(account)") }
        for token in tokens where token < 100 {
            let call = ContractCall(contract: nft.address, data: ABI.call(0x6352_211e, [.uint(U256(token))]))
            let block = chain.blocks[4].ref
            guard case .returned = try await chain.call([call], at: block).first else { continue }
            try await database.write {
                try $0.execute(
                    sql: """
                        INSERT INTO owner SELECT 1, \(contract), token, \(account), block, log_index, ordinal, 0
                        FROM transfer WHERE token = ? AND recipient = \(account)
                        """,
                    arguments: [Data([1, UInt8(token)])]
                )
            }
        }
    }

    private func ours(_ chain: FakeChain, _ process: Process) async throws {
        let claim = ID128(high: 1, low: .random(in: 0 ... .max))
        _ = try await request(process, wallet)
        let job = try await process.store.claimRefresh(of: 321, only: nil, as: claim, now: 5_000, until: 5_000)
        try await refresh(chain, process.store).run(try #require(job), as: claim)
    }

    /// How often a reader saw less than the wallet holds: while a refresh worked, and after it was ended at each call in turn.
    private func holes(
        _ refresh: (FakeChain, Process) async throws -> Void
    ) async throws -> (during: Int, after: Int) {
        var (during, after) = (0, 0)
        for calls in 0..<8 {
            try await withDirectory { directory in
                let (chain, process) = try await honest(directory)
                let before = try held(wallet, process.store)
                #expect(before == [1, 2, 3, 4, 7, 100, 101, 102, 103])
                let seen = Mutex(0)
                chain.state.withLock {
                    $0.callsLeft = calls
                    $0.onCall = { [wallet, store = process.store] _, _ in
                        if (try? Self.held(wallet, store)) != before { seen.withLock { $0 += 1 } }
                        return nil
                    }
                }
                do {
                    try await refresh(chain, process)
                } catch ChainError.unavailable {
                    // The process is gone.
                }
                during += seen.withLock { $0 }
                if try held(wallet, process.store) != before { after += 1 }
            }
        }
        return (during, after)
    }

    @Test func `a refresh that deletes before it inserts loses tokens when it is interrupted`() async throws {
        let holes = try await holes { try await deleteThenInsert($0, $1) }
        #expect(holes.during > 0 && holes.after > 0)
    }

    @Test func `ours loses nothing, wherever it is interrupted, and no reader sees a hole`() async throws {
        let holes = try await holes { try await ours($0, $1) }
        #expect(holes == (0, 0))
    }

    // MARK: What is found

    @Test func `what agrees is counted and changes nothing`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            let version = try process.store.reading(321).version
            let job = try await refreshed(wallet, chain, process)
            #expect(job.phase == .done && job.block == chain.blocks[4].ref)
            #expect(job.counts.checked == 9 && job.counts.matched == 9)
            #expect(job.counts.added + job.counts.removed + job.counts.conflicts + job.counts.failed == 0)
            #expect(try process.store.reading(321).version == version)
        }
    }

    @Test func `F8: logs that were missed are put in, whether the wallet gained by them or lost`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine(
                [nft.moves(1, 0, to: 50), nft.moves(2, 0, to: 50)],
                [nft.moves(2, 50, to: 52), nft.moves(1, 50, to: 51), nft.moves(3, 0, to: 51)],
                []
            )
            chain.state.withLock { ($0.hidden, $0.hasBlooms) = ([2], true) }
            let process = try await Process(chain, directory + "/a.db", contracts: [nft.address])
            try await process.sync(to: 3)
            #expect(try held(account(50), process.store) == [1])
            chain.state.withLock { $0.hidden = [] }
            // It holds nothing that is known: only the contract's count tells that something is missing.
            let gained = try await refreshed(account(51), chain, process)
            #expect(gained.counts.added == 2 && gained.counts.removed == 0 && gained.counts.failed == 0)
            #expect(try held(account(51), process.store) == [1, 3])
            #expect(try held(account(50), process.store) == [])
            #expect(try differences(chain, process.export()) == [])
            #expect(try await refreshed(account(51), chain, process).counts.added == 0)
        }
    }

    @Test func `of a token that is gone the contract's answer leads to the log that was missed`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine([nft.moves(1, 0, to: 50)], [nft.moves(9, 0, to: 52), nft.moves(1, 50, to: 51)], [])
            chain.state.withLock { ($0.hidden, $0.hasBlooms) = ([2], true) }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 3)
            chain.state.withLock { $0.hidden = [] }
            let job = try await refreshed(wallet, chain, process)
            #expect(job.counts.checked == 1 && job.counts.matched == 0)
            #expect(job.counts.removed == 1 && job.counts.added == 0)
            #expect(try held(account(51), process.store) == [1])
        }
    }

    @Test func `F9: a check that failed changes nothing and is listed`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            let before = try process.export()
            let third = ABI.call(0x6352_211e, [.uint(U256(3))])
            chain.state.withLock { $0.onCall = { call, _ in call.data == third ? .unavailable : nil } }
            let job = try await refreshed(wallet, chain, process)
            #expect(job.phase == .done)
            #expect(job.counts.checked == 9 && job.counts.matched == 8 && job.counts.failed == 1)
            #expect(job.failures.map(\.token) == [U256(3)])
            #expect(job.counts.removed == 0)
            #expect(try process.export() == before)
        }
    }

    @Test func `F6: an outage disowns nobody; the job waits, and ends when an endpoint answers`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            let before = try process.export()
            let job = try await request(process, wallet)
            chain.state.withLock { $0.onCall = { _, _ in .unavailable } }
            let worker = RefreshWorker(refresh(chain, process.store), chainID: 321)
            #expect(try await worker.workOne() == .stumbled)
            let waiting = try #require(try process.store.refresh(job.id))
            #expect(!waiting.phase.isOver && waiting.attempts == 1 && waiting.counts.failed == 0)
            #expect(try process.export() == before)
            chain.state.withLock { $0.onCall = nil }
            #expect(try await worker.workOne() == .ended)
            #expect(try process.store.refresh(job.id)?.counts.matched == 9)
        }
    }

    @Test func `F7: all that is compared is asked in the state of one block, whatever comes meanwhile`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            chain.state.withLock {
                $0.onCall = { [chain, nft] _, _ in
                    if chain.blocks.count < 20 { Task { chain.mine([nft.moves(1, 50, to: 51)]) } }
                    return nil
                }
            }
            let job = try await refreshed(wallet, chain, process)
            #expect(Set(chain.state.withLock { $0.calls }) == [chain.blocks[4].ref])
            #expect(job.block == chain.blocks[4].ref && job.counts.matched == 9)
        }
    }

    @Test func `F8: one wallet's refresh asks about its own tokens, and each contract once`() async throws {
        try await withDirectory { directory in
            let chain = FakeChain()
            chain.mine((1...40).map { nft.moves(UInt64($0), 0, to: $0 < 4 ? 50 : 51) }, [])
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: 2)
            #expect(try await refreshed(wallet, chain, process).counts.matched == 3)
            #expect(chain.state.withLock { $0.calls.count } == 4)
        }
    }

    @Test func `a contract that contradicts its proved events is a conflict, and events go on to decide`() async throws
    {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            let third = ABI.call(0x6352_211e, [.uint(U256(3))])
            let lie = account(99).word.bytes
            chain.state.withLock {
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
                $0.onCall = { call, _ in call.data == third ? .returned(lie) : nil }
            }
            let job = try await refreshed(wallet, chain, process)
            #expect(job.counts.conflicts == 1 && job.counts.failed == 0 && job.counts.removed == 0)
            #expect(try held(wallet, process.store).contains(3))
            #expect(try process.store.conflicts(of: 321, limit: 9).count == 1)
            chain.state.withLock { $0.onCall = nil }
            _ = try await refreshed(wallet, chain, process)
            #expect(try process.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test func `a count that the contract's events do not bear out is listed with the contract`() async throws {
        try await withDirectory { directory in
            let (chain, process) = try await honest(directory)
            let count = ABI.call(0x70a0_8231, [.address(wallet)])
            let address = nft.address
            chain.state.withLock {
                ($0.hasBlooms, $0.hasReceipts) = (true, true)
                $0.onCall = { call, _ in
                    call.data == count && call.contract == address ? .returned(U256(40).bytes) : nil
                }
            }
            let job = try await refreshed(wallet, chain, process)
            #expect(job.failures.map(\.contract) == [nft.address] && job.failures.map(\.token) == [nil])
            #expect(job.failures.first?.reason.contains("counts 40 tokens of the wallet, its events say 4") == true)
        }
    }
}
