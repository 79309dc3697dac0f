/// Checks beyond the anchor: headers linked, blooms held against the logs, receipts recomputed (rpc-quirks §8).
import Ethereum
import Logging
import Proofs
import Synchronization

extension RPCChain {
    /// Checks a range's answer as far as is wanted and possible, and notes in it what was reached.
    ///
    /// Logs that an endpoint withheld and its own receipts prove are put in, and the endpoint is named.
    /// - Throws: ``ErrorClass/inconsistent`` for an answer that its own headers contradict.
    /// - Cost: from L2 on a batch of headers for each hundred blocks, and two requests for each block to be proved.
    func examine(_ index: Int, _ answer: inout RangeAnswer, _ filter: LogFilter) async throws(Fault) {
        let wanted = options.evidence
        // One block that came out of its proved receipts is not read a second time.
        let isProved = answer.page.evidence.contains(.receipts)
        answer.page.evidence = wanted == .trusted ? [] : .anchored
        guard wanted >= .bloom else { return }
        let check = BloomCheck(filter)
        let headers = try await linkedHeaders(index, answer)
        if let first = headers.first?.header, first.number > 0 {
            answer.parent = BlockRef(number: first.number - 1, hash: first.parentHash)
            #if MUTANTS
                if Mutant.is(.headersUnlinked) { answer.parent = nil }
            #endif
        }
        var proof = Proof(wanted: wanted)
        var verdicts: [BloomCheck.Verdict] = []
        let strays = check.judge(headers.map(\.header), answer.page.logs, into: &verdicts)
        guard strays == 0 else {
            throw Fault(.inconsistent, "\(strays) logs are of other blocks than the headers of their range")
        }
        for (header, verdict) in zip(headers, verdicts) where !isProved {
            try await judge(index, header, verdict, check, &answer.page, filter, &proof)
        }
        answer.page.evidence.formUnion(proof.evidence)
        if wanted == .corroborated, await isCorroborated(answer.anchor.ref) {
            answer.page.evidence.insert(.corroborated)
        }
    }

    /// The same for one block near the head, whose header is known: there every block that may have logs is proved.
    func examined(
        _ index: Int,
        _ page: LogPage,
        of block: Header,
        _ filter: LogFilter
    ) async throws(Fault) -> LogPage {
        let wanted = options.evidence
        var page = page
        let isProved = page.evidence.contains(.receipts)
        page.evidence = wanted == .trusted ? [] : .anchored
        guard wanted >= .bloom else { return page }
        let check = BloomCheck(filter)
        var verdicts: [BloomCheck.Verdict] = []
        guard check.judge([block], page.logs, into: &verdicts) == 0, let verdict = verdicts.first else {
            throw Fault(.inconsistent, "logs of another block than block \(block.number)")
        }
        var proof = Proof(wanted: max(wanted, .receipts))
        let header: ScannedHeader
        if wanted >= .receipts {
            header = try await whole(index, block.ref)
        } else {
            header = ScannedHeader(header: block)
        }
        if !isProved { try await judge(index, header, verdict, check, &page, filter, &proof) }
        page.evidence.formUnion(proof.evidence)
        if wanted == .corroborated, await isCorroborated(block.ref) { page.evidence.insert(.corroborated) }
        return page
    }

    /// What the blocks of one answer have been shown to be, all together.
    private struct Proof {
        let wanted: EvidenceLevel
        /// Whether every header had a bloom and nothing suspicious was left open.
        var isBloomRead = true
        /// Whether every block is proved, by its receipts or as empty under a proved header.
        var isProved = true

        var evidence: Evidence {
            var evidence: Evidence = []
            if isBloomRead { evidence.insert(.bloom) }
            if isProved { evidence.insert(.receipts) }
            return evidence
        }
    }

