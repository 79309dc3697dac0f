import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// A ledger that follows one contract, and another of which only snapshots are taken; blocks 1, 10 and 12, of which 10 is final.
final class SnapshotWorld {
    static let art = TestLedger.address(1)
    static let followed = TestLedger.address(2)
    static let (alice, bob, carol) = (TestLedger.address(100), TestLedger.address(101), TestLedger.address(102))
    static let claim = ID128(high: 9, low: 9)
    static let end: Int64 = 100

    let ledger: TestLedger
    var store: SQLiteStore { ledger.store }
    private var commits: UInt64 = 0

    init() throws {
        ledger = try TestLedger(contracts: [Self.followed], indexes: [.wallets])
        for block: BlockNumber in [1, 10, 12] {
            ledger.at(block)
            ledger.move(U256(block), of: Self.followed, to: Self.alice)
            try ledger.commit(finalized: block == 10 ? 10 : nil)
        }
        try ledger.buildIndexes()
        try ledger.refresh()
    }

    static func block(_ number: BlockNumber) -> BlockRef { BlockRef(number: number, hash: TestLedger.hash(number)) }

    func commitID() -> ID128 {
        commits += 1
        return ID128(high: 77, low: commits)
    }

    // MARK: Taking a snapshot

    func request(retrying: Bool = false) -> SnapshotRequest {
        var request = SnapshotRequest(
            identity: ChainIdentity(chainID: 321, genesis: TestLedger.hash(0, 999)),
            contract: Self.art
        )
        request.retriesFailed = retrying
        return request
    }

    /// Asks for a snapshot and claims it.
    func claimed(retrying: Bool = false, as claim: ID128 = claim) async throws -> Int64 {
        let job = try await store.requestSnapshot(request(retrying: retrying), now: 1)
        return try #require(try await store.claimSnapshot(job.id, as: claim, now: 1, until: Self.end)).id
    }

    func step(_ step: SnapshotStep, of id: Int64, as claim: ID128 = claim) async throws {
        try await store.advanceSnapshot(id, step, as: claim, until: Self.end)
    }

    func pin(_ id: Int64, at block: BlockNumber = 10) async throws {
        let plan = SnapshotPlan(source: .given, range: U256(1)...U256(40), supply: nil)
        try await step(.pinned(Self.block(block), isFinal: block <= 10, plan), of: id)
    }

    static func batch(_ owners: [UInt64: Address], failed: [UInt64] = []) -> SnapshotBatch {
        var batch = SnapshotBatch()
        batch.read = owners.sorted { $0.key < $1.key }.map { OwnedToken(token: U256($0.key), owner: $0.value) }
        batch.failures = failed.map { SnapshotFailure(item: .token(U256($0)), reason: .outOfResource) }
        return batch
    }

    func publish(_ id: Int64) async throws {
        try await step(.published(commitID(), at: 5), of: id)
        try ledger.refresh()
    }

    /// A whole snapshot, published.
    @discardableResult
    func take(_ owners: [UInt64: Address], failed: [UInt64] = [], at block: BlockNumber = 10) async throws -> Int64 {
        let id = try await claimed()
        try await pin(id, at: block)
        try await step(.read(Self.batch(owners, failed: failed), next: nil), of: id)
        try await publish(id)
        try await store.releaseSnapshot(id, as: Self.claim)
        return id
    }

    // MARK: The usual ones

    static let owners: [UInt64: Address] = [1: alice, 2: alice, 3: bob]
    static let seen = owners.mapValues { Held.seen($0) }

    /// A published snapshot, and in block 13 a transfer, a burn and a mint.
    static func moved() async throws -> SnapshotWorld {
        let world = try SnapshotWorld()
        try await world.take(owners)
        try world.move()
        return world
    }

    func move() throws {
        ledger.at(13)
        ledger.move(U256(1), of: Self.art, from: Self.alice, to: Self.carol)
        ledger.move(U256(2), of: Self.art, from: Self.alice, to: .zero)
        ledger.move(U256(9), of: Self.art, to: Self.bob)
        try ledger.commit()
    }

    static let afterMoves: [UInt64: Held] = [1: .event(carol), 3: .seen(bob), 9: .event(bob)]

    // MARK: What is held

