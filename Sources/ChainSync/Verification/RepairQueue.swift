import Synchronization

/// What an audit found missing, until the engine has put it in.
package final class RepairQueue: Sendable {
    private let waiting = Mutex<[Repair]>([])

    /// Beyond, repairs are dropped: what is missing is found again.
    private static let countMax = 8

    func add(_ repair: Repair) {
        waiting.withLock { if $0.count < Self.countMax { $0.append(repair) } }
    }

    func next() -> Repair? {
        waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
