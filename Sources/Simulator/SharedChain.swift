import Ethereum
import Synchronization

/// One simulated chain that several nodes serve while somebody lets it grow; and the texts of its blocks, made once.
package final class SharedChain: Sendable {
    struct Rendered: Sendable {
        var header: String
        var logs: [BlockText.PlacedLog]
    }

    private struct State: Sendable {
        var chain: SimulatedChain
        var rendered: [Hash32: Rendered] = [:]
    }

    private let state: Mutex<State>

    package init(_ chain: SimulatedChain) {
        state = Mutex(State(chain: chain))
    }

    /// A copy of the chain as it is now.
    package var chain: SimulatedChain { state.withLock { $0.chain } }

    package func read<Value: Sendable>(_ body: (borrowing SimulatedChain) -> Value) -> Value {
        state.withLock { body($0.chain) }
    }

    @discardableResult
    package func change<Value: Sendable>(_ body: (inout SimulatedChain) -> Value) -> Value {
        state.withLock { body(&$0.chain) }
    }

    func rendered(_ block: SimulatedBlock) -> Rendered {
        if let known = state.withLock({ $0.rendered[block.hash] }) { return known }
        let made = Rendered(header: BlockText.header(block), logs: BlockText.logs(block))
        state.withLock { $0.rendered[block.hash] = made }
        return made
    }
}
