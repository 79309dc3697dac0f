import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// Snapshots that are taken again, steps that fail in the middle, and two workers on one snapshot.
struct SnapshotStepTests {
    private typealias World = SnapshotWorld
    private let alice = World.alice
    private let bob = World.bob
    private let carol = World.carol
    private let owners = World.owners
    private let seen = World.seen

    // MARK: Again

    @Test func `a second snapshot takes the place of the first, all at once`() async throws {
        let world = try await World.moved()
        try world.store.removeContract(World.art, from: 321, id: world.commitID())
        try world.ledger.refresh()
        let before = try world.number("SELECT tokens_discovered FROM chain")
        let id = try await world.claimed()
        try await world.pin(id, at: 12)
        try await world.step(.read(World.batch([1: bob, 3: carol, 4: carol]), next: nil), of: id)
        #expect(try world.number("SELECT tokens_discovered FROM chain") == before)
        try await world.publish(id)
        try await world.expect(
            [1: .event(carol), 3: .seen(carol), 4: .seen(carol), 9: .event(bob)],
            observedAt: 12,
            past: false
        )
        try world.ledger.rewind(to: 12)
        try await world.expect([1: .seen(bob), 3: .seen(carol), 4: .seen(carol)], observedAt: 12, past: false)
        #expect(try world.number("SELECT count(DISTINCT generation) FROM opening") == 1)
    }

    /// What is published belongs to a contract that is followed no more: nobody shall take it for the answer.
    @Test(arguments: [false, true])
    func `a second snapshot that fails is called failed, and the first stays as it was`(isPinned: Bool) async throws {
        let world = try await World.moved()
        try world.store.removeContract(World.art, from: 321, id: world.commitID())
        let before = try world.number("SELECT count(*) FROM owner WHERE source = 1")
        let id = try await world.claimed()
        if isPinned { try await world.pin(id, at: 12) }
        try await world.step(.failed("it is no ERC-721 contract any more", at: 6), of: id)
        let job = try #require(try world.store.snapshot(of: World.art, on: 321))
        #expect(job.phase == .failed && job.reason == "it is no ERC-721 contract any more")
        #expect(try world.number("SELECT count(*) FROM owner WHERE source = 1") == before)
        try world.store.addContract(World.art, from: 11, to: 321, id: world.commitID())
        try world.ledger.refresh()
        try await world.expect(World.afterMoves)
    }

    @Test func `a contract that is followed from a snapshot is not taken again`() async throws {
        let world = try await World.moved()
        await #expect(throws: SnapshotRefusal.published(World.block(10))) { try await world.claimed() }
        await #expect(throws: SnapshotRefusal.nothingFailed) { try await world.claimed(retrying: true) }
    }

    @Test func `a retry that fails changes nothing that is published`() async throws {
        let world = try World()
        try await world.take(owners, failed: [7, 8])
        world.ledger.at(13)
        try world.ledger.commit()
        let id = try await world.claimed(retrying: true)
        try await world.step(.retried([.token(U256(7))], World.batch([:], failed: [7])), of: id)
        try await world.step(.failed("nobody has that state any more", at: 6), of: id)
        try await world.expect(seen)
        let job = try #require(try world.store.snapshot(of: World.art, on: 321))
        #expect(job.phase == .published && job.counts.read == 3 && job.counts.failed == 2)
        #expect(try world.store.snapshotFailures(id).map(\.tries) == [2, 1])
    }

    @Test func `what a retry read is seen when it is published, not before`() async throws {
        let world = try World()
        try await world.take(owners, failed: [7, 8])
        world.ledger.at(13)
        try world.ledger.commit()
        try await world.expect(seen)
        let id = try await world.claimed(retrying: true)
        try await world.step(
            .retried([.token(U256(7)), .token(U256(8))], World.batch([7: carol], failed: [8])),
            of: id
        )
        try await world.expect(seen)
        try await world.publish(id)
        try await world.expect(seen.merging([7: .seen(carol)]) { $1 })
        #expect(try world.store.snapshot(of: World.art, on: 321)?.counts.failed == 1)
    }

    @Test func `a retry after history was completed puts nothing over events`() async throws {
        let world = try World()
        try await world.take(owners, failed: [7])
        try world.store.addContract(World.art, from: 0, to: 321, id: world.commitID())
        try world.ledger.refresh()
        world.ledger.at(3)
        world.ledger.move(U256(1), of: World.art, to: bob)
        world.ledger.move(U256(7), of: World.art, to: bob)
        world.ledger.at(14)
        try world.ledger.commit()
        let id = try await world.claimed(retrying: true)
        try await world.step(.retried([.token(U256(7))], World.batch([7: carol])), of: id)
        try await world.publish(id)
        try await world.expect([1: .event(bob), 2: .seen(alice), 3: .seen(bob), 7: .event(bob)])
    }

