package import Simulator

/// The chain that the children read: 15 blocks, then five of them are given up for ten others; two nodes serve the two.
package struct CrashStory: Sendable {
    package static let oldHead = 15
    package static let depth = 5
    package static let head = 20

    /// Serves the branch that is given up.
    package let before: SimulatedNode
    /// Serves the chain as it ends.
    package let after: SimulatedNode
    let chain: SimulatedChain

    package init(seed: UInt64 = 20) {
        var options = SimulatedChain.Options()
        options.emptyPerMille = 100
        options.transactions = 1...3
        var chain = SimulatedChain(seed: seed, options: options)
        for _ in 0..<Self.oldHead { chain.mine() }
        chain.finalize(through: 4)
        let old = chain.reorg(depth: Self.depth, length: Self.head - Self.oldHead + Self.depth)
        let shared = SharedChain(chain)
        before = SimulatedNode(shared)
        before.condition.branch = old
        after = SimulatedNode(shared)
        self.chain = chain
    }

    /// To which blocks a child reads, and from whom: history, a tail, the roll-back with its replacement, a tail.
    func steps(before: String, after: String) -> [String] {
        ["3@\(before)", "9@\(before)", "15@\(before)", "17@\(after)", "20@\(after)"]
    }
}
