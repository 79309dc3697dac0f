import Ethereum
import StoreSQLite
import TestLedger
import Testing
import Tokens

/// What the database says to live reads: whether something moved since, and its last word.
struct LiveLedgerTests {
    private let art = TestLedger.address(1)
    private let multi = TestLedger.address(2)
    private let ranged = TestLedger.address(3)
    private let other = TestLedger.address(4)
    private let alice = TestLedger.address(100)
    private let bob = TestLedger.address(101)

    /// Mints in block 1; in block 3 token 1 goes to Bob, 2 is burned, four of nine counted ones move.
    private func ledger(isIndexed: Bool = true) throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(1)
        for token in UInt64(1)...3 { ledger.move(U256(token), of: art, to: alice) }
        ledger.move(U256(9), of: multi, to: alice, amount: U256(9))
        ledger.moveRange(U256(1)...U256(30), of: ranged, to: alice)
        ledger.move(.one, of: other, to: alice)
        try ledger.commit()
        ledger.at(3)
        ledger.move(U256(1), of: art, from: alice, to: bob)
        ledger.move(U256(2), of: art, from: alice, to: .zero)
        ledger.move(U256(9), of: multi, from: alice, to: bob, amount: U256(4))
        ledger.moveRange(U256(31)...U256(40), of: ranged, to: bob)
        try ledger.commit(finalized: 2)
        if isIndexed { try ledger.buildIndexes() }
        return ledger
    }

    private func block(_ number: BlockNumber) -> BlockRef {
        BlockRef(number: number, hash: TestLedger.hash(number))
    }

    private func token(_ contract: Address, _ number: UInt64) -> TokenID {
        TokenID(contract: contract, token: U256(number))
    }

    @Test(arguments: [true, false])
    func `a token moved if a newer transfer of it is held, with and without the indexes`(isIndexed: Bool) async throws {
        let ledger = try ledger(isIndexed: isIndexed)
        defer { withExtendedLifetime(ledger) {} }
        let store = ledger.store
        let subjects: [(MoveProbe.Subject, Bool)] = [
            (.token(token(art, 1)), true), (.token(token(art, 2)), true), (.token(token(art, 3)), false),
            (.token(token(multi, 9)), true), (.token(token(multi, 8)), false), (.token(token(ranged, 5)), true),
            (.token(token(other, 1)), false), (.token(token(TestLedger.address(77), 1)), false),
            (.contract(art), true), (.contract(multi), true), (.contract(ranged), true), (.contract(other), false),
        ]
        let since = subjects.map { MoveProbe($0.0, readAt: block(2)) }
        let marks = try #require(try await store.marks(for: since, on: 321))
        #expect(marks.isOutdated == subjects.map(\.1))
        let newest = subjects.map { MoveProbe($0.0, readAt: block(3)) }
        let later = try #require(try await store.marks(for: newest, on: 321))
        #expect(later.isOutdated == subjects.map { _ in false })
        #expect(later.position == LedgerPosition(rewinds: 0, tip: block(3)) && later.finalized == 2)
    }

    @Test func `what was taken in after the read counts, though it was read at a later block`() async throws {
        let ledger = try ledger()
        defer { withExtendedLifetime(ledger) {} }
        let store = ledger.store
        let probes = [token(art, 1), token(art, 3)].map {
            MoveProbe(.token($0), readAt: BlockRef(number: 9, hash: TestLedger.hash(9)), since: 2)
        }
        #expect(try await store.marks(for: probes, on: 321)?.isOutdated == [true, false])
    }

    @Test func `another block at the height of the read is noticed, and a rewind counted`() async throws {
        let ledger = try ledger()
        let elsewhere = BlockRef(number: 3, hash: TestLedger.hash(3, 55))
        let probe = MoveProbe(.token(token(art, 3)), readAt: elsewhere)
        #expect(try await ledger.store.marks(for: [probe], on: 321)?.isOutdated == [true])
        try ledger.rewind(to: 2)
        let marks = try #require(try await ledger.store.marks(for: [], on: 321))
        #expect(marks.rewinds == 1 && marks.tip == block(2))
    }

    @Test func `a process that only reads sees what another wrote`() async throws {
        let ledger = try ledger()
        let reader = try SQLiteStore(reading: ledger.path)
        defer { try? reader.close() }
        let probe = MoveProbe(.token(token(art, 3)), readAt: block(3))
        #expect(try await reader.marks(for: [probe], on: 321)?.isOutdated == [false])
        ledger.at(4)
        ledger.move(U256(3), of: art, from: alice, to: bob)
        try ledger.commit()
        #expect(try await reader.marks(for: [probe], on: 321)?.isOutdated == [true])
    }

    @Test func `the ledger's word on a holding, and as of which block`() async throws {
        let ledger = try ledger()
        defer { withExtendedLifetime(ledger) {} }
        let store = ledger.store
        let words: [(HoldingQuestion, LedgerWord.Holding?)] = [
            (.owner(token(art, 1)), .owner(bob)), (.owner(token(art, 2)), .burned), (.owner(token(art, 4)), nil),
            (.owner(token(multi, 9)), .counted), (.owner(token(ranged, 5)), .owner(alice)),
            (.owner(token(TestLedger.address(77), 1)), nil), (.amount(of: alice, token(multi, 9)), .amount(U256(5))),
            (.amount(of: bob, token(multi, 9)), .amount(U256(4))), (.amount(of: bob, token(multi, 8)), nil),
        ]
        for (question, holding) in words {
            let word = try await store.word(on: question, of: 321)
            #expect(word?.holding == holding, "\(question)")
            #expect(word == nil || word?.block == block(3) && word?.isFinal == false)
            #expect(word == nil || word?.timestamp == 1_700_000_003)
        }
    }

    @Test func `with blocks missing from the history the ledger has no word on who owns what`() async throws {
        let ledger = try ledger()
        ledger.at(9)
        ledger.move(U256(3), of: art, from: bob, to: bob)
        try ledger.commit(covering: 8...9)
        #expect(try await ledger.store.word(on: .owner(token(art, 3)), of: 321) == nil)
        #expect(try await ledger.store.word(on: .amount(of: bob, token(multi, 9)), of: 321) == nil)
        #expect(try await ledger.store.word(on: .owner(token(multi, 9)), of: 321)?.holding == .counted)
    }

    @Test func `a census counts held tokens and their holders, of ranges only the transfers`() async throws {
        let ledger = try ledger()
        defer { withExtendedLifetime(ledger) {} }
        let store = ledger.store
        let census = try #require(try await store.census(of: art, on: 321))
        #expect(census.tokens == 2 && census.holders == 2 && census.transfers == 5)
        let counted = try #require(try await store.census(of: multi, on: 321))
        #expect(counted.tokens == 1 && counted.holders == 2 && counted.transfers == 2)
        let ranges = try #require(try await store.census(of: ranged, on: 321))
        #expect(ranges.tokens == nil && ranges.holders == nil)
        #expect(try await store.census(of: TestLedger.address(77), on: 321) == nil)
    }

    @Test func `of a chain that the database does not hold nothing is said`() async throws {
        let ledger = try ledger()
        defer { withExtendedLifetime(ledger) {} }
        let store = ledger.store
        #expect(try await store.marks(for: [MoveProbe(.contract(art), readAt: block(1))], on: 5) == nil)
        #expect(try await store.word(on: .owner(token(art, 1)), of: 5) == nil)
        #expect(try await store.census(of: art, on: 5) == nil)
    }
}
