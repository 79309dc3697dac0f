package import Ethereum
import Logging
package import Tokens

/// The quiet audit: a few holdings a minute held against the contracts' own answers, beside an engine that follows the head.
///
/// Never in the way of following: it asks only while the engine is at the head and nothing is wrong, one small group of calls
/// at a time, and it writes no holdings. What it finds missing the engine puts in, under its own lease.
package struct Auditor<Time: Clock>: Sendable where Time.Duration == Duration {
    private let engine: SyncEngine<Time>
    private let store: any Ledger & WalletRefreshes
    private let chainID: ChainID
    private let rowsPerMinute: Int
    private let wallSeconds: (@Sendable () -> Int64)?

    /// A wallet that an audit has a doubt about is compared at most once in so many seconds.
    private static var refreshGapSeconds: Int64 { 3_600 }

    /// One holding in six seconds: one request a minute where the chain has Multicall3.
    package static var rowsPerMinuteStandard: Int { 10 }
    package static var rowsPerMinuteMax: Int { 6_000 }
    /// Holdings asked for together, as many as go into one call of Multicall3.
    private static var rowsAtOnceMax: Int { 100 }

    /// - Parameters:
    ///   - rowsPerMinute: from 1 to ``rowsPerMinuteMax``.
    ///   - wallSeconds: seconds since 1970, for refreshes of wallets that a difference concerns; nil: none are asked for.
    package init(
        _ engine: SyncEngine<Time>,
        store: any Ledger & WalletRefreshes,
        chainID: ChainID,
        rowsPerMinute: Int,
        wallSeconds: (@Sendable () -> Int64)? = nil
    ) {
        precondition((1...Self.rowsPerMinuteMax).contains(rowsPerMinute), "an audit has a pace")
        self.engine = engine
        self.store = store
        self.chainID = chainID
        self.rowsPerMinute = rowsPerMinute
        self.wallSeconds = wallSeconds
    }

    /// Audits until cancelled; what fails is tried again at the next turn.
    package func run() async {
        let rows = min(rowsPerMinute, Self.rowsAtOnceMax)
        let pause = Duration.seconds(60) * rows / rowsPerMinute
        while !Task.isCancelled {
            do {
                try await engine.clock.sleep(for: pause)
                try await check(rows)
            } catch is CancellationError {
                return
            } catch {
                engine.logger.info("an audit's turn was left out", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// One turn: a sample at the checkpoint, unless the engine has something better to do.
    package func check(_ count: Int) async throws {
        let now = engine.status.snapshot
        #if MUTANTS
            let isFree = Mutant.is(.auditInTheWay) || (now.phase == .tail && now.reason == nil)
        #else
            let isFree = now.phase == .tail && now.reason == nil
        #endif
        guard isFree else { return }
        guard let summary = try store.chains().first(where: { $0.identity.chainID == chainID }),
            let number = summary.checkpoint, let hash = summary.checkpointHash
        else { return }
        let block = BlockRef(number: number, hash: hash)
        var generator = Draws(next: engine.random)
        let sample = try store.sample(count, of: chainID, contract: nil, at: block, using: &generator)
        guard !sample.isEmpty else { return }
        let verifier = Verifier(chain: engine.chain, store: store, chainID: chainID, block: block, bounds: .narrow)
        let result = try await verifier.verify(sample, isAudit: true)
        for difference in result.differences where !difference.isKnown {
            report(difference, block)
            try await refresh(difference.claimed.owner)
        }
        if let repair = result.repair { engine.repairs.add(repair) }
    }

    /// What else of that wallet may be wrong is worth a look; where one is under way or was just done, that is enough.
    private func refresh(_ wallet: Address) async throws {
        guard let wallSeconds, wallet != .zero else { return }
        let request = RefreshRequest(chain: chainID, wallet: wallet, gapSeconds: Self.refreshGapSeconds)
        do {
            _ = try await store.requestRefresh(request, now: wallSeconds())
        } catch is RefreshRefusal {
            // Asked for already, or by too many.
        }
    }

    private func report(_ difference: Verifier.Difference, _ block: BlockRef) {
        let finding =
            switch difference.finding {
            case .conflict: "the contract contradicts its own events"
            case .missed(let range): "logs were missed in blocks \(range.lowerBound) to \(range.upperBound)"
            case .unproven(let why): "unproven: \(why)"
            }
        engine.logger.warning(
            "audit: a contract answers otherwise than its events say",
            metadata: [
                "contract": "\(difference.claimed.contract)", "token": "\(difference.claimed.token)",
                "block": "\(block.number)", "finding": "\(finding)",
            ]
        )
    }
}

/// The engine's source of chance as a generator.
private struct Draws: RandomNumberGenerator {
    let draw: @Sendable () -> UInt64

    init(next: @escaping @Sendable () -> UInt64) { draw = next }

    mutating func next() -> UInt64 { draw() }
}
