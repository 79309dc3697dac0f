package import Ethereum

/// What the ledger holds of one chain, as the engine needs it: read once at start, then carried along by its updates.
package struct ChainState: Sendable, Equatable {
    package var identity: ChainIdentity
    /// The compare-and-swap operands: what the next update has to name.
    package var version: ChainVersion
    /// The newest block held; nil while nothing was followed.
    package var tip: BlockRef?
    /// The newest block the chain itself called final; nothing at or below it is ever undone by itself.
    package var finalized: BlockNumber?
    /// How often the chain was rewound; a fetched range that started under another count is dropped.
    package var rewinds: UInt64
    package var scopes: [Scope]
    /// The event sets that the chain is read for as a whole; see ``Scope/eventSets(of:)`` for contracts.
    package var eventSets: [EventSet]
    package var coverage: [CoverageKey: Coverage]
    /// The hashes held above ``finalized``, and the newest at or below it; oldest first.
    package var window: [BlockRef]
    /// Whether the secondary indexes exist, and the optional ones asked for; a first backfill runs without them.
    package var isIndexed: Bool
    /// Whether every log of this chain is numbered from its block's receipts, because nodes give unusable numbers.
    package var isRenumbered = false
    /// The instance before, where it ended without giving the chain back: killed, or paused past its lease.
    ///
    /// Only of the state that opening gives.
    package var predecessor: Predecessor?

    package init(
        identity: ChainIdentity,
        version: ChainVersion,
        tip: BlockRef?,
        finalized: BlockNumber?,
        rewinds: UInt64,
        scopes: [Scope],
        eventSets: [EventSet],
        coverage: [CoverageKey: Coverage],
        window: [BlockRef],
        isIndexed: Bool
    ) {
        self.identity = identity
        self.version = version
        self.tip = tip
        self.finalized = finalized
        self.rewinds = rewinds
        self.scopes = scopes
        self.eventSets = eventSets
        self.coverage = coverage
        self.window = window
        self.isIndexed = isIndexed
    }

    /// The greatest block b such that every active scope covers its first block to b in every event set.
    ///
    /// nil before there is one, and while nothing is followed. Scopes that start above the tip do not hold it back.
    package var checkpoint: BlockNumber? {
        guard let tip else { return nil }
        return ChainState.checkpoint(tip: tip.number, scopes: scopes, eventSets: eventSets, coverage: coverage)
    }

    /// The greatest block up to which answers about `contract` (nil: about everything) are complete.
    package func reach(of contract: Address?) -> BlockNumber? {
        guard let tip, let contract else { return checkpoint }
        return serving(contract).flatMap { scope in
            ChainState.checkpoint(tip: tip.number, scopes: [scope], eventSets: eventSets, coverage: coverage)
        }
    }

    /// The first block from which answers about `contract` (nil: about everything) are complete; nil when nobody reads it.
    ///
    /// Before it nothing is known, which is not the same as nobody.
    package func origin(of contract: Address?) -> BlockNumber? {
        guard let contract else { return scopes.filter(\.isActive).map(\.firstBlock).max() }
        return serving(contract)?.firstBlock
    }

    /// Whether a contract's rows are kept up: by a scope of its own or by the whole chain's.
    package func isServed(_ contract: Address) -> Bool { serving(contract) != nil }

    /// The scope that answers for a contract.
    ///
    /// Its own one reads more forms than the whole chain's, so its word counts where there is one.
    private func serving(_ contract: Address) -> Scope? {
        scopes.first { $0.isActive && $0.contract == contract } ?? scopes.first { $0.isActive && $0.contract == nil }
    }

    /// From which block on a contract's events are read without a hole up to `block`; nil where they are not.
    ///
    /// Asked of its own scope and of the whole chain's. One that only starts above `block` knows nothing of it.
    package static func historyStart(
        of contract: Address,
        upTo block: BlockNumber,
        scopes: [Scope],
        eventSets: [EventSet],
        coverage: [CoverageKey: Coverage]
    ) -> BlockNumber? {
        scopes.filter { scope in
            guard scope.isActive, scope.contract == nil || scope.contract == contract, scope.firstBlock <= block else {
                return false
            }
            return scope.eventSets(of: eventSets).allSatisfy { eventSet in
                let covered = coverage[CoverageKey(scope: scope.id, eventSet: eventSet)]
                return covered?.missing(in: scope.firstBlock...block).isEmpty ?? false
            }
        }.map(\.firstBlock).min()
    }

    package static func checkpoint(
        tip: BlockNumber,
        scopes: [Scope],
        eventSets: [EventSet],
        coverage: [CoverageKey: Coverage]
    ) -> BlockNumber? {
        guard scopes.contains(where: \.isActive) else { return nil }
        var least = tip
        for scope in scopes where scope.isActive && scope.firstBlock <= tip {
            #if MUTANTS
                if Mutant.is(.firstScopeDecides), scope != scopes.first { continue }
            #endif
            for eventSet in scope.eventSets(of: eventSets) {
                let covered = coverage[CoverageKey(scope: scope.id, eventSet: eventSet)]
                if let end = covered?.contiguousEnd(from: scope.firstBlock) {
                    least = min(least, end)
                } else if scope.firstBlock > 0 {
                    least = min(least, scope.firstBlock - 1)
                } else {
                    return nil
                }
            }
        }
        return least
    }
}

/// Names one committed state of a chain.
///
/// Every commit makes a new one, so that a stale or repeated commit cannot match.
package struct ChainVersion: Sendable, Hashable {
    /// Grows by one with every commit.
    package var revision: UInt64
    /// Random; tells after a lost acknowledgement whether a commit happened.
    package var commitID: ID128
    /// Grows by one with every take-over.
    package var epoch: UInt64
    /// Random; one for each run of a process that writes.
    package var holder: ID128

    package init(revision: UInt64, commitID: ID128, epoch: UInt64, holder: ID128) {
        self.revision = revision
        self.commitID = commitID
        self.epoch = epoch
        self.holder = holder
    }
}

/// 128 random bits; as text 32 lower-case hex digits.
package struct ID128: Sendable, Hashable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Reads what ``description`` writes: 32 hex digits; nil where it is anything else.
    package init?(text: String) {
        let digits = text.utf8
        guard digits.count == 32, digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    package static func random(using generator: inout some RandomNumberGenerator) -> ID128 {
        ID128(high: generator.next(), low: generator.next())
    }
}
