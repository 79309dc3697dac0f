/// Nodes that lag, forget, go back, change their chain or fall silent, by their scenario's number.
import ChainClient
import ChainSync
import Ethereum
@testable import Selftest
import Simulator
import Testing

@Suite struct NodeScenarioTests {
    @Test
    func
        `S-22: three backends behind one URL, 0, 2 and 7 blocks behind, give [] for what they lack: no event is missed`()
        async
    {
        _ = await scenario(12, "NodeScenarioTests") { seed in
            var shape = World.Shape.plain
            shape.rpc.evidence = seed % 2 == 0 ? .bloom : .receipts
            shape.hasTag = seed % 4 < 2
            shape.options.confirmations = 10
            let world = try World(drawn: seed, blocks: 30, finalized: 12, shape: shape) { profile in
                profile.clampsAtHead = true
                profile.answersUnknownHashEmpty = true
            }
            return try world.run { world in
                world.nodes[0].condition.backends = [0, 2, 7]
                let instance = try await world.start()
                for _ in 0..<40 {
                    world.mine(world.dice.happens(200) ? 3 : 1)
                    world.shared.change { $0.finalize(through: $0.headNumber - 12) }
                    try await world.wait(upTo: 2_000)
                }
                try world.expect(instance.status.snapshot.rewinds == 0, "a lagging backend was taken for a reorg")
                // The backends go on as they are.
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-23: null for an announced head, 1 to 50 times, is no reorg, and is got over`() async {
        _ = await scenario(50, "NodeScenarioTests") { seed in
            try World(drawn: seed, blocks: 16, finalized: 6, nodes: 1 + Int(seed % 2)).run { world in
                let instance = try await world.start()
                try await world.settle(instance)
                let head = world.headNumber
                for node in world.nodes {
                    for number in head + 1...head + 4 { node.condition.missing[number] = Int(seed) + 1 }
                }
                world.mine(3)
                try await world.pass(.seconds(2))
                world.mine()
                try await world.settle(instance)
                let status = instance.status.snapshot
                try world.expect(status.rewinds == 0, "\(status.rewinds) rewinds")
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-24: a head that goes back 1 to 100 blocks for 30 s with the same hashes deletes nothing`() async {
        _ = await scenario(5, "NodeScenarioTests") { seed in
            var shape = World.Shape.plain
            shape.options.pollInterval = .seconds(3)
            return try World(drawn: seed, blocks: 130, finalized: 20, nodes: 1 + Int(seed % 2), shape: shape).run {
                world in
                let instance = try await world.start()
                try await world.settle(instance)
                for back in stride(from: 1 + seed, through: 100, by: 5) {
                    try await world.expectUntouched(instance) {
                        // All nodes, or one of two.
                        for node in world.nodes.prefix(back % 2 == 0 ? 1 : 2) { node.condition.lag = back }
                        try await world.pass(.seconds(30))
                        world.heal()
                        try await world.pass(.seconds(4))
                    }
                    if back % 20 == 1 {
                        world.mine()
                        try await world.settle(instance)
                    }
                }
                try world.expect(instance.status.snapshot.rewinds == 0, "a lower head was taken for a reorg")
                try await world.expectSettled(instance)
            }
        }
    }

    /// Another chain: of another id, or of the same with another genesis.
    private static func other(_ seed: UInt64, blocks: Int) -> SharedChain {
        var options = SimulatedChain.Options()
        if seed % 2 == 0 { options.chainID = 99 }
        var chain = SimulatedChain(seed: seed &+ 1_000_003, options: options)
        for _ in 0..<blocks { chain.mine() }
        chain.finalize(through: UInt64(max(0, blocks - 10)))
        return SharedChain(chain)
    }

    @Test func `S-30: another chain behind one of three URLs, from the start: not one row of it is written`() async {
        _ = await scenario(12, "NodeScenarioTests") { seed in
            try World(drawn: seed, blocks: 60, finalized: 50, nodes: 3).run { world in
                world.nodes[Int(seed / 2 % 3)].condition.otherChain = Self.other(seed, blocks: 20 + 10 * Int(seed))
                let instance = try await world.start()
                for _ in 0..<10 {
                    world.mine()
                    try await world.wait(upTo: 2_000)
                }
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-30: another chain behind one of two URLs, from some moment on: not one row of it is written`() async {
        _ = await scenario(14, "NodeScenarioTests") { number in
            // Seed 2 and this one notice when an endpoint is believed for the hour between two checks.
            let seed = number == 0 ? 25 : number
            var shape = World.Shape.plain
            shape.rpc.evidence = seed % 3 == 0 ? .anchored : .bloom
            let isLate = seed / 3 % 2 == 0
            shape.options.pollInterval = .seconds(isLate ? 20 : 1)
            (shape.rpc.widthInitial, shape.rpc.widthMax, shape.rpc.requestsInFlightMax) = (4, 4, 2)
            return try World(drawn: seed, blocks: 200, finalized: 180, nodes: 2, shape: shape).run { world in
                let instance = try await world.start()
                if isLate {
                    // After an hour, when the chain has just made a leap that is read as history.
                    try await world.settle(instance)
                    try await world.pass(.seconds(3_600 + world.dice.pick(-30...30)))
                    world.mine(300)
                    world.shared.change { $0.finalize(through: $0.headNumber - 20) }
                    // Just as this is being read, or before it is seen.
                    if world.dice.happens(700) { try await world.wait(upTo: 22_000) }
                } else {
                    // In the middle of the first back-fill, just after it was looked at.
                    try await world.wait(upTo: 4_000)
                }
                let length = isLate ? world.dice.pick(30...700) : world.dice.pick(200...400)
                world.nodes[Int(seed / 6 % 2)].condition.otherChain = Self.other(seed, blocks: length)
                for _ in 0..<10 {
                    try await world.wait(upTo: 8_000)
                    world.mine()
                }
                try world.expect(instance.status.snapshot.rewinds == 0, "rewound for another chain")
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-30: another chain behind the only URL: nothing is written, and the state says why`() async {
        _ = await scenario(6, "NodeScenarioTests") { seed in
            var shape = World.Shape.plain
            shape.options.pollInterval = .seconds(20)
            return try World(drawn: seed, blocks: 60, finalized: 50, shape: shape).run { world in
                let instance = try await world.start()
                try await world.settle(instance)
                try await world.pass(.seconds(1_800))
                try await world.expectUntouched(instance) {
                    world.nodes[0].condition.otherChain = Self.other(seed, blocks: world.dice.pick(20...400))
                    try await world.pass(.seconds(3_900))
                }
                let reason = instance.status.snapshot.reason ?? ""
                try world.expect(instance.status.snapshot.phase == .blocked, "\(instance.status.snapshot)")
                try world.expect(reason.contains("chain"), reason)
            }
        }
    }
}
