/// Headers: the head, the finalized block, one by number or hash, many in batches.
package import Ethereum
import Synchronization

extension RPCChain {
    package func head() async throws(ChainError) -> Header {
        do throws(Exhausted) {
            var need = UpstreamPool.Need()
            need.isForHead = true
            let header = try await serve(.blockByNumber, need) { index throws(Fault) in
                try await self.hedgedHead(index)
            }
            return await higher(than: header) ?? header
        } catch {
            throw chainError(error, "the head")
        }
    }

    /// The head of the endpoint that was furthest when it was last seen, if that is further than `header`.
    ///
    /// Endpoints are looked at in turn, so one that is stuck would otherwise hold the chain back every other time.
    private func higher(than header: Header) async -> Header? {
        let now = timeline.now
        let best = state.withLock { state in
            state.pool.upstreams.indices
                .filter {
                    let upstream = state.pool.upstreams[$0]
                    return upstream.isUsable(for: [.head], now) && upstream.throttle.closedUntil <= now
                        && state.pool.allows($0, now: now)
                }
                .max { state.pool.upstreams[$0].head ?? 0 < state.pool.upstreams[$1].head ?? 0 }
        }
        guard let best, upstream(best).head ?? 0 > header.number, !upstream(best).needsVerifying(now) else {
            return nil
        }
        do throws(Fault) {
            let other = try await readHead(best).header
            return other.number > header.number ? other : nil
        } catch {
            report(best, error, .blockByNumber)
            return nil
        }
    }

    /// nil where no endpoint that can be asked has the tag, in whatever words; an outage of all is an error, never nil.
    ///
    /// One that has it and cannot be asked just now costs nothing: for a round the depth decides, and settles less.
    package func finalized() async throws(ChainError) -> Header? {
        do throws(Exhausted) {
            return try await serve(.blockByNumber, .init(capability: .finalized)) { index throws(Fault) in
                try await self.readFinalized(index)
            }
        } catch {
            // Some have refused, now or before, and the others cannot be asked.
            let now = timeline.now
            let isRefused = state.withLock { state in
                state.pool.upstreams.contains { !$0.isParked(now) && !$0.can(.finalized, now: now) }
            }
            if isRefused, !error.isCancelled { return nil }
            throw chainError(error, "the finalized block")
        }
    }

    func readFinalized(_ index: Int) async throws(Fault) -> Header {
        do throws(Fault) {
            // Block 0 is what some nodes answer when they do not know: it would say that nothing is final.
            if let header = try await exchange(index, .finalized, HeaderScanner.scan).value?.header, header.number > 0 {
                return header
            }
        } catch {
            switch error.kind {
            case .rateLimited, .quotaOrAuth, .wrongChain: throw error
            default: if !error.isAnswer { throw error }
            }
        }
        var fault = Fault(.unsupported, "no finalized block").about(.blockByNumber)
        fault.isAnswer = true
        throw fault
    }

    /// nil only when every endpoint that answered said so, after a wait; never kept.
    package func header(number: BlockNumber) async throws(ChainError) -> Header? {
        do throws(Exhausted) {
            return try await serve(.blockByNumber) { index throws(Fault) in
                try await self.readHeader(index, number: number).header
            }
        } catch {
            if error.isUnanimous(.behindHead), !error.isCancelled { return nil }
            throw chainError(error, "block \(number)")
        }
    }

    package func header(number: BlockNumber, beside: BlockRef) async throws(ChainError) -> Header? {
        let need = UpstreamPool.Need(head: max(number, beside.number))
        do throws(Exhausted) {
            return try await serve(.blockByNumber, need) { index throws(Fault) in
                let header = try await self.readHeader(index, number: number).header
                try await self.expectChain(index, of: beside)
                return header
            }
        } catch {
            if error.isUnanimous(.behindHead), !error.isCancelled { return nil }
            throw chainError(error, "block \(number) beside block \(beside.number)")
        }
    }

    package func header(hash: Hash32) async throws(ChainError) -> Header? {
        do throws(Exhausted) {
            return try await serve(.blockByHash) { index throws(Fault) in
                guard let header = try await self.readHeader(index, hash: hash) else {
                    throw Fault(.behindHead, "it does not know the block")
                }
                return header.header
            }
        } catch {
            if error.isUnanimous(.behindHead), !error.isCancelled { return nil }
            throw chainError(error, "a block by hash")
        }
    }

    /// Reads a block by number at one endpoint.
    ///
    /// A block at or below the head that the endpoint announced must be there: `null` then is a node behind the same
    /// URL that lags, and is asked again three times. Never a sign that the block is gone.
    func readHeader(_ index: Int, number: BlockNumber) async throws(Fault) -> ScannedHeader {
        for attempt in 0..<4 {
            do throws(Fault) {
                if let header = try await exchange(index, .header(number), HeaderScanner.scan).value {
                    guard header.header.number == number else {
                        throw Fault(.inconsistent, "block \(header.header.number) instead of block \(number)")
                    }
                    let now = timeline.now
                    change(index) { $0.saw(number, now: now) }
                    return header
                }
            } catch {
                guard error.kind == .behindHead else { throw error }
            }
            guard attempt < 3, upstream(index).head ?? 0 >= number else { break }
            do { try await timeline.sleep(shortPause()) } catch { throw .cancelled }
        }
        let now = timeline.now
        change(index) { $0.lacked(number, now: now) }
        #if MUTANTS
            if Mutant.is(.missingIsReorg) { throw Fault(.reorgSignal, "it does not have block \(number)") }
        #endif
        throw Fault(.behindHead, "it does not have block \(number)").about(.blockByNumber)
    }

