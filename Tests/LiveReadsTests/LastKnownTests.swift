import Ethereum
import TestLedger
import Testing
import Tokens

@testable import LiveReads

/// A read that failed is an error or the last known value, marked as that; it is never "nobody".
struct LastKnownTests {
    private let setup = Setup()

    private static func word(_ holding: LedgerWord.Holding, at number: BlockNumber = 100) -> LedgerWord {
        LedgerWord(holding: holding, block: block(number), isFinal: true, timestamp: 4_000)
    }

    private static let failures: [(CallOutcome, LiveFailure.Kind)] = [
        (.noData, .noFunction), (.outOfResource, .outOfResource), (.statePruned, .unavailable),
        (.unavailable, .unavailable), (.returned([]), .malformed), (.returned([1, 2, 3]), .malformed),
        (.returned(U256.max.bytes), .malformed),
    ]

    @Test(arguments: failures)
    func `a call that gave no answer is a failure where nothing is known`(
        outcome: CallOutcome,
        kind: LiveFailure.Kind
    ) async {
        setup.chain.set { $0.outcomes[call(1)] = outcome }
        #expect(await setup.ask()?.failure?.kind == kind)
        #expect(setup.reader.counts.entries == 0)
    }

    @Test(arguments: failures)
    func `and the ledger's owner, marked stale, where it knows one`(
        outcome: CallOutcome,
        kind: LiveFailure.Kind
    ) async {
        setup.chain.set { $0.outcomes[call(1)] = outcome }
        setup.ledger.set { $0.words[.owner(token(1))] = Self.word(.owner(bob)) }
        let answer = await setup.ask()?.answer
        #expect(answer?.value == .owner(bob) && answer?.source == .store && answer?.staleBecause?.kind == kind)
        #expect(answer?.block == block(100) && answer?.isFinal == true && answer?.ageSeconds == 1_000)
    }

    @Test(arguments: [
        ChainError.unavailable("x"), .inconsistent("x"), .unservable("x"), .wrongChain("x"), .cancelled,
    ])
    func `a chain that cannot be read fails every question, and none is absent`(error: ChainError) async {
        setup.chain.set { $0.fault = error }
        for answer in await setup.reader.answers(to: [owner(1), owner(2), owner(3)]) {
            #expect(answer.failure?.kind == (error == .cancelled ? .deadline : .unavailable))
        }
    }

    @Test func `one that fails is listed beside those that were read`() async {
        setup.chain.set { $0.outcomes[call(2)] = .unavailable }
        let answers = await setup.reader.answers(to: [owner(1), owner(2), owner(3)])
        #expect(answers.map(\.value) == [.owner(alice), nil, .absent(.reverted)])
        #expect(answers[1].failure?.kind == .unavailable)
    }

    @Test func `past its time a kept answer is still the last known, with its age and why`() async {
        _ = await setup.ask()
        setup.clock.pass(.seconds(900))
        setup.chain.set { $0.fault = .unavailable("down") }
        let wanted = LiveAnswer(
            value: .owner(alice),
            block: block(103),
            isFinal: false,
            source: .cache,
            ageSeconds: 900,
            staleBecause: .unavailable("down")
        )
        #expect(await setup.ask()?.answer == wanted)
    }

    @Test func `of the kept answer and the ledger's word the newer is given`() async {
        _ = await setup.ask()
        setup.clock.pass(.seconds(900))
        setup.chain.set { $0.fault = .unavailable("down") }
        setup.ledger.set { $0.words[.owner(token(1))] = Self.word(.owner(bob), at: 102) }
        #expect(await setup.ask()?.answer?.source == .cache)
        setup.ledger.set { $0.words[.owner(token(1))] = Self.word(.owner(bob), at: 103) }
        #expect(await setup.ask()?.answer?.source == .store)
    }

    @Test func `a kept answer that a transfer voided is not given, even where nothing else can be`() async {
        _ = await setup.ask()
        setup.chain.set { $0.fault = .unavailable("down") }
        setup.ledger.set { $0.moved[.token(token(1))] = 104 }
        setup.clock.pass(.seconds(3))
        #expect(await setup.ask()?.failure == .unavailable("down"))
    }

    @Test func `before any endpoint was reached the ledger's word is given`() async {
        let setup = Setup(hasEndpoint: false)
        setup.ledger.set { $0.words[.owner(token(1))] = Self.word(.burned) }
        let answer = await setup.ask()?.answer
        #expect(answer?.value == .absent(.burned) && answer?.staleBecause?.kind == .unavailable)
        #expect(await setup.ask(owner(2))?.failure?.kind == .unavailable)
    }

    @Test func `a contract that refuses is believed over the ledger`() async {
        setup.ledger.set { $0.words[.owner(token(3))] = Self.word(.owner(bob)) }
        let answer = await setup.ask(owner(3))?.answer
        #expect(answer?.value == .absent(.reverted) && answer?.staleBecause == nil)
    }

    @Test func `a counted token has no single owner: its refusal does not make it absent, an outage does not either`()
        async
    {
        setup.ledger.set { $0.words[.owner(token(3))] = Self.word(.counted) }
        #expect(await setup.ask(owner(3))?.failure == .counted)
        setup.chain.set { $0.fault = .unavailable("down") }
        setup.clock.pass(.seconds(3))
        #expect(await setup.ask(owner(3))?.failure == .counted)
    }

    /// supportsInterface(0xd9b67a26).
    private static let isCounted = ABI.call("supportsInterface(bytes4)", [.word(interface)])
    private static let interface = Hash32(w0: 0xd9b6_7a26_0000_0000, w1: 0, w2: 0, w3: 0)

    private static let kinds: [(CallOutcome, LiveValue?, LiveFailure.Kind?)] = [
        (.returned(U256.one.bytes), nil, .counted), (.returned(U256(0).bytes), .absent(.reverted), nil),
        (.returned(U256(2).bytes), .absent(.reverted), nil), (.reverted, .absent(.reverted), nil),
        (.noData, .absent(.reverted), nil), (.returned([1]), .absent(.reverted), nil),
        (.outOfResource, .absent(.reverted), nil), (.unavailable, nil, .unavailable),
        (.statePruned, nil, .unavailable),
    ]

    @Test(arguments: kinds)
    func `a refusal of a contract that the ledger does not know is believed unless it says that it counts`(
        says: CallOutcome,
        value: LiveValue?,
        failure: LiveFailure.Kind?
    ) async {
        setup.chain.set { $0.outcomes[Self.isCounted] = says }
        let answer = await setup.ask(owner(3))
        #expect(answer?.value == value && answer?.failure?.kind == failure)
    }

    @Test func `a counted amount that cannot be read is the ledger's, never zero`() async {
        setup.chain.set { $0.fault = .unavailable("down") }
        let question = LiveQuestion.amount(of: alice, token(9))
        #expect(await setup.ask(question)?.failure == .unavailable("down"))
        setup.ledger.set { $0.words[.amount(of: alice, token(9))] = Self.word(.amount(U256(7))) }
        #expect(await setup.ask(question)?.value == .amount(U256(7)))
    }
}
