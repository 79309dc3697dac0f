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
        switch verdict {
        case .contradicted:
            let what = "the bloom of block \(number) excludes a log that was answered"
            try deviates(index, header.header.ref, Fault(.inconsistent, what))
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
        guard try await prove(index, header.header.ref, &page, filter) else {
            proof.isProved = false
            if isSuspicious { proof.isBloomRead = false }
            return
        }
    }

    /// Throws the fault while it may be this endpoint's; once it is everybody's, the chain is like that.
    func deviates(_ index: Int, _ block: BlockRef, _ fault: Fault) throws(Fault) {
        let now = timeline.now
        let isEverywhere = state.withLock { state in
            let usable = endpoints.indices.filter { endpoint in
                !state.pool.upstreams[endpoint].isParked(now) && state.pool.upstreams[endpoint].can(.logs, now: now)
            }
            return state.deviations.failed(block.hash, at: index, usable: usable)
        }
        guard isEverywhere else { throw fault }
        counters.add(.deviatingBlocks)
        guard counters.admitsLine(.init(endpoint: index, method: .blockReceipts, kind: .inconsistent), now: now) != nil
        else { return }
        logger.warning(
            "a check fails at every endpoint: this chain is so; its block is taken without that evidence",
            metadata: ["block": "\(block.number)", "check": "\(fault.text)"]
        )
    }

    // MARK: Headers

    /// The headers of a range, each the parent of the next, the last being its anchor.
    private func linkedHeaders(_ index: Int, _ answer: RangeAnswer) async throws(Fault) -> [ScannedHeader] {
        var headers: [ScannedHeader] = []
        headers.reserveCapacity(Int(answer.range.width))
        var next = answer.range.lowerBound
        // Whole headers are wanted for their hashes, so the anchor is read with the others.
        while next <= answer.range.upperBound {
            let part = try await scanned(index, next...answer.range.upperBound)
            for header in part {
                if let parent = headers.last?.header, header.header.parentHash != parent.hash {
                    throw Fault(
                        .inconsistent,
                        "block \(header.header.number) does not follow on block \(parent.number)"
                    )
                }
                headers.append(header)
            }
            next += UInt64(part.count)
        }
        guard headers.last?.header.hash == answer.anchor.hash else {
            throw Fault(.inconsistent, "block \(answer.anchor.number) changed while its range was read")
        }
        return headers
    }

    /// A prefix of the range's headers, in one batch where this endpoint takes batches; at least one.
    private func scanned(
        _ index: Int,
        _ range: ClosedRange<BlockNumber>
    ) async throws(Fault) -> [ScannedHeader] {
        let upstream = upstream(index)
        let size = Int(min(range.width, UInt64(upstream.can(.batches, now: timeline.now) ? upstream.batchSize : 1)))
        guard size > 1 else { return [try await readHeader(index, number: range.lowerBound)] }
        let numbers = (0..<UInt64(size)).map { range.lowerBound + $0 }
        let answers: [Result<ScannedHeader?, Fault>]
        do throws(Fault) {
            answers = try await exchange(index, batch: numbers.map { .header($0) }, HeaderScanner.scan)
        } catch {
            let now = timeline.now
            switch error.kind {
            case .responseTooLarge, .tooManyResults: change(index) { $0.batchSize = max(1, size / 2) }
            case .unsupported, .ourBug: change(index) { $0.refuses(.batches, now: now) }
            default: throw error
            }
            report(index, error, .blockByNumber)
            return [try await readHeader(index, number: range.lowerBound)]
        }
        var out: [ScannedHeader] = []
        for (number, answer) in zip(numbers, answers) {
            guard case .success(let header?) = answer, header.header.number == number else { break }
            out.append(header)
        }
        if out.count == size {
            change(index) { $0.batchSize = min(options.batchMax, $0.batchSize + max(1, $0.batchSize / 4)) }
        }
        // What the batch left out is asked for by itself, with its own patience.
        return out.isEmpty ? [try await readHeader(index, number: range.lowerBound)] : out
    }

    // MARK: Receipts

    /// Proves a block's logs from its receipts and compares them with the ones answered; false where no proof can be had.
    private func prove(
        _ index: Int,
        _ block: BlockRef,
        _ page: inout LogPage,
        _ filter: LogFilter
    ) async throws(Fault) -> Bool {
        guard let proved = try await provedLogs(index, of: block) else { return false }
        #if MUTANTS
            if Mutant.is(.receiptsBelieved) { return true }
        #endif
        try compare(index, block.number, LogCheck.filtered(proved, by: filter), &page)
        return true
    }

    /// Puts in what was withheld; an answer that has what the block has not is no answer.
    private func compare(
        _ index: Int,
        _ number: BlockNumber,
        _ proved: LogPage,
        _ page: inout LogPage
    ) throws(Fault) {
        let answered = page.logs.filter { $0.blockNumber == number }
        let said = page.data
        func isSame(_ left: Log, _ right: Log) -> Bool { Self.isSame(left, said, right, proved.data) }
        if answered.count == proved.logs.count, zip(answered, proved.logs).allSatisfy(isSame) { return }
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
