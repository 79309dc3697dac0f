import Ethereum
import Synchronization
import Tokens

/// Remembers when each chain last got on, because a process that runs and does nothing looks healthy.
final class ProgressWatch: Sendable {
    struct Verdict {
        var chain: ChainID
        var state: String
        var lagBlocks: UInt64?
        /// How long nothing was committed; nil before anything was seen.
        var stillFor: Duration?
        /// Why the chain is not ready; nil when it is.
        var why: String?
        /// What is to be known all the same: a chain that makes no blocks is followed as closely as can be.
        var note: String?
    }

    private struct Seen {
        var mark: UInt64
        var at: ContinuousClock.Instant
        /// Commits and looks at the head together: sign of life of the loop, also where there is nothing to commit.
        var life: UInt64
        var lifeAt: ContinuousClock.Instant
    }

    /// Blocks behind the head that still count as following it: some poll intervals of a fast chain.
    static let lagBlocksMax: UInt64 = 50
    /// Without a commit for this long, while there is something to do, a chain is stuck.
    static let stillMax = Duration.seconds(120)
    private static let interval = Duration.seconds(1)

    private let seen = Mutex<[ChainID: Seen]>([:])
    private let live: @Sendable () -> [ChainID: LiveStatus]

    init(live: @escaping @Sendable () -> [ChainID: LiveStatus]) { self.live = live }

    /// Looks at the engines every second, so that the moment of a change is known to the second.
    ///
    /// Ends when cancelled.
    func run() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            for (chain, status) in live() { note(status.commits, looks: status.looks, of: chain, now) }
            try? await Task.sleep(for: Self.interval)
        }
    }

    @discardableResult
    private func note(_ mark: UInt64, looks: UInt64, of chain: ChainID, _ now: ContinuousClock.Instant) -> Seen {
        seen.withLock { seen in
            let life = mark &+ looks
            var next = seen[chain] ?? Seen(mark: mark, at: now, life: life, lifeAt: now)
            if next.mark != mark { (next.mark, next.at) = (mark, now) }
            if next.life != life { (next.life, next.lifeAt) = (life, now) }
            seen[chain] = next
            return next
        }
    }

    /// Which chains keep up.
    ///
    /// Where no engine runs in this process the store's revision tells progress.
    func verdicts(_ chains: [ChainStatus], now: ContinuousClock.Instant = .now) -> [Verdict] {
        chains.map { chain in
            let id = chain.summary.identity.chainID
            let mark = chain.live?.commits ?? chain.summary.version.revision
            let seen = note(mark, looks: chain.live?.looks ?? 0, of: id, now)
            let still = seen.at.duration(to: now)
            return Verdict(
                chain: id,
                state: chain.state,
                lagBlocks: chain.lagBlocks,
                stillFor: still,
                why: Self.why(chain, still, lifeless: seen.lifeAt.duration(to: now)),
                note: chain.silence
            )
        }
    }

    private static func why(_ chain: ChainStatus, _ still: Duration, lifeless: Duration) -> String? {
        let reason = chain.live?.reason
        if chain.state == "blocked" || chain.state == "maintenance" {
            return chain.state + (reason.map { ": \($0)" } ?? "")
        }
        guard let lag = chain.lagBlocks else { return "nothing is read yet" + (reason.map { ": \($0)" } ?? "") }
        if lag > lagBlocksMax { return "\(lag) blocks behind the head" + (reason.map { ": \($0)" } ?? "") }
        if still > stillMax, lag > 0 || reason != nil {
            return "no progress for \(still.components.seconds) s" + (reason.map { ": \($0)" } ?? "")
        }
        // A silent chain is looked at every second; a loop that hangs is not.
        if chain.live != nil, lifeless > stillMax {
            return "unhealthy loop: no look at the head for \(lifeless.components.seconds) s"
        }
        return nil
    }
}
