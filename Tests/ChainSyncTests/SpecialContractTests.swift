/// Contracts that are read by a rule of their own, through engine and store on chain 1 as a release lists them.
@testable import ChainSync
import Ethereum
import StoreSQLite
import Synchronization
import Testing
import TokenFixtures
import Tokens

@Suite struct SpecialContractTests {
    private static let listed = SpecialContracts.of(1)
    private let punks: Contract
    private let nft = Contract(20)

    init() throws {
        punks = Contract(try #require(Self.listed.first { $0.rule == .cryptoPunks }).address)
    }

    /// A claim, a gift, a sale, an accepted bid; a contract of no rule that says the same, and one that conforms.
    private func drawn(specials: [SpecialContract] = listed) -> FakeChain {
        let chain = FakeChain(chainID: 1, specials: specials)
        chain.mine(
            [punks.assigns(1, to: 1), punks.assigns(2, to: 1), nft.moves(1, 0, to: 1)],
            [nft.assigns(9, to: 1), nft.pays(5, 1, to: 2), nft.sellsPunk(9, for: 0, 1, to: 0)],
            [punks.pays(1, 1, to: 2), punks.givesPunk(1, 1, to: 2)],
            [],
            [nft.moves(1, 1, to: 2), punks.pays(1, 2, to: 3), punks.sellsPunk(1, for: 7, 2, to: 3)],
            [punks.pays(1, 3, to: 4), punks.sellsPunk(1, for: 0, 3, to: 0)],
            [],
            [],
            [],
            [],
            [],
            []
        )
        return chain
    }

    private func lines(_ process: Process) throws -> [String] { try process.export().map { describe($0) }.sorted() }

    /// The same with the punks' contract under its address.
    private func owned(_ token: UInt64, _ owner: UInt32) -> String {
        "u \(punks.address.hex)#\(token) \(owner) x1"
    }

    private func indexed(
        _ chain: FakeChain,
        _ path: String,
        contracts: [Address] = [],
        specials: [SpecialContract] = listed
    ) async throws -> Process {
        try await Process(chain, path, contracts: contracts, eventSets: [.indexed], specials: specials)
    }

    @Test func `the whole of chain 1 read for indexed forms has the punks, in history, at the tail and after a reorg`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let process = try await indexed(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            #expect(try lines(process) == [owned(1, 4), owned(2, 1), "u 20#1 2 x1"])
            #expect(try process.store.chains()[0].checkpoint == chain.headNumber)
            // At the tail, block by block.
            chain.mine([punks.pays(1, 4, to: 5), punks.sellsPunk(1, for: 0, 4, to: 0)])
            let head = chain.headNumber
            #expect(try await process.follow { $0.checkpoint == head })
            #expect(try lines(process) == [owned(1, 5), owned(2, 1), "u 20#1 2 x1"])
            // The sale is undone, another punk moves instead.
            chain.fork(at: head - 1)
            chain.mine([punks.pays(1, 1, to: 6), punks.givesPunk(2, 1, to: 6)], [])
            let tip = chain.blocks[Int(head) + 1].ref
            #expect(try await process.follow { $0.checkpoint == tip.number && $0.tip == tip })
            #expect(try lines(process) == [owned(1, 4), owned(2, 6), "u 20#1 2 x1"])
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test func `nobody else is asked for more: the chain as a whole for four topics of four, the punks by address`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let process = try await indexed(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let filters = Set(chain.state.withLock { $0.filters })
            let addresses = Self.listed.map(\.address).sorted()
            let own = EventSet.topics + [Topics.assign, Topics.punkTransfer, Topics.punkBought]
            #expect(
                filters == [
                    LogFilter(topics0: EventSet.topics, topicCountMin: 4),
                    LogFilter(addresses: addresses, topics0: own, topicCountMin: 1),
                ]
            )
        }
    }

