/// One request to one endpoint: paced, counted, bounded, and either a value or a classified fault.
import Ethereum
import Logging
import Synchronization

/// A value and what it cost.
struct Answered<Value> {
    var value: Value
    var bytes: Int
    var elapsed: Duration
}

extension Question {
    /// Answers of a few kilobytes must not wait behind pages of logs.
    var lane: Lane {
        switch method {
        case .logs, .blockReceipts, .call: .bulk
        default: .head
        }
    }
}

extension RPCChain {
    /// A header with the hashes of a block's transactions, as most blocks have them.
    private static let headerBytes = 32 << 10

    /// Asks one question once.
    func exchange<Value>(
        _ index: Int,
        _ question: Question,
        allowance: BodyAllowance? = nil,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) async throws(Fault) -> Answered<Value> {
        let id = takeIDs(1)
        let allowance = allowance ?? .upTo(options.headerBytesMax)
        let body = Request.bytes(question, id: id)
        let (reply, elapsed) = try await post(index, body, question.lane, allowance, question.method)
        do throws(AnswerError) {
            guard 200..<300 ~= reply.status else { throw .node(Response.errorText(reply.body)) }
            let value = try Response.single(reply.body, id: id, value)
            answered(index, question.method)
            return Answered(value: value, bytes: reply.body.count, elapsed: elapsed)
        } catch {
            let asked = Classifier.Asked(question)
            throw Classifier.fault(error, status: reply.status, retryAfter: reply.retryAfter, asked: asked)
                .about(question.method)
        }
    }

    /// Asks several questions of one kind in one body; each has its own outcome.
    func exchange<Value>(
        _ index: Int,
        batch questions: [Question],
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) async throws(Fault) -> [Result<Value, Fault>] {
        precondition(!questions.isEmpty, "an empty batch is an error to every node")
        return try await budgeted(questions.count * Self.headerBytes) { allowance throws(Fault) in
            try await self.exchange(index, batch: questions, allowance: allowance, value)
        }
    }

    private func exchange<Value>(
        _ index: Int,
        batch questions: [Question],
        allowance: BodyAllowance,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) async throws(Fault) -> [Result<Value, Fault>] {
        let method = questions[0].method
        let id = takeIDs(questions.count)
        let body = Request.batch(questions, firstID: id)
        let (reply, _) = try await post(index, body, .bulk, allowance, method, elements: questions.count)
        do throws(AnswerError) {
            guard 200..<300 ~= reply.status else { throw .node(Response.errorText(reply.body)) }
            let answers = try Response.batch(reply.body, firstID: id, count: questions.count, value)
            answered(index, method)
            return zip(questions, answers).map { question, answer in
                answer.mapError { error in
                    Classifier.fault(error, status: 200, retryAfter: nil, asked: .init(question)).about(method)
                }
            }
        } catch {
            throw Classifier.fault(error, status: reply.status, retryAfter: reply.retryAfter, asked: .batch)
                .about(method)
        }
    }

    /// A question with a large answer, whose bytes come out of the shared budget.
    ///
    /// An answer that outgrew its reservation while nothing more was free is asked for again with all that a page may
    /// need; see ``ByteBudget``.
    func pageExchange<Value>(
        _ index: Int,
        _ question: Question,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) async throws(Fault) -> Answered<Value> {
        let answer = try await budgeted(upstream(index).pageBytes * 2) { allowance throws(Fault) in
            try await self.exchange(index, question, allowance: allowance, value)
        }
        change(index) { $0.pageBytes = ($0.pageBytes * 7 + answer.bytes) / 8 }
        return answer
    }

    /// Runs `body` with room for `expected` bytes, or once more with room for a whole page.
    private func budgeted<Value>(
        _ expected: Int,
        _ body: (BodyAllowance) async throws(Fault) -> Value
    ) async throws(Fault) -> Value {
        do throws(Fault) {
            return try await reserved(expected, body)
        } catch {
            guard error.isOverReservation else { throw error }
            counters.add(.pagesAskedAgain)
            return try await reserved(options.pageBytesMax, body)
        }
    }

