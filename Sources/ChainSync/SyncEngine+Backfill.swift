import Ethereum
import Tokens

/// Missing history: fetched in parallel, in any order, committed as it comes.
extension SyncEngine {
    /// One answered piece of the plan, decoded.
    private struct Piece: Sendable {
        var segment: ReadPlan.Segment
        /// The prefix of the segment that was served.
        var range: ClosedRange<BlockNumber>
        var rows: DecodedLogs
        var anchor: Header
        var parent: BlockRef?
        var evidence: Evidence
        var isRenumbered: Bool
    }

    /// What was fetched and waits for its commit.
    private struct Pending {
        var pieces: [Piece] = []
        var rowCount = 0

        mutating func add(_ piece: Piece) {
            rowCount += piece.rows.rowCount
            pieces.append(piece)
        }
    }

    /// Reads what is missing up to the tip.
    ///
    /// - Parameter deadline: no request is started after it; what is under way is still committed. nil: until all is read.
    /// - Throws: `ChainError` of the first page that no endpoint could serve; what came before is committed.
    func backfill(_ state: inout ChainState, until deadline: Time.Instant?) async throws {
        guard let tip = state.tip else { return }
        let plan = ReadPlan(state: state, through: tip.number)
        guard !plan.isEmpty else { return }
        let total = plan.blockCount
        status.update {
            $0.phase = .backfill
            $0.blocksTotal = max($0.blocksTotal, total)
            $0.blocksLeft = total
        }
        var queue = Array(plan.segments.reversed())
        var pending = Pending()
        let rules = ContractRules(state.scopes)
        var failure: (any Error)?
        // What nobody serves must not keep the rest from being read.
        var unserved: (any Error)?
        try await withThrowingTaskGroup(of: Result<Piece, any Error>.self) { group in
            var inFlight = 0
            var lastCommit = clock.now
            while true {
                while inFlight < chain.pagesInFlight, failure == nil, deadline.map({ clock.now < $0 }) ?? true,
                    let next = take(from: &queue)
                {
                    let (chain, beside) = (chain, Self.link(above: next.range.upperBound, state))
                    group.addTask { await Self.fetch(next, from: chain, beside: beside, rules) }
                    inFlight += 1
                }
                guard inFlight > 0, let result = try await group.next() else { break }
                inFlight -= 1
                switch result {
                case .success(let piece) where piece.isRenumbered && !state.isRenumbered:
                    group.cancelAll()
                    throw RenumberedAnswer()
                case .success(let piece):
                    putBack(piece, to: &queue)
                    pending.add(piece)
                case .failure(let error):
                    if case .unservable = error as? ChainError {
                        unserved = unserved ?? error
                    } else {
                        failure = failure ?? error
                    }
                }
                if pending.rowCount >= options.commitRows
                    || lastCommit.duration(to: clock.now) >= options.commitInterval
                {
                    try await commit(&pending, &state)
                    lastCommit = clock.now
                }
            }
            try await commit(&pending, &state)
        }
        if let failure = failure ?? unserved { throw failure }
    }

    /// The next piece of work: as many blocks as one page may well carry.
    private func take(from queue: inout [ReadPlan.Segment]) -> ReadPlan.Segment? {
        guard let segment = queue.last else { return nil }
        let width = max(1, chain.blocksPerPage(for: segment.filter))
        guard UInt64(segment.range.count) > width else { return queue.removeLast() }
        let cut = segment.range.lowerBound + width
        queue[queue.count - 1].range = cut...segment.range.upperBound
        var first = segment
        first.range = segment.range.lowerBound...(cut - 1)
        return first
    }

    /// What of a piece was not served goes to the front again.
    private func putBack(_ piece: Piece, to queue: inout [ReadPlan.Segment]) {
        guard piece.range.upperBound < piece.segment.range.upperBound else { return }
        var rest = piece.segment
        rest.range = (piece.range.upperBound + 1)...piece.segment.range.upperBound
        queue.append(rest)
    }

    /// The nearest block of ours at or above a range's end: the older it is, the more endpoints have it.
    private static func link(above last: BlockNumber, _ state: ChainState) -> BlockRef? {
        #if MUTANTS
            if Mutant.is(.rangesUnlinked) { return nil }
        #endif
        return state.window.first { $0.number >= last } ?? state.tip
    }

    private static func fetch(
        _ segment: ReadPlan.Segment,
        from chain: any Chain,
        beside: BlockRef?,
        _ rules: ContractRules
    ) async -> Result<Piece, any Error> {
        do throws(ChainError) {
            let answer = try await chain.logs(in: segment.range, matching: segment.filter, beside: beside)
            var rows = DecodedLogs()
            TokenStandards.decode(answer.page, by: rules, into: &rows)
            return .success(
                Piece(
                    segment: segment,
                    range: answer.range,
                    rows: rows,
                    anchor: answer.anchor,
                    parent: answer.parent,
                    evidence: answer.page.evidence,
                    isRenumbered: answer.page.isRenumbered
                )
            )
        } catch {
            return .failure(error)
        }
    }

    private func commit(_ pending: inout Pending, _ state: inout ChainState) async throws {
        guard !pending.pieces.isEmpty else { return }
        var update = update(from: state)
        #if MUTANTS
            if Mutant.is(.staleRangeCommitted) {
                update.base = try await ledger.state(of: state.identity.chainID).version
            }
        #endif
        // In place order the database's pages are met one after another.
        for piece in pending.pieces.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            update.blocks.append(
                BlockRecord(
                    number: piece.anchor.number,
                    hash: piece.anchor.hash,
                    timestamp: piece.anchor.timestamp == 0 ? nil : piece.anchor.timestamp,
                    role: .anchor
                )
            )
            // What links the range to the one before: another hash held there aborts the update.
            if let parent = piece.parent {
                update.blocks.append(BlockRecord(number: parent.number, hash: parent.hash, timestamp: nil, role: []))
            }
            #if MUTANTS
                let read = Mutant.is(.askedIsCovered) ? piece.segment.range : piece.range
            #else
                let read = piece.range
            #endif
            for key in piece.segment.keys {
                update.covered.append(.init(key: key, range: read, evidence: piece.evidence))
            }
            #if MUTANTS
                if Mutant.is(.rowsLeftBehind) { update.rows = DecodedLogs() }
            #endif
            update.rows.append(piece.rows)
        }
        pending = Pending()
        _ = try await commit(update, &state)
        let left = state.tip.map { ReadPlan(state: state, through: $0.number).blockCount } ?? 0
        status.update { $0.blocksLeft = left }
    }
}
