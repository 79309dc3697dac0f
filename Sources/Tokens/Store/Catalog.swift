package import Ethereum

/// The questions that people and programs ask a store.
///
/// Every answer comes from one committed state.
package protocol Catalog: Sendable {
    /// The chains the database holds, and where each stands.
    func chains() throws -> [ChainSummary]
    /// Who holds one token; nil when the chain is not held. O(1) now; O(transfers of the token) for a past block.
    func holders(of token: TokenID, on chain: ChainID, at block: BlockNumber?) throws -> TokenHolders
    /// Every holding, in order of contract, id, owner, from one state.
    /// - Returns: sums that were not positive and therefore left out.
    @discardableResult
    func holdings(
        of chain: ChainID,
        at block: BlockNumber?,
        _ body: (HoldingLine) throws -> Void
    ) throws -> HoldingsSummary
    /// Every stored transfer up to a block (nil: all), in order of place, from one state.
    ///
    /// Flat in memory, however many there are.
    @discardableResult
    func transfers(
        of chain: ChainID,
        upTo block: BlockNumber?,
        _ body: (ExportedTransfer) throws -> Void
    ) throws -> TransfersSummary
    /// Every token that has an owner or ever was counted, with what is known of its metadata, in order of contract and id,
    /// from one state.
    ///
    /// Tokens that only ever moved in ERC-2309 ranges are not among them. Flat in memory, however many there are.
    func metadata(of chain: ChainID, _ body: (TokenMetadata) throws -> Void) throws
    /// One token's metadata; nil where nobody looked yet.
    func metadata(of token: TokenID, on chain: ChainID) throws -> TokenMetadata?
    /// A token's document as it came, the newest or an older one; nil where none is held, or it never had that version.
    ///
    /// - Parameter version: from 1; nil: the newest.
    func document(of token: TokenID, version: UInt64?, on chain: ChainID) throws -> HeldDocument?
}

/// A document as it came, at most 1 MiB.
package struct HeldDocument: Sendable, Hashable {
    package var raw: [UInt8]
    /// SHA-256 of ``raw``.
    package var hash: Hash32
    /// How many different documents the token had up to this one.
    package var version: UInt64

    package init(raw: [UInt8], hash: Hash32, version: UInt64) {
        self.raw = raw
        self.hash = hash
        self.version = version
    }
}

/// Names one token of one contract.
package struct TokenID: Sendable, Hashable {
    package var contract: Address
    package var token: U256

    package init(contract: Address, token: U256) {
        self.contract = contract
        self.token = token
    }
}

/// Where a chain stands, for status answers.
package struct ChainSummary: Sendable, Equatable {
    package var identity: ChainIdentity
    package var version: ChainVersion
    package var tip: BlockRef?
    /// The checkpoint; its hash where that block is held.
    package var checkpoint: BlockNumber?
    package var checkpointHash: Hash32?
    package var finalized: BlockNumber?
    package var rewinds: UInt64
    /// Who writes it at present; nil where nobody does.
    package var holder: LeaseHolder?
    /// Grows with every take-over.
    package var epoch: UInt64 { version.epoch }
    package var counters: Counters
    package var scopes: [ScopeSummary]
    /// What the quiet audit counted so far.
    package var audit = AuditTotals()
    /// Holdings of which the contract was last heard to say something else than its events.
    package var conflicts: UInt64 = 0

    /// Each equals a count of rows.
    package struct Counters: Sendable, Equatable {
        package var transfersProcessed: UInt64
        package var tokensDiscovered: UInt64
        package var tokensEnriched: UInt64
        package var errorCount: UInt64

        package init(transfersProcessed: UInt64, tokensDiscovered: UInt64, tokensEnriched: UInt64, errorCount: UInt64) {
            self.transfersProcessed = transfersProcessed
            self.tokensDiscovered = tokensDiscovered
            self.tokensEnriched = tokensEnriched
            self.errorCount = errorCount
        }
    }

    package struct ScopeSummary: Sendable, Equatable {
        package var scope: Scope
        /// Blocks covered in every event set, counted.
        package var coveredBlocks: UInt64
        /// The least evidence of what is covered; nil where nothing is.
        package var evidence: Evidence?

        package init(scope: Scope, coveredBlocks: UInt64, evidence: Evidence?) {
            self.scope = scope
            self.coveredBlocks = coveredBlocks
            self.evidence = evidence
        }
    }

    package init(
        identity: ChainIdentity,
        version: ChainVersion,
        tip: BlockRef?,
        checkpoint: BlockNumber?,
        checkpointHash: Hash32?,
        finalized: BlockNumber?,
        rewinds: UInt64,
        counters: Counters,
        scopes: [ScopeSummary]
    ) {
        self.identity = identity
        self.version = version
        self.tip = tip
        self.checkpoint = checkpoint
        self.checkpointHash = checkpointHash
        self.finalized = finalized
        self.rewinds = rewinds
        self.counters = counters
        self.scopes = scopes
    }
}

