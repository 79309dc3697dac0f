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
        if let tip = state.tip {
            guard target > tip.number, target - tip.number >= options.jumpBlocksMin else { return }
            guard let ours = try await chain.header(number: tip.number), ours.hash == tip.hash else { return }
        }
        guard let header = try await chain.header(number: target) else {
            throw ChainError.unavailable("block \(target) is final, but no endpoint has it")
        }
        var update = update(from: state)
        update.tip = header.ref
        update.finalized = finality.isConfirmed ? min(target, finality.block) : nil
        update.blocks = [record(header, role: .anchor)]
        _ = try await commit(update, &state)
        state.window.append(header.ref)
    }

    /// Takes over at most ``SyncOptions/followBlocksMax`` blocks; true when the head is reached.
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
        guard var branch = try await newBlocks(above: tip, to: head, goal) else { return true }
        var parents: UInt64 = 0
        while true {
            switch window.step(toward: branch) {
            case .known:
                return true
            case .needsParent(let hash):
                parents += 1
                guard parents <= Window.depthMax else {
                    throw SyncError.deepReorg(tip: tip, head: head.ref)
                }
                guard let parent = try await chain.header(hash: hash) else {
                    throw ChainError.reorged("parent \(hash) of the new branch is not known any more")
                }
                branch.insert(parent, at: 0)
            case .tooDeep:
                throw SyncError.deepReorg(tip: tip, head: head.ref)
            case .extends(let base):
                try await take(branch, on: base, &state, finality)
                window.accept(base: base, branch: branch)
                if let final = finality.header { window.hold(final.ref) }
                window.forget(below: min(finality.block, head.number - min(head.number, Window.depthMax)))
                state.window = window.held
                return branch.last?.hash == head.hash
            }
        }
    }

    /// The blocks after the tip, linked, as far as one commit takes them; the head alone where it is not above the tip.
    private func newBlocks(above tip: BlockRef, to head: Header, _ goal: Goal) async throws -> [Header]? {
        var last = head.number
        if case .block(let block) = goal { last = min(last, max(block, tip.number)) }
        guard last > tip.number else { return [head] }
        last = min(last, tip.number + UInt64(options.followBlocksMax))
        if last == head.number, last == tip.number + 1 { return [head] }
        var numbers = Array(tip.number + 1...last)
        var known: [Header] = []
        if last == head.number {
            numbers.removeLast()
            known = [head]
        }
        let headers = try await chain.headers(numbers: numbers) + known
        for (parent, child) in zip(headers, headers.dropFirst()) where child.parentHash != parent.hash {
            throw ChainError.reorged("block \(child.number) does not follow on block \(parent.number)")
        }
        guard let first = headers.first, first.number == tip.number + 1 else {
            throw ChainError.unavailable("block \(tip.number + 1) is not served yet")
        }
        return headers
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
        if finality.isConfirmed { update.finalized = min(finality.block, last.number) }
        update.blocks = branch.map { record($0, role: []) }
        // A rewind may end at the final block and no lower: its hash has to be held, however sparse the others are.
        if let final = finality.header, final.number <= base.number { update.blocks.append(record(final, role: [])) }
        let keys = scopes.flatMap { scope in state.eventSets.map { CoverageKey(scope: scope.id, eventSet: $0) } }
        if !keys.isEmpty {
            update.rows = try await rows(of: branch, matching: ReadPlan.filter(for: keys, scopes: scopes))
            for scope in scopes {
                #if MUTANTS
                    let first = Mutant.is(.tailCoversHistory) ? 0 : base.number + 1
                #else
                    let first = base.number + 1
                #endif
                let range = max(scope.firstBlock, first)...last.number
                for eventSet in state.eventSets {
                    let key = CoverageKey(scope: scope.id, eventSet: eventSet)
                    update.covered.append(.init(key: key, range: range, evidence: .anchored))
                }
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
        status.update {
            $0.rewinds += 1
            $0.rewindDepthMax = max($0.rewindDepthMax, depth)
        }
    }

    /// The decoded logs of the branch's blocks, fetched side by side, in block order.
    private func rows(of branch: [Header], matching filter: LogFilter) async throws -> DecodedLogs {
        var pages: [Int: DecodedLogs] = [:]
        try await withThrowingTaskGroup(of: (Int, DecodedLogs).self) { group in
            var next = 0
            while next < branch.count || !group.isEmpty {
                while next < branch.count, next - pages.count < chain.pagesInFlight {
                    let (index, header, chain) = (next, branch[next], chain)
                    group.addTask {
                        let page = try await chain.logs(of: header, matching: filter)
                        var rows = DecodedLogs()
                        TokenStandards.decode(page, into: &rows)
                        for place in rows.blocks.indices where rows.blocks[place].timestamp == nil {
                            rows.blocks[place].timestamp = header.timestamp == 0 ? nil : header.timestamp
                        }
                        return (index, rows)
                    }
                    next += 1
                }
                guard let (index, rows) = try await group.next() else { break }
                pages[index] = rows
            }
        }
        var all = DecodedLogs()
        for index in branch.indices { if let page = pages[index] { all.append(page) } }
        return all
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
