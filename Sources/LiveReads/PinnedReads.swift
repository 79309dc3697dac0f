import Ethereum
import Synchronization
import Tokens

/// Reads questions in the state of one block, in the time that is given; keeps nothing but the newest head.
final class PinnedReads: Sendable {
    private let chainID: ChainID
    private let chain: @Sendable () -> (any Chain)?
    private let limits: LiveLimits
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let newest = Mutex<Newest?>(nil)

    private struct Newest {
        var block: BlockRef
        var seenAt: Duration
    }

    typealias Outcome = Result<LiveCache.Entry, LiveFailure>

    init(
        chainID: ChainID,
        chain: @escaping @Sendable () -> (any Chain)?,
        limits: LiveLimits,
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.chainID = chainID
        self.chain = chain
        self.limits = limits
        self.now = now
        self.sleep = sleep
    }

    /// In one go; where that takes half of the time, each by itself, so that one that hangs does not fail the others.
    func outcomes(
        of questions: [LiveQuestion],
        _ marks: LedgerMarks?,
        until end: Duration
    ) async -> [LiveQuestion: Outcome] {
        let middle = questions.count > 1 ? now() + (end - now()) / 2 : end
        switch await within(middle, { () throws(LiveFailure) in try await self.readPinned(questions, marks) }) {
        case .success(let outcomes): return outcomes
        case .failure(let failure) where failure != .deadline || questions.count == 1:
            return questions.reduce(into: [:]) { $0[$1] = .failure(failure) }
        case .failure: break
        }
        return await withTaskGroup(of: [LiveQuestion: Outcome].self) { group in
            for question in questions {
                group.addTask {
                    let outcomes = await self.within(end) { () throws(LiveFailure) in
                        try await self.readPinned([question], marks)
                    }
                    switch outcomes {
                    case .success(let outcomes): return outcomes
                    case .failure(let failure): return [question: .failure(failure)]
                    }
                }
            }
            return await group.reduce(into: [:]) { all, one in all.merge(one) { first, _ in first } }
        }
    }

    /// All questions in the state of one block.
    private func readPinned(
        _ questions: [LiveQuestion],
        _ marks: LedgerMarks?
    ) async throws(LiveFailure) -> [LiveQuestion: Outcome] {
        guard let chain = chain() else { throw .unavailable("no endpoint of the chain has answered so far") }
        let calls = questions.map { question in
            question.call(
                by: marks?.rules.rule(of: question.contract)
                    ?? SpecialContracts.rule(of: question.contract, on: chainID),
                limits
            )
        }
        for attempt in 1... {
            let block = try await pin(chain, tip: attempt == 1 ? marks?.tip : nil)
            let outcomes: [CallOutcome]
            do throws(ChainError) {
                outcomes = try await chain.call(calls, at: block)
            } catch {
                guard case .reorged = error, attempt < limits.pinsMax else { throw LiveFailure(error) }
                newest.withLock { $0 = nil }
                continue
            }
            let readAt = now()
            var answers: [LiveQuestion: Outcome] = [:]
            for (question, outcome) in zip(questions, outcomes) {
                do throws(LiveFailure) {
                    let value = try question.value(of: outcome)
                    answers[question] = .success(
                        LiveCache.Entry(value: value, block: block, position: marks?.position, readAt: readAt)
                    )
                } catch {
                    answers[question] = .failure(error)
                }
            }
            return answers
        }
        throw .deadline
    }

    /// The block to read at: the head, or the ledger's tip where an endpoint has not got that far.
    private func pin(_ chain: any Chain, tip: BlockRef?) async throws(LiveFailure) -> BlockRef {
        let time = now()
        let kept = newest.withLock { newest in newest.flatMap { time - $0.seenAt < limits.headAge ? $0.block : nil } }
        let head: BlockRef
        if let kept {
            head = kept
        } else {
            do throws(ChainError) {
                head = try await chain.head().ref
            } catch {
                throw LiveFailure(error)
            }
            newest.withLock { $0 = Newest(block: head, seenAt: time) }
        }
        if let tip, tip.number > head.number { return tip }
        return head
    }

    private func within<Value: Sendable>(
        _ end: Duration,
        _ work: @escaping @Sendable () async throws(LiveFailure) -> Value
    ) async -> Result<Value, LiveFailure> {
        let left = end - now()
        guard left > .zero else { return .failure(.deadline) }
        return await withTaskGroup(of: Result<Value, LiveFailure>.self) { group in
            group.addTask {
                do throws(LiveFailure) {
                    return .success(try await work())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await self.sleep(left)
                return .failure(.deadline)
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.deadline)
        }
    }
}

extension LiveFailure {
    fileprivate init(_ error: ChainError) {
        switch error {
        case .cancelled: self = .deadline
        case .unavailable(let why), .inconsistent(let why), .reorged(let why), .unservable(let why),
            .wrongChain(let why):
            self = .unavailable(why)
        }
    }
}
