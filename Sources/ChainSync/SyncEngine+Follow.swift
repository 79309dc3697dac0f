import Ethereum
import Logging
import Tokens

/// The tail: new heads are taken over block by block, and a reorg together with the branch that replaces it.
extension SyncEngine {
    /// Moves the tip to the newest final block in one step where it is far behind; history then is a backfill.
    ///
    /// Only from a tip that is still on the chain: else the reorg is dealt with first, block by block.
    func jump(_ state: inout ChainState, toward head: Header, _ finality: Finality, _ goal: Goal) async throws {
        var target = finality.block
        if case .block(let last) = goal { target = min(target, last) }
        // The block that the chain called final is the one to stand on, not whatever another node has at its height.
        let known = finality.header.flatMap { $0.number == target ? $0 : nil }
        guard let header = try await self.header(toJumpTo: target, known, state) else { return }
        if let known, known.hash != header.hash {
            throw ChainError.inconsistent(
                "block \(target) is final as \(known.hash), but whoever has our tip has \(header.hash)"
            )
        }
        var update = update(from: state)
        update.tip = header.ref
        if finality.isConfirmed { update.finalized = target } else { update.settled = target }
        update.blocks = [record(header, role: .anchor)]
        _ = try await commit(update, &state)
        state.window.append(header.ref)
    }

    /// The block to jump to; nil where that is not far ahead, or not of one chain with our tip.
    private func header(
        toJumpTo target: BlockNumber,
        _ known: Header?,
        _ state: ChainState
    ) async throws -> Header? {
        guard let tip = state.tip else {
            if let known { return known }
            if let header = try await chain.header(number: target) { return header }
            throw ChainError.unavailable("block \(target) is final, but no endpoint has it")
        }
        guard target > tip.number, target - tip.number >= options.jumpBlocksMin else { return nil }
        return try await header(number: target, ofChainWith: tip)
    }

    /// Takes over at most ``SyncOptions/followBlocksMax`` blocks; true when there is nothing more to take for now.
    func follow(
        _ state: inout ChainState,
        head: Header,
        _ finality: Finality,
        _ goal: Goal
    ) async throws -> Bool {
        guard let tip = state.tip else { return true }
        var window = Window(held: state.window)
        // The first block is held by the chain's identity: a young chain can always be gone back on.
        if tip.number <= Window.depthMax { window.hold(BlockRef(number: 0, hash: state.identity.genesis)) }
        if case .block(let last) = goal, tip.number >= last { return true }
        if head.number <= tip.number, try await isLagging(head, window) { return true }
        var branch = try await newBlocks(above: tip, to: head, goal)
        let start: BlockRef?
        do {
            start = try await base(of: &branch, in: &window, head, finality, state)
        } catch SyncError.deepReorg {
            try await goBack(from: tip, head: head, &state)
            return false
        }
        guard let base = start else { return true }
        if base != tip, try await isOutvoted(branch, tip, head) { return true }
        try await takeSome(of: &branch, on: base, &state, finality)
        window.accept(base: base, branch: branch)
        if let final = finality.header { window.hold(final.ref) }
        window.forget(below: min(finality.block, head.number - min(head.number, Window.depthMax)))
        state.window = window.held
        return branch.last?.hash == head.hash
    }

    /// Whether a head at or below our tip is our own chain seen from behind, told by the nearest height that we hold.
    ///
    /// Between sparse hashes such a head proves nothing by itself, and walking down from it could take a thousand requests.
    private func isLagging(_ head: Header, _ window: Window) async throws -> Bool {
        if let held = window.ref(at: head.number) { return held.hash == head.hash }
        guard let below = window.held.last(where: { $0.number < head.number }),
            let theirs = try await chain.header(number: below.number)
        else { return true }
        return theirs.hash == below.hash
    }

