/// What `doctor` wants to know about each endpoint: a bounded number of questions, every finding by itself.
package import Ethereum
import Synchronization

package struct ProbeFindings: Sendable {
    /// A finding, or why it could not be made.
    package enum Finding<Value: Sendable>: Sendable {
        case found(Value)
        case failed(ErrorClass, String)

        package var value: Value? { if case .found(let value) = self { value } else { nil } }
    }

    package var endpoint: String
    package var `operator`: String
    package var clientVersion: Finding<String>
    package var identity: Finding<ChainIdentity>
    package var head: Finding<Header>
    /// Seconds between the head's timestamp and the time given; negative where the node's clock is ahead.
    package var headAgeSeconds: Int64?
    /// Whether the head's hash is that of its fields; nil where the chain's headers have other fields.
    package var headHashIsProved: Bool?
    /// nil inside: the tag does not work.
    package var finalized: Finding<Header?>
    /// The widest window of logs that was answered, and the cap that the node named, if it did.
    package var logRange: Finding<LogRange>
    /// Whether a topic filter is applied.
    package var topicFilterHonoured: Finding<Bool>
    /// Whether the logs of an unknown block hash are refused, rather than answered with `[]`.
    package var blockHashLogsSafe: Finding<Bool>
    package var batches: Finding<Bool>
    /// The earliest block at which logs were found to be served; an upper bound, see ``RPCChain/probe(_:wallSeconds:)``.
    package var earliestLogs: Finding<BlockNumber>
    package var requests: Int

    package struct LogRange: Sendable, Hashable {
        package var answered: UInt64
        package var refusedAbove: UInt64?

        package init(answered: UInt64, refusedAbove: UInt64?) {
            self.answered = answered
            self.refusedAbove = refusedAbove
        }
    }
}

extension RPCChain {
    /// At most so many looks for the oldest logs; each halves the distance.
    private static let depthLooks = 24
    private static let widths: [UInt64] = [100_000, 50_000, 10_000, 5_000, 2_000, 1_000, 500, 100, 10, 1]

    /// Looks at one endpoint; about 20 to 50 requests.
    ///
    /// Archive depth is found by looking for a block in every power-of-two distance whose header has a non-empty bloom
    /// while its logs come back empty or refused; a pruned node that answers `[]` for quiet blocks cannot be told from
    /// a quiet chain.
    ///
    /// - Parameter wallSeconds: seconds since 1970, to tell the head's age; nil leaves it out.
    package func probe(_ index: Int, wallSeconds: Int64? = nil) async -> ProbeFindings {
        let before = counters.requests
        let identity = await finding(index) { () throws(Fault) in try await self.readIdentity(index) }
        let head = await finding(index) { () throws(Fault) in try await self.readHead(index) }
        let top = head.value?.header.number ?? 0
        return await ProbeFindings(
            endpoint: endpoints[index].label,
            operator: endpoints[index].operator,
            clientVersion: shown(index, finding(index) { () throws(Fault) in try await self.readVersion(index) }),
            identity: identity,
            head: head.map(\.header),
            headAgeSeconds: wallSeconds.flatMap { now in
                head.value.map { now - Int64(clamping: $0.header.timestamp) }
            },
            headHashIsProved: head.value.flatMap(\.hashIsProved),
            finalized: finding(index) { () throws(Fault) in try await self.probeFinalized(index) },
            logRange: finding(index) { () throws(Fault) in try await self.probeWidth(index, top) },
            topicFilterHonoured: finding(index) { () throws(Fault) in try await self.probeTopics(index, top) },
            blockHashLogsSafe: finding(index) { () throws(Fault) in try await self.unknownHash(index) == .refuses },
            batches: finding(index) { () throws(Fault) in try await self.probeBatch(index, top) },
            earliestLogs: finding(index) { () throws(Fault) in try await self.probeDepth(index, top) },
            requests: counters.requests - before
        )
    }

    /// What nodes say passes through `redact`: they echo keys.
    private func finding<Value: Sendable>(
        _ index: Int,
        _ body: () async throws(Fault) -> Value
    ) async -> ProbeFindings.Finding<Value> {
        do throws(Fault) {
            return .found(try await body())
        } catch {
            return .failed(error.kind, endpoints[index].redact(error.text))
        }
    }