    func readHeader(_ index: Int, hash: Hash32) async throws(Fault) -> ScannedHeader? {
        do throws(Fault) {
            guard let header = try await exchange(index, .headerOf(hash), HeaderScanner.scan).value else { return nil }
            guard header.header.hash == hash else { throw Fault(.inconsistent, "another block than the one asked for") }
            return header
        } catch {
            guard error.kind == .behindHead || error.kind == .reorgSignal else { throw error }
            return nil
        }
    }

    /// The header of a block whose hash is known.
    ///
    /// One below the head that the endpoint announced is asked for again three times: `null` may be a node behind the same
    /// URL that lags.
    /// - Throws: ``ErrorClass/reorgSignal`` where it is not known even then.
    func whole(_ index: Int, _ block: BlockRef) async throws(Fault) -> ScannedHeader {
        for attempt in 0..<4 {
            if let header = try await readHeader(index, hash: block.hash) {
                guard header.header.number == block.number else {
                    throw Fault(.inconsistent, "the block of this hash has another number").about(.blockByHash)
                }
                return header
            }
            guard attempt < 3, upstream(index).head ?? 0 >= block.number else { break }
            do { try await timeline.sleep(shortPause()) } catch { throw .cancelled }
        }
        throw Fault(.reorgSignal, "it does not know the block of this hash").about(.blockByHash)
    }

    // MARK: Many

    /// In the order of `numbers`; blocks that no endpoint has are left out.
    package func headers(numbers: [BlockNumber]) async throws(ChainError) -> [Header] {
        var found: [BlockNumber: Header] = [:]
        var rest = numbers[...]
        while !rest.isEmpty {
            let part: (asked: Int, headers: [Header])
            do throws(Exhausted) {
                part = try await serve(.blockByNumber) { index throws(Fault) in
                    let batch = try await self.readBatch(index, rest)
                    return (batch.asked, batch.headers.map(\.header))
                }
            } catch {
                throw chainError(error, "headers")
            }
            for header in part.headers { found[header.number] = header }
            rest = rest.dropFirst(part.asked)
        }
        // What a batch left out, or answered with an error for that element alone, is asked for by itself.
        var out: [Header] = []
        for number in numbers {
            if found[number] == nil { found[number] = try await header(number: number) }
            if let header = found[number] { out.append(header) }
        }
        return out
    }

    /// Reads as many headers, from the front, as this endpoint takes in one body, and learns what it takes.
    ///
    /// - Returns: how many were asked for, and those that came; nothing where batches do not go, which is no fault of the
    ///   caller's question.
    func readBatch(
        _ index: Int,
        _ numbers: ArraySlice<BlockNumber>
    ) async throws(Fault) -> (asked: Int, headers: [ScannedHeader]) {
        let now = timeline.now
        let upstream = upstream(index)
        let size = min(numbers.count, upstream.can(.batches, now: now) ? upstream.batchSize : 1)
        let asked = numbers.prefix(size)
        guard size > 1 else { return (size, []) }
        do throws(Fault) {
            let answers = try await exchange(index, batch: asked.map { .header($0) }, HeaderScanner.scan)
            var headers: [ScannedHeader] = []
            var unanswered = 0
            for (number, answer) in zip(asked, answers) {
                switch answer {
                case .success(let header?) where header.header.number == number: headers.append(header)
                case .success: break
                case .failure(let fault):
                    if fault.kind == .transient, !fault.isAnswer { unanswered += 1 }
                    report(index, fault, .blockByNumber)
                }
            }
            // Only the first, or nothing: batches are not really understood.
            if headers.count <= 1, unanswered >= size - 1 {
                change(index) { $0.refuses(.batches, now: now) }
            } else if headers.count == size {
                change(index) { $0.batchSize = min(options.batchMax, $0.batchSize + max(1, $0.batchSize / 4)) }
            }
            return (size, headers)
        } catch {
            switch error.kind {
            case .responseTooLarge, .tooManyResults:
                change(index) { upstream in
                    // A size of one would never be left again.
                    if size > 2 { upstream.batchSize = size / 2 } else { upstream.refuses(.batches, now: now) }
                }
            case .unsupported, .ourBug, .inconsistent:
                change(index) { $0.refuses(.batches, now: now, isCertain: error.isAnswer) }
            case .transient where !error.isCancelled:
                // Whatever stands in front may not like batches; single requests tell whether it is alive.
                change(index) { $0.refuses(.batches, now: now, isCertain: false) }
            default: throw error
            }
            report(index, error, .blockByNumber)
            return (0, [])
        }
    }
}
