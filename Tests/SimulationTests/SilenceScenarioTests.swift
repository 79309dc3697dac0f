/// S-40: a chain that says nothing for hours, and then everything at once.
import ChainClient
import ChainSync
import Ethereum
@testable import Selftest
import Simulator
import Testing

@Suite struct SilenceScenarioTests {
    /// Three hours at rest, then so many blocks between two looks.
    private static func run(_ seed: UInt64, blocks: Int, nodes: Int, within limit: Duration) throws -> String? {
        var shape = World.Shape.plain
        shape.rpc.evidence = .anchored
        (shape.rpc.widthInitial, shape.rpc.widthMax) = (2_000, 5_000)
        shape.options.pollInterval = .seconds(10)
        return try World(drawn: seed, blocks: 20, finalized: 10, nodes: nodes, shape: shape, emptyPerMille: 980).run {
            world in
            let instance = try await world.start()
            try await world.settle(instance)
            let before = instance.status.snapshot.looks
            try await world.expectUntouched(instance) { try await world.pass(.seconds(3 * 3_600)) }
            let silent = instance.status.snapshot
            try world.expect(silent.silentFor.map { $0 > .seconds(10_000) } ?? false, "\(silent)")
            try world.expect(silent.phase == .tail && silent.reason == nil, "\(silent)")
            try world.expect(silent.looks > before + 900, "the loop stood still: \(silent)")
            world.mine(blocks)
            world.shared.change { $0.finalize(through: $0.headNumber - 10) }
            try await world.settle(instance, within: limit)
            let awake = instance.status.snapshot
            try world.expect(awake.silentFor.map { $0 < .seconds(600) } ?? true, "\(awake)")
            try world.expect(awake.rewinds == 0, "\(awake)")
            try await world.expectSettled(instance)
        }
    }

    @Test func `S-40: after three silent hours a chain of one, two or three operators is caught up with at once`() async
    {
        _ = await scenario(6, "SilenceScenarioTests") { seed in
            try Self.run(seed, blocks: 2_000, nodes: 1 + Int(seed % 3), within: .seconds(90))
        }
    }
}
