/// How complete answers about a contract are after a snapshot: never more than is known.
import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct SnapshotStandingTests {
    private typealias World = SnapshotWorld

    private func isComplete(_ world: World) throws -> Bool {
        let page = PageRequest<TokenPosition>(position: nil, limit: 100)
        return try world.store.tokens(in: World.art, on: 321, at: nil, page).standing.isComplete
    }

    private func firstBlock(_ world: World) throws -> BlockNumber? {
        world.ledger.state.scopes.first { $0.contract == World.art && $0.isActive }?.firstBlock
    }

    /// As a contract says of itself that it enumerates its tokens, or only counts them.
    private func take(_ world: World, supply: UInt64?, failed: [UInt64] = [], tail: BlockNumber = 13) async throws {
        let id = try await world.claimed()
        let plan = SnapshotPlan(source: .numbered, range: U256(0)...U256(2), supply: supply.map { U256($0) })
        try await world.step(.pinned(World.block(10), isFinal: true, plan), of: id)
        let batch = World.batch([1: World.alice, 2: World.bob], failed: failed)
        try await world.step(.read(batch, next: nil), of: id)
        try await world.publish(id)
        // The tail after the snapshot's block.
        world.ledger.at(tail)
        world.ledger.move(U256(13), of: World.followed, to: World.alice)
        try world.ledger.commit()
    }

    @Test(arguments: [(2, [], true), (3, [], false), (nil, [], true), (2, [7], false)] as [(UInt64?, [UInt64], Bool)])
    func `a snapshot that left something out makes no answer complete`(
        supply: UInt64?,
        failed: [UInt64],
        isWhole: Bool
    ) async throws {
        let world = try World()
        try await take(world, supply: supply, failed: failed)
        #expect(try isComplete(world) == isWhole)
        let token = TokenID(contract: World.art, token: U256(9))
        #expect(try world.store.ownerReader().owner(of: token, on: 321)?.standing.isComplete ?? isWhole == isWhole)
        // Of other contracts it says nothing.
        let page = PageRequest<TokenPosition>(position: nil, limit: 9)
        #expect(try world.store.tokens(in: World.followed, on: 321, at: nil, page).standing.isComplete)
    }

    @Test func `of ids that somebody gave others may be there`() async throws {
        let world = try World()
        try await world.take([1: World.alice])
        world.ledger.at(13)
        world.ledger.move(U256(13), of: World.followed, to: World.alice)
        try world.ledger.commit()
        #expect(try !isComplete(world))
    }

    @Test func `events that are held from before keep the contract's beginning, with the hole since then`() async throws
    {
        let world = try World()
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        try world.ledger.refresh()
        world.ledger.at(13)
        world.ledger.move(U256(1), of: World.art, to: World.alice)
        world.ledger.move(U256(2), of: World.art, to: World.alice)
        try world.ledger.commit()
        try world.store.removeContract(World.art, from: 321, id: world.commitID())
        try world.ledger.refresh()
        try await take(world, supply: 2, tail: 14)
        #expect(try firstBlock(world) == 0)
    }

    @Test func `who asks for other ids while a snapshot is worked on takes it from whoever works`() async throws {
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        var other = world.request()
        other.ids = U256(1)...U256(5)
        let asked = try await world.store.requestSnapshot(other, now: 2)
        #expect(asked.id == id && asked.block == nil)
        await #expect(throws: SnapshotRefusal.passedOn) {
            try await world.step(.published(world.commitID(), at: 5), of: id)
        }
        let claimed = try await world.store.claimSnapshot(id, as: ID128(high: 8, low: 8), now: 2, until: World.end)
        #expect(claimed?.id == id)
    }

    @Test func `tokens that a snapshot brings are looked up`() async throws {
        let world = try World()
        func news(_ now: Int64) async throws -> Int {
            var made = 0
            while true {
                let step = try await world.store.enqueueNews(of: 321, .everything, now: now)
                made += step.made
                if step.isDone { return made }
            }
        }
        #expect(try await news(100) == 3)
        try await world.take([1: World.alice, 2: World.bob])
        #expect(try await news(200) == 2)
    }
}