    private func reserved<Value>(
        _ expected: Int,
        _ body: (BodyAllowance) async throws(Fault) -> Value
    ) async throws(Fault) -> Value {
        let reservation: ByteBudget.Reservation
        do throws(ByteBudget.Refusal) {
            reservation = try await bytes.reserve(expected, within: options.bulkDeadline)
        } catch {
            throw error == .cancelled ? .cancelled : .ours("no memory for an answer became free in time")
        }
        defer { reservation.giveBack() }
        return try await body(reservation.allowance)
    }

    /// Bytes out, bytes in: waits for its turn first.
    private func post(
        _ index: Int,
        _ body: [UInt8],
        _ lane: Lane,
        _ allowance: BodyAllowance,
        _ method: RPCMethod,
        elements: Int = 1
    ) async throws(Fault) -> (TransportReply, Duration) {
        let deadline = lane == .head ? options.headDeadline : options.bulkDeadline
        try await pace(index, until: timeline.now + deadline)
        if lane == .bulk {
            do throws(Turnstile.Refusal) {
                try await turnstiles[index].take(until: timeline.now + deadline)
            } catch {
                throw error == .cancelled ? .cancelled : .ours("too many requests of ours are waiting")
            }
        }
        defer { if lane == .bulk { turnstiles[index].giveBack() } }
        let start = timeline.now
        counters.addRequest(index, method)
        // Providers count the elements of a batch.
        state.withLock { $0.pool.counted(index, elements, now: start) }
        do throws(TransportError) {
            let reply = try await transport.post(
                body,
                to: endpoints[index],
                lane: lane,
                deadline: deadline,
                allowance: allowance
            )
            return (reply, timeline.now - start)
        } catch {
            throw Classifier.fault(error).about(method)
        }
    }

    /// Keeps to the endpoint's requests a second.
    private func pace(_ index: Int, until end: Duration) async throws(Fault) {
        while true {
            let now = timeline.now
            guard let wait = change(index, { $0.throttle.wait(now: now) }) else { return }
            guard now + wait <= end else { throw .ours("its rate limit leaves no room for this request") }
            do { try await timeline.sleep(wait) } catch { throw .cancelled }
        }
    }

    private func answered(_ index: Int, _ method: RPCMethod) {
        counters.add(Counters.Key(endpoint: index, method: method, kind: nil))
        let now = timeline.now
        let limit = change(index) { upstream in
            upstream.answered(method, now: now)
            return upstream.throttle.requestsInFlight
        }
        turnstiles[index].resize(to: limit)
    }

    // MARK: Faults

    /// Counts, remembers and logs one fault: the only place where any is let go.
    func report(_ index: Int, _ fault: Fault, _ method: RPCMethod) {
        guard !fault.isCancelled else { return }
        let now = timeline.now
        let random = random()
        let limit = change(index) { upstream in
            upstream.failed(fault, fault.method ?? method, now: now, random: random)
            return upstream.throttle.requestsInFlight
        }
        turnstiles[index].resize(to: limit)
        let key = Counters.Key(endpoint: index, method: fault.method ?? method, kind: fault.kind)
        counters.add(key)
        guard let suppressed = counters.admitsLine(key, now: now) else { return }
        var metadata: Logger.Metadata = [
            "endpoint": "\(endpoints[index].label)",
            "class": "\(fault.kind.code) \(fault.kind)",
            "method": "\(key.method.rawValue)",
            "said": "\(endpoints[index].redact(fault.text))",
        ]
        if suppressed > 0 { metadata["alsoSuppressed"] = "\(suppressed)" }
        if let quirk = fault.quirk { metadata["quirk"] = "\(quirk)" }
        logger.log(level: fault.kind.level, "endpoint fault", metadata: metadata)
    }
}

extension ErrorClass {
    /// What is everyday is for whoever looks closely; what an operator can mend is a warning.
    fileprivate var level: Logger.Level {
        switch self {
        case .rangeCap, .tooManyResults, .responseTooLarge, .behindHead, .reverted, .callResource: .debug
        case .rateLimited, .transient, .reorgSignal: .notice
        case .historyPruned, .unsupported, .quotaOrAuth, .inconsistent: .warning
        case .wrongChain, .ourBug: .error
        }
    }
}
