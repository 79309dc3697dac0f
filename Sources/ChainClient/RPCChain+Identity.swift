/// Which chain the endpoints are of: chain id and genesis, before anything else is believed.
package import Ethereum
import Synchronization

extension RPCChain {
    /// Asks every endpoint; those of another chain than most, or than the operator named, are quarantined.
    package func identity() async throws(ChainError) -> ChainIdentity {
        var answers = [Result<ChainIdentity, Fault>?](repeating: nil, count: endpoints.count)
        await withTaskGroup(of: Numbered<Result<ChainIdentity, Fault>>.self) { group in
            for index in endpoints.indices { group.addTask { Numbered(index, await self.tryIdentity(index)) } }
            for await answer in group { answers[answer.index] = answer.value }
        }
        var exhausted = Exhausted(faults: endpoints.map { _ in nil })
        let found = answers.map { answer -> ChainIdentity? in
            if case .success(let identity) = answer { identity } else { nil }
        }
        guard let chosen = elect(found) else {
            for (index, answer) in answers.enumerated() {
                if case .failure(let fault) = answer {
                    exhausted.faults[index] = fault
                    if fault.isCancelled { exhausted.isCancelled = true }
                    report(index, fault, .chainID)
                } else if let identity = found[index] {
                    exhausted.faults[index] = quarantine(index, identity, expected: nil)
                }
            }
            throw chainError(exhausted, "the chain's identity")
        }
        state.withLock { $0.identity = chosen }
        let now = timeline.now
        for (index, answer) in answers.enumerated() {
            switch answer {
            case .success(let identity) where identity == chosen:
                change(index) { upstream in
                    upstream.verifiedAt = now
                    if upstream.park?.kind == .wrongChain { upstream.park = nil }
                }
            case .success(let identity): _ = quarantine(index, identity, expected: chosen)
            case .failure(let fault): report(index, fault, .chainID)
            case nil: break
            }
        }
        return chosen
    }

    /// The identity to go by: what was agreed on before, else what the operator named, else the majority, else the first.
    private func elect(_ found: [ChainIdentity?]) -> ChainIdentity? {
        let known = found.compactMap(\.self)
        if let pinned = state.withLock({ $0.identity }) { return known.contains(pinned) ? pinned : nil }
        let candidates = options.chainID.map { id in known.filter { $0.chainID == id } } ?? known
        var best: (identity: ChainIdentity, votes: Int)?
        for candidate in candidates {
            let votes = candidates.count { $0 == candidate }
            if votes > best?.votes ?? 0 { best = (candidate, votes) }
        }
        return best?.identity
    }

    private func quarantine(_ index: Int, _ identity: ChainIdentity, expected: ChainIdentity?) -> Fault {
        let fault = wrongChain(identity, expected: expected)
        report(index, fault, .chainID)
        return fault
    }

    private func wrongChain(_ identity: ChainIdentity, expected: ChainIdentity?) -> Fault {
        let wanted = expected?.chainID ?? options.chainID ?? state.withLock { $0.identity?.chainID }
        guard let wanted, wanted != identity.chainID else {
            return Fault(.wrongChain, "is another chain of id \(identity.chainID): its genesis block differs")
        }
        return Fault(.wrongChain, "is chain \(identity.chainID), chain \(wanted) was expected")
    }

    /// Checks an endpoint's chain before its first use and every hour; others wait for the one that checks.
    func verify(_ index: Int) async throws(Fault) {
        guard upstream(index).needsVerifying(timeline.now) else { return }
        do throws(Turnstile.Refusal) {
            try await verifiers[index].take(until: timeline.now + options.headDeadline * 3)
        } catch {
            throw error == .cancelled ? .cancelled : .ours("its chain could not be checked in time")
        }
        defer { verifiers[index].giveBack() }
        guard upstream(index).needsVerifying(timeline.now) else { return }
        let identity = try await readIdentity(index)
        let now = timeline.now
        let isRight = state.withLock { state in
            #if MUTANTS
                if Mutant.is(.otherChainTrusted) { return true }
            #endif
            if let pinned = state.identity, pinned != identity { return false }
            if let wanted = options.chainID, wanted != identity.chainID { return false }
            state.identity = identity
            state.pool.upstreams[index].verifiedAt = now
            return true
        }
        if !isRight { throw wrongChain(identity, expected: nil).about(.chainID) }
    }

    /// Makes sure that an endpoint's range of history is of the chain that is held: it serves `block` as well, which is.
    ///
    /// One request; one more, to tell a fork from another chain, where it does not. nil: the first block is looked at.
    func expectChain(_ index: Int, of block: BlockRef?) async throws(Fault) {
        guard let block else { return try await expectFirst(index) }
        #if MUTANTS
            if Mutant.is(.chainCheckedHourly) { return }
        #endif
        do throws(Fault) {
            try await expectCanonical(index, block)
        } catch {
            if error.kind == .reorgSignal { try await expectFirst(index) }
            throw error
        }
    }

    /// Looks at the first block of an endpoint whose answer nothing links to what is held, as a range of history.
    ///
    /// Names and keys move at any moment of the hour between two checks, and its rows would be another chain's.
    private func expectFirst(_ index: Int) async throws(Fault) {
        #if MUTANTS
            if Mutant.is(.chainCheckedHourly) { return }
        #endif
        guard let pinned = state.withLock({ $0.identity }), let first = try await readFirst(index),
            first != pinned.genesis
        else { return }
        let found = ChainIdentity(chainID: pinned.chainID, genesis: first)
        throw wrongChain(found, expected: pinned).about(.blockByNumber)
    }

    private func tryIdentity(_ index: Int) async -> Result<ChainIdentity, Fault> {
        do throws(Fault) { return .success(try await readIdentity(index)) } catch { return .failure(error) }
    }

    /// Chain id and first block; a third request where the chain begins at block 1.
    func readIdentity(_ index: Int) async throws(Fault) -> ChainIdentity {
        let id = try await exchange(index, .chainID) { cursor throws(ScanError) in try cursor.quantity(.value) }.value
        guard let first = try await readFirst(index) else {
            throw Fault(.historyPruned, "it does not give the first block").about(.blockByNumber)
        }
        return ChainIdentity(chainID: id, genesis: first)
    }

    /// The hash of block 0, also where it is only named, as the parent of block 1; of block 1 where that has no parent.
    ///
    /// An endpoint may mislay block 0 for a moment, or not have it at all: the identity is the same either way. nil: it gives
    /// neither.
    private func readFirst(_ index: Int) async throws(Fault) -> Hash32? {
        if let first = try await exchange(index, .header(0), HeaderScanner.scan).value?.header {
            return first.number == 0 ? first.hash : nil
        }
        guard let next = try await exchange(index, .header(1), HeaderScanner.scan).value?.header, next.number == 1
        else { return nil }
        return next.parentHash == .zero ? next.hash : next.parentHash
    }
}
