import Ethereum
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// Lists at past blocks, and transfers by wallet and contract, against a fold of a random history written down here.
struct PastListsTests {
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]
    private static let blocks: UInt64 = 12

    @Test(arguments: seeds)
    func `at every past block a wallet's list is what the transfers up to it add up to`(seed: UInt64) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        for block in 0...Self.blocks {
            for wallet in history.wallets {
                let wanted = history.tokens(of: wallet, at: block)
                for (limit, rows) in [(1, 20_000), (4, 20_000), (100, 20_000), (100, 1), (100, 7), (2, 3)] {
                    let listed = try history.list(limit: limit, rowsMax: rows) { page, limits in
                        try history.store.tokens(of: wallet, on: 321, at: block, page, limits: limits)
                    }
                    #expect(listed == wanted, "seed \(seed), block \(block), limit \(limit), rows \(rows)")
                }
            }
        }
    }

    @Test(arguments: seeds)
    func `at every past block a contract's list is what the transfers up to it add up to`(seed: UInt64) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        for block in 0...Self.blocks {
            for contract in history.contracts {
                let wanted = history.tokens(in: contract, at: block)
                for (limit, rows) in [(1, 20_000), (4, 20_000), (100, 20_000), (100, 1), (100, 7), (2, 3)] {
                    let listed = try history.list(limit: limit, rowsMax: rows) { page, limits in
                        try history.store.tokens(in: contract, on: 321, at: block, page, limits: limits)
                    }
                    #expect(listed == wanted, "seed \(seed), block \(block), limit \(limit), rows \(rows)")
                }
            }
        }
    }

    @Test(arguments: seeds)
    func `the list at the newest block is today's list`(seed: UInt64) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        let page = PageRequest<TokenPosition>(position: nil, limit: 1_000)
        for wallet in history.wallets {
            let past = try history.store.tokens(of: wallet, on: 321, at: Self.blocks, page)
            #expect(try history.store.tokens(of: wallet, on: 321, at: nil, page).items == past.items)
        }
        for contract in history.contracts {
            let past = try history.store.tokens(in: contract, on: 321, at: Self.blocks, page)
            #expect(try history.store.tokens(in: contract, on: 321, at: nil, page).items == past.items)
        }
    }

    @Test(arguments: seeds)
    func `after a rewind and other blocks the past is the new one`(seed: UInt64) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        try history.rewind(to: Self.blocks / 2, thenUpTo: Self.blocks)
        for block in 0...Self.blocks {
            for wallet in history.wallets {
                let listed = try history.list(limit: 3, rowsMax: 20_000) { page, limits in
                    try history.store.tokens(of: wallet, on: 321, at: block, page, limits: limits)
                }
                #expect(listed == history.tokens(of: wallet, at: block), "seed \(seed), block \(block)")
            }
        }
    }

    // MARK: Transfers

    @Test(arguments: seeds, [1, 3, 100])
    func `a wallet's and a contract's transfers are the chain's with the others left out`(
        seed: UInt64,
        limit: Int
    ) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        let page = PageRequest<Place>(position: nil, limit: 10_000)
        let chain = try history.store.transfers(of: .chain, on: 321, page).items
        // 1,000 places: by the index; 1 and 5: by passing the chain's.
        for places in [1_000, 1, 5] {
            for wallet in history.wallets + [.zero] {
                let wanted = chain.filter { $0.transfer.from == wallet || $0.transfer.to == wallet }
                let listed = try history.transfers(of: .wallet(wallet), limit: limit, placesMax: places)
                #expect(listed == wanted)
            }
            for contract in history.contracts {
                let wanted = chain.filter { $0.transfer.contract == contract }
                let listed = try history.transfers(of: .contract(contract), limit: limit, placesMax: places)
                #expect(listed == wanted)
            }
        }
    }

    @Test(arguments: seeds)
    func `the export up to a block is the chain's list of it turned round`(seed: UInt64) throws {
        let history = try RandomHistory(seed: seed, blocks: Self.blocks)
        let page = PageRequest<Place>(position: nil, limit: 10_000)
        let chain = try history.store.transfers(of: .chain, on: 321, page).items
        for block in [nil] + (0...Self.blocks).map({ BlockNumber?($0) }) {
            var exported: [ExportedTransfer] = []
            let summary = try history.store.transfers(of: 321, upTo: block) { exported.append($0) }
            let wanted = chain.reversed().filter { $0.transfer.place.block <= block ?? .max }
            #expect(exported.map(\.line) == wanted)
            #expect(summary.lines == wanted.count)
            #expect(exported.allSatisfy { $0.blockHash == TestLedger.hash($0.line.transfer.place.block) })
        }
        #expect(throws: StoreError.notCovered(block: Self.blocks + 1, reached: Self.blocks)) {
            try history.store.transfers(of: 321, upTo: Self.blocks + 1) { _ in }
        }
    }

    // MARK: Refusals

    @Test func `without the wallets' indexes their questions are refused, and the others are not`() throws {
        let ledger = try TestLedger()
        let (contract, alice) = (TestLedger.address(1), TestLedger.address(100))
        ledger.at(1)
        ledger.move(U256(1), of: contract, to: alice)
        try ledger.commit()
        try ledger.buildIndexes()
        let page = PageRequest<TokenPosition>(position: nil, limit: 1)
        #expect(throws: ListingError.walletsNotIndexed) {
            _ = try ledger.store.tokens(of: alice, on: 321, at: 1, page)
        }
        #expect(throws: ListingError.walletsNotIndexed) {
            _ = try ledger.store.transfers(of: .wallet(alice), on: 321, PageRequest(position: nil, limit: 1))
        }
        #expect("\(ListingError.walletsNotIndexed)".contains("--index wallets"))
        #expect(try ledger.store.tokens(of: alice, on: 321, at: nil, page).items.count == 1)
        #expect(try ledger.store.tokens(in: contract, on: 321, at: 1, page).items.count == 1)
    }

    @Test func `asked for later the indexes are missing until they are built, and then stay`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.move(U256(1), of: TestLedger.address(1), to: TestLedger.address(100))
        try ledger.commit()
        try ledger.buildIndexes()
        #expect(try ledger.store.reading(321).isIndexed)
        let later = try SQLiteStore(path: ledger.path, optionalIndexes: [.wallets])
        #expect(try !later.reading(321).isIndexed)
        try later.buildingIndexes(of: 321, as: ledger.state.version)
        #expect(try later.reading(321).isIndexed)
        try later.close()
        let page = PageRequest<TokenPosition>(position: nil, limit: 1)
        #expect(try ledger.store.tokens(of: TestLedger.address(100), on: 321, at: 1, page).items.count == 1)
    }

    @Test func `a block above the checkpoint is refused, whatever is asked about it`() throws {
        let history = try RandomHistory(seed: 1, blocks: 3)
        let page = PageRequest<TokenPosition>(position: nil, limit: 1)
        #expect(throws: ListingError.notCovered(block: 4, reached: 3)) {
            _ = try history.store.tokens(of: history.wallets[0], on: 321, at: 4, page)
        }
        #expect(throws: ListingError.notCovered(block: 4, reached: 3)) {
            _ = try history.store.tokens(in: history.contracts[0], on: 321, at: 4, page)
        }
    }

    @Test func `a token that moved more often than may be added up is refused`() throws {
        let ledger = try TestLedger(indexes: [.wallets])
        let (contract, alice) = (TestLedger.address(1), TestLedger.address(100))
        ledger.at(1)
        for _ in 0..<4 { ledger.move(U256(1), of: contract, to: alice, amount: U256(1)) }
        try ledger.commit()
        ledger.at(2)
        ledger.move(U256(1), of: contract, to: alice, amount: U256(1))
        try ledger.commit()
        try ledger.buildIndexes()
        let page = PageRequest<TokenPosition>(position: nil, limit: 10)
        var limits = ListLimits()
        limits.movementsMax = 3
        let refusal = ListingError.tooMuchHistory("a token moved more than 3 times up to that block")
        #expect(throws: refusal) { _ = try ledger.store.tokens(of: alice, on: 321, at: 1, page, limits: limits) }
        #expect(throws: refusal) { _ = try ledger.store.tokens(in: contract, on: 321, at: 1, page, limits: limits) }
        // Nothing moved since: today's row is the answer.
        let now = try ledger.store.tokens(in: contract, on: 321, at: 2, page, limits: limits)
        #expect(now.items.map(\.amount) == [SignedSum(5)])
    }
}
