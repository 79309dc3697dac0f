import Ethereum
import TestLedger
import Testing
import Tokens

@testable import LiveReads

/// When a kept answer is given again, and when it is void.
struct KeptAnswerTests {
    private let setup = Setup()

    @Test func `asked again it is given from the cache with its age, without a call`() async {
        _ = await setup.ask()
        setup.owns(1, bob)
        setup.clock.pass(.seconds(299))
        let answer = await setup.ask()?.answer
        #expect(answer?.value == .owner(alice) && answer?.source == .cache && answer?.ageSeconds == 299)
        #expect(answer?.staleBecause == nil && setup.chain.requests == 1)
    }

    @Test func `after 300 seconds it is read again`() async {
        _ = await setup.ask()
        setup.owns(1, bob)
        setup.clock.pass(.seconds(300))
        let answer = await setup.ask()?.answer
        #expect(answer?.value == .owner(bob) && answer?.source == .live)
    }

    @Test func `a newer transfer in the ledger voids it, and no other token's`() async {
        _ = await setup.reader.answers(to: [owner(1), owner(2)])
        setup.owns(1, bob)
        setup.ledger.set { $0.moved[.token(token(1))] = 104 }
        let answers = await setup.reader.answers(to: [owner(1), owner(2)]).map(\.answer)
        #expect(answers.map(\.?.source) == [.live, .cache] && answers.first??.value == .owner(bob))
        #expect(setup.reader.counts.voided == 1)
    }

    /// The chain may have been another one above the ledger's tip, without a rewind of the ledger.
    @Test func `a transfer that the ledger took in later voids it, even from a block below the one it was read at`()
        async
    {
        _ = await setup.ask()
        setup.owns(1, bob)
        setup.ledger.set { $0.moved[.token(token(1))] = 101 }
        #expect(await setup.ask()?.value == .owner(bob))
    }

    @Test func `a transfer that the ledger held already when it was read leaves it`() async {
        setup.ledger.set { $0.moved[.token(token(1))] = 100 }
        _ = await setup.ask()
        #expect(await setup.ask()?.answer?.source == .cache)
    }

    @Test func `a rewind of the chain voids it`() async {
        _ = await setup.ask()
        setup.owns(1, bob)
        setup.ledger.set { $0.position?.rewinds = 1 }
        #expect(await setup.ask()?.value == .owner(bob))
    }

    @Test func `another block at its height voids it`() async {
        _ = await setup.ask()
        setup.owns(1, bob)
        setup.ledger.set { $0.replaced = [block(103)] }
        #expect(await setup.ask()?.value == .owner(bob))
    }

    @Test func `what was read before the database held the chain is read again once it does`() async {
        setup.ledger.set { $0.position = nil }
        _ = await setup.ask()
        #expect(await setup.ask()?.answer?.source == .cache)
        setup.ledger.set { $0.position = LedgerPosition(rewinds: 0, tip: block(100)) }
        #expect(await setup.ask()?.answer?.source == .live)
    }

    @Test func `while the ledger cannot say whether something moved, nothing kept is given as new`() async {
        _ = await setup.ask()
        setup.ledger.set { $0.fails = true }
        #expect(await setup.ask()?.answer?.source == .live)
        setup.chain.set { $0.fault = .unavailable("down") }
        setup.clock.pass(.seconds(3))
        let answer = await setup.ask()?.answer
        #expect(answer?.value == .owner(alice) && answer?.staleBecause == .unavailable("down"))
    }

    @Test func `any transfer of a contract voids its balances and its supply, none its name`() async {
        let questions: [LiveQuestion] = [.balance(of: alice, in: art), .totalSupply(art), .name(art)]
        setup.chain.set { state in
            state.outcomes[ABI.call("balanceOf(address)", [.address(alice)])] = .returned(U256(3).bytes)
            state.outcomes[ABI.call("totalSupply()")] = .returned(U256(4).bytes)
            state.outcomes[ABI.call("name()")] = .returned(ABI.encode([.string("Art")]))
        }
        let first = await setup.reader.answers(to: questions).map(\.value)
        #expect(first == [.amount(U256(3)), .amount(U256(4)), .text("Art")])
        setup.ledger.set { $0.moved[.contract(art)] = 104 }
        let sources = await setup.reader.answers(to: questions).map { $0.answer?.source }
        #expect(sources == [.live, .live, .cache])
    }

    @Test func `an answer is final only when its own block is held and became final`() async {
        setup.ledger.set {
            $0.position = LedgerPosition(rewinds: 0, tip: block(105))
            $0.finalized = 104
        }
        #expect(await setup.ask()?.answer?.isFinal == false)
        setup.ledger.set { $0.finalized = 105 }
        #expect(await setup.ask()?.answer?.isFinal == true)
        // Read above the ledger's tip: which block became final there is not known.
        let other = Setup()
        _ = await other.ask()
        other.ledger.set { $0.finalized = 110 }
        let answer = await other.ask()?.answer
        #expect(answer?.source == .cache && answer?.isFinal == false)
    }
}
