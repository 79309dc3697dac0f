/// A block's receipts, whole and proved: in one answer, or transaction by transaction where that would be too large.
import Ethereum
import Proofs
import Synchronization

/// What one endpoint's receipts say about the logs of a block.
enum ReceiptsAnswer {
    /// All logs of the block, proved complete by the receipts root in its header.
    case proved(LogPage)
    /// Not offered here, or not to be recomputed on this chain: asking again shows nothing else.
    case none
    /// It gave receipts until a moment ago and is out of use for them now.
    case notNow
}

extension RPCChain {
    /// All logs of a block as its receipts prove them, where they can be had here.
    ///
    /// - Throws: ``ErrorClass/inconsistent`` where the receipts do not prove the block though this endpoint offers them.
    func provedLogs(_ index: Int, of block: BlockRef) async throws(Fault) -> ReceiptsAnswer {
        let now = timeline.now
        guard state.withLock({ $0.receiptsHold }) else { return .none }
        guard upstream(index).can(.receipts, now: now) else { return withoutReceipts(index) }
        let header = try await whole(index, block)
        guard let full = header.full, let count = header.transactionCount else { return .none }
        // Receipts have a breaker of their own: where they time out, blocks are taken without them for a while.
        guard upstream(index).breaker(.receipts).blockedUntil(now) == nil else { return withoutReceipts(index) }
        // Whether the endpoint may be asked at all was decided before, when its logs were asked for.
        _ = change(index) { $0.begin([.receipts], now, isForced: true) }
        defer { change(index) { $0.end([.receipts], timeline.now) } }
        let receipts: BlockReceipts
        do throws(Fault) {
            receipts = try await wholeReceipts(index, block)
        } catch {
            switch error.kind {
            // Pruned, or not part of the plan: logs may be served all the same.
            case .unsupported, .ourBug, .historyPruned, .quotaOrAuth:
                change(index) { $0.refuses(.receipts, now: now, isCertain: error.isAnswer) }
                counters.add(.init(endpoint: index, method: .blockReceipts, kind: error.kind))
                return withoutReceipts(index)
            // Receipts that cannot be read whole: without blooms, of other types.
            case .inconsistent where !error.isForeign:
                try deviates(index, block, .receipts, error)
                return .none
            default: throw error
            }
        }
        change(index) { $0.gaveReceipts(now: timeline.now) }
        let verdict = ReceiptsProof.verdict(on: receipts, header: full, hash: block.hash, transactionCount: count)
        guard let proved = verdict.logs else {
            let what = "its receipts do not prove block \(block.number): \(verdict.failures)"
            try deviates(index, block, .receipts, Fault(.inconsistent, what).about(.blockReceipts))
            return .none
        }
        counters.add(.blocksProved)
        return .proved(proved)
    }

    private func withoutReceipts(_ index: Int) -> ReceiptsAnswer {
        upstream(index).mayGiveReceipts(timeline.now) ? .notNow : .none
    }

    /// The logs of a block that is over every cap of `eth_getLogs`, from its receipts, which have no cap.
    ///
    /// Where this chain's receipts cannot be recomputed they are taken as the endpoint gives them.
    /// - Throws: `refusal` where this endpoint has no receipts either.
    /// - Cost: one answer, or one for each transaction; what is not decoded yet stays within the byte budget.
    func logsFromReceipts(
        _ index: Int,
        _ block: BlockRef,
        _ filter: LogFilter,
        after refusal: Fault
    ) async throws(Fault) -> LogPage {
        report(index, refusal, .logs)
        var page: LogPage
        if case .proved(let proved) = try await provedLogs(index, of: block) {
            page = LogCheck.filtered(proved, by: filter)
            page.evidence = [.anchored, .bloom, .receipts]
        } else {
            guard upstream(index).can(.receipts, now: timeline.now) else { throw refusal }
            page = LogCheck.filtered(try await readReceipts(index, block), by: filter)
            page.evidence = .anchored
        }
        counters.add(.blocksFromReceipts)
        page.isRenumbered = renumbered
        return page
    }

    /// - Throws: ``ErrorClass/unsupported`` where the endpoint does not offer receipts.
    private func wholeReceipts(_ index: Int, _ block: BlockRef) async throws(Fault) -> BlockReceipts {
        let receipts: BlockReceipts?
        do throws(Fault) {
            receipts = try await pageExchange(index, .receiptsOf(block.hash), ReceiptScanner.scanWhole).value
        } catch {
            guard error.kind.wantsSmaller else { throw error }
            report(index, error, .blockReceipts)
            return try await receiptsOneByOne(index, block)
        }
        guard let receipts else {
            throw Fault(.behindHead, "it has no receipts of block \(block.number) yet").about(.blockReceipts)
        }
        return receipts
    }

    // MARK: Transaction by transaction

    private func receiptsOneByOne(_ index: Int, _ block: BlockRef) async throws(Fault) -> BlockReceipts {
        guard let list = try await exchange(index, .headerOf(block.hash), TransactionListScanner.scan).value else {
            throw Fault(.reorgSignal, "it does not know block \(block.number) by its hash").about(.blockByHash)
        }
        guard list.block == block.hash else {
            throw Fault(.inconsistent, "another block than the one asked for").about(.blockByHash)
        }
        let parts = await withTaskGroup(of: Numbered<Result<BlockReceipts, Fault>>.self) { group in
            var parts: [BlockReceipts?] = Array(repeating: nil, count: list.hashes.count)
            var (next, failure) = (0, Fault?.none)
            // A few at a time: each may be a page, and the logs of the whole block are in memory at the end.
            let inFlightMax = min(4, upstream(index).throttle.requestsInFlight)
            var inFlight = 0
            while true {
                while next < list.hashes.count, inFlight < inFlightMax, failure == nil {
                    let (place, hash) = (next, list.hashes[next])
                    group.addTask { Numbered(place, await self.receipt(index, of: hash, in: block)) }
                    (next, inFlight) = (next + 1, inFlight + 1)
                }
                guard let answer = await group.next() else { break }
                inFlight -= 1
                switch answer.value {
                case .success(let part): parts[answer.index] = part
                case .failure(let fault):
                    failure = failure ?? fault
                    group.cancelAll()
                }
            }
            return failure.map { Result<[BlockReceipts?], Fault>.failure($0) } ?? .success(parts)
        }
        var whole = BlockReceipts(rows: [], page: LogPage(), blockHash: block.hash)
        #if MUTANTS
            if Mutant.is(.receiptsUnordered) {
                for part in try parts.get().reversed() { if let part { whole.append(part) } }
                return whole
            }
        #endif
        for part in try parts.get() {
            if let part { whole.append(part) }
        }
        return whole
    }

    private func receipt(
        _ index: Int,
        of transaction: Hash32,
        in block: BlockRef
    ) async -> Result<BlockReceipts, Fault> {
        do throws(Fault) {
            let answer = try await pageExchange(index, .receiptOf(transaction), ReceiptScanner.scanOne).value
            guard let receipt = answer else {
                throw Fault(.behindHead, "it has no receipt of a transaction of block \(block.number) yet")
                    .about(.transactionReceipt)
            }
            guard receipt.blockHash == block.hash else {
                throw Fault(.reorgSignal, "a transaction of block \(block.number) is in another block by now")
                    .about(.transactionReceipt)
            }
            return .success(receipt)
        } catch {
            return .failure(error)
        }
    }
}
