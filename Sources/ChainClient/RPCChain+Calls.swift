/// Contract calls: pinned at a block's hash, many in one request, each with an outcome of its own (rpc-quirks §13).
package import Ethereum
import Synchronization

extension RPCChain {
    package func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        let groups = stride(from: 0, to: calls.count, by: Multicall3.callsMax).map { start in
            Array(calls[start..<min(start + Multicall3.callsMax, calls.count)])
        }
        guard let first = groups.first else { return [] }
        // The first goes ahead: it finds out for the others what the endpoints can do.
        var outcomes = try await answers(to: first, at: block)
        // How many are on their way at once is the endpoints' affair: see ``Turnstile``.
        let answered = await withTaskGroup(of: Numbered<Result<[CallOutcome], ChainError>>.self) { tasks in
            for (index, group) in groups.dropFirst().enumerated() {
                tasks.addTask {
                    do throws(ChainError) {
                        return Numbered(index, .success(try await self.answers(to: group, at: block)))
                    } catch {
                        return Numbered(index, .failure(error))
                    }
                }
            }
            var answered = [Result<[CallOutcome], ChainError>?](repeating: nil, count: groups.count - 1)
            for await answer in tasks { answered[answer.index] = answer.value }
            return answered
        }
        outcomes.reserveCapacity(calls.count)
        for result in answered { outcomes += try result?.get() ?? [] }
        return outcomes
    }

    /// One group together; whatever stays open then is asked alone, so that one hostile contract spoils only itself.
    private func answers(to calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        var found: [CallOutcome?]
        do throws(Exhausted) {
            found = try await served(calls, block)
        } catch {
            let common = try outcome(of: error, block)
            guard calls.count > 1, common == .outOfResource else { return calls.map { _ in common } }
            found = calls.map { _ in nil }
        }
        for index in found.indices where found[index] == nil {
            do throws(Exhausted) {
                found[index] = try await served([calls[index]], block)[0]
            } catch {
                found[index] = try outcome(of: error, block)
            }
        }
        return found.map { $0 ?? .unavailable }
    }

    private func served(_ calls: [ContractCall], _ block: BlockRef) async throws(Exhausted) -> [CallOutcome?] {
        try await serve(.call, UpstreamPool.Need(head: block.number)) { index throws(Fault) in
            try await self.read(index, calls, block)
        }
    }

    /// What a call that nobody could answer is known as; errors that concern more than the call are thrown.
    private func outcome(of exhausted: Exhausted, _ block: BlockRef) throws(ChainError) -> CallOutcome {
        let error = chainError(exhausted, "calls at block \(block.number)")
        switch error {
        case .cancelled, .reorged, .wrongChain: throw error
        case .unavailable, .inconsistent, .unservable: break
        }
        let kinds = exhausted.said.map(\.kind)
        if kinds.contains(.callResource) || kinds.contains(.responseTooLarge) { return .outOfResource }
        return !kinds.isEmpty && kinds.allSatisfy { $0 == .historyPruned } ? .statePruned : .unavailable
    }

    // MARK: One endpoint

    /// nil for a call that has to be asked alone; a single call is never nil.
    private func read(
        _ index: Int,
        _ calls: [ContractCall],
        _ block: BlockRef
    ) async throws(Fault) -> [CallOutcome?] {
        let pin: StatePin = try await pinsByHash(index) ? .hash(block.hash) : .number(block.number)
        // A height alone names whatever block is there: it has to be ours before and after.
        if pin != .hash(block.hash) { try await expectCanonical(index, block) }
        var found: [CallOutcome?] = calls.map { _ in nil }
        if calls.count == 1 {
            found[0] = try await readOne(index, calls[0], pin)
        } else {
            if try await hasMulticall(index, block, pin) { found = try await readTogether(index, calls, pin) }
            try await readBatches(index, calls, pin, &found)
        }
        if pin != .hash(block.hash) { try await expectCanonical(index, block) }
        return found
    }

    private func readOne(_ index: Int, _ call: ContractCall, _ pin: StatePin) async throws(Fault) -> CallOutcome {
        do throws(Fault) {
            let allowance = BodyAllowance.upTo(2 * call.resultBytesMax + Multicall3.envelopeBytes)
            let answer = try await exchange(index, .call(call, pin), allowance: allowance) { cursor throws(ScanError) in
                try cursor.callResult(bytesMax: call.resultBytesMax)
            }
            return answer.value
        } catch {
            guard error.kind == .reverted else { throw error }
            return .reverted
        }
    }

    /// Through Multicall3: only what succeeded there is believed.
    ///
    /// A call that failed inside may have failed because another ate the gas, so it stays open and is asked apart.
    private func readTogether(
        _ index: Int,
        _ calls: [ContractCall],
        _ pin: StatePin
    ) async throws(Fault) -> [CallOutcome?] {
        let question = Question.call(Multicall3.call(calls), pin)
        do throws(Fault) {
            let answer = try await exchange(index, question) { cursor throws(ScanError) in
                try cursor.callResult(bytesMax: options.headerBytesMax)
            }
            guard case .returned(let bytes) = answer.value,
                let outcomes = Multicall3.outcomes(in: bytes.span, of: calls)
            else { return calls.map { _ in nil } }
            return outcomes
        } catch {
            switch error.kind {
            case .reverted, .callResource, .responseTooLarge: return calls.map { _ in nil }
            default: throw error
            }
        }
    }

    /// What is still open, in JSON-RPC batches where the endpoint takes them.
    private func readBatches(
        _ index: Int,
        _ calls: [ContractCall],
        _ pin: StatePin,
        _ found: inout [CallOutcome?]
    ) async throws(Fault) {
        var open = found.indices.filter { found[$0] == nil }[...]
        while open.count > 1 {
            let now = timeline.now
            let upstream = upstream(index)
            guard upstream.can(.batches, now: now), upstream.batchSize > 1 else { return }
            let part = Array(open.prefix(upstream.batchSize))
            open = open.dropFirst(part.count)
            guard part.count > 1 else { return }
            do throws(Fault) {
                let bytesMax = part.map { calls[$0].resultBytesMax }.max() ?? 0
                let answers = try await exchange(index, batch: part.map { .call(calls[$0], pin) }) {
                    cursor throws(ScanError) in try cursor.callResult(bytesMax: bytesMax)
                }
                for (place, answer) in zip(part, answers) { found[place] = try settled(index, answer) }
            } catch {
                switch error.kind {
                case .unsupported, .ourBug, .inconsistent: change(index) { $0.refuses(.batches, now: now) }
                case .responseTooLarge, .tooManyResults: change(index) { $0.batchSize = max(1, part.count / 2) }
                default: throw error
                }
                return report(index, error, .call)
            }
        }
    }

    /// nil for what may go better alone.
    private func settled(_ index: Int, _ answer: Result<CallOutcome, Fault>) throws(Fault) -> CallOutcome? {
        switch answer {
        case .success(let outcome): return outcome
        case .failure(let fault):
            switch fault.kind {
            case .reverted: return .reverted
            case .historyPruned, .reorgSignal, .behindHead: throw fault
            default:
                report(index, fault, .call)
                return nil
            }
        }
    }

    // MARK: What an endpoint can do

    /// Whether this endpoint keeps to a block hash in a call (EIP-1898); found out once, with a hash of nobody's.
    ///
    /// One that answers for it ignores the hash and would answer from its newest state.
    private func pinsByHash(_ index: Int) async throws(Fault) -> Bool {
        let now = timeline.now
        guard upstream(index).can(.callsByHash, now: now) else { return false }
        if upstream(index).pinsCalls { return true }
        do throws(Fault) {
            let hash = Hash32(w0: random(), w1: random(), w2: random(), w3: random())
            _ = try await exchange(index, .code(Multicall3.address, .hash(hash))) { cursor throws(ScanError) in
                try cursor.skipValue()
            }
        } catch {
            switch error.kind {
            case .unsupported, .ourBug: break
            case .rateLimited, .quotaOrAuth, .wrongChain: throw error
            default:
                guard error.isAnswer else { throw error }
                change(index) { $0.pinsCalls = true }
                return true
            }
        }
        change(index) { $0.refuses(.callsByHash, now: now) }
        return false
    }

    /// Whether Multicall3 has code in that state; remembered, because code that is there stays.
    private func hasMulticall(_ index: Int, _ block: BlockRef, _ pin: StatePin) async throws(Fault) -> Bool {
        let known = upstream(index)
        if let from = known.multicallFrom, block.number >= from { return true }
        if let absent = known.multicallNotAt, block.number <= absent { return false }
        do throws(Fault) {
            let isThere = try await exchange(index, .code(Multicall3.address, pin)) { cursor throws(ScanError) in
                try cursor.hexDigits(.result).count > 0
            }.value
            change(index) { upstream in
                if isThere { upstream.multicallFrom = block.number } else { upstream.multicallNotAt = block.number }
            }
            return isThere
        } catch {
            // Without eth_getCode nothing is lost but speed.
            guard error.kind == .unsupported else { throw error }
            change(index) { $0.multicallNotAt = block.number }
            return false
        }
    }
}

extension JSONCursor {
    /// The result of a call, looked at for its length before it is decoded.
    fileprivate mutating func callResult(bytesMax: Int) throws(ScanError) -> CallOutcome {
        let start = place
        let digits = try hexDigits(.result)
        guard digits.count > 0 else { return .noData }
        guard digits.count / 2 <= bytesMax else { return .outOfResource }
        place = start
        return .returned(try hexBytes(.result))
    }
}
