package import Ethereum
import Logging
package import Tokens

/// Works off the refreshes that somebody asked for, one after the other, beside an engine.
package struct RefreshWorker: Sendable {
    private let refresh: WalletRefresh
    private let chainID: ChainID

    /// Between two looks at an empty queue.
    private static let pollInterval = Duration.seconds(1)
    /// After a try that came to nothing; with ``triesMax`` an outage of five minutes is outlasted.
    private static let pause = Duration.seconds(15)
    private static let triesMax = 20

    package init(_ refresh: WalletRefresh, chainID: ChainID) {
        self.refresh = refresh
        self.chainID = chainID
    }

    /// Works until cancelled.
    package func run() async {
        while !Task.isCancelled {
            var rest = Self.pollInterval
            do {
                switch try await workOne() {
                case .nothing: break
                case .ended: continue
                case .stumbled: rest = Self.pause
                }
            } catch is CancellationError {
                return
            } catch {
                refresh.logger.warning("refreshes cannot be worked on", metadata: ["reason": "\(error)"])
                rest = Self.pause
            }
            do { try await refresh.clock.sleep(for: rest) } catch { return }
        }
    }

    package enum Outcome: Sendable, Hashable {
        case nothing
        case ended
        case stumbled
    }

    /// Works on one job, if there is one that nobody has.
    ///
    /// - Parameter only: that one alone.
    /// - Throws: what the store throws; what keeps a job from going on is written down with it.
    package func workOne(
        only: ID128? = nil,
        progress: @escaping @Sendable (RefreshCounts) -> Void = { _ in }
    ) async throws -> Outcome {
        let claim = ID128(high: refresh.random(), low: refresh.random())
        let now = refresh.wallSeconds()
        let until = now + WalletRefresh.claimSeconds
        let store = refresh.store
        let job = try await store.claimRefresh(of: chainID, only: only, as: claim, now: now, until: until)
        guard let job else { return .nothing }
        do {
            try await refresh.run(job, as: claim, progress: progress)
            return .ended
        } catch RefreshRefusal.passedOn {
            return .ended
        } catch let error where Task.isCancelled || error is CancellationError {
            // A task of its own: this one is cancelled.
            try await Task { try await store.releaseRefresh(job.id, as: claim) }.value
            throw CancellationError()
        } catch {
            let isLast = job.attempts + 1 >= Self.triesMax
            let step = isLast ? RefreshStep.failed("\(error)", at: refresh.wallSeconds()) : .stumbled
            refresh.logger.warning(
                "a refresh did not come to its end",
                metadata: ["wallet": "\(job.wallet)", "reason": "\(error)", "again": "\(!isLast)"]
            )
            do {
                try await store.advanceRefresh(job.id, step, as: claim, until: until)
            } catch RefreshRefusal.passedOn {
                return .ended
            }
            return .stumbled
        }
    }
}
