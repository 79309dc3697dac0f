import Ethereum
import TestLedger
import Testing
import Tokens

@testable import LiveReads

/// What is asked of the chain, and what becomes of the answers.
struct LiveReaderTests {
    private let setup = Setup()

    @Test func `an owner is read in the state of the newest block, by its hash`() async {
        let answer = await setup.ask()?.answer
        let wanted = LiveAnswer(value: .owner(alice), block: block(103), isFinal: false, source: .live, ageSeconds: 0)
        #expect(answer == wanted)
        #expect(setup.chain.now.asked.map(\.block) == [block(103)])
    }

    @Test func `many are asked in one request, answered in their order, doubled ones once`() async {
        let questions = [owner(2), owner(1), owner(2), owner(3)]
        let answers = await setup.reader.answers(to: questions)
        #expect(answers.map(\.value) == [.owner(bob), .owner(alice), .owner(bob), .absent(.reverted)])
        #expect(setup.chain.now.asked.first?.count == 3)
    }

    @Test func `one look at the head serves for two seconds`() async {
        _ = await setup.ask(owner(1))
        setup.clock.pass(.milliseconds(1_900))
        _ = await setup.ask(owner(2))
        #expect(setup.chain.now.headsAsked == 1)
        setup.clock.pass(.milliseconds(100))
        _ = await setup.ask(owner(3))
        #expect(setup.chain.now.headsAsked == 2)
    }

    @Test func `nothing is read at a block that is older than the ledger's`() async {
        setup.ledger.set { $0.position = LedgerPosition(rewinds: 0, tip: block(105)) }
        #expect(await setup.ask()?.answer?.block == block(105))
    }

    @Test func `a block that left the chain is replaced by the new head`() async {
        _ = await setup.ask(owner(2))
        setup.chain.set {
            $0.nextFaults = [.reorged("gone")]
            $0.head = block(103, branch: 7)
        }
        #expect(await setup.ask()?.answer?.block == block(103, branch: 7))
    }

    @Test func `reorgs without end are an error after three looks`() async {
        setup.chain.set { $0.nextFaults = [ChainError](repeating: .reorged("gone"), count: 9) }
        #expect(await setup.ask()?.failure == .unavailable("gone"))
        #expect(setup.chain.requests == 3)
    }

    // MARK: Many at once

    private func until(_ isSo: () -> Bool) async throws {
        for _ in 0..<5_000 where !isSo() { try await Task.sleep(for: .milliseconds(1)) }
        #expect(isSo())
    }

    @Test func `equal questions at the same time are one call`() async throws {
        setup.chain.set { $0.isHeld = true }
        async let first = setup.ask()
        try await until { setup.chain.requests == 1 }
        async let second = setup.ask()
        try await until { setup.reader.counts.joined == 1 }
        setup.chain.set { $0.isHeld = false }
        #expect(await [first?.value, second?.value] == [.owner(alice), .owner(alice)])
        #expect(setup.chain.requests == 1)
    }

    @Test func `one question alone does not wait for many that another asked`() async throws {
        setup.chain.set { $0.hanging = [call(2)] }
        async let many = setup.reader.answers(to: [owner(1), owner(2)])
        try await until { setup.chain.requests == 1 }
        #expect(await setup.ask()?.value == .owner(alice))
        #expect(setup.reader.counts.joined == 0)
        setup.clock.pass(.seconds(3_600))
        _ = await many
    }

    @Test func `a call that began before the ledger went on is not waited for: it may be older`() async throws {
        setup.chain.set { $0.isHeld = true }
        async let first = setup.ask()
        try await until { setup.chain.requests == 1 }
        setup.ledger.set { $0.position?.tip = block(104) }
        async let second = setup.ask()
        try await until { setup.chain.requests == 2 }
        setup.chain.set { $0.isHeld = false }
        #expect(await [first?.answer?.block, second?.answer?.block] == [block(103), block(104)])
    }

    // MARK: The deadline

    @Test func `a call that hangs ends after ten seconds, not before`() async throws {
        setup.chain.set { $0.hanging = [call(1)] }
        async let asked = setup.ask()
        try await until { setup.chain.requests == 1 }
        setup.clock.pass(.milliseconds(9_999))
        try await Task.sleep(for: .milliseconds(50))
        #expect(setup.reader.counts.failed == 0)
        setup.clock.pass(.milliseconds(1))
        try await until { setup.reader.counts.failed == 1 }
        // Red rather than waiting for ever where it is not so.
        setup.clock.pass(.seconds(3_600))
        let failure = await asked?.failure
        #expect(failure == .deadline)
    }

    @Test func `one call that hangs does not fail those beside it`() async throws {
        setup.chain.set { $0.hanging = [call(1)] }
        async let asked = setup.reader.answers(to: [owner(1), owner(2)])
        try await until { setup.chain.requests == 1 }
        // Half of the time is over: each is asked by itself.
        setup.clock.pass(.seconds(5))
        try await until { setup.chain.now.asked.count == 3 && setup.chain.now.answered == 1 }
        // The answer needs a moment from the chain to the reader.
        try await Task.sleep(for: .milliseconds(100))
        setup.clock.pass(.seconds(5))
        try await until { setup.reader.counts.failed == 1 }
        setup.clock.pass(.seconds(3_600))
        let answers = await asked
        #expect(answers.map(\.failure) == [.deadline, nil])
        #expect(answers.last?.value == .owner(bob))
    }

    @Test func `answers are counted once each, by what became of them`() async {
        setup.chain.set { $0.outcomes[call(9)] = .unavailable }
        _ = await setup.ask()
        _ = await setup.ask()
        _ = await setup.ask(owner(9))
        setup.clock.pass(.seconds(300))
        setup.chain.set { $0.fault = .unavailable("down") }
        _ = await setup.ask()
        var wanted = LiveCounts()
        (wanted.live, wanted.cached, wanted.failed, wanted.stale, wanted.entries) = (1, 1, 1, 1, 1)
        wanted.failures = [.unavailable: 2]
        #expect(setup.reader.counts == wanted)
    }
}
