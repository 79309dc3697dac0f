/// How far one body has come, seen by the task that reads and the task that watches.
import Synchronization

/// Of the request that is under way; each redirect begins anew.
final class BodyProgress: Sendable {
    struct Figures: Sendable {
        var isInBody = false
        /// Over all bodies of the fetch, after decompression.
        var bytes = 0
    }

    private let state = Mutex(Figures())

    var figures: Figures { state.withLock { $0 } }
    func bodyDidBegin() { state.withLock { $0.isInBody = true } }
    func bodyDidEnd() { state.withLock { $0.isInBody = false } }
    func add(_ count: Int) { state.withLock { $0.bytes += count } }
}
