package import Ethereum
import Foundation
import Synchronization
package import Tokens

/// Renews a lease on a thread of its own while its holder has nothing to write, whatever else keeps the process busy.
///
/// A stopped process does not renew and is replaced; a busy one is not.
package final class LeaseKeeper: Sendable {
    private let store: SQLiteStore
    private let chain: ChainID
    private let version: ChainVersion
    private let isEnded = Mutex(false)
    private let wake = DispatchSemaphore(value: 0)
    private let isOver = DispatchSemaphore(value: 0)

    /// - Parameter version: of the state that `open` returned; only its epoch and holder count.
    package init(_ store: SQLiteStore, of chain: ChainID, as version: ChainVersion) {
        self.store = store
        self.chain = chain
        self.version = version
        let thread = Thread { [self] in renew() }
        thread.name = "lease \(chain)"
        thread.start()
    }

    /// Three tries within one term.
    private var interval: DispatchTimeInterval { .milliseconds(max(1, Int(store.lease.milliseconds / 3))) }

    private func renew() {
        defer { isOver.signal() }
        while true {
            // A plain thread may block: it is nobody's but ours.
            _ = wake.wait(timeout: .now() + interval)
            if isEnded.withLock({ $0 }) { return }
            do {
                try store.renewingLease(of: chain, as: version)
            } catch is LedgerError {
                // Taken over: the holder notices at its next commit.
                return
            } catch {
                // The disk or another's transaction: the next try is soon enough.
            }
        }
    }

    /// Ends the renewing and gives the lease back.
    package func end() {
        isEnded.withLock { $0 = true }
        wake.signal()
        // At most one renewal is under way; the store may be closed afterwards.
        _ = isOver.wait(timeout: .now() + .seconds(2))
        try? store.releasingLease(of: chain, as: version)
    }
}
