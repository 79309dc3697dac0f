import Ethereum
import Tokens

/// Reads the logs of contracts that differ once more and proves them complete, to tell a log that was missed from a
/// contract that contradicts itself.
///
/// Ranges are read as the client reads history: from evidence L2 on with every header's bloom held against contract and
/// topics, and suspicious blocks proved. Blocks that gave logs are then proved from their receipts, because a bloom does not
/// tell how many logs there are.
struct Reproof {
    private let chain: any Chain
    private let store: any Ledger & HoldingChecks
    private let chainID: ChainID
    private let block: BlockRef
    private let bounds: Verifier.Bounds

    init(_ verifier: Verifier) {
        chain = verifier.chain
        store = verifier.store
        chainID = verifier.chainID
        block = verifier.block
        bounds = verifier.bounds
    }

    /// The differences, each with what it turned out to be, and the rows that were missed.
    func explained(
        _ differences: [Verifier.Difference]
    ) async throws -> (differences: [Verifier.Difference], repair: Repair?) {
        let open = differences.indices.filter { !differences[$0].isKnown }
        guard !open.isEmpty else { return (differences, nil) }
        var explained = differences
        let groups = Dictionary(grouping: open) { differences[$0].claimed.contract }
        let state = try await store.state(of: chainID)
        var repair = Repair(block: block, rewinds: state.rewinds)
        for (rank, contract) in groups.keys.sorted().enumerated() {
            let indices = groups[contract] ?? []
            guard rank < bounds.contractsMax else {
                for index in indices { explained[index].finding = .unproven("too many contracts differ at once") }
                continue
            }
            do throws(Unreadable) {
                let reading = try await read(contract, indices.map { differences[$0].claimed }, state)
                for index in indices { explained[index].finding = reading.finding(differences[index].claimed) }
                repair.add(reading.missed)
            } catch {
                guard let why = error.why else { throw CancellationError() }
                for index in indices { explained[index].finding = .unproven(why) }
            }
        }
        return (explained, repair.isEmpty ? nil : repair)
    }

    /// The rows of whole contracts that are not held; for contracts without, why there may be some all the same.
    ///
    /// For a contract whose count of a wallet's tokens is not ours, where no token is known that would tell the blocks.
    func missing(in contracts: [Address]) async throws -> (repair: Repair?, doubts: [Address: String]) {
        let state = try await store.state(of: chainID)
        var repair = Repair(block: block, rewinds: state.rewinds)
        var doubts: [Address: String] = [:]
        for (rank, contract) in contracts.enumerated() {
            guard rank < bounds.contractsMax else {
                doubts[contract] = "too many contracts differ at once"
                continue
            }
            do throws(Unreadable) {
                let reading = try await read(contract, nil, state)
                repair.add(reading.missed)
                if reading.missed.rowCount == 0 { doubts[contract] = reading.doubt }
            } catch {
                guard let why = error.why else { throw CancellationError() }
                doubts[contract] = why
            }
        }
        return (repair.isEmpty ? nil : repair, doubts)
    }

    /// Why nothing can be said about a contract; nil: because the task was cancelled.
    private struct Unreadable: Error {
        var why: String?

        init(_ why: String) { self.why = why }

        init(_ error: ChainError) {
            why = error == .cancelled ? nil : "its logs could not be read again: \(error)"
        }

        init(_ error: any Error) {
            why = error is CancellationError ? nil : "the database could not be read: \(error)"
        }
    }

    // MARK: Reading