    private func judge(
        _ index: Int,
        _ header: ScannedHeader,
        _ verdict: BloomCheck.Verdict,
        _ check: BloomCheck,
        _ page: inout LogPage,
        _ filter: LogFilter,
        _ proof: inout Proof
    ) async throws(Fault) {
        let number = header.header.number
        switch state.withLock({ $0.bloomsHold }) ? verdict : .unknown {
        case .contradicted:
            let what = "the bloom of block \(number) excludes a log that was answered"
            try deviates(index, header.header.ref, .bloom, Fault(.inconsistent, what))
            (proof.isBloomRead, proof.isProved) = (false, false)
            return
        case .unknown:
            proof.isBloomRead = false
        case .excluded:
            // Empty by the bloom, and the bloom is under the hash.
            if proof.wanted >= .receipts, header.hashIsProved == true { return }
            proof.isProved = false
            return
        case .unanswered, .answered: break
        }
        #if MUTANTS
            let isSuspicious =
                verdict == .unanswered && check.tells(header.header.logsBloom) && !Mutant.is(.bloomUnread)
        #else
            let isSuspicious = verdict == .unanswered && check.tells(header.header.logsBloom)
        #endif
        if isSuspicious { counters.add(.suspiciousBlocks) }
        guard proof.wanted >= .receipts || isSuspicious else {
            proof.isProved = false
            return
        }
        switch try await provedLogs(index, of: header.header.ref) {
        case .proved(let proved):
            if try !compare(index, header.header.ref, LogCheck.filtered(proved, by: filter), &page) {
                proof.isProved = false
            }
        // Nobody comes back to a block that was taken: where a proof was asked for, or logs seem to be left out, it waits
        // for its receipts, for a while.
        case .notNow where isSuspicious || options.evidence >= .receipts:
            throw .ours("block \(number) is to be proved by its receipts, and they do not come at the moment")
        case .none, .notNow:
            proof.isProved = false
            if isSuspicious { proof.isBloomRead = false }
        }
    }

    /// Throws the fault while it may be this endpoint's; once it is everybody's, the chain is like that.
    ///
    /// After some blocks the check is given up for the chain: each of them cost looks at every endpoint.
    func deviates(
        _ index: Int,
        _ block: BlockRef,
        _ check: Deviations.Check,
        _ fault: Fault
    ) throws(Fault) {
        let now = timeline.now
        let (isEverywhere, isChains) = state.withLock { state in
            // Who cannot be asked has no say; whoever failed now has.
            let usable = endpoints.indices.filter { endpoint in
                let upstream = state.pool.upstreams[endpoint]
                return endpoint == index
                    || upstream.isUsable(for: [.head, .logs], now) && upstream.can(.logs, now: now)
            }
            let isEverywhere = state.deviations.failed(block.hash, check, at: index, usable: usable)
            let isChains = isEverywhere && state.deviations.isChains(check)
            switch check {
            case .bloom where isChains: state.bloomsHold = false
            case .receipts where isChains: state.receiptsHold = false
            default: break
            }
            return (isEverywhere, isChains)
        }
        guard isEverywhere else { throw fault }
        counters.add(.deviatingBlocks)
        guard
            isChains
                || counters.admitsLine(.init(endpoint: index, method: .blockReceipts, kind: .inconsistent), now: now)
                    != nil
        else { return }
        logger.warning(
            isChains
                ? "a check fails at every endpoint, block after block: this chain is so; it is given up until the next start"
                : "a check fails at every endpoint: the block is taken without that evidence",
            metadata: ["block": "\(block.number)", "check": "\(fault.text)"]
        )
    }

    // MARK: Headers

    /// The headers of a range, each the parent of the next, the last being its anchor.
    ///
    /// - Throws: a time-out where they do not all come within one call's deadline: a smaller range may.
    private func linkedHeaders(_ index: Int, _ answer: RangeAnswer) async throws(Fault) -> [ScannedHeader] {
        let end = timeline.now + options.callDeadline
        var headers: [ScannedHeader] = []
        headers.reserveCapacity(Int(answer.range.width))
        // Whole headers are wanted for their hashes, so the anchor is read with the others.
        while headers.count < Int(answer.range.width) {
            guard timeline.now < end else {
                var fault = Fault(.transient, "the headers of its range take too long").about(.blockByNumber)
                fault.isTimeout = true
                throw fault
            }
            for header in try await scanned(index, answer.range.lowerBound + UInt64(headers.count), answer.range) {
                if let parent = headers.last?.header, header.header.parentHash != parent.hash {
                    throw Fault(
                        .inconsistent,
                        "block \(header.header.number) does not follow on block \(parent.number)"
                    )
                }
                headers.append(header)
            }
        }
        guard headers.last?.header.hash == answer.anchor.hash else {
            throw Fault(.inconsistent, "block \(answer.anchor.number) changed while its range was read")
        }
        return headers
    }

