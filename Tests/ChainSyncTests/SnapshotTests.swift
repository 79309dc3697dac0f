import ChainSync
import Ethereum
import Foundation
import Logging
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

/// Snapshots of contracts over the real store and a drawn chain: what they read, when it is seen, and what comes after.
@Suite struct SnapshotTests {
    private let nft = Contract(20)
    /// Where snapshots are taken: the last block called final.
    private static let final: UInt64 = 6
    private static let ids: [UInt64] = [1, 2, 3, 4, 5, 7, 8]

    // MARK: Support

    /// Eight tokens by block 6, of which one is burned there; a mint, a transfer and a burn after it.
    private func drawn() -> FakeChain {
        let chain = FakeChain()
        chain.mine(
            (1...4).map { nft.moves($0, 0, to: 50) },
            (5...8).map { nft.moves($0, 0, to: 51) },
            [nft.moves(1, 50, to: 52)],
            [nft.moves(6, 51, to: 0)],
            [],
            [nft.moves(2, 50, to: 53)]
        )
        chain.finalize(Self.final)
        chain.mine(
            [nft.moves(9, 0, to: 54), nft.moves(2, 53, to: 50)],
            [nft.moves(3, 50, to: 0)],
            [nft.moves(1, 52, to: 55)],
            []
        )
        chain.state.withLock { $0.onCall = { call, _ in Self.enumerable(call) } }
        return chain
    }

    private static func word(_ value: UInt64) -> CallOutcome {
        .returned(
            [UInt8](repeating: 0, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }
        )
    }

