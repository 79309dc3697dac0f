/// Time as one number: how long this client has lived. Real or simulated, it comes from the clock that was given.
import Synchronization

package struct Timeline: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void

    package init(_ clock: any Clock<Duration>) {
        self.init(opening: clock)
    }

    private init<C: Clock>(opening clock: C) where C.Duration == Duration {
        let origin = clock.now
        elapsed = { origin.duration(to: clock.now) }
        pause = { try await clock.sleep(for: $0) }
    }

    package var now: Duration { elapsed() }

    /// Waits; ends early with `.cancelled` when the task is cancelled.
    package func sleep(_ duration: Duration) async throws(Cancelled) {
        do { try await pause(duration) } catch { throw Cancelled() }
        if Task.isCancelled { throw Cancelled() }
    }

    package struct Cancelled: Error {}
}
