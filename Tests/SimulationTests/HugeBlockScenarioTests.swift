/// S-32: one block that is over every cap of `eth_getLogs`, at every step of the way around it.
import ChainClient
import ChainSync
import Ethereum
@testable import Selftest
import Simulator
import Testing
import TokenFixtures

@Suite struct HugeBlockScenarioTests {
    /// Where the way ends: what is still refused at each step.
    enum Step: CaseIterable, Sendable {
        case topics, addresses, receipts, oneByOne
    }

    /// A block with so many logs among others, in history or at the head.
    private static func world(
        _ seed: UInt64,
        _ step: Step,
        transactions: Int,
        logs: Int,
        isLate: Bool
    ) throws -> World {
        var shape = World.Shape.plain
        shape.rpc.evidence = [.anchored, .bloom, .receipts][Int(seed % 3)]
        let contracts = (0..<4).map { Contract(80 + UInt32($0)) }
        if step == .addresses { shape.contracts = contracts.map(\.address) }
        let world = try World(drawn: seed, blocks: 6, finalized: 2, shape: shape) {
            $0.servesLogsByHash = seed % 2 == 0
        }
        world.shared.change { chain in
            chain.draw(
                (0..<transactions).flatMap { transaction in
                    (0..<logs).map { index in
                        let place = UInt64(transaction * logs + index)
                        let contract = contracts[step == .addresses ? Int(place % 4) : 0]
                        let event: DrawnEvent =
                            step == .topics && place % 2 == 0
                            ? .sends(contract, place % 50, 1, 0, to: UInt32(1 + place % 7))
                            : .moves(contract, place, 0, to: UInt32(1 + place % 7))
                        return event.of(transaction: TokenFixtures.hash(UInt64(transaction), branch: seed, kind: 50))
                    }
                }
            )
            for _ in 0..<(isLate ? 3 : 40) { chain.mine() }
            if !isLate { chain.finalize(through: 30) }
        }
        return world
    }

    @Test(arguments: Step.allCases)
    func `S-32: a block over every cap is read by topics, addresses, receipts, or transaction by transaction`(
        step: Step
    ) async {
        _ = await scenario(12, "HugeBlockScenarioTests") { seed in
            let world = try Self.world(seed, step, transactions: 30, logs: 20, isLate: seed % 4 < 2)
            return try world.run { world in
                switch step {
                case .topics: world.nodes[0].condition.blockLogsCap = 300
                case .addresses: world.nodes[0].condition.blockLogsCap = 150
                case .receipts: world.nodes[0].condition.blockLogsCap = 20
                case .oneByOne:
                    world.nodes[0].condition.blockLogsCap = 20
                    world.nodes[0].condition.receiptsBytesCap = 60_000
                }
                let instance = try await world.start()
                // A clean sync knows no cap: every place has to be the same.
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-32: where receipts are not offered either, the chain is blocked, and says so`() async {
        _ = await scenario(2, "HugeBlockScenarioTests") { seed in
            var shape = World.Shape.plain
            shape.rpc.evidence = .anchored
            let world = try World(drawn: seed, blocks: 6, finalized: 2, shape: shape) { $0.servesReceipts = false }
            world.shared.change { chain in
                chain.draw((0..<50).map { .moves(Contract(80), $0, 0, to: 1) })
                for _ in 0..<40 { chain.mine() }
                chain.finalize(through: 30)
            }
            return try world.run { world in
                world.nodes[0].condition.blockLogsCap = 49
                let instance = try await world.start()
                try await world.pass(.seconds(60))
                let status = instance.status.snapshot
                try world.expect(status.phase == .blocked, "\(status)")
                try world.expect(status.reason?.contains("more than 49 results") ?? false, "\(status)")
                world.nodes[0].condition.blockLogsCap = 50
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-32: two hundred thousand logs in one block`() async {
        _ = await scenario(1, "HugeBlockScenarioTests") { seed in
            let world = try Self.world(seed, .oneByOne, transactions: 500, logs: 400, isLate: false)
            return try world.run { world in
                world.nodes[0].condition.blockLogsCap = 10_000
                world.nodes[0].condition.receiptsBytesCap = 16 << 20
                let instance = try await world.start()
                try await world.settle(instance)
                try await instance.stop()
                let found = try world.rows("SELECT count(*), max(log_index) FROM transfer WHERE block = 7")
                try world.expect(found == [[200_000, 199_999]], "\(found)")
                let order = try world.rows(
                    "SELECT count(*) FROM transfer WHERE block = 7 AND (tx_index != log_index / 400 OR ordinal != 0)"
                )
                try world.expect(order == [[0]], "\(order) logs in another place")
            }
        }
    }
}
