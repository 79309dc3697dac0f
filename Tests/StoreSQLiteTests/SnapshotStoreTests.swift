import Ethereum
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// What a snapshot does to the rows of a ledger, whatever comes after it: counters, answers and the export agree each time.
struct SnapshotStoreTests {
    private typealias World = SnapshotWorld
    private let alice = World.alice
    private let bob = World.bob
    private let carol = World.carol
    private let owners = World.owners
    private let seen = World.seen

    private func scope(_ world: World) throws -> Scope? {
        try world.store.reading(321).scopes.first { $0.contract == World.art }
    }

    // MARK: Published

    @Test func `before it is published nothing of a snapshot is seen, then all of it, from the block after on`()
        async throws
    {
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        try await world.step(.read(World.batch(owners), next: nil), of: id)
        try await world.expect([:], past: false)
        #expect(try scope(world) == nil && world.digest() == [])
        try await world.publish(id)
        try await world.expect(seen, past: false)
        let scope = try #require(try scope(world))
        #expect(scope.isActive && scope.firstBlock == 11)
        #expect(try world.digest() == [0, 0, 0])
        world.ledger.at(13)
        try world.ledger.commit()
        try await world.expect(seen)
    }

    @Test func `a database that held nothing starts at the snapshot's block`() async throws {
        let ledger = try TestLedger(contracts: [World.followed])
        let store = ledger.store
        var request = SnapshotRequest(identity: ledger.state.identity, contract: World.art)
        request.ids = U256(1)...U256(2)
        let id = try await store.requestSnapshot(request, now: 1).id
        _ = try await store.claimSnapshot(id, as: World.claim, now: 1, until: 9)
        let plan = SnapshotPlan(source: .given, range: request.ids, supply: nil)
        for step: SnapshotStep in [
            .pinned(World.block(10), isFinal: true, plan), .read(World.batch(owners), next: nil),
            .published(ID128(high: 1, low: 5), at: 1),
        ] {
            try await store.advanceSnapshot(id, step, as: World.claim, until: 9)
        }
        let state = try store.reading(321)
        #expect(state.tip == World.block(10) && state.finalized == 10)
        #expect(try store.chains().first?.counters.tokensDiscovered == 3)
    }

    @Test func `an id that an enumeration gives twice is one token`() async throws {
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        try await world.step(.read(World.batch(owners), next: U256(4)), of: id)
        try await world.step(.read(World.batch([3: carol]), next: nil), of: id)
        #expect(try world.store.snapshot(of: World.art, on: 321)?.counts.read == 3)
        try await world.publish(id)
        try await world.expect(seen, past: false)
    }

    /// A scope that starts later would leave a hole between what was read and what is followed.
    @Test(arguments: [11, 12, 400] as [BlockNumber])
    func `a contract that was to be followed from later on is followed from the snapshot's block`(
        first: BlockNumber
    ) async throws {
        let world = try World()
        try world.store.addContract(World.art, from: first, to: 321, id: world.commitID())
        try world.ledger.refresh()
        try await world.take(owners)
        #expect(try scope(world)?.firstBlock == 11)
    }

    /// No commit has a transfer of them.
    @Test func `tokens that a snapshot found are looked up by themselves, as those are that events bring`() async throws
    {
        let world = try World()
        func news(at now: Int64) async throws -> Int {
            var made = 0
            while true {
                let step = try await world.store.enqueueNews(of: 321, .listed, now: now)
                made += step.made
                if step.isDone { return made }
            }
        }
        #expect(try await news(at: 100) == 3)
        #expect(try await news(at: 1_000) == 0)
        try await world.take(owners)
        #expect(try await news(at: 2_000) == 3)
        #expect(try await news(at: 3_000) == 0)
    }

    // MARK: What comes after

    @Test func `an event after the block decides about its token, and leaves the others`() async throws {
        let world = try await World.moved()
        try await world.expect(World.afterMoves)
    }

    @Test func `rows and digest are those of a ledger that has the same events and no snapshot`() async throws {
        let world = try await World.moved()
        let plain = try World()
        try plain.store.addContract(World.art, from: 11, to: 321, id: plain.commitID())
        try plain.ledger.refresh()
        try plain.move()
        let digest = try world.digest()
        #expect(digest.first == 3)
        #expect(try plain.digest() == digest)
    }

    @Test(arguments: [10, 12] as [BlockNumber])
    func `undone down to its block or above, everything is observed again`(keep: BlockNumber) async throws {
        let world = try await World.moved()
        try world.ledger.rewind(to: keep)
        try await world.expect(seen, past: false)
        #expect(try world.digest() == [0, 0, 0])
        world.ledger.at(14)
        world.ledger.move(U256(3), of: World.art, from: bob, to: alice)
        try world.ledger.commit()
        try await world.expect([1: .seen(alice), 2: .seen(alice), 3: .event(alice)])
    }

