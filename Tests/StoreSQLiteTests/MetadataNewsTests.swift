/// Which tokens' metadata is looked for by itself, and looked at again.
import Ethereum
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct MetadataNewsTests {
    private static let one = TestLedger.address(1)
    private static let two = TestLedger.address(2)
    private static let wallet = TestLedger.address(9)
    private static let worker = ID128(high: 7, low: 7)

    // MARK: What the tests do

    private static func ledger(contracts: [Address] = [], _ count: UInt64 = 3) throws -> TestLedger {
        let ledger = try TestLedger(contracts: contracts)
        ledger.at(5)
        for token in 1...count { ledger.move(U256(token), of: one, to: wallet) }
        ledger.move(U256(1), of: two, to: wallet, amount: U256(2))
        try ledger.commit()
        try ledger.buildIndexes()
        return ledger
    }

    private func news(_ ledger: TestLedger, _ whose: MetadataScope = .everything, now: Int64 = 100) async throws -> Int
    {
        var made = 0
        while true {
            let step = try await ledger.store.enqueueNews(of: 321, whose, now: now)
            made += step.made
            if step.isDone { return made }
        }
    }

    private func claim(_ ledger: TestLedger, now: Int64 = 100) async throws -> [MetadataJob] {
        try await ledger.store.claimMetadata(
            of: 321,
            contract: nil,
            as: Self.worker,
            now: now,
            until: now + 60,
            limit: 100_000,
            avoiding: [],
            rotation: 0
        )
    }

    private static func result(_ job: MetadataJob) -> MetadataResult {
        MetadataResult(
            job: job,
            uri: ObservedURI(
                state: .ok,
                raw: [1],
                location: "https://a.example/1",
                block: BlockRef(number: 5, hash: TestLedger.hash(5))
            ),
            finding: .document(
                MetadataDocument(raw: [1], hash: TestLedger.hash(1, 2), fields: MetadataFields(name: "x"))
            ),
            retryAt: nil,
            host: ""
        )
    }

    /// Looks at all that is queued, in the state of a block; each has a document that it had before.
    @discardableResult
    private func look(_ ledger: TestLedger, at block: BlockNumber = 5, now: Int64 = 100) async throws -> Int {
        let jobs = try await claim(ledger, now: now)
        let document = MetadataDocument(raw: [1], hash: TestLedger.hash(1, 2), fields: MetadataFields(name: "x"))
        let results = jobs.map { job in
            MetadataResult(
                job: job,
                uri: ObservedURI(
                    state: .ok,
                    raw: [1],
                    location: "https://a.example/1",
                    block: BlockRef(number: block, hash: TestLedger.hash(block))
                ),
                finding: .document(document),
                retryAt: nil,
                host: ""
            )
        }
        _ = try await ledger.store.finishMetadata(results, of: 321, as: Self.worker, now: now)
        return jobs.count
    }

    private func take(
        _ signals: [MetadataSignal.Subject],
        _ ledger: TestLedger,
        through block: BlockNumber = 6,
        now: Int64 = 200
    ) async throws {
        let cursor = try #require(try await ledger.store.signalCursor(of: 321))
        let signals = signals.map { MetadataSignal(contract: Self.one, subject: $0) }
        try await ledger.store.takeSignals(signals, through: block, after: cursor, of: 321, now: now)
    }

    private func token(_ id: UInt64) -> MetadataSignal.Subject { .tokens(U256(id)...U256(id)) }
    private let everything = MetadataSignal.Subject.tokens(U256.zero ... .max)

    private func sweep(_ ledger: TestLedger, now: Int64) async throws -> Int {
        var made = 0
        while let step = try await ledger.store.sweepMetadata(of: 321, now: now), step > 0 { made += step }
        return made
    }

    // MARK: New tokens

    @Test func `all that is held gets a job, once`() async throws {
        let ledger = try Self.ledger()
        #expect(try await news(ledger) == 4)
        #expect(try await news(ledger) == 0)
        try await look(ledger)
        #expect(try await news(ledger) == 0)
        #expect(try await ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test func `nothing is done while the first backfill goes on`() async throws {
        let ledger = try TestLedger()
        ledger.at(5)
        ledger.move(U256(1), of: Self.one, to: Self.wallet)
        try ledger.commit()
        #expect(try await news(ledger) == 0)
        try ledger.buildIndexes()
        #expect(try await news(ledger) == 1)
    }

    @Test func `a commit's new tokens get jobs, burned ones do not`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        ledger.at(6)
        ledger.move(U256(7), of: Self.one, to: Self.wallet)
        ledger.move(U256(8), of: Self.one, to: Self.wallet)
        ledger.move(U256(8), of: Self.one, from: Self.wallet, to: .zero)
        ledger.move(U256(1), of: Self.one, from: Self.wallet, to: Self.two)
        ledger.move(U256(5), of: Self.two, to: Self.wallet, amount: U256(3))
        try ledger.commit()
        #expect(try await news(ledger) == 2)
        let jobs = try await claim(ledger)
        #expect(Set(jobs.map(\.token.token)) == [U256(7), U256(5)])
        #expect(jobs.first { $0.token.contract == Self.two }?.rule == .counted)
        #expect(try await news(ledger) == 0)
    }

    @Test func `a commit that brings history is found by a walk, at most one a minute`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger, now: 100)
        ledger.at(6)
        ledger.move(U256(50), of: Self.one, to: Self.wallet)
        ledger.at(5_000)
        ledger.move(U256(51), of: Self.one, to: Self.wallet)
        try ledger.commit()
        #expect(try await news(ledger, now: 120) == 0)
        #expect(try await news(ledger, now: 160) == 2)
        #expect(try await news(ledger, now: 300) == 0)
    }

    @Test func `of a whole chain only what is followed by name is looked for, unless all is wanted`() async throws {
        let ledger = try Self.ledger()
        #expect(try await news(ledger, .listed) == 0)
        #expect(try await news(ledger, .everything) == 4)
        let named = try Self.ledger(contracts: [Self.one, Self.two])
        #expect(try await news(named, .listed) == 4)
    }

    // MARK: Events

    @Test func `no event matters before anything was looked at`() async throws {
        let ledger = try Self.ledger()
        #expect(try await ledger.store.signalCursor(of: 321) == nil)
        _ = try await news(ledger)
        try await look(ledger)
        #expect(try await ledger.store.signalCursor(of: 321) == SignalCursor(block: 5, rewinds: 0))
    }

    @Test func `a token that changed is looked at again, others are not`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        try await take([token(2), token(2), token(99)], ledger)
        #expect(try await claim(ledger, now: 200).map(\.token) == [TokenID(contract: Self.one, token: U256(2))])
        #expect(try await ledger.store.signalCursor(of: 321)?.block == 6)
    }

    @Test func `what was asked before a token changed is late`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        _ = try await ledger.store.requestMetadata(
            [MetadataWish(token: TokenID(contract: Self.one, token: U256(2)), rule: .unique)],
            of: 321,
            again: true,
            now: 150
        )
        let old = try #require(try await claim(ledger, now: 150).first)
        try await take([token(2)], ledger)
        let result = MetadataResult(job: old, uri: nil, finding: .unheard("x"), retryAt: nil, host: "")
        let tally = try await ledger.store.finishMetadata([result], of: 321, as: Self.worker, now: 210)
        #expect(tally.late == 1)
        #expect(try await claim(ledger, now: 220).count == 1)
    }

    @Test func `V14: the whole collection a hundred times in a block is one sweep`() async throws {
        let ledger = try Self.ledger(2_500)
        _ = try await news(ledger)
        #expect(try await look(ledger) == 2_501)
        try await take(Array(repeating: everything, count: 100), ledger)
        #expect(try await sweep(ledger, now: 200) == 2_500)
        #expect(try await look(ledger, now: 200) == 2_500)
        #expect(try await sweep(ledger, now: 200) == 0)
    }

    @Test func `a contract that asks with every block gets its budget, and the others theirs`() async throws {
        let ledger = try Self.ledger(1_500)
        _ = try await news(ledger)
        try await look(ledger)
        var looks = 0
        for block in 0..<60 as Range<UInt64> {
            let now = 200 + Int64(block)
            try await take([everything, token(1)], ledger, through: 6 + block, now: now)
            _ = try await sweep(ledger, now: now)
            looks += try await look(ledger, now: now)
        }
        // The bucket, and what fills it in a minute.
        #expect(looks <= 20_000 + 400)
        #expect(looks >= 19_000)
        let other = MetadataWish(token: TokenID(contract: Self.two, token: .one), rule: .counted)
        #expect(try await ledger.store.requestMetadata([other], of: 321, again: true, now: 260) == [other.token])
        let same = MetadataWish(token: TokenID(contract: Self.one, token: .one), rule: .unique)
        let often = Array(repeating: same, count: 500)
        #expect(try await ledger.store.requestMetadata(often, of: 321, again: true, now: 260).count < 400)
        // An hour later all of it is seen after all.
        #expect(try await sweep(ledger, now: 4_000) >= 1_500)
    }

    @Test func `a range that is asked for during a sweep has one of its own afterwards`() async throws {
        let ledger = try Self.ledger(1_500)
        _ = try await news(ledger)
        try await look(ledger)
        try await take([everything], ledger, through: 6)
        #expect(try await ledger.store.sweepMetadata(of: 321, now: 200) == 1_000)
        try await look(ledger, now: 200)
        try await take([.tokens(U256(1)...U256(10))], ledger, through: 7)
        #expect(try await sweep(ledger, now: 201) == 510)
        #expect(try await look(ledger, now: 202) == 510)
    }

    @Test func `two who look for different tokens do not begin each other's walk anew`() async throws {
        let ledger = try Self.ledger()
        #expect(try await news(ledger) == 4)
        #expect(try await news(ledger, .listed) == 0)
        for _ in 0..<3 {
            #expect(try await ledger.store.enqueueNews(of: 321, .everything, now: 100).isDone)
            #expect(try await ledger.store.enqueueNews(of: 321, .listed, now: 100).isDone)
        }
    }

    @Test func `a contract that is followed by name from now on has its held tokens looked up`() async throws {
        let ledger = try Self.ledger()
        #expect(try await news(ledger, .listed) == 0)
        try ledger.store.addContract(Self.one, from: 0, to: 321, id: ID128(high: 7, low: 7))
        #expect(try await news(ledger, .listed, now: 200) == 3)
    }

    @Test func `a change that is told while a token is looked at for the first time makes that look late`() async throws
    {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        let jobs = try await claim(ledger)
        let (known, unknown) = (
            jobs.filter { $0.token.contract == Self.two }, jobs.filter { $0.token.contract == Self.one }
        )
        #expect(known.count == 1 && unknown.count == 3)
        _ = try await ledger.store.finishMetadata(known.map(Self.result), of: 321, as: Self.worker, now: 100)
        try await take([everything], ledger)
        let tally = try await ledger.store.finishMetadata(unknown.map(Self.result), of: 321, as: Self.worker, now: 100)
        #expect(tally.late == 3 && tally.changed == 0)
        #expect(try await look(ledger, now: 200) == 3)
    }

    @Test func `a token that its contract did not know is looked up when it is minted after all`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        let jobs = try await claim(ledger)
        let refused = jobs.map { job in
            MetadataResult(
                job: job,
                uri: ObservedURI(
                    state: .reverted,
                    raw: nil,
                    location: nil,
                    block: BlockRef(number: 5, hash: TestLedger.hash(5))
                ),
                finding: .failed("reverted"),
                retryAt: nil,
                host: ""
            )
        }
        _ = try await ledger.store.finishMetadata(refused, of: 321, as: Self.worker, now: 100)
        ledger.at(9)
        // One is minted again, another only changes hands.
        ledger.move(U256(1), of: Self.one, from: Self.wallet, to: .zero)
        ledger.move(U256(1), of: Self.one, to: Self.wallet)
        ledger.move(U256(2), of: Self.one, from: Self.wallet, to: TestLedger.address(77))
        try ledger.commit()
        #expect(try await news(ledger) == 1)
        #expect(try await claim(ledger, now: 200).map(\.token.token) == [.one])
    }

    @Test func `a contract that nobody could ask in time has its budget, too`() async throws {
        let ledger = try Self.ledger()
        let wish = MetadataWish(token: TokenID(contract: Self.one, token: U256(2)), rule: .unique)
        let often = Array(repeating: wish, count: 20_001)
        #expect(try await ledger.store.requestMetadata(often, of: 321, again: true, now: 100).count == 20_000)
    }

    @Test func `a contract that says that it changed is asked again what it is, and its tokens are not`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        let facts = ContractFacts(name: "Old", block: BlockRef(number: 5, hash: TestLedger.hash(5)))
        let heard = [Self.one, Self.two].map { ContractReading(contract: $0, facts: facts, retryAt: nil) }
        _ = try await ledger.store.finishContracts(heard, of: 321)
        #expect(try await contracts(ledger) == [])
        try await take([.contract], ledger)
        #expect(try await contracts(ledger) == [Self.one])
        #expect(try await look(ledger, now: 200) == 0)
        _ = try await ledger.store.finishContracts([heard[0]], of: 321)
        #expect(try await contracts(ledger) == [])
    }

    @Test func `of contracts that nobody follows by name none is asked where only those are wanted`() async throws {
        let ledger = try Self.ledger()
        #expect(try await contracts(ledger).count == 2)
        #expect(try await contracts(ledger, .listed) == [])
    }

    private func contracts(_ ledger: TestLedger, _ whose: MetadataScope = .everything) async throws -> [Address] {
        try await ledger.store.contractsToRead(
            of: 321,
            contract: nil,
            whose: whose,
            after: nil,
            now: 300,
            all: false
        ).contracts.map(\.contract)
    }

    @Test func `very many tokens that are named one by one are swept, and none is forgotten`() async throws {
        let ledger = try Self.ledger(600)
        _ = try await news(ledger)
        try await look(ledger)
        try await take((1...501).map { token($0) }, ledger)
        #expect(try await look(ledger, now: 200) == 0)
        #expect(try await sweep(ledger, now: 200) == 501)
        #expect(try await look(ledger, now: 200) == 501)
    }

    @Test func `of two who read the same events the slower one asks for nothing and moves nothing back`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        let both = try #require(try await ledger.store.signalCursor(of: 321))
        try await take([token(1)], ledger, through: 10)
        #expect(try await look(ledger, now: 200) == 1)
        let signal = MetadataSignal(contract: Self.one, subject: token(1))
        try await ledger.store.takeSignals([signal], through: 8, after: both, of: 321, now: 201)
        #expect(try await ledger.store.signalCursor(of: 321)?.block == 10)
        #expect(try await look(ledger, now: 201) == 0)
    }

    @Test func `after a reorg the events of the new branch are read from where it begins`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger)
        ledger.at(9)
        ledger.move(U256(7), of: Self.one, to: Self.wallet)
        try ledger.commit()
        try await take([], ledger, through: 9)
        let before = try #require(try await ledger.store.signalCursor(of: 321))
        try ledger.rewind(to: 7)
        #expect(try await ledger.store.signalCursor(of: 321) == SignalCursor(block: 7, rewinds: 1))
        // Who read the old branch meanwhile moves nothing.
        try await ledger.store.takeSignals([], through: 12, after: before, of: 321, now: 200)
        #expect(try await ledger.store.signalCursor(of: 321)?.block == 7)
    }

    // MARK: Schedule and requests

    @Test func `what is young is looked at again soon, and what never changes seldom`() async throws {
        let ledger = try Self.ledger()
        _ = try await news(ledger)
        try await look(ledger, now: 1_000)
        #expect(try await ledger.store.sweepMetadata(of: 321, now: 1_000 + 6 * 3_600 - 1) == nil)
        var (now, pauses) = (1_000 as Int64, [Int64]())
        for _ in 0..<20 {
            let start = now
            while try await sweep(ledger, now: now) == 0 { now += 1_800 }
            _ = try await sweep(ledger, now: now)
            try await look(ledger, now: now)
            pauses.append(now - start)
        }
        #expect(pauses == pauses.sorted())
        #expect(pauses.first ?? 0 < 7 * 3_600)
        #expect((20 * 86_400...31 * 86_400).contains(pauses.last ?? 0))
    }

    @Test func `who asks first has a token looked up, and again only where that is said`() async throws {
        let ledger = try Self.ledger()
        let wish = MetadataWish(token: TokenID(contract: Self.one, token: U256(2)), rule: .unique)
        let unknown = MetadataWish(token: TokenID(contract: TestLedger.address(77), token: .one), rule: .unique)
        let queued = try await ledger.store.requestMetadata([wish, unknown], of: 321, again: false, now: 100)
        #expect(queued == [wish.token])
        #expect(try await look(ledger) == 1)
        _ = try await ledger.store.requestMetadata([wish], of: 321, again: false, now: 100)
        #expect(try await look(ledger) == 0)
        _ = try await ledger.store.requestMetadata([wish], of: 321, again: true, now: 100)
        #expect(try await look(ledger) == 1)
    }
}
