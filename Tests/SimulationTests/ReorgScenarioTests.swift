/// Reorgs by their scenario's number: the real engine, client and store over simulated nodes, compared with a clean sync.
import ChainClient
import ChainSync
import Ethereum
@testable import Selftest
import Simulator
import Synchronization
import Testing
import TokenFixtures

/// What the worlds of one scenario saw together.
private final class Seen: Sendable {
    private let values = Mutex<Set<UInt64>>([])
    func note(_ value: UInt64) { values.withLock { _ = $0.insert(value) } }
    var all: Set<UInt64> { values.withLock { $0 } }
}

@Suite struct ReorgScenarioTests {
    @Test func `S-13: reorg simulation: depths 1 to 64 at any moment, with other transfers on each fork`() async {
        let depths = Seen()
        let isWhole = await scenario(64, "ReorgScenarioTests") { seed in
            let depth = Int(seed) + 1
            return try World(drawn: seed, blocks: depth + 12, finalized: 4).run { world in
                let instance = try await world.start()
                try await world.settle(instance)
                // At rest the rewind is exactly as deep as the reorg.
                world.shared.change { _ = $0.reorg(depth: depth, length: depth + world.dice.pick(0...2)) }
                try await world.settle(instance)
                depths.note(instance.status.snapshot.rewindDepthMax)
                // Then in the middle of whatever is going on, shorter and longer.
                for _ in 0..<2 {
                    world.mine(world.dice.pick(0...3))
                    try await world.wait(upTo: 1_500)
                    let length = max(1, depth + world.dice.pick(-2...3))
                    world.shared.change { _ = $0.reorg(depth: min(depth, $0.depthMax), length: length) }
                    try await world.wait(upTo: 1_500)
                }
                try await world.expectSettled(instance)
            }
        }
        if isWhole { #expect(depths.all == Set(1...64)) }
    }

    @Test func `S-14: A, then B, then A again between a header and its logs: no row of B remains`() async {
        let rewinds = Seen()
        let isWhole = await scenario(18, "ReorgScenarioTests") { seed in
            var shape = World.Shape.plain
            shape.rpc.evidence = [.anchored, .bloom, .receipts][Int(seed / 3 % 3)]
            return try World(drawn: seed, blocks: 20, finalized: 8, shape: shape).run { world in
                let instance = try await world.start()
                try await world.settle(instance)
                let a = world.shared.change { $0.reorg(depth: world.dice.pick(1...6), length: world.dice.pick(1...6)) }
                let b = world.shared.read { $0.head.hash }
                // Each look finds the other branch: before every log, every header, or one request in three.
                let shared = world.shared
                let dice = world.dice
                world.nodes[0].beforeEachAnswer { method in
                    switch seed % 3 {
                    case 0: guard method == "eth_getLogs" else { return }
                    case 1: guard method == "eth_getBlockByNumber" else { return }
                    default: guard dice.happens(333) else { return }
                    }
                    shared.change { chain in _ = chain.adopt(chain.head.hash == a ? b : a) }
                }
                for _ in 0..<20 { try await world.wait(upTo: 4_000) }
                world.nodes[0].beforeEachAnswer(nil)
                rewinds.note(instance.status.snapshot.rewinds)
                shared.change { chain in _ = chain.adopt(a) }
                world.mine()
                // Compares every held hash with the chain's, and all rows with those of a clean sync.
                try await world.expectSettled(instance)
            }
        }
        if isWhole { #expect(rewinds.all.contains { $0 >= 4 }, "B was hardly ever taken: \(rewinds.all)") }
    }

    @Test func `S-15: a fork that is shorter at first deletes nothing before another hash is seen`() async {
        _ = await scenario(12, "ReorgScenarioTests") { seed in
            try World(drawn: seed, blocks: 20, finalized: 8, nodes: 1 + Int(seed % 2)).run { world in
                let instance = try await world.start()
                try await world.settle(instance)
                let depth = world.dice.pick(3...11)
                if world.nodes.count == 1 {
                    // First only the common part is there.
                    world.nodes[0].condition.lag = UInt64(depth)
                    try await world.expectUntouched(instance) { try await world.pass(.seconds(20)) }
                    world.shared.change { _ = $0.reorg(depth: depth, length: 1) }
                    try await world.expectUntouched(instance) {
                        world.nodes[0].condition.lag = 1
                        try await world.pass(.seconds(20))
                    }
                    world.nodes[0].condition.lag = 0
                } else {
                    // One operator has the short fork, the other still the long branch: ours stays.
                    let old = world.shared.change { chain in
                        let old = chain.reorg(depth: depth, length: depth - 1)
                        return old
                    }
                    world.nodes[1].condition.branch = old
                    try await world.expectUntouched(instance) { try await world.pass(.seconds(20)) }
                    world.nodes[1].condition.branch = nil
                }
                // Shorter, but another hash at a held height, and nobody says otherwise: that is the chain.
                try await world.settle(instance)
                world.mine(depth + 3)
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-16: a transaction that comes again in another block and place moves the token once`() async {
        _ = await scenario(16, "ReorgScenarioTests") { seed in
            let (nft, other) = (Contract(70), Contract(71))
            let transaction = TokenFixtures.hash(seed, branch: 0, kind: 99)
            return try World(drawn: seed, blocks: 12, finalized: 6).run { world in
                world.shared.change { chain in
                    chain.draw([.moves(nft, 1, 0, to: 5)])
                    chain.draw([.moves(nft, 1, 5, to: 6).of(transaction: transaction)])
                }
                let instance = try await world.start()
                try await world.settle(instance)
                let (skipped, before) = (world.dice.pick(0...2), world.dice.pick(1...3))
                world.shared.change { chain in
                    _ = chain.giveUp(1)
                    for _ in 0..<skipped { chain.draw([.moves(other, 2, 0, to: 7)]) }
                    let fillers = (0..<before).map { DrawnEvent.moves(other, UInt64(10 + $0), 0, to: 8) }
                    chain.draw(fillers + [.moves(nft, 1, 5, to: 6).of(transaction: transaction)])
                }
                try await world.settle(instance)
                let found = try world.rows(
                    "SELECT block, log_index FROM transfer WHERE hex(tx_hash) = '\(transaction.hex.dropFirst(2).uppercased())'"
                )
                let place = [Int64(14 + skipped), Int64(before)]
                try world.expect(found == [place], "the transfer is at \(found), not at \(place)")
                let owned = try world.rows(
                    "SELECT block, log_index FROM owner WHERE (block, log_index) = (\(place[0]), \(place[1]))"
                )
                try world.expect(owned == [place], "the owner's place is \(owned)")
                world.mine(2)
                try await world.expectSettled(instance)
            }
        }
    }

    @Test func `S-18: reorgs at the boundary of history and live, and at the final height`() async {
        let depths = Seen()
        let isWhole = await scenario(24, "ReorgScenarioTests") { seed in
            var shape = World.Shape.plain
            // By the chain's word, and by depth alone, where a block below the boundary may change as well.
            shape.hasTag = seed % 2 == 0
            shape.options.confirmations = 6
            let boundary: BlockNumber = 24
            let offset = shape.hasTag ? Int(seed / 2 % 2) : Int(seed / 2 % 3) - 1
            return try World(drawn: seed, blocks: 30, finalized: shape.hasTag ? boundary : 10, shape: shape).run {
                world in
                let instance = try await world.start()
                // While history is being read, or when all is done.
                if seed / 6 % 2 == 0 { try await world.settle(instance) } else { try await world.wait(upTo: 1_200) }
                let depth = Int(30 - boundary) - offset
                world.shared.change { _ = $0.reorg(depth: depth, length: depth + world.dice.pick(0...3)) }
                try await world.settle(instance)
                depths.note(UInt64(depth))
                try await world.wait(upTo: 2_000)
                world.mine(world.dice.pick(1...4))
                try await world.expectSettled(instance)
            }
        }
        if isWhole { #expect(depths.all == [5, 6, 7]) }
    }

    @Test func `S-19: counted balances of one id through three orphaned blocks and a burn to zero`() async {
        _ = await scenario(16, "ReorgScenarioTests") { seed in
            let coins = Contract(72)
            return try World(drawn: seed, blocks: 12, finalized: 6).run { world in
                let amount = UInt64(world.dice.pick(3...40))
                world.shared.change { chain in
                    chain.draw([.sends(coins, 7, amount, 0, to: 1)])
                    chain.draw([.sends(coins, 7, 2, 1, to: 2), .sends(coins, 7, 5, 0, to: 1)])
                    // Both give up all they have.
                    chain.draw([.sends(coins, 7, amount + 3, 1, to: 0), .sends(coins, 7, 2, 2, to: 0)])
                    chain.draw([.sends(coins, 7, 1, 0, to: 3), .sends(coins, 7, 1, 3, to: 3)])
                }
                let instance = try await world.start()
                try await world.settle(instance)
                let zeros = "SELECT count(*) FROM balance WHERE length(amount) = 0 OR amount = x'00'"
                try world.expect(try world.rows(zeros) == [[0]], "a balance of zero is kept")
                world.shared.change { chain in
                    _ = chain.giveUp(3)
                    switch seed % 4 {
                    case 0: chain.draw([.sends(coins, 7, amount, 1, to: 0)])
                    case 1: chain.draw([.sends(coins, 7, amount, 1, to: 4), .sends(coins, 7, amount, 4, to: 1)])
                    case 2: chain.draw()
                    default: chain.draw([.sends(coins, 7, 1, 1, to: 2)])
                    }
                    for _ in 0..<Int(seed / 4) { chain.draw() }
                }
                try await world.settle(instance)
                try world.expect(try world.rows(zeros) == [[0]], "a balance of zero is kept after the reorg")
                try await world.expectSettled(instance)
            }
        }
    }
}
