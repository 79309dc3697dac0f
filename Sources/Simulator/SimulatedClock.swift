/// Time that moves only when nothing else can.
///
/// Unchecked: used from the one thread of a ``SeededExecutor``.
package final class SimulatedClock: Clock, @unchecked Sendable {
    package struct Instant: InstantProtocol {
        /// Since the simulation began.
        package var offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var id: UInt64
        var deadline: Instant
        var continuation: CheckedContinuation<Void, Never>
    }

    package private(set) var now = Instant(offset: .zero)
    package var minimumResolution: Duration { .zero }
    private var sleepers: [Sleeper] = []
    private var nextID: UInt64 = 0

    package init() {}

    /// How many wait for time to pass.
    package var sleeperCount: Int { sleepers.count }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        guard deadline > now else { return }
        nextID += 1
        let id = nextID
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume() }
                sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            wake(id)
        }
        try Task.checkCancellation()
    }

    private func wake(_ id: UInt64) {
        guard let index = sleepers.firstIndex(where: { $0.id == id }) else { return }
        sleepers.remove(at: index).continuation.resume()
    }

    /// Moves on to the next moment that somebody waits for; false when nobody does.
    package func advance() -> Bool {
        guard let next = sleepers.map(\.deadline).min() else { return false }
        now = next
        let due = sleepers.filter { $0.deadline == next }
        sleepers.removeAll { $0.deadline == next }
        for sleeper in due { sleeper.continuation.resume() }
        return true
    }
}