    /// Headers from `first` on, in one batch where this endpoint takes batches; at least one, none beyond the range.
    private func scanned(
        _ index: Int,
        _ first: BlockNumber,
        _ range: ClosedRange<BlockNumber>
    ) async throws(Fault) -> [ScannedHeader] {
        let count = min((first...range.upperBound).width, UInt64(options.batchMax))
        let batch = try await readBatch(index, (0..<count).map { first + $0 }[...])
        var out: [ScannedHeader] = []
        for header in batch.headers {
            guard header.header.number == first + UInt64(out.count) else { break }
            out.append(header)
        }
        guard out.isEmpty else { return out }
        // What the batch left out is asked for by itself; one hiccup must not cost the page.
        do throws(Fault) {
            return [try await readHeader(index, number: first)]
        } catch {
            guard error.kind == .transient, !error.isCancelled else { throw error }
            report(index, error, .blockByNumber)
            do { try await timeline.sleep(shortPause()) } catch { throw .cancelled }
            return [try await readHeader(index, number: first)]
        }
    }

    // MARK: Receipts

    /// Puts in what was withheld; an answer that has what the block has not is no answer.
    ///
    /// - Returns: false where the logs are right and only their numbers are this chain's own.
    private func compare(
        _ index: Int,
        _ block: BlockRef,
        _ proved: LogPage,
        _ page: inout LogPage
    ) throws(Fault) -> Bool {
        #if MUTANTS
            if Mutant.is(.receiptsBelieved) { return true }
        #endif
        let number = block.number
        let answered = page.logs.filter { $0.blockNumber == number }
        let said = page.data
        func isSame(_ left: Log, _ right: Log) -> Bool { Self.isSame(left, said, right, proved.data) }
        if answered.count == proved.logs.count, zip(answered, proved.logs).allSatisfy(isSame) {
            // A number is a row's key: another node with other numbers would have the same logs counted twice.
            guard zip(answered, proved.logs).contains(where: { $0.logIndex != $1.logIndex }),
                !state.withLock({ $0.deviations.isChains(.numbers) })
            else { return true }
            let what = "the numbers of its logs in block \(number) are not their places in the receipts"
            try deviates(index, block, .numbers, Fault(.inconsistent, what))
            return false
        }
        let missing = proved.logs.count - answered.count
        guard missing > 0,
            answered.allSatisfy({ log in proved.logs.contains { isSame(log, $0) && log.logIndex == $0.logIndex } })
        else {
            throw Fault(.inconsistent, "the logs of block \(number) are not those that its receipts prove")
        }
        counters.add(.withheldLogs, missing)
        report(index, Fault(.inconsistent, "it left out \(missing) logs of block \(number)"), .logs)
        let evidence = page.evidence
        page = LogCheck.replacing([number], of: page, by: [proved])
        page.evidence = evidence
        return true
    }

    /// Two logs of one place and one meaning; their numbers may be of different kinds.
    private static func isSame(
        _ left: Log,
        _ leftData: ContiguousArray<UInt8>,
        _ right: Log,
        _ rightData: ContiguousArray<UInt8>
    ) -> Bool {
        guard
            left.transactionIndex == right.transactionIndex && left.address == right.address
                && left.topicCount == right.topicCount && left.topic0 == right.topic0 && left.topic1 == right.topic1
                && left.topic2 == right.topic2 && left.topic3 == right.topic3 && left.dataCount == right.dataCount
        else { return false }
        #if MUTANTS
            if Mutant.is(.dataUncompared) { return true }
        #endif
        return leftData[left.dataOffset..<(left.dataOffset + left.dataCount)]
            .elementsEqual(rightData[right.dataOffset..<(right.dataOffset + right.dataCount)])
    }

    private func isCorroborated(_ block: BlockRef) async -> Bool {
        let votes = await votes(on: block)
        #if MUTANTS
            if Mutant.is(.selfCorroborated) { return votes.same >= 1 }
        #endif
        return votes.same >= 2 && votes.other == 0
    }
}
