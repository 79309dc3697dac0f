import Ethereum
import Logging
import Metadata
import StoreSQLite
import Synchronization
import TestLedger
import Testing
import Tokens

@testable import Enrichment

/// What contracts say of themselves: how it is read, kept, and undone.
@Suite struct ContractReaderTests {
    private static let block = BlockRef(number: 5, hash: TestLedger.hash(5))

    private static func word(_ number: U256) -> CallOutcome { .returned(number.bytes) }

    /// A left-aligned `bytes32`, as MKR gives its name.
    private static func word32(_ text: String) -> CallOutcome {
        .returned(Array(text.utf8) + [UInt8](repeating: 0, count: 32 - text.utf8.count))
    }

    /// Name, symbol, supply and URI, then ERC-165's answers: 721, 1155, enumerable, and what nobody may have.
    private static func outcomes(
        _ name: CallOutcome = .reverted,
        _ symbol: CallOutcome = .reverted,
        _ supply: CallOutcome = .reverted,
        _ uri: CallOutcome = .reverted,
        _ supported: [CallOutcome] = Array(repeating: .reverted, count: 4)
    ) -> [CallOutcome] { [name, symbol, supply, uri] + supported }

    private static func facts(_ outcomes: [CallOutcome], isLast: Bool = false) throws -> ContractFacts {
        guard case .facts(let facts) = ContractAnswers.finding(outcomes[...], at: block, isLast: isLast) else {
            throw ChainError.unavailable("no facts")
        }
        return facts
    }

    // MARK: Answers

    @Test(
        arguments: [
            (ToldChain.string("Lanterns"), "Lanterns"), (word32("Maker"), "Maker"), (ToldChain.string(""), ""),
            (word32(String(repeating: "x", count: 32)), String(repeating: "x", count: 32)),
            (ToldChain.bytes([0x61, 0xFF, 0x62]), "a\u{FFFD}b"), (ToldChain.string("a\u{0}b\u{0}\u{0}"), "a\u{FFFD}b"),
            (ToldChain.string("<b>\u{202E}x</b>"), "<b>\u{202E}x</b>"),
            (ToldChain.string(String(repeating: "é", count: 300)), String(repeating: "é", count: 128)),
            (.reverted, nil), (.noData, nil), (.returned([]), nil), (.returned([1, 2, 3]), nil),
            (.returned(U256.max.bytes + U256.max.bytes), nil),
        ] as [(CallOutcome, String?)]
    )
    func `a name is a string or a bytes32, bounded, and nothing else`(outcome: CallOutcome, name: String?) throws {
        #expect(try Self.facts(Self.outcomes(outcome)).name == name)
        let symbol = try Self.facts(Self.outcomes(.reverted, outcome)).symbol
        #expect(symbol == name.map { $0.cut(to: ContractFacts.symbolMax) {} })
    }

    @Test func `a supply may be any number, and a URI that is too long is left out`() throws {
        let long = String(repeating: "u", count: ContractFacts.uriMax)
        let facts = try Self.facts(Self.outcomes(.noData, .noData, Self.word(.max), ToldChain.string(long)))
        #expect(facts.totalSupply == .max && facts.uri == long)
        let longer = try Self.facts(Self.outcomes(.noData, .noData, .returned([1]), ToldChain.string(long + "u")))
        #expect(longer.totalSupply == nil && longer.uri == nil)
    }

    @Test(
        arguments: [
            ([1, 0, 1, 0], ["erc721", "erc721Enumerable"]), ([0, 1, 0, 0], ["erc1155"]), ([0, 0, 0, 0], []),
            ([1, 1, 1, 1], ["erc721", "erc1155", "erc721Enumerable", "everything"]),
        ] as [([UInt64], [String])]
    )
    func `who says yes to everything is known by it`(answers: [UInt64], names: [String]) throws {
        let supported = answers.map { Self.word(U256($0)) }
        let facts = try Self.facts(Self.outcomes(.reverted, .reverted, .reverted, .reverted, supported))
        #expect(facts.interfaces?.names == names)
        #expect(try Self.facts(Self.outcomes()).interfaces == nil)
    }

