import Simulator
import StoreSQLite
import Tokens

/// Worlds with leases: one instance holds the chain, the next stands by until the holder is stopped, killed or ends.
extension World {
    /// On the world's clock; nobody's death is known before the lease runs out.
    var leaseTerms: LeaseTerms {
        guard let term = shape.leaseTerm else { return .takeOver }
        let clock = clock
        return LeaseTerms(duration: term, boot: "simulated", now: { Int64(clock.now.offset / .milliseconds(1)) })
    }

    /// Replaces a holder by one that stood by, and returns it; a holder that was stopped and goes on joins `old`.
    func handOver(from holder: Instance, to successor: Instance, old: inout [Instance]) async throws -> Instance {
        guard let term = shape.leaseTerm else { return successor }
        // While the holder lives nobody takes its chain, however long that is.
        for _ in 0..<dice.pick(1...6) {
            try await clock.sleep(for: term / 3)
            act()
            if successor.isOpen { throw Wrong(description: "a holder that lives was replaced") }
            if let end = holder.unexpectedEnd(isCurrent: true) { throw end }
        }
        faults.note(.standby)
        let manner = dice.pick(0...2)
        switch manner {
        case 0:
            faults.note(.holderStopped)
            holder.process.stop()
        case 1:
            faults.note(.holderKilled)
            try await holder.kill()
        default:
            try await holder.stop()
        }
        let limit = clock.now.advanced(by: (manner == 2 ? .zero : term) + .seconds(5))
        while !successor.isOpen {
            guard clock.now < limit else { throw Wrong(description: "nobody took over within the term and 5 s") }
            try await clock.sleep(for: .milliseconds(100))
        }
        if manner == 0 {
            // What it was about to write comes late, among the successor's own commits.
            for _ in 0..<dice.pick(0...3) {
                act()
                try await clock.sleep(for: term)
            }
            holder.process.resume()
            old.append(holder)
        }
        return successor
    }
}
