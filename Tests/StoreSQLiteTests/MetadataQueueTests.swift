/// The queue of metadata jobs, and what results do to what is held.
import Ethereum
import GRDB
import Synchronization
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct MetadataQueueTests {
    private static let one = TestLedger.address(1)
    private static let many = TestLedger.address(2)
    private static let wallet = TestLedger.address(9)
    private static let worker = ID128(high: 7, low: 7)
    private static let other = ID128(high: 8, low: 8)

    /// Tokens 1…count of one contract, three counted ones of another, one burned.
    private static func ledger(_ count: UInt64 = 3) throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(5)
        for token in 1...count { ledger.move(U256(token), of: one, to: wallet) }
        for token in 1...3 as ClosedRange<UInt64> { ledger.move(U256(token), of: many, to: wallet, amount: U256(2)) }
        ledger.move(U256(99), of: one, to: wallet)
        ledger.at(6)
        ledger.move(U256(99), of: one, from: wallet, to: .zero)
        try ledger.commit()
        return ledger
    }

    private func enqueue(_ ledger: TestLedger, contract: Address? = nil, all: Bool = false) async throws -> Int {
        var (made, position): (Int, MetadataPosition?) = (0, nil)
        repeat {
            let step = try await ledger.store.enqueueMetadata(of: 321, contract: contract, after: position, all: all)
            made += step.made
            position = step.next
        } while position != nil
        return made
    }

    private func claim(
        _ ledger: TestLedger,
        as claim: ID128 = worker,
        now: Int64 = 100,
        limit: Int = 100,
        avoiding: Set<String> = [],
        contract: Address? = nil,
        rotation: UInt64 = 7
    ) async throws -> [MetadataJob] {
        try await ledger.store.claimMetadata(
            of: 321,
            contract: contract,
            as: claim,
            now: now,
            until: now + 60,
            limit: limit,
            avoiding: avoiding,
            rotation: rotation
        )
    }

    private static func uri(_ location: String?, block: BlockNumber = 6) -> ObservedURI {
        ObservedURI(
            state: location == nil ? .reverted : .ok,
            raw: location.map { Array($0.utf8) },
            location: location,
            block: BlockRef(number: block, hash: TestLedger.hash(block))
        )
    }

    private static func document(_ text: String, name: String? = nil) -> MetadataDocument {
        let bytes = Array(text.utf8)
        return MetadataDocument(raw: bytes, hash: Keccak256.hash(bytes), fields: MetadataFields(name: name ?? text))
    }

    private static func result(
        _ job: MetadataJob,
        _ finding: MetadataResult.Finding,
        at location: String? = "https://a/1",
        block: BlockNumber = 6,
        retryAt: Int64? = nil,
        host: String = ""
    ) -> MetadataResult {
        MetadataResult(
            job: job,
            uri: uri(location, block: block),
            finding: finding,
            retryAt: retryAt,
            host: host
        )
    }

    private func finish(
        _ ledger: TestLedger,
        _ results: [MetadataResult],
        as claim: ID128 = worker
    ) async throws -> MetadataTally {
        try await ledger.store.finishMetadata(results, of: 321, as: claim, now: 1_000)
    }

    private func enriched(_ ledger: TestLedger) throws -> Int64 {
        try ledger.store.pool.read { db in
            try Int64.fetchOne(db, sql: "SELECT tokens_enriched FROM chain") ?? -1
        }
    }

    // MARK: Making jobs

    @Test func `every held token is a job once, a burned one is none, and each is asked by its standard`() async throws
    {
        let ledger = try Self.ledger()
        #expect(try await enqueue(ledger) == 6)
        #expect(try await enqueue(ledger) == 0)
        let jobs = try await claim(ledger)
        #expect(Set(jobs.filter { $0.rule == .unique }.map(\.token.token.uint64)) == [1, 2, 3])
        #expect(Set(jobs.filter { $0.rule == .counted }.map(\.token.contract)) == [Self.many])
    }

    @Test func `more tokens than one step takes are all found`() async throws {
        let ledger = try Self.ledger(25_001)
        let made = try await enqueue(ledger, contract: Self.one)
        // One of them is burned.
        #expect(made == 25_000)
    }

    @Test func `tokens that have their metadata are no jobs, unless all are asked for`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger, contract: Self.one)
        let jobs = try await claim(ledger)
        _ = try await finish(ledger, jobs.map { Self.result($0, .document(Self.document("x"))) })
        #expect(try await enqueue(ledger) == 3)
        #expect(try await enqueue(ledger, all: true) == 6)
    }

    // MARK: Claims

    @Test func `a job has one holder at a time and comes back when the claim ends`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        #expect(try await claim(ledger, limit: 4).count == 4)
        #expect(try await claim(ledger, as: Self.other).count == 2)
        #expect(try await claim(ledger, as: Self.other, now: 159).isEmpty)
        #expect(try await claim(ledger, as: Self.other, now: 160).count == 6)
    }

    @Test func `what comes after the claim has passed on is not taken`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let late = try await claim(ledger)
        let jobs = try await claim(ledger, as: Self.other, now: 200)
        _ = try await finish(ledger, jobs.map { Self.result($0, .document(Self.document("new"))) }, as: Self.other)
        let tally = try await finish(ledger, late.map { Self.result($0, .document(Self.document("old"))) })
        #expect(tally.late == 6 && tally.changed == 0)
        for job in late {
            #expect(try ledger.store.metadata(of: job.token, on: 321)?.fields?.name == "new")
        }
    }

    @Test func `contracts share a claim, and what the small ones leave goes to the large`() async throws {
        let ledger = try Self.ledger(50)
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger, limit: 20)
        #expect(jobs.count { $0.token.contract == Self.many } == 3)
        #expect(jobs.count { $0.token.contract == Self.one } == 17)
        #expect(Set(jobs.map(\.token)).count == 20)
    }

    @Test func `jobs of hosts that are avoided stay where they are`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger)
        _ = try await finish(
            ledger,
            jobs.map { job in
                Self.result(
                    job,
                    .failed("slow"),
                    retryAt: 100,
                    host: job.token.token.uint64 == 1 ? "slow.example" : "b.example"
                )
            }
        )
        #expect(try await claim(ledger, avoiding: ["slow.example", "c"]).allSatisfy { $0.token.token.uint64 != 1 })
        #expect(try await claim(ledger, as: Self.other).map(\.token.token.uint64) == [1, 1])
    }

    @Test func `jobs of a process that is gone are free at once, those of one that lives are not`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let gone = Mutex(false)
        let terms = LeaseTerms(duration: .seconds(1), boot: "b", now: { 0 }, isGone: { _, _ in gone.withLock { $0 } })
        let store = try SQLiteStore(path: ledger.path, lease: terms)
        func claims(_ name: UInt64) async throws -> Int {
            try await store.claimMetadata(
                of: 321,
                contract: nil,
                as: ID128(high: name, low: name),
                now: 100,
                until: 1_000,
                limit: 100,
                avoiding: [],
                rotation: 3
            ).count
        }
        let (first, second) = (try await claims(1), try await claims(2))
        gone.withLock { $0 = true }
        let third = try await claims(3)
        #expect([first, second, third] == [6, 0, 6])
        try store.close()
    }

    @Test func `released jobs are free at once`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        _ = try await claim(ledger)
        try await ledger.store.releaseMetadata(as: Self.other)
        #expect(try await claim(ledger, as: Self.other).isEmpty)
        try await ledger.store.releaseMetadata(as: Self.worker)
        #expect(try await claim(ledger, as: Self.other).count == 6)
    }

    // MARK: Results

    @Test func `the same answer writes nothing, another one is a new version and the old stays`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let job = try #require(try await claim(ledger).first)
        func again(_ finding: MetadataResult.Finding, block: BlockNumber = 6) async throws -> MetadataTally {
            _ = try await enqueue(ledger, all: true)
            let job = try #require(try await claim(ledger, now: 10_000).first { $0.token == job.token })
            return try await finish(ledger, [Self.result(job, finding, block: block)])
        }
        #expect(try await finish(ledger, [Self.result(job, .document(Self.document("one")))]).changed == 1)
        let held = try ledger.store.metadata(of: job.token, on: 321)
        #expect(try await again(.document(Self.document("one")), block: 5).unchanged == 1)
        #expect(try ledger.store.metadata(of: job.token, on: 321) == held)
        #expect(try await again(.document(Self.document("two"))).changed == 1)
        let newer = try ledger.store.metadata(of: job.token, on: 321)
        #expect(newer?.version == 2 && newer?.fields?.name == "two")
        let documents = try await ledger.store.pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT CAST(raw AS TEXT) FROM metadata_version v JOIN metadata_document d ON d.id = v.document
                    ORDER BY version
                    """
            )
        }
        #expect(documents == ["one", "two"])
    }

    @Test func `an outage changes nothing that is held, and is written where nothing is`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger)
        let (good, bad) = (jobs[0], jobs[1])
        _ = try await finish(ledger, [Self.result(good, .document(Self.document("held")))])
        let held = try ledger.store.metadata(of: good.token, on: 321)
        _ = try await enqueue(ledger, all: true)
        let later = try await claim(ledger, now: 10_000).filter { [good.token, bad.token].contains($0.token) }
        let outage = MetadataResult.Finding.failed("the server says 503")
        let tally = try await finish(ledger, later.map { Self.result($0, outage, retryAt: 11_000) })
        #expect(tally.changed == 1 && tally.unchanged == 1 && tally.retried == 2)
        #expect(try ledger.store.metadata(of: good.token, on: 321) == held)
        let failed = try ledger.store.metadata(of: bad.token, on: 321)
        #expect(failed?.state == .failed && failed?.detail == "the server says 503" && failed?.fields == nil)
        #expect(try enriched(ledger) == 1)
    }

    @Test func `a new URI without a document says so and keeps the old document`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let job = try #require(try await claim(ledger).first)
        _ = try await finish(ledger, [Self.result(job, .document(Self.document("old")))])
        _ = try await enqueue(ledger, all: true)
        let later = try #require(try await claim(ledger, now: 10_000).first { $0.token == job.token })
        _ = try await finish(ledger, [Self.result(later, .failed("404"), at: "https://b/1")])
        let held = try ledger.store.metadata(of: job.token, on: 321)
        #expect(held?.state == .failed && held?.fields?.name == "old" && held?.uri?.location == "https://b/1")
        #expect(try enriched(ledger) == 0)
    }

    @Test func `a contract that was not heard is no fact, and no try of the token's`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let job = try #require(try await claim(ledger).first)
        let silence = MetadataResult(
            job: job,
            uri: nil,
            finding: .unheard("no endpoint answered"),
            retryAt: 150,
            host: ""
        )
        let tally = try await finish(ledger, [silence])
        #expect(tally.retried == 1 && tally.changed == 0)
        #expect(try ledger.store.metadata(of: job.token, on: 321) == nil)
        #expect(try await claim(ledger, as: Self.other, now: 151).first { $0.token == job.token }?.attempts == 0)
    }

    @Test func `the counter of enriched tokens equals the count of rows`() async throws {
        let ledger = try Self.ledger(20)
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger)
        let findings: [MetadataResult.Finding] = [
            .document(Self.document("a")), .failed("x"), .refused("private"), .document(Self.document("b")),
        ]
        _ = try await finish(ledger, jobs.enumerated().map { Self.result($1, findings[$0 % 4]) })
        let rows = try await ledger.store.pool.read { db in
            try Int64.fetchOne(db, sql: "SELECT count(*) FROM token_metadata WHERE state = 1") ?? -1
        }
        #expect(try enriched(ledger) == rows)
        #expect(rows == 11)
    }

    @Test(arguments: [MetadataResult.Finding.failed("503"), .refused("10.0.0.1 is private")])
    func `trouble changes nothing of a document that the contract itself holds, another answer of it does`(
        _ trouble: MetadataResult.Finding
    ) async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        func inline(
            _ job: MetadataJob,
            _ state: URIState,
            _ raw: String?,
            _ finding: MetadataResult.Finding
        )
            -> MetadataResult
        {
            let block = BlockRef(number: 6, hash: TestLedger.hash(6))
            let uri = ObservedURI(state: state, raw: raw.map { Array($0.utf8) }, location: nil, block: block)
            return MetadataResult(job: job, uri: uri, finding: finding, retryAt: nil, host: "")
        }
        let job = try #require(try await claim(ledger).first)
        _ = try await finish(ledger, [inline(job, .ok, "data:,x", .document(Self.document("held")))])
        let held = try ledger.store.metadata(of: job.token, on: 321)
        func again(_ state: URIState, _ raw: String?) async throws -> TokenMetadata? {
            _ = try await enqueue(ledger, all: true)
            let later = try #require(try await claim(ledger, now: 10_000).first { $0.token == job.token })
            _ = try await finish(ledger, [inline(later, state, raw, trouble)])
            return try ledger.store.metadata(of: job.token, on: 321)
        }
        #expect(try await again(.ok, "data:,x") == held)
        let reverted = try await again(.reverted, nil)
        #expect(reverted?.state != .ok && reverted?.fields?.name == "held")
    }

    @Test func `one contract's jobs can be claimed alone`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger, contract: Self.many)
        #expect(jobs.count == 3 && jobs.allSatisfy { $0.token.contract == Self.many })
    }

    @Test(arguments: [0, 1, 2, 3, UInt64.max]) func `wherever the turns begin, all contracts have theirs`(
        _ rotation: UInt64
    ) async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        #expect(try await claim(ledger, rotation: rotation).count == 6)
    }

    // MARK: Reorgs and answers

    /// - Parameter block: read again up to there, and no block between is held; nil: not yet.
    @Test(arguments: [nil, 9] as [BlockNumber?])
    func `what was asked before a reorg is not taken after it, and is asked again at once`(
        upTo block: BlockNumber?
    )
        async throws
    {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger)
        try ledger.rewind(to: 5)
        if let block {
            ledger.at(block)
            try ledger.commit()
        }
        let tally = try await finish(
            ledger,
            jobs.enumerated().map { Self.result($1, .document(Self.document("x")), block: $0 < 2 ? 6 : 5) }
        )
        #expect(tally.retried == 2 && tally.changed == 4)
        let again = try await claim(ledger, now: 101)
        #expect(Set(again.map(\.token)) == Set(jobs.prefix(2).map(\.token)))
        #expect(again.allSatisfy { $0.attempts == 0 })
    }

    @Test func `an answer in the state of a block that is gone is replaced by the same one in that of ours`()
        async throws
    {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let job = try #require(try await claim(ledger).first)
        _ = try await finish(ledger, [Self.result(job, .document(Self.document("x")), block: 6)])
        try ledger.rewind(to: 5)
        let later = try #require(try await claim(ledger, now: 500).first { $0.token == job.token })
        #expect(try await finish(ledger, [Self.result(later, .document(Self.document("x")), block: 5)]).changed == 1)
        let held = try ledger.store.metadata(of: job.token, on: 321)
        #expect(held?.uri?.block.number == 5 && held?.version == 1)
    }

    @Test func `what was said in a block that is undone is asked again, and stays until then`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger)
        let jobs = try await claim(ledger)
        _ = try await finish(
            ledger,
            jobs.enumerated().map { Self.result($1, .document(Self.document("x")), block: $0 < 4 ? 6 : 5) }
        )
        #expect(try await ledger.store.metadataBacklog(of: 321).jobs == 0)
        _ = try ledger.store.rewinding(to: 5, of: 321, id: ID128(high: 3, low: 3))
        #expect(try await ledger.store.metadataBacklog(of: 321).jobs == 4)
        #expect(try Set(await claim(ledger, now: 500).map(\.token)) == Set(jobs.prefix(4).map(\.token)))
        #expect(try ledger.store.metadata(of: jobs[0].token, on: 321)?.fields?.name == "x")
    }

    @Test func `every token is told of, in order, also those that nobody looked at`() async throws {
        let ledger = try Self.ledger()
        _ = try await enqueue(ledger, contract: Self.many)
        _ = try await finish(ledger, try await claim(ledger).map { Self.result($0, .document(Self.document("x"))) })
        var told: [TokenMetadata] = []
        try ledger.store.metadata(of: 321) { told.append($0) }
        #expect(told.map(\.token.contract) == [Self.one, Self.one, Self.one, Self.many, Self.many, Self.many])
        #expect(told.map(\.token.token.uint64) == [1, 2, 3, 1, 2, 3])
        #expect(told.map(\.state) == [.pending, .pending, .pending, .ok, .ok, .ok])
    }
}
