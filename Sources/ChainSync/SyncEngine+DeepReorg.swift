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
        // Both: ours is gone, and it is one other chain that they agree on. Who lags behind our tip has said neither.
        guard await verdict(on: tip) == .replaced,
            let theirs = height == head.number ? head : try await header(number: height, ofChainWith: head.ref),
            await verdict(on: theirs.ref) == .held
        else { throw blocked }
        guard let ancestor = try await ancestor(below: height, state), ancestor.number >= state.finalized ?? 0 else {
            throw blocked
        }
        let above = ancestor.number + 1
        guard above <= head.number, ancestor.number < tip.number else { throw blocked }
        _ = try await chain.logs(
            in: above...min(head.number, ancestor.number + Self.proofBlocks),
            matching: Self.filter(of: state),
            beside: theirs.ref
        )
        var update = update(from: state)
        update.rewindTo = ancestor.number
        update.tip = ancestor
        update.blocks = [BlockRecord(number: ancestor.number, hash: ancestor.hash, timestamp: nil, role: .anchor)]
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
    ///
    /// Asked of an endpoint that has the branch's head: what another one has at that height says nothing about it.
    func isDeep(_ reach: UInt64, in window: Window, head: Header) async throws -> Bool {
        guard let tip = window.tip,
            let oldest = window.held.first(where: { $0.number >= tip.number - min(reach, tip.number) })
        else { return false }
        guard let theirs = try await header(number: oldest.number, ofChainWith: head.ref) else { return false }
        return theirs.hash != oldest.hash
    }

    /// One of the questions that will be asked of the new chain.
    private static func filter(of state: ChainState) -> LogFilter {
        let scopes = state.scopes.filter(\.isActive)
        let keys = scopes.flatMap { scope in
            scope.eventSets(of: state.eventSets).map { CoverageKey(scope: scope.id, eventSet: $0) }
        }
        return ReadPlan.questions(for: keys, scopes: scopes).first?.filter ?? LogFilter(topics0: EventSet.topics)
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
