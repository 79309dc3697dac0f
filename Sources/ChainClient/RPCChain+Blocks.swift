/// The logs of one block, asked by its hash, and of blocks whose logs have to be numbered from receipts.
package import Ethereum
import Logging
import Synchronization

extension RPCChain {
    package func logs(of block: Header, matching filter: LogFilter) async throws(ChainError) -> LogPage {
        let need = UpstreamPool.Need(head: block.number, oldest: block.number, capability: .logs)
        do throws(Exhausted) {
            return try await serve(.logs, need) { index throws(Fault) in
                let page = try await self.read(index, block.ref, filter)
                return try await self.examined(index, page, of: block, filter)
            }
        } catch {
            throw chainError(error, "logs of block \(block.number) by hash")
        }
    }

    private func read(_ index: Int, _ block: BlockRef, _ filter: LogFilter) async throws(Fault) -> LogPage {
        if upstream(index).can(.logsByHash, now: timeline.now) {
            do throws(Fault) {
                return try await readByHash(index, block, filter)
            } catch {
                // Asking by hash is what it does not offer; by number it may.
                guard error.kind == .unsupported, error.capability == .logsByHash else { throw error }
                let now = timeline.now
                change(index) { $0.refuses(.logsByHash, now: now) }
                report(index, error, .logs)
            }
        }
        return try await readByNumber(index, block, filter)
    }

    private func readByHash(_ index: Int, _ block: BlockRef, _ filter: LogFilter) async throws(Fault) -> LogPage {
        let answersEmpty = try await unknownHash(index) == .answersEmpty
        // Where an unknown hash has no logs either, the block has to be known before and after.
        if answersEmpty { try await expectKnown(index, block) }
        let parts: Answered<ScannedLogs>
        do throws(Fault) {
            parts = try await readParts(index, filter, isOneBlock: true) { .logsOf(block.hash, $0) }
        } catch {
            if error.kind == .reorgSignal, try await readHeader(index, hash: block.hash) != nil {
                // Known to one node behind this URL and not to the other: it lags, nothing was reorganised.
                throw Fault(.behindHead, "it knows the block but not yet its logs")
            }
            if error.kind.wantsSmaller { return try await logsFromReceipts(index, block, filter, after: error) }
            guard error.kind == .unsupported || error.kind == .ourBug else { throw error }
            throw error.lacking(.logsByHash)
        }
        if answersEmpty { try await expectKnown(index, block) }
        return try await checked(index, parts.value, from: .block(block), filter)
    }

    private func expectKnown(_ index: Int, _ block: BlockRef) async throws(Fault) {
        _ = try await whole(index, block)
    }

    /// From block to block by number, with the hash checked before and after.
    private func readByNumber(_ index: Int, _ block: BlockRef, _ filter: LogFilter) async throws(Fault) -> LogPage {
        try await expectCanonical(index, block)
        let range = block.number...block.number
        let parts: Answered<ScannedLogs>
        do throws(Fault) {
            parts = try await readParts(index, filter, isOneBlock: true) { .logs(range, $0) }
        } catch {
            guard error.kind.wantsSmaller else { throw error }
            return try await logsFromReceipts(index, block, filter, after: error)
        }
        try await expectCanonical(index, block)
        return try await checked(index, parts.value, from: .block(block), filter)
    }

    func expectCanonical(_ index: Int, _ block: BlockRef) async throws(Fault) {
        let header = try await readHeader(index, number: block.number).header
        guard header.hash == block.hash else {
            throw Fault(.reorgSignal, "block \(block.number) has another hash here").about(.blockByNumber)
        }
    }

