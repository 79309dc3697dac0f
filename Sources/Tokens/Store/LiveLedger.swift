package import Ethereum

/// What a live read needs of a store: whether something moved since, and what the ledger says where nobody else can.
///
/// Every answer is read from one committed state, of whichever process wrote it last.
package protocol LiveLedger: Sendable {
    /// Where the chain stands, and what became of each probe; nil where the database does not hold the chain.
    ///
    /// Reads only; may be repeated.
    /// - Cost: some look-ups by key for each token, at most 5,000 rows for all contracts together.
    func marks(for probes: [MoveProbe], on chain: ChainID) async throws -> LedgerMarks?
    /// What the ledger says of a holding; nil where no event ever named it, or where events may be missing before its tip.
    func word(on holding: HoldingQuestion, of chain: ChainID) async throws -> LedgerWord?
    /// How many tokens a contract has and how many hold them, by its events; nil where no event named the contract.
    func census(of contract: Address, on chain: ChainID) async throws -> HolderCensus?
}

/// Asks whether something moved after a block that somebody read it at.
package struct MoveProbe: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        case token(TokenID)
        /// Any token of the contract.
        case contract(Address)
    }

    package var subject: Subject
    /// What it was read at.
    package var block: BlockRef
    /// Transfers above it are newer than what was read; never above ``block``.
    package var since: BlockNumber

    package init(_ subject: Subject, readAt block: BlockRef, since: BlockNumber? = nil) {
        self.subject = subject
        self.block = block
        self.since = min(since ?? block.number, block.number)
    }
}

/// One committed state of a chain, held against blocks that were read elsewhere.
package struct LedgerMarks: Sendable {
    /// How often the chain was rewound.
    package var rewinds: UInt64
    /// The newest block whose transfers are held.
    package var tip: BlockRef?
    /// No block up to this one is undone.
    package var finalized: BlockNumber?
    package var rules: ContractRules
    /// For each probe, in their order: a newer transfer is held, or another block is held at that height, or there are too
    /// many rows since to be sure.
    package var isOutdated: [Bool]

    package var position: LedgerPosition { LedgerPosition(rewinds: rewinds, tip: tip) }

    package init(
        rewinds: UInt64,
        tip: BlockRef?,
        finalized: BlockNumber? = nil,
        rules: ContractRules = .none,
        isOutdated: [Bool]
    ) {
        self.rewinds = rewinds
        self.tip = tip
        self.finalized = finalized
        self.rules = rules
        self.isOutdated = isOutdated
    }
}

/// Which history a ledger holds, and up to where: what changes with every block that is taken in or undone.
package struct LedgerPosition: Sendable, Hashable {
    package var rewinds: UInt64
    package var tip: BlockRef?

    package init(rewinds: UInt64, tip: BlockRef?) {
        self.rewinds = rewinds
        self.tip = tip
    }
}

/// A holding that a contract can be asked about too.
package enum HoldingQuestion: Sendable, Hashable {
    case owner(TokenID)
    /// How much of a counted token a wallet has.
    case amount(of: Address, TokenID)
}

/// What the events say of a holding, and as of which block.
package struct LedgerWord: Sendable, Hashable {
    package enum Holding: Sendable, Hashable {
        case owner(Address)
        case burned
        /// The token is counted and has no single owner.
        case counted
        case amount(U256)
    }

    package var holding: Holding
    package var block: BlockRef
    package var isFinal: Bool
    /// Seconds since 1970 of ``block``; nil where the chain was not asked.
    package var timestamp: UInt64?

    package init(holding: Holding, block: BlockRef, isFinal: Bool, timestamp: UInt64?) {
        self.holding = holding
        self.block = block
        self.isFinal = isFinal
        self.timestamp = timestamp
    }
}

/// How many tokens a contract has, and how many wallets hold them.
package struct HolderCensus: Sendable, Hashable {
    /// nil where counting would take more rows than one question may read, or ids lie in ranges.
    package var tokens: UInt64?
    package var holders: UInt64?
    package var transfers: UInt64
    package var standing: Standing

    package init(tokens: UInt64?, holders: UInt64?, transfers: UInt64, standing: Standing) {
        self.tokens = tokens
        self.holders = holders
        self.transfers = transfers
        self.standing = standing
    }
}
