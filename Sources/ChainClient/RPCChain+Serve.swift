/// One call over several endpoints: choose, try, learn, choose again, until somebody answers or everybody is spent.
import Ethereum
import Synchronization

/// A call that nobody could answer, with what each endpoint said last.
struct Exhausted: Error {
    var faults: [Fault?]
    var isCancelled = false
    /// What stood in the way where nobody could be asked at all.
    var note: String?
    /// No endpoint that could be asked is able to serve this at all.
    var isHopeless = false

    var said: [Fault] { faults.compactMap(\.self) }

    /// Whether some endpoint was heard and all that were heard said this.
    func isUnanimous(_ kind: ErrorClass) -> Bool {
        !said.isEmpty && said.allSatisfy { $0.kind == kind }
    }
}

extension RPCChain {
    /// One call's memory.
    private struct Call {
        var attempts: [UpstreamPool.Attempt]
        var faults: [Fault?]
        var retries = 0
        var bugs = 0
        let end: Duration

        init(count: Int, end: Duration) {
            attempts = Array(repeating: .init(), count: count)
            faults = Array(repeating: nil, count: count)
            self.end = end
        }

        mutating func failed(_ index: Int, _ fault: Fault) {
            faults[index] = fault
            attempts[index].tries += 1
            switch fault.kind.action.retry {
            case .no: attempts[index].isSpent = true
            case .once: attempts[index].isSpent = attempts[index].tries >= 2
            // A block that was missing was asked for several times already where it was noticed.
            case .paused where fault.kind == .behindHead && fault.method == .blockByNumber:
                attempts[index].isSpent = true
            // There is nothing smaller than one header.
            case .smaller where fault.method == .blockByNumber: attempts[index].isSpent = true
            case .smaller, .paused, .backoff: break
            }
            if fault.kind == .ourBug { bugs += 1 }
        }
    }

    /// Runs `body` with one endpoint after another until it returns.
    ///
    /// Endpoints that were not tried yet are always asked; asking one again costs a token of the retry budget and a
    /// random pause.
    func serve<Value>(
        _ method: RPCMethod,
        _ wanted: UpstreamPool.Need = .init(),
        _ body: (Int) async throws(Fault) -> Value
    ) async throws(Exhausted) -> Value {
        var need = wanted
        need.method = method
        let start = timeline.now
        var call = Call(count: endpoints.count, end: start + options.callDeadline)
        state.withLock { $0.budget.asked(now: start) }
        while timeline.now < call.end, call.bugs < 2 {
            if Task.isCancelled { break }
            switch state.withLock({ $0.pool.choose(for: need, after: call.attempts, now: timeline.now) }) {
            case .use(let index):
                if let value = try await attempt(index, need, &call, isForced: false, body) { return value }
            case .probe(let index):
                if let value = try await attempt(index, need, &call, isForced: true, body) { return value }
            case .refresh(let index):
                // A look that failed is a retry like any other; one that found an old head is not.
                if let kind = call.faults[index]?.kind, kind != .behindHead {
                    guard try await mayTry(index, .blockByNumber, &call) else { throw exhausted(call) }
                }
                do throws(Fault) {
                    try await refreshHead(index, for: need, &call)
                } catch {
                    try failed(index, error, .blockByNumber, .init(), &call)
                }
            case .wait(let until):
                guard until < call.end else { throw exhausted(call, "every endpoint is paused") }
                try await pause(max(.milliseconds(1), until - timeline.now), call)
            case .nobody:
                var exhausted = exhausted(call, "no endpoint can be asked for this")
                if let reason = state.withLock({ $0.pool.hopelessness(of: need, now: timeline.now) }) {
                    (exhausted.note, exhausted.isHopeless) = (reason, true)
                }
                throw exhausted
            }
        }
        throw exhausted(call)
    }

    /// One try; nil when it failed or somebody else took the only place in the meantime.
    private func attempt<Value>(
        _ index: Int,
        _ need: UpstreamPool.Need,
        _ call: inout Call,
        isForced: Bool,
        _ body: (Int) async throws(Fault) -> Value
    ) async throws(Exhausted) -> Value? {
        guard try await mayTry(index, need.method, &call) else { throw exhausted(call) }
        let (classes, now) = (need.method.breakerClasses, timeline.now)
        guard change(index, { $0.begin(classes, now, isForced: isForced) }) else { return nil }
        defer { change(index) { $0.end(classes, timeline.now) } }
        do throws(Fault) {
            try await verify(index)
            let value = try await body(index)
            change(index) { $0.succeeded() }
            return value
        } catch {
            try failed(index, error, need.method, need, &call)
            return nil
        }
    }

    private func failed(
        _ index: Int,
        _ fault: Fault,
        _ method: RPCMethod,
        _ need: UpstreamPool.Need,
        _ call: inout Call
    ) throws(Exhausted) {
        if fault.isCancelled || Task.isCancelled {
            call.faults[index] = fault
            throw exhausted(call)
        }
        report(index, fault, method)
        call.failed(index, fault)
        let now = timeline.now
        change(index) { upstream in
            switch fault.kind {
            case .unsupported:
                guard let capability = fault.capability ?? need.capability else { break }
                upstream.refuses(capability, now: now, isCertain: fault.isAnswer)
            // Receipts or a header that are gone say nothing about logs.
            case .historyPruned where (fault.method ?? method) == .logs:
                if let oldest = need.oldest { upstream.hasNoLogs(through: oldest, now: now) }
            case .behindHead: if let head = need.head { upstream.lacked(head, now: now) }
            default: break
            }
        }
    }

