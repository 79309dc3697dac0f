/// One thread, jobs picked by seed: every interleaving of tasks is a function of the seed.
///
/// Only for code that stays on it: no I/O library with threads of its own, no detached task, no other clock.
///
/// Unchecked: whoever calls ``step()`` does so from one thread, and jobs that enqueue others run inside that call.
package final class SeededExecutor: TaskExecutor, @unchecked Sendable {
    private var ready: [(job: UnownedJob, process: SimulatedProcess?)] = []
    private var random: SplitMix64
    /// Jobs run so far.
    package private(set) var stepCount = 0

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        ready.append((UnownedJob(job), nil))
    }

    func add(_ job: UnownedJob, of process: SimulatedProcess) {
        ready.append((job, process))
    }

    /// Runs one ready job; false when nothing is ready.
    package func step() -> Bool {
        guard !ready.isEmpty else { return false }
        ready.swapAt(random.pick(0...ready.count - 1), ready.count - 1)
        stepCount += 1
        let (job, process) = ready.removeLast()
        if let process, process.isStopped {
            process.take(job)
            return true
        }
        // Unsafe: both executors outlive the call, and each job is run once.
        unsafe job.runSynchronously(on: process?.asUnownedTaskExecutor() ?? asUnownedTaskExecutor())
        return true
    }

    /// Runs until `isDone`, letting time pass only when nothing else can happen.
    ///
    /// - Throws: ``SimulationStuck`` when nothing is ready and nobody sleeps, or after `stepsMax` jobs.
    package func run(_ clock: SimulatedClock, stepsMax: Int = 5_000_000, until isDone: () -> Bool) throws {
        let end = stepCount + stepsMax
        while !isDone() {
            if step() {
                guard stepCount < end else { throw SimulationStuck.endless(steps: stepsMax) }
            } else {
                guard clock.advance() else { throw SimulationStuck.deadlock }
            }
        }
    }
}

/// Why a simulated run cannot go on: both are defects of what is simulated.
package enum SimulationStuck: Error, Sendable, Equatable {
    /// Everybody waits for somebody.
    case deadlock
    /// So many jobs ran without an end.
    case endless(steps: Int)
}
