/// A chain that changed deeper than a branch is followed by itself: nothing is undone on one operator's word.
import Ethereum
import Logging
import Tokens

extension SyncEngine {
    /// Operators that have to agree before anything that deep is undone.
    private static var operatorsMin: Int { 2 }
    /// Blocks above the ancestor whose logs are read before anything is undone.
    private static var proofBlocks: UInt64 { 100 }

    /// Goes back to the newest held block that is still on the chain, where two operators agree that our tip is not.
    ///
    /// As an operator's rewind does: what is above it is undone and kept as orphans, and the way up again is history. The
    /// replacement is not part of the same transaction, because it may be the better part of a chain; readers see the
    /// ledger as of the ancestor meanwhile. Never below a block that the chain called final.
    /// - Throws: ``SyncError/deepReorg(tip:head:)`` where nobody, one operator, or as many as serve ours say so, or where
    ///   somebody who would have to agree does not answer; ``ChainError`` where the new chain's logs cannot be read.
    /// - Cost: one request for each endpoint and halving, about twenty; then one for logs.
    func goBack(from tip: BlockRef, head: Header, _ state: inout ChainState) async throws {
        let blocked = SyncError.deepReorg(tip: tip, head: head.ref)
        let height = min(tip.number, head.number)
        guard let theirs = height == head.number ? head : try await chain.header(number: height),
            await verdict(on: theirs.ref) == .held
        else { throw blocked }
        guard let ancestor = try await ancestor(below: height, state), ancestor.number >= state.finalized ?? 0 else {
            throw blocked
        }
        let above = ancestor.number + 1
        guard above <= head.number else { throw blocked }
        _ = try await chain.logs(
            in: above...min(head.number, ancestor.number + Self.proofBlocks),
            matching: LogFilter(topics0: EventSet.topics)
        )
        var update = update(from: state)
        update.rewindTo = ancestor.number
        update.tip = ancestor
        _ = try await commit(update, &state)
        let depth = tip.number - ancestor.number
        logger.warning(
            "deep reorg: two operators agree on another chain; going back to the newest block that is on both",
            metadata: [
                "depth": "\(depth)", "ancestor": "\(ancestor.number)", "oldTip": "\(tip.number) \(tip.hash)",
                "head": "\(head.number) \(head.hash)",
            ]
        )
        status.update { $0.rewound(depth) }
        state = try await ledger.state(of: state.identity.chainID)
    }

    /// Parents asked for one by one before a look shows whether the walk can end; a blocked chain is looked at again and
    /// again, and should not cost a thousand requests each time.
    static var parentsBeforeLook: UInt64 { 64 }

    /// Whether the chain has another block than ours even at the lowest height that a branch is followed to by itself.
    func isDeep(_ reach: UInt64, in window: Window) async throws -> Bool {
        guard let tip = window.tip,
            let oldest = window.held.first(where: { $0.number >= tip.number - min(reach, tip.number) }),
            let theirs = try await chain.header(number: oldest.number)
        else { return false }
        return theirs.hash != oldest.hash
    }

    /// What the operators think of a block.
    private enum Verdict {
        case held
        case replaced
        /// Too few said anything, or as many said the one as the other.
        case open
    }

    private func verdict(on block: BlockRef) async -> Verdict {
        let votes = await chain.votes(on: block)
        if votes.same >= Self.operatorsMin, votes.same > votes.other { return .held }
        if votes.other >= Self.operatorsMin, votes.other > votes.same { return .replaced }
        return .open
    }

    /// The newest held block at or below `height` that the operators agree on, found by halving; at worst the first.
    ///
    /// nil: they do not agree on each block that was asked for.
    private func ancestor(below height: BlockNumber, _ state: ChainState) async throws -> BlockRef? {
        let chainID = state.identity.chainID
        var found = BlockRef(number: 0, hash: state.identity.genesis)
        // What is held at or below `low` needs no look any more; what is held above `high` is gone.
        var (low, high): (BlockNumber, BlockNumber) = (0, height)
        while low < high {
            let middle = low + (high - low + 1) / 2
            guard let held = try await ledger.heldBlock(of: chainID, atOrBelow: middle), held.number > low else {
                low = middle
                continue
            }
            switch await verdict(on: held) {
            case .held: (found, low) = (held, middle)
            case .replaced: high = held.number - 1
            case .open: return nil
            }
        }
        return found
    }
}
