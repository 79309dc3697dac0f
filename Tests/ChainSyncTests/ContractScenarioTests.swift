/// Contracts that break the standards or go to their limits, by their scenario's number, through engine and store.
import Ethereum
import GRDB
import StoreSQLite
import Testing
import TokenFixtures
import Tokens

@Suite struct ContractScenarioTests {
    private let coins = Contract(30)
    private let fair = Contract(31)
    private let fleet = Contract(32)

    private func count(_ process: Process, _ sql: String) throws -> Int {
        try DatabaseQueue(path: process.store.path).read { try Int.fetchOne($0, sql: sql) ?? -1 }
    }

    private func amounts(_ process: Process, _ contract: Contract, _ token: U256) throws -> [Address: String] {
        let holders = try process.store.holders(
            of: TokenID(contract: contract.address, token: token),
            on: 321,
            at: nil
        )
        return Dictionary(uniqueKeysWithValues: holders.counted.map { ($0.owner, "\($0.amount)") })
    }

    @Test
    func `S-34: repeated ids, unequal lengths, greatest mints and negative sums are exact, and none stops anything`()
        async throws
    {
        try await withDirectory { directory in
            let chain = FakeChain()
            let greatest = (0..<4).map { _ in coins.sends(U256(2), amount: .max, 0, to: 2) }
            chain.mine(
                [
                    coins.sends(
                        ids: [U256(7), U256(7), U256(7), U256(8)],
                        amounts: [1, 2, 3, 4].map { U256($0) },
                        0,
                        to: 1
                    )
                ],
                [coins.sends(ids: [1, 2, 3].map { U256($0) }, amounts: [1, 2].map { U256($0) }, 0, to: 1)],
                greatest,
                // Out of an account that never had any.
                [coins.sends(U256(9), amount: U256(5), 3, to: 4), coins.sends(U256(9), amount: .max, 3, to: 4)],
                [coins.sends(ids: [.max, .max], amounts: [.max, .max], 0, to: 5)],
                [fair.sends(ids: [U256(1), U256(1)], amounts: [U256(40), U256(2)], 0, to: 1)],
                [fair.sends(U256(1), amount: U256(7), 1, to: 2), fair.sends(U256(1), amount: U256(3), 2, to: 0)]
            )
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            #expect(try differences(chain, process.export()) == [])
            #expect(try amounts(process, coins, U256(7)) == [account(1): "6"])
            #expect(
                try amounts(process, coins, U256(2)) == [
                    account(2): "463168356949264781694283940034751631413079938662562256157830336031652518559740"
                ]
            )
            #expect(
                try amounts(process, coins, .max) == [
                    account(5): "231584178474632390847141970017375815706539969331281128078915168015826259279870"
                ]
            )
            // The sender's sum is below zero, and shown to be; the batch of unequal lengths is kept and has no effect.
            let owed = try amounts(process, coins, U256(9))
            #expect(
                owed[account(3)] == "-115792089237316195423570985008687907853269984665640564039457584007913129639940"
            )
            #expect(
                owed[account(4)] == "115792089237316195423570985008687907853269984665640564039457584007913129639940"
            )
            #expect(try count(process, "SELECT count(*) FROM malformed_log WHERE block = 2") == 1)
            #expect(try process.store.holdings(of: 321, at: nil) { _ in }.negativeSums == 1)
            // R8, for whoever conforms: what is held is what was minted less what was burned.
            let held = try process.export().filter { $0.contract == fair.address }.map { "\($0.owner) \($0.amount)" }
            #expect(held == [account(1), account(2)].sorted().map { "\($0) \($0 == account(1) ? 35 : 4)" })
        }
    }

    @Test(arguments: 0..<UInt64(12))
    func `S-34: any counted movements add up to what an independent reading says, through a reorg too`(
        seed: UInt64
    ) async throws {
        try await withDirectory { directory in
            var random = SplitMix64(seed: seed)
            func batch() -> LogSpec {
                let number = Int(1 + random.below(5))
                let ids = (0..<number).map { _ in U256(random.below(3)) }
                let amounts = (0..<(random.below(8) == 0 ? number + 1 : number)).map { _ in
                    random.below(4) == 0 ? U256.max : U256(random.below(9))
                }
                return coins.sends(ids: ids, amounts: amounts, UInt32(random.below(4)), to: UInt32(random.below(4)))
            }
            let chain = FakeChain()
            for _ in 0..<20 { chain.mine((0..<random.below(4)).map { _ in batch() }) }
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            #expect(try differences(chain, process.export()) == [])
            chain.fork(at: chain.headNumber - 3)
            for _ in 0..<5 { chain.mine((0..<random.below(4)).map { _ in batch() }) }
            let head = chain.headNumber
            let hash = chain.blocks[Int(head)].hash
            #expect(try await process.follow { $0.checkpoint == head && $0.tip?.hash == hash })
            #expect(try differences(chain, process.export()) == [])
        }
    }

    @Test
    func `S-35: a range of 2^255 tokens, others over it and single transfers inside: a row an event, right at any id`()
        async throws
    {
        try await withDirectory { directory in
            let half = U256(w0: 1 << 63, w1: 0, w2: 0, w3: 0)
            let quarter = U256(w0: 1 << 62, w1: 0, w2: 0, w3: 0)
            func up(_ base: U256, _ offset: UInt64) -> U256 { base.addingReportingOverflow(U256(offset)).partialValue }
            func down(_ base: U256, _ offset: UInt64) -> U256 {
                base.subtractingReportingOverflow(U256(offset)).partialValue
            }
            let chain = FakeChain()
            chain.mine(
                [fleet.movesRange(.zero, through: down(half, 1), 0, to: 1)],
                [fleet.movesRange(quarter, through: up(half, 5), 0, to: 2)],
                [fleet.moves(up(quarter, 7), 2, to: 3), fleet.moves(.zero, 1, to: 3), fleet.moves(.max, 0, to: 4)],
                [fleet.movesRange(up(quarter, 6), through: up(quarter, 7), 2, to: 5)],
                [fleet.moves(up(quarter, 6), 5, to: 0), fleet.movesRange(half, through: .max, 0, to: 6)],
                [fleet.moves(down(.max, 1), 6, to: 7)]
            )
            let process = try await Process(chain, directory + "/a.db")
            try await process.sync(to: chain.headNumber)
            let expected: [(U256, UInt32)] = [
                (.zero, 3), (.one, 1), (down(quarter, 1), 1), (quarter, 2), (up(quarter, 5), 2), (up(quarter, 6), 0),
                (up(quarter, 7), 5), (up(quarter, 8), 2), (down(half, 1), 2), (half, 6), (up(half, 5), 6),
                (up(half, 6), 6), (down(.max, 2), 6), (down(.max, 1), 7), (.max, 6),
            ]
            for (token, owner) in expected {
                let holders = try process.store.holders(
                    of: TokenID(contract: fleet.address, token: token),
                    on: 321,
                    at: nil
                )
                #expect(holders.unique?.owner == account(owner), "id \(token)")
            }
            #expect(try differences(chain, process.export()) == [])
            #expect(try count(process, "SELECT count(*) FROM token_range") == 4)
            #expect(try count(process, "SELECT count(*) FROM owner") == 5)
            #expect(try count(process, "SELECT count(*) FROM transfer") == 5)
            // And back again: a range is undone like any other event.
            chain.fork(at: 3)
            chain.mine([], [], [], [])
            #expect(try await process.follow { $0.checkpoint == 7 })
            #expect(try differences(chain, process.export()) == [])
            #expect(try count(process, "SELECT count(*) FROM token_range") == 2)
        }
    }
}