/// Holdings that a chain's quiet audit has checked, over all processes.
package struct AuditTotals: Sendable, Hashable {
    package var agreed: UInt64
    package var different: UInt64
    /// Nobody was heard, which says nothing about the holding.
    package var unanswered: UInt64

    package init(agreed: UInt64 = 0, different: UInt64 = 0, unanswered: UInt64 = 0) {
        self.agreed = agreed
        self.different = different
        self.unanswered = unanswered
    }

    package var checked: UInt64 { agreed + different + unanswered }

    /// The share that agreed of those that were answered; nil without any.
    package var rate: Double? {
        agreed + different == 0 ? nil : Double(agreed) / Double(agreed + different)
    }
}

/// The state an answer was read from.
package struct AsOf: Sendable, Equatable {
    package var block: BlockRef?
    /// Whether coverage reaches from the scope's first block to ``block``.
    package var isComplete: Bool

    package init(block: BlockRef?, isComplete: Bool) {
        self.block = block
        self.isComplete = isComplete
    }
}

/// Who holds a token, and by which event.
package struct TokenHolders: Sendable, Equatable {
    package var token: TokenID
    /// The unique ledger's answer; nil when no event ever named the token there.
    package var unique: Unique?
    /// The counted ledger's balances, in order of addresses; sums may be negative where events are inconsistent.
    package var counted: [Balance]
    package var asOf: AsOf

    package struct Unique: Sendable, Equatable {
        /// The zero address once it is burned.
        package var owner: Address
        /// The event that decided; see ``Place/isOpening`` for what a snapshot read.
        package var place: Place
        /// Zero for what a snapshot read.
        package var transactionHash: Hash32
        package var isRange: Bool

        package init(owner: Address, place: Place, transactionHash: Hash32, isRange: Bool) {
            self.owner = owner
            self.place = place
            self.transactionHash = transactionHash
            self.isRange = isRange
        }
    }

    package struct Balance: Sendable, Equatable {
        package var owner: Address
        package var amount: SignedSum

        package init(owner: Address, amount: SignedSum) {
            self.owner = owner
            self.amount = amount
        }
    }

    package init(token: TokenID, unique: Unique?, counted: [Balance], asOf: AsOf) {
        self.token = token
        self.unique = unique
        self.counted = counted
        self.asOf = asOf
    }
}

/// One line of the export.
package struct HoldingLine: Sendable, Equatable {
    package var contract: Address
    package var rule: HoldingRule
    package var token: U256
    /// The last id of a run; nil for a single token.
    package var tokenTo: U256?
    package var owner: Address
    package var amount: SignedSum
    /// Whether a snapshot says so, and no event.
    package var isObserved = false

    package init(
        contract: Address,
        rule: HoldingRule,
        token: U256,
        tokenTo: U256?,
        owner: Address,
        amount: SignedSum
    ) {
        self.contract = contract
        self.rule = rule
        self.token = token
        self.tokenTo = tokenTo
        self.owner = owner
        self.amount = amount
    }

    /// Runs of consecutive ids with one owner longer than this are one line.
    package static let runIDsMax: UInt64 = 10_000
}

/// What an export left out, and the state it shows.
package struct HoldingsSummary: Sendable, Equatable {
    package var lines: Int
    /// Counted sums that were negative: events that are inconsistent in themselves.
    package var negativeSums: Int
    package var asOf: AsOf

    package init(lines: Int, negativeSums: Int, asOf: AsOf) {
        self.lines = lines
        self.negativeSums = negativeSums
        self.asOf = asOf
    }
}

/// One line of the export of transfers.
package struct ExportedTransfer: Sendable, Equatable {
    package var line: TransferLine
    package var blockHash: Hash32

    package init(line: TransferLine, blockHash: Hash32) {
        self.line = line
        self.blockHash = blockHash
    }
}

/// How many transfers an export wrote, and the state it shows.
package struct TransfersSummary: Sendable, Equatable {
    package var lines: Int
    package var asOf: AsOf

    package init(lines: Int, asOf: AsOf) {
        self.lines = lines
        self.asOf = asOf
    }
}