    /// The newest block that the branch and our chain share; parents are put before the branch until it is reached.
    ///
    /// nil: the branch is no news. A branch that leaves our chain below all that is in memory is looked for once more among
    /// the hashes in the store.
    /// - Throws: ``SyncError/deepReorg(tip:head:)``
    private func base(
        of branch: inout [Header],
        in window: inout Window,
        _ head: Header,
        _ finality: Finality,
        _ state: ChainState
    ) async throws -> BlockRef? {
        guard let tip = state.tip else { return nil }
        let reach = max(Window.depthMax, tip.number - min(tip.number, finality.block))
        var parents: UInt64 = 0
        var isReloaded = false
        while true {
            switch window.step(toward: branch) {
            case .known:
                return nil
            case .extends(let base):
                return base
            case .needsParent(let hash) where parents < reach:
                parents += 1
                if parents == Self.parentsBeforeLook {
                    if !isReloaded { try await reload(&window, state) }
                    isReloaded = true
                    if try await isDeep(reach, in: window, head: head) {
                        throw SyncError.deepReorg(tip: tip, head: head.ref)
                    }
                }
                guard let parent = try await chain.header(hash: hash) else {
                    throw ChainError.reorged("parent \(hash) of the new branch is not known any more")
                }
                guard let child = branch.first, parent.number + 1 == child.number else {
                    throw ChainError.inconsistent("block \(parent.number) calls itself the parent of a block far off")
                }
                branch.insert(parent, at: 0)
            case .tooDeep where !isReloaded:
                isReloaded = true
                try await reload(&window, state)
            case .needsParent, .tooDeep:
                throw SyncError.deepReorg(tip: tip, head: head.ref)
            }
        }
    }

    /// Ranges read meanwhile have left hashes in the store that the window does not have.
    private func reload(_ window: inout Window, _ state: ChainState) async throws {
        let stored = try await ledger.state(of: state.identity.chainID)
        guard stored.version == state.version else { throw LedgerError.stale(current: stored.version) }
        for block in stored.window { window.hold(block) }
    }

    /// Whether our tip is given up for a branch that only a minority of the operators serves.
    ///
    /// A tie is the ordinary moment in which some nodes know of a reorg and others do not: then the longer branch wins.
    private func isOutvoted(_ branch: [Header], _ tip: BlockRef, _ head: Header) async throws -> Bool {
        let votes = await chain.votes(on: tip)
        let stays =
            votes.same > votes.other || (votes.same > 0 && votes.same == votes.other && head.number <= tip.number)
        guard stays else { return false }
        logger.notice(
            "a branch that most operators do not serve is not followed",
            metadata: [
                "tip": "\(tip.number) \(tip.hash)", "head": "\(head.number) \(head.hash)", "for": "\(votes.same)",
                "against": "\(votes.other)",
            ]
        )
        return true
    }

    /// Takes the branch, or ever less of its older end where not all of it can be read yet.
    ///
    /// The newest blocks may be known to some of the nodes behind a URL and not to others; that must not hold up those
    /// that all of them have. A branch that undoes blocks is taken whole or not at all.
    private func takeSome(
        of branch: inout [Header],
        on base: BlockRef,
        _ state: inout ChainState,
        _ finality: Finality
    ) async throws {
        while true {
            do {
                return try await take(branch, on: base, &state, finality)
            } catch let error as ChainError {
                switch error {
                case .reorged where base == state.tip && branch.count > 1: branch.removeLast((branch.count + 1) / 2)
                default: throw error
                }
            }
        }
    }