    // MARK: All or nothing

    /// Where publishing fails: a table, what happens to it, and under which condition.
    static let middles = [
        ("owner", "INSERT", "new.token = x'0103'"), ("contract", "INSERT", "1"),
        ("snapshot", "UPDATE", "new.published > 0"),
        ("scope", "INSERT", "1"), ("chain", "UPDATE", "new.tokens_discovered > old.tokens_discovered"),
        ("snapshot", "UPDATE", "new.phase = 1"),
    ]

    @Test(arguments: middles.indices)
    func `a publication that fails in the middle leaves nothing behind, and works afterwards`(index: Int) async throws {
        let (table, event, condition) = Self.middles[index]
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        try await world.step(.read(World.batch(owners), next: nil), of: id)
        try await failing(table, event, condition, world) { try await world.publish(id) }
        try await world.publish(id)
        try await world.expect(seen, past: false)
    }

    static let batchMiddles = [
        ("opening", "INSERT", "new.token = x'0103'"), ("snapshot_failure", "INSERT", "1"),
        ("snapshot", "UPDATE", "new.next IS NULL AND old.next IS NOT NULL"),
    ]

    @Test(arguments: batchMiddles.indices)
    func `a batch that fails in the middle leaves nothing behind, not even a wallet's number`(index: Int) async throws {
        let (table, event, condition) = Self.batchMiddles[index]
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        try await failing(table, event, condition, world) {
            try await world.step(.read(World.batch(owners, failed: [7]), next: nil), of: id)
        }
        try await world.step(.read(World.batch([1: alice, 3: bob, 2: alice], failed: [7]), next: nil), of: id)
        try await world.publish(id)
        try await world.expect(seen, past: false)
    }

    /// Has one statement fail at one row, and expects every table to be as it was.
    private func failing(
        _ table: String,
        _ event: String,
        _ condition: String,
        _ world: World,
        _ work: () async throws -> Void
    ) async throws {
        try await world.store.pool.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER fault BEFORE \(event) ON \(table) WHEN \(condition)
                    BEGIN SELECT RAISE(ABORT, 'on purpose'); END
                    """
            )
        }
        let before = try world.dump()
        await #expect(throws: (any Error).self) { try await work() }
        #expect(try world.dump() == before)
        try await world.store.pool.write { try $0.execute(sql: "DROP TRIGGER fault") }
    }

    // MARK: Two workers

    @Test(arguments: [("", false, false), ("", true, true), ("another boot", false, true)])
    func `a claim is free at once where its worker is certainly gone, and only there`(
        boot: String,
        isGone: Bool,
        isFree: Bool
    ) async throws {
        let world = try World()
        let id = try await world.claimed()
        let terms = LeaseTerms(duration: .zero, boot: boot, now: { 0 }, isGone: { _, _ in isGone })
        let other = try SQLiteStore(path: world.ledger.path, lease: terms)
        let claimed = try await other.claimSnapshot(id, as: ID128(high: 9, low: 11), now: 2, until: 50)
        #expect((claimed != nil) == isFree)
        try other.close()
    }

    @Test func `the step of a worker whose claim is lost is refused, whatever it is, and writes nothing`() async throws
    {
        let world = try World()
        let id = try await world.claimed()
        try await world.pin(id)
        let (store, later) = (world.store, ID128(high: 9, low: 10))
        #expect(try await store.claimSnapshot(id, as: later, now: World.end - 1, until: 200) == nil)
        #expect(try await store.claimSnapshot(id, as: later, now: World.end, until: 200)?.id == id)
        let before = try world.dump()
        let plan = SnapshotPlan(source: .given, range: U256(1)...U256(9), supply: nil)
        let steps: [SnapshotStep] = [
            .pinned(World.block(10), isFinal: true, plan), .read(World.batch(owners), next: nil),
            .retried([.token(U256(1))], World.batch(owners)), .renewed, .published(world.commitID(), at: 5),
            .failed("late", at: 5),
        ]
        for step in steps {
            await #expect(throws: SnapshotRefusal.passedOn) { try await world.step(step, of: id) }
        }
        try await store.releaseSnapshot(id, as: World.claim)
        #expect(try world.dump() == before)
        #expect(try await store.claimSnapshot(id, as: World.claim, now: 199, until: 300) == nil)
    }
}
