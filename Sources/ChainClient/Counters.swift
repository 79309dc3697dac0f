/// What was asked of whom and how it went, so that no fault is invisible.
import Logging
import Synchronization

package final class Counters: Sendable {
    package struct Key: Sendable, Hashable, Comparable {
        /// Place in the list of endpoints.
        package var endpoint: Int
        package var method: RPCMethod
        /// nil: a usable answer.
        package var kind: ErrorClass?

        package static func < (left: Key, right: Key) -> Bool {
            (left.endpoint, left.method.rawValue, left.kind?.rawValue ?? 0)
                < (right.endpoint, right.method.rawValue, right.kind?.rawValue ?? 0)
        }
    }

    /// One line of a snapshot.
    package struct Count: Sendable, Hashable {
        /// Place in the list of endpoints.
        package var index: Int
        package var endpoint: String
        package var method: RPCMethod
        package var kind: ErrorClass?
        package var count: Int
    }

    /// Things that were set right in answers, rather than refused.
    package enum Repair: String, Sendable, Hashable, CaseIterable {
        case pendingLogsDropped, duplicateLogsDropped, shorterLogsDropped, blocksRenumbered, blocksSplit,
            blocksFromReceipts
        case retriesDenied, speculativeHalvings, pagesAskedAgain, headsHedged
        case suspiciousBlocks, blocksProved, withheldLogs, deviatingBlocks
    }

    /// What was sent to one endpoint by one method.
    package struct Traffic: Sendable, Hashable {
        package var endpoint: Int
        package var method: RPCMethod
        /// Bodies sent; a batch is one.
        package var requests: Int
        /// Tries of a call at an endpoint that had failed it before.
        package var retries: Int
    }

    private struct Route: Hashable {
        var endpoint: Int
        var method: RPCMethod
    }

    private struct State {
        var requests: [Route: Int] = [:]
        var retries: [Route: Int] = [:]
        var counts: [Key: Int] = [:]
        var repairs: [Repair: Int] = [:]
        var lines: [Key: Line] = [:]
    }

    private struct Line {
        var last: Duration
        var suppressed = 0
    }

    private let state = Mutex(State())
    private let sent = Atomic<Int>(0)
    private let labels: [String]
    /// The same endpoint and class is logged once in this time; the rest is counted.
    static let logEvery: Duration = .seconds(10)

    init(labels: [String]) {
        self.labels = labels
    }

    /// Sorted by endpoint, method and class.
    package func snapshot() -> [Count] {
        let counts = state.withLock { $0.counts }
        return counts.sorted { $0.key < $1.key }.map { key, count in
            Count(index: key.endpoint, endpoint: labels[key.endpoint], method: key.method, kind: key.kind, count: count)
        }
    }

    package func repairs() -> [(Repair, Int)] {
        let repairs = state.withLock { $0.repairs }
        return Repair.allCases.compactMap { name in repairs[name].map { (name, $0) } }
    }

    /// All bodies that were sent, whatever came back; a batch is one.
    package var requests: Int { sent.load(ordering: .relaxed) }

    func addRequest(_ endpoint: Int, _ method: RPCMethod) {
        sent.add(1, ordering: .relaxed)
        state.withLock { $0.requests[Route(endpoint: endpoint, method: method), default: 0] += 1 }
    }

    func addRetry(_ endpoint: Int, _ method: RPCMethod) {
        state.withLock { $0.retries[Route(endpoint: endpoint, method: method), default: 0] += 1 }
    }

    /// Sorted by endpoint and method.
    package func traffic() -> [Traffic] {
        let (requests, retries) = state.withLock { ($0.requests, $0.retries) }
        return labels.indices.flatMap { endpoint in
            RPCMethod.allCases.sorted().compactMap { method in
                let route = Route(endpoint: endpoint, method: method)
                let (sent, again) = (requests[route] ?? 0, retries[route] ?? 0)
                guard sent + again > 0 else { return nil }
                return Traffic(endpoint: endpoint, method: method, requests: sent, retries: again)
            }
        }
    }

    func add(_ key: Key) { state.withLock { $0.counts[key, default: 0] += 1 } }

    func add(_ repair: Repair, _ count: Int = 1) {
        guard count > 0 else { return }
        state.withLock { $0.repairs[repair, default: 0] += count }
    }

    /// How many lines were left out since the last one of this kind; nil when this one is left out too.
    func admitsLine(_ key: Key, now: Duration) -> Int? {
        state.withLock { state in
            guard var line = state.lines[key], now < line.last + Self.logEvery else {
                let suppressed = state.lines[key]?.suppressed ?? 0
                state.lines[key] = Line(last: now)
                return suppressed
            }
            line.suppressed += 1
            state.lines[key] = line
            return nil
        }
    }
}