    @Test func `a database from before the release gets the listed contracts' history, and reads nothing else again`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let path = directory + "/a.db"
            let before = try await indexed(chain, path, specials: [])
            try await before.sync(to: chain.headNumber)
            #expect(try lines(before) == ["u 20#1 2 x1"])
            #expect(try before.store.chains()[0].checkpoint == chain.headNumber)
            try before.store.close()
            chain.state.withLock { $0.filters = [] }
            let after = try await indexed(chain, path)
            #expect(try after.store.chains()[0].checkpoint == nil, "complete, though history is missing")
            try await after.sync(to: chain.headNumber)
            #expect(try lines(after) == [owned(1, 4), owned(2, 1), "u 20#1 2 x1"])
            let filters = chain.state.withLock { $0.filters }
            #expect(!filters.isEmpty && filters.allSatisfy { $0.addresses == Self.listed.map(\.address).sorted() })
            let clean = try await indexed(chain, directory + "/clean.db")
            try await clean.sync(to: chain.headNumber)
            #expect(try clean.export() == after.export())
        }
    }

    @Test func `a listed contract that was followed by name is read for its own events only`() async throws {
        try await withDirectory { directory in
            let chain = drawn()
            let path = directory + "/a.db"
            let before = try await indexed(chain, path, contracts: [punks.address, nft.address], specials: [])
            try await before.sync(to: chain.headNumber)
            #expect(try lines(before) == ["u 20#1 2 x1"])
            try before.store.close()
            chain.state.withLock { $0.filters = [] }
            let after = try await indexed(chain, path, contracts: [punks.address, nft.address])
            let plan = ReadPlan(state: after.state, through: chain.headNumber)
            #expect(plan.segments.flatMap(\.keys).map(\.eventSet) == [.cryptoPunks])
            try await after.sync(to: chain.headNumber)
            #expect(try lines(after) == [owned(1, 4), owned(2, 1), "u 20#1 2 x1"])
            #expect(chain.state.withLock { $0.filters }.allSatisfy { $0.addresses == [punks.address] })
        }
    }

    @Test func `an operator's rule is read from history on, for its contract alone, and kept through a restart`()
        async throws
    {
        try await withDirectory { directory in
            let art = Contract(30)
            let chain = FakeChain(chainID: 7, specials: [SpecialContract(art.address, .idInData)])
            chain.mine(
                [art.pays(77, 0, to: 1), nft.pays(77, 0, to: 1)],
                [art.pays(77, 1, to: 2)],
                [],
                [],
                [],
                [],
                [],
                []
            )
            let path = directory + "/a.db"
            let process = try await indexed(chain, path, specials: [])
            try await process.sync(to: chain.headNumber)
            #expect(try lines(process) == [])
            try process.store.addContract(
                art.address,
                from: 0,
                readBy: .idInData,
                to: 7,
                id: ID128(high: 1, low: 1)
            )
            #expect(try process.store.chains()[0].checkpoint == nil)
            try await process.sync(to: chain.headNumber)
            #expect(try lines(process) == ["u 30#77 2 x1"])
            try process.store.close()
            chain.mine([art.pays(77, 2, to: 3)])
            let again = try await indexed(chain, path, specials: [])
            try again.store.addContract(art.address, from: 0, to: 7, id: ID128(high: 1, low: 2))
            #expect(try again.store.chains()[0].scopes.map(\.scope.rule) == [.byShape, .idInData])
            try await again.sync(to: chain.headNumber)
            #expect(try lines(again) == ["u 30#77 3 x1"])
        }
    }

    @Test func `a chain that is read for all forms reads an id in data with the rest, and punks by address`() throws {
        let whole = Scope(id: 1, contract: nil, firstBlock: 0, isActive: true)
        let art = Scope(id: 2, contract: account(30), firstBlock: 0, isActive: true, rule: .idInData)
        let punks = Scope(id: 3, contract: account(40), firstBlock: 0, isActive: true, rule: .cryptoPunks)
        let scopes = [whole, art, punks]
        let keys = scopes.flatMap { scope in
            scope.eventSets(of: [.indexed, .unindexed]).map { CoverageKey(scope: scope.id, eventSet: $0) }
        }
        let questions = ReadPlan.questions(for: keys, scopes: scopes)
        #expect(questions.map(\.filter.addresses) == [[], [account(40)]])
        #expect(questions.map(\.filter.topics0.count) == [4, 7])
        #expect(questions.last?.keys == [CoverageKey(scope: 3, eventSet: .cryptoPunks)])
        #expect(questions.flatMap(\.keys).sorted() == keys.sorted())
    }

    @Test func `punks are verified by the call that their contract has, and a sale that was withheld is found`()
        async throws
    {
        try await withDirectory { directory in
            let chain = drawn()
            let process = try await indexed(chain, directory + "/a.db")
            // The endpoint leaves out all but the first log of the block of the accepted bid.
            chain.state.withLock { $0.hidden = [6] }
            try await process.sync(to: chain.headNumber)
            #expect(try lines(process) == [owned(1, 3), owned(2, 1), "u 20#1 2 x1"])
            chain.state.withLock { ($0.hasBlooms, $0.hasReceipts) = (true, true) }
            let verifier = Verifier(
                chain: chain,
                store: process.store,
                chainID: 1,
                block: chain.blocks[Int(chain.headNumber)].ref
            )
            let result = try await verifier.verifyAll(contract: nil)
            #expect(result.tally.equal == 2)
            #expect(result.differences.map(\.finding) == [.missed(6...6)])
            let missed = try #require(result.repair?.rows.transfers.first)
            #expect(missed.to == account(4) && missed.flags == .receiverBefore)
        }
    }
}
