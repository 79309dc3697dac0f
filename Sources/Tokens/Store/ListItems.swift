package import Ethereum

/// Where a list of tokens goes on: the first token of the next page.
package struct TokenPosition: Sendable, Hashable {
    package var contract: Address
    package var token: U256
    /// A contract may use one id in both ledgers; the unique one comes first.
    package var rule: HoldingRule

    package init(contract: Address, token: U256, rule: HoldingRule) {
        self.contract = contract
        self.token = token
        self.rule = rule
    }
}

/// Who holds one token, from one committed state.
package struct TokenOwner: Sendable, Equatable {
    package var token: TokenID
    /// The unique ledger's answer; nil when no event ever named the token there.
    package var unique: Unique?
    /// Whether the counted ledger knows the token, even when nothing of it is left.
    package var isCounted: Bool
    /// Balances of the counted ledger: a page of them.
    package var counted: [TokenHolders.Balance]
    /// Whose balance the next page starts with; nil at the end.
    package var nextHolder: Address?
    /// The contract's last word against what is claimed here; nil where it was not asked, agreed, or the past is asked about.
    package var conflict: OwnershipConflict?
    /// In which state the contract itself named the unique owner, where no event did: a snapshot's block.
    package var observedAt: BlockRef?
    package var standing: Standing

    /// How many balances an inline look-up shows; the rest are a list of their own.
    package static let countedMax = 20

    package struct Unique: Sendable, Equatable {
        /// The zero address once it is burned.
        package var owner: Address
        /// The event that decided; see ``Place/isOpening`` for what a snapshot read.
        package var place: Place
        package var isRange: Bool

        package init(owner: Address, place: Place, isRange: Bool) {
            self.owner = owner
            self.place = place
            self.isRange = isRange
        }
    }

    package init(
        token: TokenID,
        unique: Unique? = nil,
        isCounted: Bool = false,
        counted: [TokenHolders.Balance] = [],
        nextHolder: Address? = nil,
        standing: Standing
    ) {
        self.token = token
        self.unique = unique
        self.isCounted = isCounted
        self.counted = counted
        self.nextHolder = nextHolder
        self.standing = standing
    }
}

extension TokenOwner {
    /// Who decides, as answers name it.
    package var ownership: String {
        conflict != nil ? "conflict" : observedAt != nil ? "observed" : "events"
    }
}

/// One token in a list.
package struct HeldToken: Sendable, Equatable {
    package var contract: Address
    package var token: U256
    package var rule: HoldingRule
    /// Whose it is; nil for a counted token in a contract's list, which has many holders.
    package var owner: Address?
    /// The wallet's balance, or in a contract's list the supply by mints and burns; 1 for unique tokens.
    package var amount: SignedSum
    /// Whether a snapshot says so, and no event.
    package var isObserved = false

    package init(contract: Address, token: U256, rule: HoldingRule, owner: Address?, amount: SignedSum) {
        self.contract = contract
        self.token = token
        self.rule = rule
        self.owner = owner
        self.amount = amount
    }
}

/// One token of a wallet as people look at it: what is held, what it is, and whether the contract agrees.
package struct TokenCard: Sendable, Equatable {
    package var held: HeldToken
    /// nil where nobody looked for it yet.
    package var state: MetadataState?
    /// Why there is no document, in one line.
    package var detail: String?
    package var name: String?
    /// What its contract calls itself.
    package var collection: String?
    /// The picture's place, or the picture itself as a `data:` URI; as a stranger wrote it.
    package var image: String?
    /// The picture is longer than was asked for; ``image`` is only its beginning.
    package var isImageTooLong = false
    /// The contract's last word against this holding.
    package var conflict: OwnershipConflict?

    package init(held: HeldToken) { self.held = held }

    /// Characters of a picture's beginning that tell what kind of place it is.
    package static let imageStartMax = 128
}

/// What is known of a contract from its events, and what it says of itself.
package struct ContractSummary: Sendable, Equatable {
    package var contract: Address
    /// Rows kept of it: transfers, ranges and batches' positions.
    package var transfers: UInt64
    package var hasUnique: Bool
    package var hasCounted: Bool
    /// What it says of itself; nil: it was not heard yet.
    package var facts: ContractFacts?

    package init(
        contract: Address,
        transfers: UInt64,
        hasUnique: Bool,
        hasCounted: Bool,
        facts: ContractFacts? = nil
    ) {
        self.contract = contract
        self.transfers = transfers
        self.hasUnique = hasUnique
        self.hasCounted = hasCounted
        self.facts = facts
    }
}

/// One row of the first layer of truth, as lists show it.
package struct TransferLine: Sendable, Equatable {
    package var transfer: Transfer
    /// The last id of an ERC-2309 range, whose first is the transfer's token.
    package var tokenTo: U256?
    /// Seconds since 1970, where the chain was asked.
    package var timestamp: UInt64?

    package init(transfer: Transfer, tokenTo: U256?, timestamp: UInt64?) {
        self.transfer = transfer
        self.tokenTo = tokenTo
        self.timestamp = timestamp
    }
}
