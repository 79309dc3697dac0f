/// The blocking lookup on a few threads of its own, with a deadline for who waits.
import Foundation
import Synchronization

/// Runs lookups on threads that exist only while there is work; a thread that hangs is counted and never replaced.
///
/// `getaddrinfo` cannot be cancelled. Who asked gets its answer in time all the same; the thread is lost until the
/// system gives it back.
package final class Resolver: NameLookup {
    package struct Limits: Sendable {
        /// Lookups wait for the network, not for the processor; this many at once are enough for 64 requests.
        package var threads = 8
        /// Names in line; who comes later is turned away.
        package var queued = 256
        /// For who waits, in line and under way; the system's own default is 5 s for each server and try.
        package var deadline: Duration = .seconds(3)

        package init() {}
    }

    private struct Job: Sendable {
        var number: UInt64
        var name: String
        var answer: Once<Result<[IPAddress], LookupFault>>
    }

    private struct State: Sendable {
        var threads = 0
        var lastNumber: UInt64 = 0
        var queue: [Job] = []
        var running: Set<UInt64> = []
        /// Under way, but nobody waits any more.
        var hung: Set<UInt64> = []
    }

    private let state = Mutex(State())
    private let limits: Limits
    private let blocking: @Sendable (String) -> Result<[IPAddress], LookupFault>

    package convenience init(limits: Limits = Limits()) {
        self.init(limits: limits) { SystemLookup.addresses(of: $0) }
    }

    /// - Parameter blocking: stands for the system's lookup; may hang.
    package init(limits: Limits, blocking: @escaping @Sendable (String) -> Result<[IPAddress], LookupFault>) {
        self.limits = limits
        self.blocking = blocking
    }

    /// Threads that exist, those of them that hang, and names in line.
    package var figures: (threads: Int, hung: Int, queued: Int) {
        state.withLock { ($0.threads, $0.hung.count, $0.queue.count) }
    }

    package func addresses(of name: String) async throws(LookupFault) -> [IPAddress] {
        let job = try enqueue(name)
        let deadline = limits.deadline
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await Task.sleep(for: deadline, clock: .continuous) } catch { return }
                job.answer.give(.failure(.timedOut))
            }
            let result = await job.answer.value(ifCancelled: .failure(.cancelled))
            group.cancelAll()
            return result
        }
        abandon(job)
        return try result.get()
    }

    private func enqueue(_ name: String) throws(LookupFault) -> Job {
        let (job, isForNewThread) = try state.withLock { state throws(LookupFault) in
            guard state.hung.count < limits.threads else { throw .stuck }
            state.lastNumber += 1
            let job = Job(number: state.lastNumber, name: name, answer: Once())
            if state.threads < limits.threads {
                state.threads += 1
                state.running.insert(job.number)
                return (job, true)
            }
            guard state.queue.count < limits.queued else { throw .queueFull }
            state.queue.append(job)
            return (job, false)
        }
        if isForNewThread { Thread.detachNewThread { [self] in work(from: job) } }
        return job
    }

    /// Nobody waits for it: out of the line, or counted as hung when it is under way.
    private func abandon(_ job: Job) {
        state.withLock { state in
            if state.running.contains(job.number) {
                state.hung.insert(job.number)
            } else {
                state.queue.removeAll { $0.number == job.number }
            }
        }
    }

    /// One thread's life.
    private func work(from first: Job) {
        var next: Job? = first
        while let job = next {
            let result = blocking(job.name)
            next = state.withLock { state in
                state.running.remove(job.number)
                state.hung.remove(job.number)
                guard !state.queue.isEmpty else {
                    state.threads -= 1
                    return nil
                }
                let following = state.queue.removeFirst()
                state.running.insert(following.number)
                return following
            }
            // After the books are in order, so that who was answered does not count as gone.
            job.answer.give(result)
        }
    }
}
