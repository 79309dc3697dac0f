/// The logs of a range: bound to one hash, from one endpoint, all or nothing (rpc-quirks §8, level L1).
package import Ethereum
import Logging
import Synchronization

extension RPCChain {
    /// What one call has learnt about the window, over all tries at all endpoints.
    private struct Window {
        /// Not more blocks than this, whatever the endpoint usually takes.
        var available: UInt64
        /// Timeouts and cut answers so far.
        var heavy = 0
        /// The fault, and the width, that a smaller try is made for without knowing what the text means.
        var unknown: (fault: Fault, width: UInt64)?
    }

    package func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter,
        beside: BlockRef?
    ) async throws(ChainError) -> RangeAnswer {
        let head = state.withLock { $0.pool.head(now: timeline.now) } ?? range.upperBound
        let need = UpstreamPool.Need(
            head: max(range.lowerBound, min(range.upperBound, head), beside?.number ?? 0),
            oldest: range.lowerBound,
            capability: .logs
        )
        var window = Window(available: range.width)
        do throws(Exhausted) {
            return try await serve(.logs, need) { index throws(Fault) in
                try await self.prefix(index, of: range, filter, beside, &window)
            }
        } catch {
            throw chainError(error, "logs of blocks \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// Asks for ever smaller windows until one is answered or a fault is not about size.
    private func prefix(
        _ index: Int,
        of range: ClosedRange<BlockNumber>,
        _ filter: LogFilter,
        _ beside: BlockRef?,
        _ window: inout Window
    ) async throws(Fault) -> RangeAnswer {
        let shape = Upstream.Shape(filter)
        // Another endpoint has other limits; only what was too heavy is likely to be so there as well.
        window.unknown = nil
        if window.heavy < 2 { window.available = range.width }
        while true {
            let now = timeline.now
            let last = min(range.upperBound, upstream(index).head ?? range.upperBound)
            guard last >= range.lowerBound else { throw Fault(.behindHead, "its head went below the range") }
            let linked = options.evidence >= .bloom ? options.widthMaxLinked : .max
            let available = min(window.available, (range.lowerBound...last).width, linked)
            let width = change(index) { $0[shape].next(available: available, now: now) }
            do throws(Fault) {
                let part = range.lowerBound...(range.lowerBound + (width - 1))
                let answer = try await read(index, part, filter, shape, beside)
                if let unknown = window.unknown { learn(index, shape, unknown.fault, width: unknown.width) }
                return answer
            } catch {
                defer { change(index) { $0[shape].abandoned(width: width) } }
                try shrink(index, shape, error, width: width, &window)
                report(index, error, .logs)
            }
        }
    }

    /// Makes the window smaller, or throws the fault on when that cannot help.
    private func shrink(
        _ index: Int,
        _ shape: Upstream.Shape,
        _ fault: Fault,
        width: UInt64,
        _ window: inout Window
    ) throws(Fault) {
        if fault.isTimeout || fault.isCut {
            window.heavy += 1
            // Once is an accident; twice is a window that this chain's nodes cannot finish.
            if window.heavy >= 2, width > 1 {
                window.available = width / 2
                change(index) { $0[shape].crowded(asked: width, hint: nil) }
            }
        }
        guard width > 1 else { throw window.unknown?.fault ?? fault }
        let now = timeline.now
        switch fault.kind {
        case .rangeCap: change(index) { $0[shape].capped(asked: width, hint: fault.hint, now: now) }
        case .tooManyResults, .responseTooLarge: change(index) { $0[shape].crowded(asked: width, hint: fault.hint) }
        default:
            guard fault.isUnknown, window.unknown == nil else { throw fault }
            window.unknown = (fault, width)
            counters.add(.speculativeHalvings)
        }
        window.available = width / 2
        switch fault.hint {
        case .cap(let number) where number > 0 && number < width: window.available = number
        case .width(let number) where number > 0 && number < width: window.available = number
        default: break
        }
    }

    /// Half the width went where the whole did not: the text was a cap after all, and belongs into the table.
    private func learn(_ index: Int, _ shape: Upstream.Shape, _ fault: Fault, width: UInt64) {
        let now = timeline.now
        change(index) { $0[shape].capped(asked: width, hint: nil, now: now) }
        let key = Counters.Key(endpoint: index, method: .logs, kind: nil)
        guard counters.admitsLine(key, now: now) != nil else { return }
        logger.warning(
            "an unknown text meant that the range was too wide; please report it",
            metadata: [
                "endpoint": "\(endpoints[index].label)", "width": "\(width)",
                "said": "\(endpoints[index].redact(fault.text))",
            ]
        )
    }

    /// One window at one endpoint, anchored: its last block is read before and after with one hash.
    private func read(
        _ index: Int,
        _ range: ClosedRange<BlockNumber>,
        _ filter: LogFilter,
        _ shape: Upstream.Shape,
        _ beside: BlockRef?
    ) async throws(Fault) -> RangeAnswer {
        let wanted = options.evidence
        let before = try await readHeader(index, number: range.upperBound).header
        let parts: Answered<ScannedLogs>
        do throws(Fault) {
            parts = try await readParts(index, filter, isOneBlock: range.width == 1) { .logs(range, $0) }
        } catch {
            guard range.width == 1, error.kind.wantsSmaller else { throw error }
            let page = try await logsFromReceipts(index, before.ref, filter, after: error)
            if wanted != .trusted { try await expectChain(index, of: beside) }
            var answer = RangeAnswer(range: range, anchor: before, page: page)
            try await examine(index, &answer, filter)
            return answer
        }
        #if MUTANTS
            let after =
                Mutant.is(.anchorReadOnce) ? before : try await readHeader(index, number: range.upperBound).header
        #else
            // Trusted is one look less: the range is then of whatever block the endpoint says.
            let after = wanted == .trusted ? before : try await readHeader(index, number: range.upperBound).header
        #endif
        guard before.hash == after.hash else {
            throw Fault(.inconsistent, "block \(range.upperBound) changed while its logs were read")
        }
        if wanted != .trusted { try await expectChain(index, of: beside) }
        let page = try await checked(index, parts.value, from: .range(range, last: before.hash), filter)
        let now = timeline.now
        change(index) { upstream in
            upstream[shape].succeeded(
                width: range.width,
                logs: parts.value.page.logs.count,
                bytes: parts.bytes,
                elapsed: parts.elapsed,
                now: now
            )
        }
        var answer = RangeAnswer(range: range, anchor: after, page: page)
        try await examine(index, &answer, filter)
        return answer
    }

    // MARK: Parts

    /// All parts of one question, or a fault: nothing of a half-answered one is kept.
    ///
    /// Addresses beyond what a request may name are asked for in parts from the start. A single block that is too much
    /// is split by addresses, then by topics, down to one of each; what is too much even then is thrown, and left to
    /// ``logsFromReceipts(_:_:_:after:)``.
    func readParts(
        _ index: Int,
        _ filter: LogFilter,
        isOneBlock: Bool,
        _ question: (LogFilter) -> Question
    ) async throws(Fault) -> Answered<ScannedLogs> {
        var pending = filter.chunks(of: upstream(index).addressesMax)
        var parts: [ScannedLogs] = []
        var (bytes, elapsed) = (0, Duration.zero)
        while let part = pending.popLast() {
            do throws(Fault) {
                let answer = try await pageExchange(index, question(part), LogScanner.scan)
                parts.append(answer.value)
                bytes += answer.bytes
                elapsed = max(elapsed, answer.elapsed)
            } catch {
                let isAddresses = error.hint == .fewerAddresses && part.addresses.count > 1
                guard error.kind.wantsSmaller, isOneBlock || isAddresses, let (first, second) = part.halves else {
                    throw error
                }
                if isAddresses { change(index) { $0.addressesMax = max(1, part.addresses.count / 2) } }
                report(index, error, .logs)
                counters.add(.blocksSplit)
                pending += [second, first]
            }
        }
        return Answered(value: LogCheck.merged(parts), bytes: bytes, elapsed: elapsed)
    }

    /// The page after all checks, its blocks numbered from their receipts where their own numbers cannot be used.
    func checked(
        _ index: Int,
        _ scanned: ScannedLogs,
        from place: LogCheck.Place,
        _ filter: LogFilter
    ) async throws(Fault) -> LogPage {
        let outcome = try LogCheck.checked(scanned, from: place, matching: filter)
        counters.add(.pendingLogsDropped, scanned.pendingCount)
        counters.add(.duplicateLogsDropped, outcome.duplicates)
        counters.add(.shorterLogsDropped, outcome.shorter)
        guard renumbered || !outcome.unusable.isEmpty else { return outcome.page }
        var page = try await renumber(index, outcome, filter)
        page.isRenumbered = true
        return page
    }
}

extension LogFilter {
    /// The same filter over at most so many addresses at a time; the last part first, for a stack.
    func chunks(of count: Int) -> [LogFilter] {
        guard addresses.count > count else { return [self] }
        return stride(from: 0, to: addresses.count, by: count).reversed().map { start in
            var part = self
            part.addresses = Array(addresses[start..<min(start + count, addresses.count)])
            return part
        }
    }

    /// Two filters that together ask for the same; nil when there is nothing left to split.
    var halves: (LogFilter, LogFilter)? {
        var (first, second) = (self, self)
        if addresses.count > 1 {
            first.addresses = Array(addresses[..<(addresses.count / 2)])
            second.addresses = Array(addresses[(addresses.count / 2)...])
        } else if topics0.count > 1 {
            first.topics0 = Array(topics0[..<(topics0.count / 2)])
            second.topics0 = Array(topics0[(topics0.count / 2)...])
        } else {
            return nil
        }
        return (first, second)
    }
}