    /// Reads the branch's logs, each block's by its hash, and commits all of it with the rewind it may need.
    private func take(
        _ branch: [Header],
        on base: BlockRef,
        _ state: inout ChainState,
        _ finality: Finality
    ) async throws {
        guard let last = branch.last, let tip = state.tip else { return }
        let scopes = state.scopes.filter { $0.isActive && $0.firstBlock <= last.number }
        var update = update(from: state)
        update.rewindTo = base == tip ? nil : base.number
        #if MUTANTS
            if Mutant.is(.rewindForgotten) { update.rewindTo = nil }
        #endif
        update.tip = last.ref
        #if MUTANTS
            if Mutant.is(.depthIsFinal) { update.finalized = min(finality.block, last.number) }
        #endif
        if let final = finality.header {
            // What is called final counts only where this very block is ours; a branch that has another one there is wrong.
            if let ours = branch.first(where: { $0.number == final.number }), ours.hash != final.hash {
                throw ChainError.inconsistent(
                    "block \(final.number) is final as \(final.hash), but the branch to the head has \(ours.hash)"
                )
            }
            if final.number <= last.number { update.finalized = final.number }
        } else {
            update.settled = min(finality.block, last.number)
        }
        update.blocks = branch.map { record($0, role: []) }
        // A rewind may end at the final block and no lower: its hash has to be held, however sparse the others are.
        if let final = finality.header, final.number <= base.number { update.blocks.append(record(final, role: [])) }
        for scope in scopes {
            #if MUTANTS
                let first = Mutant.is(.tailCoversHistory) ? 0 : base.number + 1
            #else
                let first = base.number + 1
            #endif
            let range = max(scope.firstBlock, first)...last.number
            for eventSet in scope.eventSets(of: state.eventSets) {
                let key = CoverageKey(scope: scope.id, eventSet: eventSet)
                update.covered.append(.init(key: key, range: range, evidence: .anchored))
            }
        }
        for question in ReadPlan.questions(for: update.covered.map(\.key), scopes: scopes) {
            let read = try await rows(of: branch, matching: question.filter, state)
            update.rows.append(read.rows)
            for index in update.covered.indices where question.keys.contains(update.covered[index].key) {
                update.covered[index].evidence = read.evidence
            }
        }
        let depth = update.rewindTo.map { tip.number > $0 ? tip.number - $0 : 0 }
        _ = try await commit(update, &state)
        guard let depth else { return }
        logger.notice(
            "reorg",
            metadata: [
                "depth": "\(depth)", "ancestor": "\(base.number)", "oldTip": "\(tip.hash)", "newTip": "\(last.hash)",
            ]
        )
        status.update { $0.rewound(depth) }
    }

    private struct ReadBlock {
        var rows: DecodedLogs
        /// What the block has been shown to be.
        var evidence: Evidence
    }

    /// The decoded logs of the branch's blocks, fetched side by side, in block order.
    private func rows(
        of branch: [Header],
        matching filter: LogFilter,
        _ state: ChainState
    ) async throws -> (rows: DecodedLogs, evidence: Evidence) {
        let (rules, isRenumbered) = (ContractRules(state.scopes), state.isRenumbered)
        var pages: [Int: DecodedLogs] = [:]
        // What every block of the branch has been shown to be.
        var evidence = Evidence(rawValue: .max)
        try await withThrowingTaskGroup(of: Numbered<ReadBlock>.self) { group in
            var next = 0
            while next < branch.count || !group.isEmpty {
                while next < branch.count, next - pages.count < chain.pagesInFlight {
                    let (index, header, chain) = (next, branch[next], chain)
                    group.addTask {
                        let page = try await chain.logs(of: header, matching: filter)
                        if page.isRenumbered, !isRenumbered { throw RenumberedAnswer() }
                        var rows = DecodedLogs()
                        TokenStandards.decode(page, by: rules, into: &rows)
                        for place in rows.blocks.indices where rows.blocks[place].timestamp == nil {
                            rows.blocks[place].timestamp = header.timestamp == 0 ? nil : header.timestamp
                        }
                        return Numbered(index, ReadBlock(rows: rows, evidence: page.evidence))
                    }
                    next += 1
                }
                guard let read = try await group.next() else { break }
                evidence.formIntersection(read.value.evidence)
                pages[read.index] = read.value.rows
            }
        }
        var all = DecodedLogs()
        for index in branch.indices { if let page = pages[index] { all.append(page) } }
        return (all, evidence)
    }

    private func record(_ header: Header, role: BlockRecord.Role) -> BlockRecord {
        BlockRecord(
            number: header.number,
            hash: header.hash,
            timestamp: header.timestamp == 0 ? nil : header.timestamp,
            role: role
        )
    }
}
