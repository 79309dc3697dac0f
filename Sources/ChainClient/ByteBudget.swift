/// One limit on the bytes of all answers in flight, so that memory does not depend on what nodes send.
import Synchronization

package final class ByteBudget: Sendable {
    package enum Refusal: Error, Sendable, Hashable {
        case cancelled, expired
    }

    private let turnstile: Turnstile
    private let now: @Sendable () -> Duration
    /// The largest answer that is read at all.
    package let pageBytesMax: Int
    /// Grown in steps of this, so that not every chunk takes the lock.
    private static let step = 256 * 1024

    /// - Parameter now: the budget's own clock; several clients may share it, each with another origin of time.
    package init(total: Int, pageBytesMax: Int, now: @escaping @Sendable () -> Duration) {
        precondition(total >= pageBytesMax, "the budget must hold at least one whole page")
        turnstile = Turnstile(total: total, now: now)
        self.pageBytesMax = pageBytesMax
        self.now = now
    }

    /// As large as `options` say; one for a process, however many chains it follows.
    package convenience init(_ options: RPCOptions = RPCOptions(), clock: any Clock<Duration> = ContinuousClock()) {
        let timeline = Timeline(clock)
        self.init(total: options.bytesInFlightMax, pageBytesMax: options.pageBytesMax) { timeline.now }
    }

    package var reserved: Int { turnstile.used }
    package var waiting: Int { turnstile.waiting }

    /// Waits, in order, until `expected` bytes are free; at most so long.
    ///
    /// This is the only wait, and nobody waits while holding something, so there is no deadlock: an answer that
    /// outgrows its reservation either grows at once or fails and is asked again with all a page may need.
    package func reserve(_ expected: Int, within limit: Duration) async throws(Refusal) -> Reservation {
        let amount = min(pageBytesMax, max(expected, Self.step))
        do throws(Turnstile.Refusal) {
            try await turnstile.take(amount, until: now() + limit)
        } catch {
            throw error == .cancelled ? .cancelled : .expired
        }
        return Reservation(self, amount)
    }

    /// Bytes that one answer may use until it is given back.
    package final class Reservation: Sendable {
        private let budget: ByteBudget
        private let held: Mutex<Int>

        fileprivate init(_ budget: ByteBudget, _ amount: Int) {
            self.budget = budget
            held = Mutex(amount)
        }

        package var allowance: BodyAllowance {
            BodyAllowance(bytesMax: budget.pageBytesMax) { self.grows(to: $0) }
        }

        /// Takes more without waiting; false when there is no more.
        private func grows(to count: Int) -> Bool {
            held.withLock { held in
                guard count > held else { return true }
                let more = min(max(count - held, ByteBudget.step), budget.pageBytesMax - held)
                guard held + more >= count, budget.turnstile.takeNow(more) else { return false }
                held += more
                return true
            }
        }

        /// May be called again; only the first time does anything.
        package func giveBack() {
            let amount = held.withLock { held in
                defer { held = 0 }
                return held
            }
            if amount > 0 { budget.turnstile.giveBack(amount) }
        }
    }
}