    /// - Parameter claims: what is in question; nil: the whole contract.
    private func read(
        _ contract: Address,
        _ claims: [ClaimedHolding]?,
        _ state: ChainState
    ) async throws(Unreadable) -> ContractReading {
        var reading = ContractReading(Set((claims ?? []).map(\.token)))
        let deciding = if let claims { try deciding(claims) } else { nil as BlockNumber? }
        for scope in state.scopes where scope.isActive && (scope.contract == nil || scope.contract == contract) {
            guard scope.firstBlock <= block.number else { continue }
            let first = max(scope.firstBlock, deciding ?? 0)
            guard block.number - first < bounds.blocksMax else {
                throw Unreadable(
                    "more than \(bounds.blocksMax) blocks would have to be read; `holdfast verify --contract` does"
                )
            }
            let eventSets = scope.eventSets(of: state.eventSets)
            let filter = LogFilter(
                addresses: [contract],
                topics0: EventSet.topics + eventSets.flatMap(\.ownTopics),
                topicCountMin: eventSets == [.indexed] ? 4 : 1
            )
            var unproved: [BlockRef] = []
            var next = first
            while next <= block.number {
                let answer = try await logs(in: next...block.number, filter)
                try take(answer.page, state, &reading)
                if answer.page.evidence.isDisjoint(with: [.bloom, .receipts]) {
                    reading.doubt = "no bloom shows that its blocks without logs are empty"
                }
                if !answer.page.evidence.contains(.receipts) {
                    for log in answer.page.logs where unproved.last?.number != log.blockNumber {
                        unproved.append(BlockRef(number: log.blockNumber, hash: log.blockHash))
                    }
                }
                // One more than are read tells that there are more; a long history must not fill the memory.
                let kept = bounds.receiptBlocksMax + 1
                if unproved.count > 2 * kept { unproved.removeFirst(unproved.count - kept) }
                next = answer.range.upperBound + 1
            }
            try await prove(unproved, filter, state, &reading)
        }
        return reading
    }

    /// The first block that can matter: unique tokens are decided by their newest transfer, whatever came before it; balances
    /// (nil) by all.
    private func deciding(_ claims: [ClaimedHolding]) throws(Unreadable) -> BlockNumber? {
        var first = block.number
        for claim in claims {
            guard claim.rule == .unique else { return nil }
            do {
                let token = TokenID(contract: claim.contract, token: claim.token)
                let place = try store.holders(of: token, on: chainID, at: block.number).unique?.place
                first = min(first, place?.block ?? 0)
            } catch {
                throw Unreadable(error)
            }
        }
        return first
    }

    private func logs(
        in range: ClosedRange<BlockNumber>,
        _ filter: LogFilter
    ) async throws(Unreadable) -> RangeAnswer {
        do throws(ChainError) {
            return try await chain.logs(in: range, matching: filter, beside: block)
        } catch {
            throw Unreadable(error)
        }
    }

    /// Reads blocks by their receipts, newest first, until one cannot be proved.
    private func prove(
        _ blocks: [BlockRef],
        _ filter: LogFilter,
        _ state: ChainState,
        _ reading: inout ContractReading
    ) async throws(Unreadable) {
        var left = blocks.suffix(bounds.receiptBlocksMax)
        if left.count < blocks.count {
            reading.doubt = "its logs are in more than \(bounds.receiptBlocksMax) blocks, too many to prove each"
        }
        while !left.isEmpty {
            let part = left.suffix(max(1, chain.pagesInFlight))
            left = left.dropLast(part.count)
            for page in try await proved(Array(part), filter) {
                guard page.evidence.contains(.receipts) else {
                    reading.doubt = "no receipts prove that its logs are all there"
                    return
                }
                try take(page, state, &reading)
            }
        }
    }

    private func proved(_ blocks: [BlockRef], _ filter: LogFilter) async throws(Unreadable) -> [LogPage] {
        let chain = chain
        do {
            return try await withThrowingTaskGroup(of: LogPage.self) { group in
                for block in blocks {
                    group.addTask {
                        guard let header = try await chain.header(hash: block.hash) else {
                            throw ChainError.reorged("block \(block.number) is not known any more")
                        }
                        return try await chain.logs(of: header, matching: filter)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        } catch {
            throw (error as? ChainError).map { Unreadable($0) } ?? Unreadable(error)
        }
    }

    private func take(_ page: LogPage, _ state: ChainState, _ reading: inout ContractReading) throws(Unreadable) {
        guard page.isRenumbered == state.isRenumbered || page.logs.isEmpty else {
            throw Unreadable("its logs are numbered otherwise than the ones held")
        }
        var rows = DecodedLogs()
        TokenStandards.decode(page, by: ContractRules(state.scopes), into: &rows)
        do {
            reading.take(
                rows,
                unheld: try store.unheld(rows.transfers.map(\.place) + rows.ranges.map(\.place), of: chainID)
            )
        } catch {
            throw Unreadable(error)
        }
    }
}
