package import Ethereum

/// Everything that ever changes the ledger, applied in one transaction.
package struct ChainUpdate: Sendable {
    /// The state it was computed from.
    ///
    /// The store applies it only where this still is the state.
    package var base: ChainVersion
    /// The commit's own name.
    package var commitID: ID128
    /// Undo all above this block first.
    package var rewindTo: BlockNumber?
    /// Whether an operator asked for it: then final blocks may be undone too, and the lease stays with whoever has it.
    package var isByOperator = false
    /// Marks the chain as numbered from receipts; comes with a rewind of everything, because the rows held were numbered
    /// otherwise and would not be recognised when they are read again.
    package var renumbers = false
    /// Makes this snapshot's owners part of the holdings, and has its contract followed from the block after.
    package var publishes: Int64?
    /// New rows, in any order; rows already held are compared and skipped.
    package var rows: DecodedLogs
    /// Hashes to keep besides those of blocks with rows: anchors and the window.
    package var blocks: [BlockRecord]
    package var covered: [CoveredRange]
    /// The newest block held after this update; nil: unchanged.
    package var tip: BlockRef?
    /// The newest block that the chain itself calls final; goes back only by an operator's rewind.
    package var finalized: BlockNumber?
    /// The newest block that is deep enough to count as final where the chain has no word for it; may be undone.
    package var settled: BlockNumber?

    package struct CoveredRange: Sendable, Hashable {
        package var key: CoverageKey
        package var range: ClosedRange<BlockNumber>
        package var evidence: Evidence

        package init(key: CoverageKey, range: ClosedRange<BlockNumber>, evidence: Evidence) {
            self.key = key
            self.range = range
            self.evidence = evidence
        }
    }

    package init(base: ChainVersion, commitID: ID128) {
        self.base = base
        self.commitID = commitID
        rows = DecodedLogs()
        blocks = []
        covered = []
    }
}

/// What a commit did.
package struct Committed: Sendable, Equatable {
    package var version: ChainVersion
    /// Rows that were new.
    package var inserted: Int
    /// Rows that were held already, equal in every column.
    package var repeated: Int
    /// Rows undone by the rewind.
    package var undone: Int
    package var checkpoint: BlockNumber?

    package init(version: ChainVersion, inserted: Int, repeated: Int, undone: Int, checkpoint: BlockNumber?) {
        self.version = version
        self.inserted = inserted
        self.repeated = repeated
        self.undone = undone
        self.checkpoint = checkpoint
    }
}

/// Why an update was not applied.
///
/// Whatever the case, nothing of it was written.
package enum LedgerError: Error, Sendable, Equatable {
    /// The state it was computed from is not the state any more: drop all memory, read the state, compute again.
    case stale(current: ChainVersion)
    /// A row with the same key and other columns, or another hash at a held height: a reorg not yet seen, or a lie.
    case inconsistent(String)
    /// Another instance holds the chain: wait until it ends or its lease runs out, then open again.
    case held(by: LeaseHolder)
    /// The database belongs to another chain; nothing may be written.
    case otherChain(stored: ChainIdentity, found: ChainIdentity)
    /// A rewind below a final block, or below what the ledger can undo.
    case tooDeep(String)
    /// A contract's sums no longer fit in 320 bits.
    case overflow(contract: Address)
}

extension LedgerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .stale: "the ledger was changed by another process meanwhile"
        case .held(let holder):
            "another instance (process \(holder.process)) holds this chain"
                + (holder.work.map { " and is \($0)" } ?? "")
        case .inconsistent(let what): "the new rows contradict the held ones: \(what)"
        case .otherChain(let stored, let found):
            "the database holds chain \(stored.chainID) with another first block than the endpoint's chain "
                + "\(found.chainID); use another --database"
        case .tooDeep(let what): "the rewind goes too deep: \(what)"
        case .overflow(let contract): "the sums of contract \(contract) exceed 320 bits"
        }
    }
}