    /// Whether this endpoint tells an unknown hash from an empty block; found out once, with a hash of nobody's.
    func unknownHash(_ index: Int) async throws(Fault) -> Upstream.UnknownHash {
        if let known = upstream(index).unknownHash { return known }
        let hash = Hash32(w0: random(), w1: random(), w2: random(), w3: random())
        var found = Upstream.UnknownHash.refuses
        do throws(Fault) {
            let filter = LogFilter(topics0: [hash])
            let answer = try await exchange(index, .logsOf(hash, filter), LogScanner.scan).value
            guard answer.page.logs.isEmpty else {
                throw Fault(.unsupported, "it ignores the hash and gives other logs").lacking(.logsByHash)
            }
            found = .answersEmpty
        } catch {
            switch error.kind {
            case .unsupported, .ourBug: throw error.lacking(.logsByHash)
            case .rateLimited, .quotaOrAuth, .wrongChain: throw error
            default: guard error.isAnswer || error.kind == .inconsistent else { throw error }
            }
            // `null` instead of a list, or any error in words, is not an empty list.
        }
        let result = found
        change(index) { $0.unknownHash = result }
        return result
    }

    // MARK: Numbers from receipts

    /// Numbers blocks from 0 in order of (transaction index, place in the receipt), because the node's own log indices
    /// repeat, restart with each transaction, or are missing (rpc-quirks §10).
    ///
    /// From the first such block on, every block of this chain is numbered that way: see ``renumbered``.
    func renumber(_ index: Int, _ outcome: LogCheck.Outcome, _ filter: LogFilter) async throws(Fault) -> LogPage {
        if !outcome.unusable.isEmpty { becomeRenumbered(index, outcome.unusable[0]) }
        var hashes: [(number: BlockNumber, hash: Hash32, count: Int)] = []
        for log in outcome.page.logs {
            if hashes.last?.number == log.blockNumber {
                hashes[hashes.count - 1].count += 1
            } else {
                hashes.append((log.blockNumber, log.blockHash, 1))
            }
        }
        var blocks: [LogPage] = []
        for block in hashes {
            let ref = BlockRef(number: block.number, hash: block.hash)
            let page = LogCheck.filtered(try await readReceipts(index, ref), by: filter)
            guard page.logs.count >= block.count else {
                throw Fault(.inconsistent, "block \(block.number) has fewer logs in its receipts").about(.blockReceipts)
            }
            blocks.append(page)
        }
        counters.add(.blocksRenumbered, blocks.count)
        return LogCheck.replacing(hashes.map(\.number), of: outcome.page, by: blocks)
    }

    private func becomeRenumbered(_ index: Int, _ number: BlockNumber) {
        let isNew = state.withLock { state in
            defer { state.isRenumbered = true }
            return !state.isRenumbered
        }
        guard isNew else { return }
        logger.warning(
            "log indices of this chain cannot be used; its blocks are numbered from their receipts from now on",
            metadata: ["endpoint": "\(endpoints[index].label)", "block": "\(number)"]
        )
    }

    /// All logs of one block, by hash where that is offered, else by number with the hash checked.
    func readReceipts(_ index: Int, _ block: BlockRef) async throws(Fault) -> LogPage {
        var receipts: ScannedReceipts?
        do throws(Fault) {
            receipts = try await pageExchange(index, .receiptsOf(block.hash), ReceiptScanner.scan).value
        } catch {
            guard error.kind == .unsupported || error.kind == .ourBug else { throw error }
            do throws(Fault) {
                receipts = try await pageExchange(index, .receipts(block.number), ReceiptScanner.scan).value
            } catch {
                guard error.kind == .unsupported || error.kind == .ourBug else { throw error }
                throw error.lacking(.receipts)
            }
        }
        guard let receipts else {
            throw Fault(.behindHead, "it has no receipts of block \(block.number) yet").about(.blockReceipts)
        }
        guard receipts.blockHash == nil || receipts.blockHash == block.hash else {
            throw Fault(.inconsistent, "receipts of another block \(block.number)").about(.blockReceipts)
        }
        return receipts.page
    }
}

extension Fault {
    /// The same fault, about a thing that the endpoint does not offer.
    fileprivate func lacking(_ capability: Upstream.Capability) -> Fault {
        var fault = self
        fault.kind = .unsupported
        fault.capability = capability
        return fault
    }
}