    /// The first try at an endpoint is free; each further one needs a token, and a pause so that a race can end.
    private func mayTry(_ index: Int, _ method: RPCMethod, _ call: inout Call) async throws(Exhausted) -> Bool {
        guard call.attempts[index].tries > 0 else { return true }
        let now = timeline.now
        guard call.retries < options.immediateTries, state.withLock({ $0.budget.takes(now: now) }) else {
            counters.add(.retriesDenied)
            return false
        }
        call.retries += 1
        counters.addRetry(index, method)
        switch call.faults[index]?.kind {
        case .behindHead, .inconsistent: try await pause(shortPause(), call)
        case .transient:
            try await pause(Backoff.pause(failures: call.attempts[index].tries - 1, random: random()), call)
        default: break
        }
        return true
    }

    /// 50 to 500 ms: long enough for a block to travel between the nodes behind one URL.
    func shortPause() -> Duration {
        .milliseconds(50 + Int64(random() % 451))
    }

    private func pause(_ duration: Duration, _ call: Call) async throws(Exhausted) {
        do {
            try await timeline.sleep(duration)
        } catch {
            var exhausted = exhausted(call)
            exhausted.isCancelled = true
            throw exhausted
        }
    }

    private func exhausted(_ call: Call, _ note: String? = nil) -> Exhausted {
        let isCancelled = Task.isCancelled || call.faults.contains { $0?.isCancelled ?? false }
        return Exhausted(faults: call.faults, isCancelled: isCancelled, note: note)
    }

    // MARK: Heads

    /// Looks at the head of an endpoint that is not known to have a block; three looks a call.
    private func refreshHead(_ index: Int, for need: UpstreamPool.Need, _ call: inout Call) async throws(Fault) {
        let now = timeline.now
        guard change(index, { $0.begin([.head], now, isForced: false) }) else { return }
        defer { change(index) { $0.end([.head], timeline.now) } }
        try await verify(index)
        let head = try await readHead(index).header
        guard let needed = need.head, head.number < needed else { return }
        let fault = Fault(.behindHead, "its head is block \(head.number), block \(needed) was asked for")
        call.faults[index] = fault
        call.attempts[index].tries += 1
        call.attempts[index].isSpent = call.attempts[index].tries >= 3
    }

    func readHead(_ index: Int) async throws(Fault) -> ScannedHeader {
        let answer = try await exchange(index, .latest, HeaderScanner.scan)
        guard let head = answer.value else { throw Fault(.behindHead, "no head").about(.blockByNumber) }
        let now = timeline.now
        let number = head.header.number
        switch state.withLock({ $0.judgeHead(number, index, endpoints, now: now) }) {
        case .believed, .corrected: break
        case .doubted:
            throw Fault(.transient, "its head, block \(number), is far above all others; not believed yet")
                .about(.blockByNumber)
        case .outvoted:
            throw Fault(.inconsistent, "its head, block \(number), is far above what can be").about(.blockByNumber)
        }
        let turn = takeIDs(1)
        change(index) { upstream in
            upstream.sawHead(head.header.number, now: now)
            upstream.headTurn = turn
        }
        return head
    }

    // MARK: What the engine is told

    /// The error for the engine: each case is one thing that it can do.
    func chainError(_ exhausted: Exhausted, _ what: String) -> ChainError {
        if exhausted.isCancelled { return .cancelled }
        let text = "\(what): \(describe(exhausted))"
        let kinds = exhausted.said.map(\.kind)
        if kinds.contains(.reorgSignal) { return .reorged(text) }
        if kinds.contains(.inconsistent) { return .inconsistent(text) }
        if endpoints.indices.allSatisfy({ isWrongChain($0) }) {
            return .wrongChain(text)
        }
        let final: Set<ErrorClass> = [
            .rangeCap, .tooManyResults, .responseTooLarge, .historyPruned, .unsupported, .ourBug,
        ]
        let isFinal = kinds.isEmpty ? exhausted.isHopeless : kinds.allSatisfy(final.contains)
        if isFinal, !hasParked { return .unservable(text) }
        return .unavailable(text)
    }

    private func isWrongChain(_ index: Int) -> Bool { upstream(index).park?.kind == .wrongChain }

    /// An endpoint that is away for a while may be able to serve what the others cannot.
    private var hasParked: Bool {
        let now = timeline.now
        return state.withLock { $0.pool.upstreams.contains { $0.isParked(now) && $0.park?.kind != .wrongChain } }
    }

    private func describe(_ exhausted: Exhausted) -> String {
        let now = timeline.now
        var parts: [String] = []
        for (index, fault) in exhausted.faults.enumerated() {
            let endpoint = endpoints[index]
            if let fault {
                parts.append("\(endpoint.label) said \(fault.kind.code) \(endpoint.redact(fault.text))")
            } else if let park = upstream(index).park, now < park.until {
                parts.append("\(endpoint.label) is not used, \(park.kind.code) \(endpoint.redact(park.text))")
            }
        }
        if let note = exhausted.note, parts.isEmpty { parts.append(note) }
        return parts.isEmpty ? "no endpoint answered in time" : parts.joined(separator: "; ")
    }
}
