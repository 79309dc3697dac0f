/// One process of a simulated world: its tasks run on the world's executor, and none of them while it is stopped, as
/// after SIGSTOP.
///
/// Unchecked: used from the one thread of its ``SeededExecutor``.
package final class SimulatedProcess: TaskExecutor, @unchecked Sendable {
    private let executor: SeededExecutor
    /// What became ready while it was stopped.
    private var held: [UnownedJob] = []
    package private(set) var isStopped = false

    package init(_ executor: SeededExecutor) {
        self.executor = executor
    }

    package func enqueue(_ job: consuming ExecutorJob) { take(UnownedJob(job)) }

    func take(_ job: UnownedJob) {
        if isStopped { held.append(job) } else { executor.add(job, of: self) }
    }

    package func stop() { isStopped = true }

    package func resume() {
        isStopped = false
        for job in held { executor.add(job, of: self) }
        held.removeAll()
    }
}