    /// Every row of every table.
    func dump() throws -> [String] {
        try store.pool.read { db in
            let names = try String.fetchAll(
                db,
                sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
            return try names.flatMap { name in
                try Row.fetchAll(db, sql: "SELECT * FROM \(name)").map { "\(name) \($0)" }.sorted()
            }
        }
    }

    func number(_ sql: String) throws -> Int64 {
        try #require(try store.pool.read { try Int64.fetchOne($0, sql: sql) })
    }

    /// How many rows the contract has, and their digest.
    func digest() throws -> [Int64] {
        try store.pool.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT rows, digest_high, digest_low FROM contract
                    WHERE contract = (SELECT id FROM address WHERE bytes = ?)
                    """,
                arguments: [Blob.data(Self.art.bytes)]
            )
            return row.map { [$0[0], $0[1], $0[2]] } ?? []
        }
    }

    // MARK: That all ways of asking agree

    /// Whose a token is; `seen`: because a snapshot says so.
    struct Held: Equatable, CustomStringConvertible {
        var owner: Address
        var isSeen: Bool
        static func seen(_ owner: Address) -> Held { Held(owner: owner, isSeen: true) }
        static func event(_ owner: Address) -> Held { Held(owner: owner, isSeen: false) }
        var description: String { "\(owner)\(isSeen ? " seen" : "")" }
    }

    /// Holds each counter against a count of rows, and each way to ask for owners against `expected`.
    ///
    /// - Parameter past: whether answers about the tip as a past block are to agree as well; they need complete coverage.
    func expect(
        _ expected: [UInt64: Held],
        observedAt block: BlockNumber = 10,
        past: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try expectCounters(sourceLocation: sourceLocation)
        let tip = try #require(ledger.state.tip?.number)
        #expect(!past || ledger.state.checkpoint == tip, "covered", sourceLocation: sourceLocation)
        for at in past ? [nil, tip] : [nil] as [BlockNumber?] {
            let comment = Comment(rawValue: at.map { "at block \($0)" } ?? "now")
            #expect(try exported(at: at) == expected, comment, sourceLocation: sourceLocation)
            #expect(try listed(at: at) == expected, comment, sourceLocation: sourceLocation)
            #expect(try wallets(at: at) == expected, comment, sourceLocation: sourceLocation)
            for token: UInt64 in 1...41 {
                let held = try owner(token, at: at, observedAt: block)
                let comment = Comment(rawValue: "token \(token) \(comment)")
                #expect(held == expected[token], comment, sourceLocation: sourceLocation)
            }
        }
        let census = try await store.census(of: Self.art, on: 321)
        // Of ranges nothing is counted.
        let isCounted = try census?.tokens != nil || !hasRanges()
        guard isCounted else { return }
        #expect(census?.tokens ?? 0 == UInt64(expected.count), sourceLocation: sourceLocation)
        #expect(census?.holders ?? 0 == Set(expected.values.map(\.owner)).count, sourceLocation: sourceLocation)
        let tally = try store.traits(of: Self.art, on: 321, PageRequest(position: nil, limit: 9)).tally
        #expect(tally?.unknown == expected.count, "the rarity's count", sourceLocation: sourceLocation)
    }

    private func hasRanges() throws -> Bool { try number("SELECT count(*) FROM token_range") > 0 }

    func expectCounters(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let counters = try #require(try store.chains().first?.counters)
        let transfers = try number("SELECT (SELECT count(*) FROM transfer) + (SELECT count(*) FROM token_range)")
        let tokens = try number("SELECT (SELECT count(*) FROM owner) + (SELECT count(*) FROM supply)")
        let seen = ChainSummary.Counters(
            transfersProcessed: UInt64(transfers),
            tokensDiscovered: UInt64(tokens),
            tokensEnriched: 0,
            errorCount: 0
        )
        #expect(counters == seen, sourceLocation: sourceLocation)
    }

    func exported(at block: BlockNumber?) throws -> [UInt64: Held] {
        var out: [UInt64: Held] = [:]
        try store.holdings(of: 321, at: block) { line in
            guard line.contract == Self.art, let token = line.token.uint64 else { return }
            #expect(out[token] == nil && line.tokenTo == nil && line.amount == SignedSum(1))
            out[token] = Held(owner: line.owner, isSeen: line.isObserved)
        }
        return out
    }

    private func listed(at block: BlockNumber?) throws -> [UInt64: Held] {
        let page = PageRequest<TokenPosition>(position: nil, limit: 1_000)
        let items = try store.tokens(in: Self.art, on: 321, at: block, page).items
        var out: [UInt64: Held] = [:]
        for item in items {
            #expect(out[item.token.uint64 ?? 0] == nil)
            out[item.token.uint64 ?? 0] = Held(owner: item.owner ?? .zero, isSeen: item.isObserved)
        }
        return out
    }

    private func wallets(at block: BlockNumber?) throws -> [UInt64: Held] {
        let page = PageRequest<TokenPosition>(position: nil, limit: 1_000)
        var out: [UInt64: Held] = [:]
        for wallet in [Self.alice, Self.bob, Self.carol] {
            for held in try store.tokens(of: wallet, on: 321, at: block, page).items where held.contract == Self.art {
                #expect(held.owner == wallet && out[held.token.uint64 ?? 0] == nil)
                out[held.token.uint64 ?? 0] = Held(owner: wallet, isSeen: held.isObserved)
            }
        }
        return out
    }

    /// Who owns a token, as four ways of asking say; nil where nobody does.
    private func owner(_ token: UInt64, at block: BlockNumber?, observedAt: BlockNumber) throws -> Held? {
        let id = TokenID(contract: Self.art, token: U256(token))
        let answer = try store.owners(of: id, on: 321, at: block, PageRequest(position: nil, limit: 5))
        let holders = try store.holders(of: id, on: 321, at: block)
        #expect(holders.unique?.owner == answer.unique?.owner && holders.unique?.place == answer.unique?.place)
        if block == nil {
            let quick = try store.ownerReader().owner(of: id, on: 321)
            #expect(quick?.unique == answer.unique && quick?.observedAt == answer.observedAt)
        }
        #expect(answer.ownership == (answer.observedAt == nil ? "events" : "observed"))
        guard let unique = answer.unique, unique.owner != .zero else { return nil }
        if let seen = answer.observedAt { #expect(seen == Self.block(observedAt)) }
        return Held(owner: unique.owner, isSeen: answer.observedAt != nil)
    }
}