    @Test func `a question that nobody answered is no answer of the contract's`() {
        for outcome in [CallOutcome.unavailable, .statePruned] {
            #expect(
                ContractAnswers.finding(Self.outcomes(.reverted, outcome)[...], at: Self.block, isLast: true)
                    == .unheard
            )
        }
        let costly = Self.outcomes(ToldChain.string("x"), .outOfResource)
        #expect(ContractAnswers.finding(costly[...], at: Self.block, isLast: false) == .tooCostly)
        #expect(
            ContractAnswers.finding(costly[...], at: Self.block, isLast: true)
                == .facts(ContractFacts(name: "x", block: Self.block))
        )
        #expect(ContractAnswers.finding(costly[1...], at: Self.block, isLast: true) == .unheard)
    }

    @Test func `a contract is asked these eight questions`() {
        let calls = ContractAnswers.calls(to: contract)
        #expect(calls.count == ContractAnswers.count && calls.allSatisfy { $0.contract == contract })
        let signatures = ["name()", "symbol()", "totalSupply()", "contractURI()"]
        #expect(calls.prefix(4).map(\.data) == signatures.map { ABI.call($0) })
        #expect(calls[4].data.prefix(8).map { $0 } == [0x01, 0xff, 0xc9, 0xa7, 0x80, 0xac, 0x58, 0xcd])
        #expect(
            calls[5].data.prefix(8).suffix(4) == [0xd9, 0xb6, 0x7a, 0x26]
                && calls[6].data[4...7] == [0x78, 0x0e, 0x9d, 0x63]
        )
    }

    // MARK: Reading and keeping

    /// A ledger with two contracts, and what they answer; another word from one call to the next where told so.
    private struct Desk {
        let ledger: TestLedger
        let chain: ToldChain
        let word = Word()

        final class Word: Sendable {
            private let value = Mutex(CallOutcome.reverted)
            var now: CallOutcome {
                get { value.withLock { $0 } }
                set { value.withLock { $0 = newValue } }
            }
        }

        init() throws {
            ledger = try TestLedger()
            ledger.at(5)
            ledger.move(U256(1), of: contract, to: wallet)
            ledger.move(U256(1), of: counted, to: wallet, amount: U256(2))
            try ledger.commit()
            let word = word
            chain = ToldChain { call in
                guard call.data == ABI.call("name()") else { return .reverted }
                return call.contract == contract ? word.now : ToldChain.string("Tide Glass")
            }
            word.now = ToldChain.string("Lanterns")
        }

        func read(all: Bool = false, only: Address? = nil, now: Int64 = 1_000) async throws -> ContractTally {
            try await ContractReader(
                chain: chain,
                store: ledger.store,
                chainID: 321,
                contract: only,
                wallSeconds: { now },
                random: { 0 },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).run(all: all)
        }

        func facts(_ address: Address = contract) throws -> ContractFacts? {
            try ledger.store.contract(address, on: 321)?.summary.facts
        }

        var asked: Int { chain.calls.withLock { $0.count } }

        func goOn(to block: BlockNumber) throws {
            ledger.at(block)
            ledger.move(U256(block), of: contract, to: wallet)
            try ledger.commit()
        }
    }

    @Test func `contracts are asked once, at the newest block that is held`() async throws {
        let desk = try Desk()
        #expect(try desk.facts() == nil)
        #expect(try await desk.read().changed == 2)
        #expect(try desk.facts() == ContractFacts(name: "Lanterns", block: Self.block))
        #expect(try desk.facts(counted)?.name == "Tide Glass")
        let asked = desk.asked
        #expect(try await desk.read() == ContractTally() && desk.asked == asked)
        #expect(try await desk.read(all: true, only: contract).unchanged == 1)
        #expect(desk.asked == asked + ContractAnswers.count)
        #expect(try await desk.read(all: true, only: TestLedger.address(77)) == ContractTally())
    }

    @Test func `the same words at a later block write nothing, other words do`() async throws {
        let desk = try Desk()
        _ = try await desk.read()
        try desk.goOn(to: 6)
        let same = try await desk.read(all: true)
        #expect(same.unchanged == 2 && same.changed == 0)
        #expect(try desk.facts()?.block == Self.block)
        desk.word.now = ToldChain.string("Lamps")
        let other = try await desk.read(all: true)
        #expect(other.changed == 1 && other.unchanged == 1)
        #expect(try desk.facts() == ContractFacts(name: "Lamps", block: BlockRef(number: 6, hash: TestLedger.hash(6))))
    }

    @Test func `what was said in the state of a block that is gone does not count, and is asked again`() async throws {
        let desk = try Desk()
        _ = try await desk.read(only: counted)
        try desk.goOn(to: 6)
        _ = try await desk.read()
        #expect(try desk.facts()?.block.number == 6)
        try desk.ledger.rewind(to: 5)
        #expect(try desk.facts() == nil)
        #expect(try desk.facts(counted)?.block.number == 5)
        #expect(try await desk.read().changed == 1)
        #expect(try desk.facts() == ContractFacts(name: "Lanterns", block: Self.block))
    }

    @Test func `an answer from a block that went meanwhile is not taken`() async throws {
        let desk = try Desk()
        let gone = BlockRef(number: 5, hash: TestLedger.hash(5, 9))
        let reading = ContractReading(contract: contract, facts: ContractFacts(name: "x", block: gone), retryAt: nil)
        let tally = try await desk.ledger.store.finishContracts([reading], of: 321)
        #expect(tally.unheard == 1 && tally.changed == 0)
        #expect(try desk.facts() == nil)
        #expect(try await desk.read().changed == 2)
    }

    @Test func `a block that went without a successor of its number is known to be gone`() async throws {
        let desk = try Desk()
        try desk.goOn(to: 6)
        let gone = try #require(desk.ledger.state.tip)
        try desk.ledger.rewind(to: 5)
        // As after a gap: no block has the number 6 any more.
        try desk.goOn(to: 9)
        let reading = ContractReading(contract: contract, facts: ContractFacts(name: "x", block: gone), retryAt: nil)
        #expect(try await desk.ledger.store.finishContracts([reading], of: 321).unheard == 1)
        #expect(try desk.facts() == nil)
    }

    @Test func `a slow answer from an older block does not replace a newer one`() async throws {
        let desk = try Desk()
        let older = ContractReading(
            contract: contract,
            facts: ContractFacts(name: "Old", block: Self.block),
            retryAt: nil
        )
        try desk.goOn(to: 6)
        _ = try await desk.read()
        let tally = try await desk.ledger.store.finishContracts([older], of: 321)
        #expect(tally.unchanged == 1 && tally.changed == 0)
        #expect(try desk.facts()?.name == "Lanterns")
        // Once the newer one's block is gone, the older one is all there is.
        try desk.ledger.rewind(to: 5)
        #expect(try await desk.ledger.store.finishContracts([older], of: 321).changed == 1)
        #expect(try desk.facts()?.name == "Old")
    }

    @Test(arguments: [
        ContractFacts(name: "", symbol: "", totalSupply: .zero, uri: "x", interfaces: [], block: Self.block),
        ContractFacts(totalSupply: .max, interfaces: [.erc721, .everything], block: Self.block),
        ContractFacts(name: "'\u{202E}\u{FFFD}\n\u{1B}[2J\"; --", symbol: "🏴\u{E0067}", block: Self.block),
        ContractFacts(uri: "javascript:alert(1)", block: Self.block),
    ])
    func `what was heard is kept as it was heard, and nothing is not zero`(facts: ContractFacts) async throws {
        let desk = try Desk()
        let reading = ContractReading(contract: contract, facts: facts, retryAt: nil)
        #expect(try await desk.ledger.store.finishContracts([reading], of: 321).changed == 1)
        #expect(try desk.facts() == facts)
        #expect(try await desk.ledger.store.finishContracts([reading], of: 321).unchanged == 1)
    }

    @Test func `silence is written nowhere and stands in nobody's way`() async throws {
        let desk = try Desk()
        desk.word.now = .unavailable
        let tally = try await desk.read()
        #expect(tally.unheard == 1 && tally.changed == 1)
        #expect(try desk.facts() == nil && desk.facts(counted)?.name == "Tide Glass")
        desk.word.now = ToldChain.string("Lanterns")
        #expect(try await desk.read().changed == 1)
        desk.chain.failure.withLock { $0 = .unavailable("down") }
        await #expect(throws: ChainError.unavailable("down")) { try await desk.read(all: true) }
        #expect(try desk.facts()?.name == "Lanterns")
    }

    @Test func `a contract that costs too much is tried eight times, ever later, and then is taken at its other words`()
        async throws
    {
        let desk = try Desk()
        desk.word.now = .outOfResource
        var now: Int64 = 1_000
        for attempt in 1..<RetryPlan.triesMax {
            #expect(try await desk.read(now: now).failed == 1)
            #expect(try desk.facts() == nil)
            // Not before its time.
            let asked = desk.asked
            #expect(try await desk.read(now: now + 1) == ContractTally() && desk.asked == asked, "\(attempt)")
            now += 200_000
        }
        #expect(try await desk.read(now: now).changed == 1)
        #expect(try desk.facts() == ContractFacts(block: Self.block))
        #expect(try await desk.read(now: now + 1_000_000) == ContractTally())
    }

    @Test func `a failed try takes away nothing that was heard before, and a good one ends the tries`() async throws {
        let desk = try Desk()
        _ = try await desk.read()
        desk.word.now = .outOfResource
        #expect(try await desk.read(all: true).failed == 1)
        #expect(try desk.facts()?.name == "Lanterns")
        desk.word.now = ToldChain.string("Lanterns")
        #expect(try await desk.read(now: 2_000).unchanged == 1)
        #expect(try await desk.read(now: 9_000_000) == ContractTally())
    }

    @Test func `thousands of contracts are gone through in steps, each once`() async throws {
        let desk = try Desk()
        desk.ledger.at(6)
        for number in 0..<1_100 {
            desk.ledger.move(U256(1), of: TestLedger.address(UInt64(1_000 + number)), to: wallet)
        }
        try desk.ledger.commit()
        #expect(try await desk.read().changed == 1_102)
        #expect(desk.asked == 1_102 * ContractAnswers.count)
    }
}
