package import Ethereum

/// What a verification needs of a store: holdings to compare with the contracts' own answers, and a place for contradictions.
///
/// All holdings are as of one block, the checkpoint, whatever the ledger has taken in since. Every method reads one
/// committed state and makes sure that this block still is the one held.
package protocol HoldingChecks: Catalog {
    /// Holdings drawn at random, burned tokens included, none twice; fewer where there are fewer.
    ///
    /// Every one with the same chance where the chain (or the contract) has at most 250 rows for each one wanted. Beyond, tokens of a whole
    /// chain are drawn through the transfer that decided them, evenly but for blocks of more than 500 transfers, which get
    /// less than their due; those of one contract by seeking random ids, which favours ids behind gaps. ERC-2309 ranges get
    /// at least a tenth of the draws.
    /// - Cost: bounded, whatever the size: some thousands of look-ups for a sample of 200.
    func sample(
        _ count: Int,
        of chain: ChainID,
        contract: Address?,
        at block: BlockRef,
        using generator: inout some RandomNumberGenerator
    ) throws -> [ClaimedHolding]
    /// Every holding, page by page, contract by contract, burned tokens included.
    ///
    /// Of consecutive ids that one ERC-2309 range decides, more than 10,000 are represented by their ends and 16 between.
    func holdings(
        of chain: ChainID,
        contract: Address?,
        at block: BlockRef,
        _ page: PageRequest<SweepPosition>
    ) throws -> (items: [ClaimedHolding], next: SweepPosition?)
    /// Those of the places for which no row is held.
    func unheld(_ places: [Place], of chain: ChainID) throws -> Set<Place>
    /// The contradictions on record, in no order; at most `limit`.
    func conflicts(of chain: ChainID, limit: Int) throws -> [OwnershipConflict]
    /// The contradictions about one token.
    func conflicts(about token: TokenID, on chain: ChainID) throws -> [OwnershipConflict]
    /// Puts what was found on record; one transaction.
    ///
    /// May be repeated, but that an audit's totals then count twice.
    func record(_ findings: HoldingFindings, at block: BlockRef, of chain: ChainID) throws
}

/// What a verification leaves behind.
package struct HoldingFindings: Sendable {
    package var conflicts: [OwnershipConflict]
    /// Contradictions on record that are none any more.
    package var settled: [ClaimedHolding]
    /// What is added to the chain's totals; nil: it was no audit.
    package var audited: AuditTotals?

    package init(conflicts: [OwnershipConflict], settled: [ClaimedHolding] = [], audited: AuditTotals? = nil) {
        self.conflicts = conflicts
        self.settled = settled
        self.audited = audited
    }

    package var isEmpty: Bool { conflicts.isEmpty && settled.isEmpty && audited == nil }
}

/// What our events say: who holds a token, or how much of it.
package struct ClaimedHolding: Sendable, Hashable {
    package var contract: Address
    package var token: U256
    package var rule: HoldingRule
    /// The zero address for a unique token that was burned.
    package var owner: Address
    /// 1 for unique tokens.
    package var amount: SignedSum

    package init(contract: Address, token: U256, rule: HoldingRule, owner: Address, amount: SignedSum) {
        self.contract = contract
        self.token = token
        self.rule = rule
        self.owner = owner
        self.amount = amount
    }
}

/// What the contract itself said instead.
package enum ObservedHolding: Sendable, Hashable {
    /// It refused, or has no such function or no code.
    case nothing
    case owner(Address)
    case amount(U256)
    /// Bytes that are neither an address nor an amount.
    case malformed
}

/// A contract contradicts its own events: both are kept, and events go on to decide.
package struct OwnershipConflict: Sendable, Hashable {
    package var claimed: ClaimedHolding
    package var observed: ObservedHolding
    /// The state in which the contract was asked.
    package var block: BlockRef

    package init(claimed: ClaimedHolding, observed: ObservedHolding, block: BlockRef) {
        self.claimed = claimed
        self.observed = observed
        self.block = block
    }
}

extension TokenOwner {
    /// Takes over the contradiction that concerns what is claimed here; a claim that changed since is not contradicted.
    package mutating func take(_ found: [OwnershipConflict]) {
        conflict = found.first { conflict in
            switch conflict.claimed.rule {
            case .unique: unique?.owner == conflict.claimed.owner
            case .counted:
                counted.contains { $0.owner == conflict.claimed.owner && $0.amount == conflict.claimed.amount }
            }
        }
    }
}

extension TokenCard {
    /// Takes over the contradiction that concerns this holding as it is now.
    package mutating func take(_ found: [OwnershipConflict]) {
        conflict = found.first { conflict in
            conflict.claimed.rule == held.rule && conflict.claimed.owner == held.owner
                && (held.rule == .unique || conflict.claimed.amount == held.amount)
        }
    }
}

/// Where a sweep over all holdings goes on.
package struct SweepPosition: Sendable, Hashable {
    /// The parts of a contract's holdings, in this order.
    package enum Part: UInt8, Sendable, Hashable, Comparable {
        case singles, ranges, counted

        package static func < (left: Part, right: Part) -> Bool { left.rawValue < right.rawValue }
    }

    package var contract: Address
    package var part: Part
    /// The first token that is still to come.
    package var token: U256
    /// The last holder of it that was given; nil: none yet.
    package var after: Address?

    package init(contract: Address, part: Part, token: U256, after: Address?) {
        self.contract = contract
        self.part = part
        self.token = token
        self.after = after
    }
}