    private func shown(_ index: Int, _ finding: ProbeFindings.Finding<String>) -> ProbeFindings.Finding<String> {
        finding.map { endpoints[index].redact($0) }
    }

    private func readVersion(_ index: Int) async throws(Fault) -> String {
        try await exchange(index, .clientVersion) { cursor throws(ScanError) in cursor.decoded(try cursor.string()) }
            .value
    }

    private func probeFinalized(_ index: Int) async throws(Fault) -> Header? {
        do throws(Fault) {
            return try await readFinalized(index)
        } catch {
            guard error.kind == .unsupported else { throw error }
            return nil
        }
    }

    /// A topic that nothing has, so that only the range is looked at, not what is in it.
    private var nobodysTopic: LogFilter {
        LogFilter(topics0: [Hash32(w0: random(), w1: random(), w2: random(), w3: random())])
    }

    private func probeWidth(_ index: Int, _ top: BlockNumber) async throws(Fault) -> ProbeFindings.LogRange {
        var refused: UInt64?
        for width in Self.widths where width == 1 || width <= top {
            do throws(Fault) {
                let range = (top + 1 - width)...top
                _ = try await exchange(index, .logs(range, nobodysTopic), LogScanner.scan)
                return ProbeFindings.LogRange(answered: width, refusedAbove: refused)
            } catch {
                guard error.kind.wantsSmaller || error.isUnknown || error.isTimeout else { throw error }
                refused = width
                if case .cap(let cap) = error.hint, cap < width {
                    let range = (top + 1 - min(cap, top + 1))...top
                    if (try? await exchange(index, .logs(range, nobodysTopic), LogScanner.scan)) != nil {
                        return ProbeFindings.LogRange(answered: cap, refusedAbove: cap)
                    }
                }
            }
        }
        throw Fault(.unsupported, "not even one block of logs is served")
    }

    /// Whether a topic that nothing has gives nothing, over the latest blocks.
    private func probeTopics(_ index: Int, _ top: BlockNumber) async throws(Fault) -> Bool {
        let range = (top - min(top, 9))...top
        return try await exchange(index, .logs(range, nobodysTopic), LogScanner.scan).value.page.logs.isEmpty
    }

    private func probeBatch(_ index: Int, _ top: BlockNumber) async throws(Fault) -> Bool {
        let numbers = [top, top - min(top, 1)]
        let answers = try await exchange(index, batch: numbers.map { .header($0) }, HeaderScanner.scan)
        return zip(numbers, answers).allSatisfy { number, answer in
            if case .success(let header?) = answer { header.header.number == number } else { false }
        }
    }

    /// Halves its way to the oldest block whose logs are served.
    private func probeDepth(_ index: Int, _ top: BlockNumber) async throws(Fault) -> BlockNumber {
        if try await servesLogs(index, 0) { return 0 }
        var (missing, served) = (BlockNumber(0), top)
        for _ in 0..<Self.depthLooks where served - missing > 1 {
            let middle = missing + (served - missing) / 2
            if try await servesLogs(index, middle) { served = middle } else { missing = middle }
        }
        return served
    }

    private func servesLogs(_ index: Int, _ number: BlockNumber) async throws(Fault) -> Bool {
        do throws(Fault) {
            let logs = try await exchange(
                index,
                .logs(number...number, LogFilter(topics0: [], topicCountMin: 0)),
                LogScanner.scan
            )
            guard logs.value.page.logs.isEmpty else { return true }
            // Empty: honest if the block's bloom is empty too, as far as this node gives one.
            guard let bloom = try await exchange(index, .header(number), HeaderScanner.scan).value?.header.logsBloom
            else {
                return true
            }
            return bloom.isEmpty
        } catch {
            guard error.isAnswer || error.kind == .tooManyResults || error.kind == .responseTooLarge else {
                throw error
            }
            return error.kind.wantsSmaller
        }
    }
}

extension ProbeFindings.Finding {
    func map<Other: Sendable>(_ transform: (Value) -> Other) -> ProbeFindings.Finding<Other> {
        switch self {
        case .found(let value): .found(transform(value))
        case .failed(let kind, let text): .failed(kind, text)
        }
    }
}