    @Test(arguments: [false, true])
    func `undone below its block it is dropped, and followed no more until another is taken`(
        hasMoved: Bool
    )
        async throws
    {
        let world = try World()
        if hasMoved {
            _ = try await world.take(owners)
            world.ledger.at(13)
            world.ledger.move(U256(1), of: World.art, from: alice, to: carol)
            try world.ledger.commit()
        } else {
            _ = try await world.take(owners, failed: [7])
        }
        _ = try world.store.rewinding(to: 9, of: 321, id: world.commitID())
        try world.ledger.refresh()
        try await world.expect([:], past: false)
        #expect(try world.digest() == [])
        #expect(try scope(world)?.isActive == false)
        #expect(try world.number("SELECT count(*) FROM opening") == 0)
        let job = try #require(try world.store.snapshot(of: World.art, on: 321))
        #expect(job.phase == .failed && job.reason == "its block was undone by a rewind")
        world.ledger.at(14)
        try world.ledger.commit()
        try await world.take([1: bob, 4: bob], at: 14)
        try await world.expect([1: .seen(bob), 4: .seen(bob)], observedAt: 14, past: false)
        #expect(try scope(world).map { [$0.firstBlock, $0.isActive ? 1 : 0] } == [15, 1])
    }

    @Test func `undone below its block, a contract that is followed from the start goes on to be`() async throws {
        let world = try World()
        try await world.take(owners)
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        _ = try world.store.rewinding(to: 9, of: 321, id: world.commitID())
        try world.ledger.refresh()
        try await world.expect([:], past: false)
        #expect(try scope(world).map { [$0.firstBlock, $0.isActive ? 1 : 0] } == [0, 1])
    }

    @Test func `a rewind below its block that an operator takes back brings the events back, not the snapshot`()
        async throws
    {
        let world = try await World.moved()
        let transfers = try world.number("SELECT count(*) FROM transfer")
        _ = try world.store.rewinding(to: 9, of: 321, id: world.commitID())
        _ = try world.store.undoingRewind(of: 321, id: world.commitID())
        try world.expectCounters()
        #expect(try world.number("SELECT count(*) FROM transfer") == transfers)
        #expect(try world.number("SELECT count(*) FROM owner WHERE source = 1") == 0)
        #expect(try scope(world)?.isActive == false)
    }

    // MARK: History that is completed later

    /// Token 1 had gone to Bob, 3 has no event, 20 to 22 came by a range, of which 21 was seen with Carol.
    private func settled() async throws -> World {
        let world = try World()
        try await world.take([1: alice, 2: alice, 3: bob, 20: alice, 21: carol])
        let ledger = world.ledger
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        try ledger.refresh()
        ledger.at(3)
        ledger.move(U256(1), of: World.art, to: alice)
        ledger.move(U256(2), of: World.art, to: alice)
        ledger.moveRange(U256(20)...U256(22), of: World.art, to: alice)
        ledger.at(5)
        ledger.move(U256(1), of: World.art, from: alice, to: bob)
        ledger.at(14)
        try ledger.commit()
        return world
    }

    private var afterHistory: [UInt64: World.Held] {
        [
            1: .event(bob), 2: .event(alice), 3: .seen(bob), 20: .event(alice), 21: .event(alice), 22: .event(alice),
        ]
    }

    @Test func `history that is completed later decides wherever there is an event, now and in the past`() async throws
    {
        let world = try await settled()
        try await world.expect(afterHistory)
    }

    @Test func `half of the history decides nothing yet`() async throws {
        let world = try World()
        try await world.take(owners)
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        try world.ledger.refresh()
        world.ledger.at(5)
        world.ledger.move(U256(1), of: World.art, to: bob)
        world.ledger.at(14)
        try world.ledger.commit(covering: 5...14)
        try await world.expect(seen, past: false)
        try world.ledger.commit(covering: 0...4)
        try await world.expect([1: .event(bob), 2: .seen(alice), 3: .seen(bob)])
    }

    @Test func `after that a transfer that is undone gives each token back to what decided before`() async throws {
        let world = try await settled()
        world.ledger.at(15)
        for token: UInt64 in [1, 2, 3, 20, 21, 22] {
            world.ledger.move(U256(token), of: World.art, from: alice, to: carol)
        }
        try world.ledger.commit()
        try await world.expect(afterHistory.mapValues { _ in .event(carol) })
        try world.ledger.rewind(to: 14)
        // The rows that the transfers made stay away as they came: events decide about 20 to 22 by their range.
        try await world.expect(afterHistory)
    }

    @Test(arguments: [false, true])
    func `a range after the block decides, and undone it gives its tokens back to what was observed`(
        isBeforeHistory: Bool
    ) async throws {
        let world = try World()
        try await world.take(owners)
        let ledger = world.ledger
        func range() throws {
            ledger.at(isBeforeHistory ? 13 : 15)
            ledger.moveRange(U256(3)...U256(4), of: World.art, to: carol)
            try ledger.commit()
        }
        if isBeforeHistory { try range() }
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        try ledger.refresh()
        ledger.at(3)
        ledger.move(U256(1), of: World.art, to: bob)
        ledger.at(14)
        try ledger.commit()
        if !isBeforeHistory { try range() }
        let after: [UInt64: World.Held] = [1: .event(bob), 2: .seen(alice), 3: .event(carol), 4: .event(carol)]
        try await world.expect(after)
        try ledger.rewind(to: 12)
        try await world.expect([1: .event(bob), 2: .seen(alice), 3: .seen(bob)])
    }

    @Test func `after that, undone below its block, only events are left`() async throws {
        let world = try await settled()
        _ = try world.store.rewinding(to: 9, of: 321, id: world.commitID())
        try world.ledger.refresh()
        try await world.expect(afterHistory.filter { $0.key != 3 }, past: false)
    }
}
