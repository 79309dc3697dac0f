/// How many requests are under way, in all and at one host.
import Metadata
import Synchronization

/// Places that are taken and given back; who finds none waits in line.
///
/// One slow host holds up nobody who waits for another.
final class HostSlots: Sendable {
    private struct Waiter: Sendable {
        var host: String
        var granted: Once<Bool>
    }

    private struct State: Sendable {
        var hosts: [String: Int] = [:]
        var inFlight = 0
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())
    private let inFlightMax: Int
    private let perHostMax: Int
    private let waitingMax: Int

    init(inFlightMax: Int, perHostMax: Int, waitingMax: Int) {
        self.inFlightMax = inFlightMax
        self.perHostMax = perHostMax
        self.waitingMax = waitingMax
    }

    /// In flight and waiting, for tests and metrics.
    var figures: (inFlight: Int, waiting: Int) { state.withLock { ($0.inFlight, $0.waiting.count) } }

    /// Waits for a place, to be given back with ``release(_:)``.
    ///
    /// - Throws: ``WebFault/cancelled``, or ``WebFault/timedOut`` at once when the line is full. No place is held then.
    func take(_ host: String) async throws(WebFault) {
        let granted = Once<Bool>()
        let outcome = state.withLock { state -> Bool? in
            if state.waiting.allSatisfy({ $0.host != host }), grant(host, &state) { return true }
            guard state.waiting.count < waitingMax else { return false }
            state.waiting.append(Waiter(host: host, granted: granted))
            return nil
        }
        switch outcome {
        case true?: return
        case false?: throw .timedOut
        case nil: break
        }
        guard await granted.value(ifCancelled: false) else {
            state.withLock { $0.waiting.removeAll { $0.granted === granted } }
            throw .cancelled
        }
    }

    func release(_ host: String) {
        state.withLock { state in
            state.inFlight -= 1
            let left = (state.hosts[host] ?? 1) - 1
            state.hosts[host] = left > 0 ? left : nil
            var index = 0
            while state.inFlight < inFlightMax, index < state.waiting.count {
                let waiter = state.waiting[index]
                guard state.hosts[waiter.host] ?? 0 < perHostMax else {
                    index += 1
                    continue
                }
                state.waiting.remove(at: index)
                // Who was cancelled meanwhile takes no place.
                if waiter.granted.give(true) { _ = grant(waiter.host, &state) }
            }
        }
    }

    private func grant(_ host: String, _ state: inout State) -> Bool {
        guard state.inFlight < inFlightMax, state.hosts[host] ?? 0 < perHostMax else { return false }
        state.inFlight += 1
        state.hosts[host, default: 0] += 1
        return true
    }
}
