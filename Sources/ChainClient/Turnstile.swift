/// A counting semaphore that serves strictly in order, can be resized, and never keeps anybody past a deadline.
import Synchronization

package final class Turnstile: Sendable {
    package enum Refusal: Error, Sendable, Hashable {
        case cancelled
        /// The deadline passed while waiting.
        case expired
    }

    private struct Waiter {
        var id: UInt64
        var amount: Int
        var deadline: Duration
        var continuation: CheckedContinuation<Refusal?, Never>
    }

    private struct State {
        var total: Int
        var used = 0
        var nextID: UInt64 = 0
        var queue: [Waiter] = []
        /// Cancelled before they had queued.
        var cancelledEarly: [UInt64] = []
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Duration

    package init(total: Int, now: @escaping @Sendable () -> Duration) {
        precondition(total > 0, "a turnstile that lets nobody through waits for ever")
        state = Mutex(State(total: total))
        self.now = now
    }

    package var used: Int { state.withLock { $0.used } }
    package var waiting: Int { state.withLock { $0.queue.count } }

    /// Changes how much may be out at once; what is out already stays out.
    package func resize(to total: Int) {
        settle { state in
            state.total = max(1, total)
            return []
        }
    }

    /// Takes `amount`, after everybody who asked before.
    ///
    /// Deadlines are looked at whenever anything is given back. Whoever holds something has a deadline of its own, so
    /// that always comes, and the wait is bounded without a timer.
    package func take(_ amount: Int = 1, until deadline: Duration) async throws(Refusal) {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let refusal = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(id: id, amount: amount, deadline: deadline, continuation: continuation)
                settle { state in
                    if let index = state.cancelledEarly.firstIndex(of: id) {
                        state.cancelledEarly.remove(at: index)
                        return [(waiter, .cancelled)]
                    }
                    state.queue.append(waiter)
                    return []
                }
            }
        } onCancel: {
            settle { state in
                guard let index = state.queue.firstIndex(where: { $0.id == id }) else {
                    // Served already, or not queued yet: in the second case it must not begin to wait.
                    state.cancelledEarly.append(id)
                    return []
                }
                return [(state.queue.remove(at: index), .cancelled)]
            }
        }
        state.withLock { $0.cancelledEarly.removeAll { $0 == id } }
        if let refusal { throw refusal }
    }

    /// Takes `amount` at once or not at all; may pass those who wait, because whoever asks holds something already and
    /// will give it back sooner this way.
    package func takeNow(_ amount: Int) -> Bool {
        state.withLock { state in
            guard state.used + amount <= state.total else { return false }
            state.used += amount
            return true
        }
    }

    package func giveBack(_ amount: Int = 1) {
        settle { state in
            state.used -= amount
            precondition(state.used >= 0, "more was given back than was taken")
            return []
        }
    }

    /// Applies a change, then lets through whoever can go; continuations are resumed outside the lock.
    private func settle(_ change: (inout State) -> [(Waiter, Refusal?)]) {
        let now = now()
        let done = state.withLock { state in
            var done = change(&state)
            for waiter in state.queue where waiter.deadline < now { done.append((waiter, .expired)) }
            state.queue.removeAll { $0.deadline < now }
            while let first = state.queue.first {
                // Something larger than everything goes alone rather than never.
                guard state.used + first.amount <= state.total || state.used == 0 else { break }
                state.used += first.amount
                done.append((state.queue.removeFirst(), nil))
            }
            return done
        }
        for (waiter, refusal) in done { waiter.continuation.resume(returning: refusal) }
    }
}
