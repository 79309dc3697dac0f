import Ethereum
import Simulator

/// What happens to the chain and its nodes between two looks.
extension World {
    /// One thing, mostly a block or some.
    func act() {
        if faults.fires(.capChange) { changeCaps() }
        if dice.happens(300) { heal() }
        if reorganise() { return }
        shared.change { chain in
            for _ in 0..<(dice.happens(150) ? dice.pick(2...12) : 1) { chain.mine() }
        }
        finalise()
    }

    /// No final block while a node serves another branch, or while finality stalls.
    private func finalise() {
        if faults.fires(.finalityStall) { return }
        let forks = nodes.compactMap(\.condition.branch)
        let tagDepth = UInt64(dice.pick(1...16))
        let hasTag = shape.hasTag
        shared.change { chain in
            var number = chain.headNumber - min(chain.headNumber, hasTag ? tagDepth : World.openBlocks)
            for head in forks { number = min(number, chain.forkHeight(of: head)) }
            chain.finalize(through: number)
        }
    }

    private func reorganise() -> Bool {
        let depthMax = shared.read { $0.depthMax }
        guard depthMax > 0 else { return false }
        let isTwin = faults.fires(.twinReorg)
        guard isTwin || faults.fires(.reorg) || dice.happens(150) else { return false }
        if !isTwin { faults.note(.reorg) }
        let depth = dice.happens(300) ? depthMax : dice.pick(1...min(depthMax, 4))
        let length = max(1, depth + dice.pick(-1...2))
        let old = shared.change { $0.reorg(depth: depth, length: length, isTwin: isTwin) }
        trace.note("reorg \(depth) \(length)")
        if nodes.count > 1, faults.isEnabled(.splitEndpoints) || dice.happens(300) {
            faults.note(.splitEndpoints)
            nodes[dice.pick(0...nodes.count - 1)].condition.branch = old
        } else if faults.isEnabled(.returningBranch), dice.happens(300) {
            if shared.change({ $0.adopt(old) }) { faults.note(.returningBranch) }
        }
        return true
    }

    private func changeCaps() {
        let node = nodes[dice.pick(0...nodes.count - 1)]
        var condition = node.condition
        condition.rangeCap = dice.pick([nil, 1, 3, 10, 50])
        condition.capSpelling = dice.pick(0...5)
        condition.resultsCap = dice.pick([nil, nil, 2, 10])
        condition.lag = UInt64(dice.pick([0, 0, 1, 3]))
        node.condition = condition
    }

    /// Every node on the canonical branch again, up to date.
    func heal() {
        for node in nodes {
            node.condition.branch = nil
            node.condition.lag = 0
        }
    }
}