    /// ERC-165 and the enumeration as the contract has them at block 6; nil: its events say it.
    private static func enumerable(
        _ call: ContractCall,
        claims: Set<UInt32> = [0x80ac_58cd, 0x780e_9d63]
    ) -> CallOutcome? {
        let selector = call.data.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        switch selector {
        case 0x01ff_c9a7:
            let asked = call.data[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return word(asked == 0x01ff_c9a7 || claims.contains(asked) ? 1 : 0)
        case 0x1816_0ddd: return word(UInt64(ids.count))
        case 0x4f6c_cce7:
            let index = Int(call.data[35])
            return index < ids.count ? word(ids[index]) : .reverted
        default: return nil
        }
    }

    private func snapshot(_ chain: FakeChain, _ store: SQLiteStore, batch: Int = 3) -> ContractSnapshot {
        var snapshot = ContractSnapshot(
            chain: chain,
            store: store,
            confirmations: 4,
            clock: ImmediateClock(),
            wallSeconds: { 1_000 },
            random: { .random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        snapshot.batchMost = batch
        return snapshot
    }

    private func request(_ chain: FakeChain, ids: ClosedRange<UInt64>? = nil) async throws -> SnapshotRequest {
        SnapshotRequest(
            identity: try await chain.identity(),
            contract: nft.address,
            ids: ids.map { U256($0.lowerBound)...U256($0.upperBound) }
        )
    }

    /// Takes a snapshot in a database and gives it as it was at the end.
    @discardableResult
    private func taken(_ chain: FakeChain, _ path: String, _ request: SnapshotRequest) async throws -> SnapshotJob {
        let store = try SQLiteStore(path: path)
        defer { try? store.close() }
        let job = try await store.requestSnapshot(request, now: 1_000)
        #expect(try await snapshot(chain, store).work(on: job.id))
        return try #require(try store.snapshot(of: nft.address, on: 321))
    }

    private func export(_ path: String, at block: UInt64? = nil) throws -> [HoldingLine] {
        let store = try SQLiteStore(path: path)
        defer { try? store.close() }
        var lines: [HoldingLine] = []
        try store.holdings(of: 321, at: block) { lines.append($0) }
        return lines
    }

    /// Who holds what, whoever said so.
    private func owners(_ lines: [HoldingLine]) -> [String] { lines.map { "\($0.token) \($0.owner)" } }

    /// What the whole history says at a block.
    private func truth(_ chain: FakeChain, _ path: String, at block: UInt64) async throws -> [String] {
        let process = try await Process(chain, path)
        try await process.sync(to: chain.headNumber)
        return owners(try process.export(at: block))
    }

    // MARK: What it reads, and what comes after

    @Test func `a published snapshot is what history says at its block, and each line says that it was observed`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let job = try await taken(chain, directory + "/a.db", request(chain))
            #expect(job.phase == .published && job.block?.number == Self.final)
            #expect(job.counts.read == 7 && job.counts.absent == 0 && job.counts.failed == 0)
            let lines = try export(directory + "/a.db")
            let expected = try await truth(chain, directory + "/b.db", at: Self.final)
            #expect(owners(lines) == expected)
            #expect(lines.map(\.isObserved) == Array(repeating: true, count: lines.count))
        }
    }

    @Test func `events after the block go over it, and only what they moved is no longer observed`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            try await taken(chain, directory + "/a.db", request(chain))
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let lines = try process.export()
            #expect(try differences(chain, lines) == [])
            #expect(lines.filter(\.isObserved).map(\.token.w3) == [4, 5, 7, 8])
            #expect(chain.asked.allSatisfy { $0.lowerBound > Self.final })
            let past = try await truth(chain, directory + "/b.db", at: 8)
            let then = owners(try process.export(at: 8))
            #expect(then == past)
        }
    }

    @Test func `answers name who decided, and a wallet's list has what was observed`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            try await taken(chain, directory + "/a.db", request(chain))
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            func owner(_ token: UInt64) throws -> TokenOwner {
                let id = TokenID(contract: nft.address, token: U256(token))
                return try process.store.owners(of: id, on: 321, at: nil, PageRequest(position: nil, limit: 5))
            }
            let (still, moved) = (try owner(4), try owner(1))
            #expect(still.ownership == "observed" && still.observedAt?.number == Self.final)
            #expect(still.unique?.owner == account(50))
            #expect(moved.ownership == "events" && moved.observedAt == nil && moved.unique?.owner == account(55))
            let page = PageRequest<TokenPosition>(position: nil, limit: 100)
            let held = try process.store.tokens(of: account(50), on: 321, at: nil, page)
            #expect(held.items.map(\.token.w3) == [2, 4])
        }
    }

    @Test func `a reorg above the block falls back to what was observed`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            try await taken(chain, directory + "/a.db", request(chain))
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            chain.fork(at: Self.final)
            chain.mine([], [nft.moves(4, 50, to: 56)], [], [], [])
            try await process.sync(to: chain.headNumber)
            let lines = try process.export()
            #expect(try differences(chain, lines) == [])
            #expect(lines.filter(\.isObserved).count == 6)
        }
    }

    @Test func `history that is read later decides everywhere`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            try await taken(chain, directory + "/a.db", request(chain))
            let process = try await Process(chain, directory + "/a.db", contracts: [nft.address], from: 0)
            try await process.sync(to: chain.headNumber)
            let lines = try process.export()
            #expect(try differences(chain, lines) == [])
            #expect(lines.filter(\.isObserved).isEmpty)
            let whole = try await Process(chain, directory + "/b.db")
            try await whole.sync(to: chain.headNumber)
            let expected = try whole.export()
            #expect(lines == expected)
        }
    }

    @Test func `ids of a range that do not exist are absent, no failures`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let job = try await taken(chain, directory + "/a.db", request(chain, ids: 0...12))
            #expect(job.counts.read == 7 && job.counts.absent == 6 && job.counts.failed == 0)
            let expected = try await truth(chain, directory + "/b.db", at: Self.final)
            let seen = owners(try export(directory + "/a.db"))
            #expect(seen == expected)
        }
    }

    // MARK: What it refuses, and what fails

    @Test func `an ERC-1155 contract is refused with the reason`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            chain.state.withLock { $0.onCall = { call, _ in Self.enumerable(call, claims: [0xd9b6_7a26]) } }
            let job = try await taken(chain, directory + "/a.db", request(chain))
            #expect(job.phase == .failed)
            #expect(job.reason?.contains("its holders cannot be enumerated by calls") == true)
            #expect(try export(directory + "/a.db").isEmpty)
        }
    }

    @Test func `where events are completely read a snapshot is refused, and changes nothing`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let before = try process.export()
            let request = try await request(chain)
            await #expect(throws: SnapshotRefusal.eventsDecide(from: 0)) {
                try await process.store.requestSnapshot(request, now: 1_000)
            }
            #expect(try process.export() == before)
        }
    }

    @Test func `what the contract cannot answer is listed and published around, and --retry-failed reads it`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let fourth = ABI.call(0x6352_211e, [.uint(U256(4))])
            chain.state.withLock {
                $0.onCall = { call, _ in call.data == fourth ? .outOfResource : Self.enumerable(call) }
            }
            let path = directory + "/a.db"
            let job = try await taken(chain, path, request(chain))
            #expect(job.phase == .published && job.counts.read == 6 && job.counts.failed == 1)
            let store = try SQLiteStore(path: path)
            let failures = try store.snapshotFailures(job.id)
            try store.close()
            #expect(failures.map(\.reason) == [.outOfResource])
            #expect(try export(path).count == 6)
            chain.state.withLock { $0.onCall = { call, _ in Self.enumerable(call) } }
            var again = try await request(chain)
            again.retriesFailed = true
            let retried = try await taken(chain, path, again)
            #expect(retried.counts.read == 7 && retried.counts.failed == 0)
            #expect(try export(path).count == 7)
        }
    }

    @Test func `a token that nobody answers for keeps all from being published, and is no absent token`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let fourth = ABI.call(0x6352_211e, [.uint(U256(4))])
            chain.state.withLock {
                $0.onCall = { call, _ in call.data == fourth ? .unavailable : Self.enumerable(call) }
            }
            let job = try await taken(chain, directory + "/a.db", request(chain))
            #expect(job.phase == .running && job.counts.failed == 1 && job.counts.absent == 0)
            #expect(try export(directory + "/a.db").isEmpty)
            chain.state.withLock { $0.onCall = { call, _ in Self.enumerable(call) } }
            let resumed = try await taken(chain, directory + "/a.db", request(chain))
            #expect(resumed.phase == .published && resumed.counts.read == 7)
        }
    }

    // MARK: Interruptions

    @Test func `cut off after any number of calls it goes on, and readers see nothing or all`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let expected = try await truth(chain, directory + "/truth.db", at: Self.final)
            for cut in 0..<9 {
                let path = directory + "/\(cut).db"
                let store = try SQLiteStore(path: path)
                let job = try await store.requestSnapshot(request(chain), now: 1_000)
                chain.state.withLock { $0.callsLeft = cut }
                _ = try? await snapshot(chain, store, batch: 2).work(on: job.id)
                try store.close()
                let seen = owners(try export(path))
                #expect(seen.isEmpty || seen == expected, "after \(cut) calls")
                chain.state.withLock { $0.callsLeft = nil }
                let resumed = try await taken(chain, path, request(chain))
                #expect(resumed.phase == .published, "after \(cut) calls")
                let published = owners(try export(path))
                #expect(published == expected, "after \(cut) calls")
            }
        }
    }

    @Test func `a block that leaves the chain starts it again, with nothing of the old one left`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let store = try SQLiteStore(path: directory + "/a.db")
            let job = try await store.requestSnapshot(request(chain), now: 1_000)
            chain.state.withLock { $0.callsLeft = 3 }
            _ = try? await snapshot(chain, store, batch: 2).work(on: job.id)
            try store.close()
            chain.fork(at: 5)
            chain.mine([nft.moves(2, 50, to: 57)], [], [])
            chain.state.withLock { $0.callsLeft = nil }
            let resumed = try await taken(chain, directory + "/a.db", request(chain))
            #expect(resumed.phase == .published && resumed.block?.hash == chain.blocks[6].hash)
            let expected = try await truth(chain, directory + "/b.db", at: Self.final)
            let seen = owners(try export(directory + "/a.db"))
            #expect(seen == expected)
        }
    }
}

/// Waits for nothing but its turn, so that pauses cost no time.
private struct ImmediateClock: Clock {
    var now: ContinuousClock.Instant { ContinuousClock.now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        // A claim is renewed every 20 seconds: that pause is not shortened, no other has this length.
        let left = deadline - now
        try await Task.sleep(for: left > .seconds(19) && left < .seconds(21) ? left : .zero)
    }
}
