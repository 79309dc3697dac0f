/// Whether everybody still answers for our chain, and whether the chain still says anything.
import Ethereum
import Tokens

extension SyncEngine {
    /// At most this often is every endpoint asked which chain it is of because of what one of them said.
    private static var identifyEvery: Duration { .seconds(60) }

    /// Puts away every endpoint that has another chain by now.
    func identify(_ last: inout Time.Instant?) async throws {
        if let last, last.duration(to: clock.now) < Self.identifyEvery { return }
        last = clock.now
        do {
            _ = try await chain.identity()
        } catch ChainError.wrongChain(let what) {
            note(what)
            status.update { $0.phase = .blocked }
            throw SyncError.wrongChain(what)
        } catch {
            // Whoever did not answer is looked at when it is used next.
        }
    }
}

/// Since when the head has not moved.
struct Silence<Time: Clock> where Time.Duration == Duration {
    private var last: (head: BlockNumber, since: Time.Instant)?

    mutating func saw(_ head: BlockNumber, at now: Time.Instant) -> Duration {
        if let last, last.head == head { return last.since.duration(to: now) }
        last = (head, now)
        return .zero
    }
}

/// Whether blocks do not fit to each other or to what is held.
func mayBeAnotherChain(_ error: any Error) -> Bool {
    switch error {
    case SyncError.deepReorg, ChainError.reorged, ChainError.inconsistent, LedgerError.inconsistent: true
    default: false
    }
}
