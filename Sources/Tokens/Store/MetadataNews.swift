package import Ethereum

/// How a store learns which tokens' metadata is to be found out, or found out again; beside ``MetadataQueue``.
///
/// New tokens are told by the ledger's own commits, changes by the contracts' events, the rest by a schedule. Everything is
/// one short transaction, may be repeated, and may be done by several processes at once. Times are seconds since 1970.
package protocol MetadataNews: Sendable {
    /// Makes jobs of tokens that have none and no metadata, as far as one transaction goes.
    ///
    /// First all that are held are walked through, then what each commit brought. Nothing is done while the first backfill
    /// goes on, which has the disk for itself.
    /// - Returns: how many jobs were made, and whether there is more to do now.
    func enqueueNews(of chain: ChainID, _ whose: MetadataScope, now: Int64) async throws -> (made: Int, isDone: Bool)

    /// Up to where the contracts' events were read; nil: no metadata was ever asked for, so that no event can matter.
    ///
    /// After a reorg it is the last block that stayed.
    func signalCursor(of chain: ChainID) async throws -> SignalCursor?

    /// Marks what the events of the blocks behind `cursor` up to `block` name as to be looked at again, and moves the cursor.
    ///
    /// Only tokens that were looked at before; within the contract's ``RefreshBudget``, else with its next sweep. Does
    /// nothing where somebody else has moved the cursor meanwhile.
    func takeSignals(
        _ signals: [MetadataSignal],
        through block: BlockNumber,
        after cursor: SignalCursor,
        of chain: ChainID,
        now: Int64
    ) async throws

    /// Goes on with the sweeps that are due: some tokens of one collection, in order of their ids.
    ///
    /// - Returns: how many jobs were made; nil: no sweep is due.
    func sweepMetadata(of chain: ChainID, now: Int64) async throws -> Int?

    /// Makes jobs of tokens that somebody asked for.
    ///
    /// - Parameter again: also where metadata is held; within the contract's budget.
    /// - Returns: which have a job or metadata now; the others are over the budget, or of a contract that nobody knows.
    func requestMetadata(
        _ tokens: [MetadataWish],
        of chain: ChainID,
        again: Bool,
        now: Int64
    ) async throws -> [TokenID]
}

/// A held token that somebody wants to see.
package struct MetadataWish: Sendable, Hashable {
    package var token: TokenID
    /// Which function tells the URI: `tokenURI` or `uri`.
    package var rule: HoldingRule

    package init(token: TokenID, rule: HoldingRule) {
        self.token = token
        self.rule = rule
    }
}

/// Whose tokens are looked up without being asked for.
///
/// Stored: never renumber.
package enum MetadataScope: Int64, Sendable, Hashable {
    /// Of contracts that are followed by name.
    case listed = 1
    /// Of every contract.
    case everything = 2
}

/// A place in the chain up to which metadata events were read, and how many rewinds there had been by then.
package struct SignalCursor: Sendable, Hashable {
    package var block: BlockNumber
    package var rewinds: UInt64

    package init(block: BlockNumber, rewinds: UInt64) {
        self.block = block
        self.rewinds = rewinds
    }
}

/// When a collection is looked at again though nothing was heard of it.
package enum SweepSchedule {
    /// Half as long again as nothing has changed: what is young changes, and what is old seldom does.
    ///
    /// Seconds; between six hours and thirty days.
    package static func pause(sinceChange seconds: Int64) -> Int64 {
        min(max(seconds / 2, 6 * 3_600), 30 * 86_400)
    }
}
