package import Ethereum

/// The questions that are answered in pages, and the look-ups fast enough to be answered inline.
///
/// Pages are keyset pages: each names where the next one starts, so that rows that come or go meanwhile shift nothing. A
/// page may be shorter than asked for, because the work for one page is bounded; only a missing ``Page/next`` is the end.
package protocol Listings: Catalog, TraitListings {
    /// A reader for look-ups of owners. Opens a connection: keep it, and give it to one caller at a time.
    func ownerReader() throws -> any OwnerReader
    /// Who holds a token, now or at a past block, with a page of the counted ledger's balances.
    ///
    /// Balances come in an order that means nothing and stays. A past block costs O(transfers of the token), bounded.
    /// - Throws: ``ListingError/tooMuchHistory(_:)`` beyond the bounds.
    func owners(
        of token: TokenID,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<Address>
    ) throws -> TokenOwner
    /// What a wallet holds, now or at a past block, by contract in the order of first appearance, then by id.
    ///
    /// Burned tokens are nobody's. A past block costs a few look-ups for each token that the wallet ever moved, bounded.
    /// - Throws: ``ListingError/walletsNotIndexed`` for a past block without the indexes of transfers by wallet.
    func tokens(
        of wallet: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<
        HeldToken, TokenPosition
    >
    /// The same list, now, each token with its name and picture and whether the contract contradicts it.
    ///
    /// Two look-ups for each token more; a picture of more than `imageMax` characters is not read out.
    func cards(
        of wallet: Address,
        on chain: ChainID,
        imageMax: Int,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<TokenCard, TokenPosition>
    /// The contracts with rows, in the order of first appearance.
    func contracts(of chain: ChainID, _ page: PageRequest<Address>) throws -> Page<ContractSummary, Address>
    /// One contract; nil when no event and no scope names it.
    func contract(_ contract: Address, on chain: ChainID) throws -> (summary: ContractSummary, standing: Standing)?
    /// A contract's tokens by id, now or at a past block; burned unique tokens are left out.
    func tokens(
        in contract: Address,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<
        HeldToken, TokenPosition
    >
    /// A contract's unique tokens that one of these wallets holds, by id, now. A page may be short, or empty, before the end.
    ///
    /// Costs a walk of a page for each wallet.
    func tokens(
        in contract: Address,
        on chain: ChainID,
        heldBy wallets: Set<Address>,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<HeldToken, TokenPosition>
    /// Transfers, newest first.
    /// - Throws: ``ListingError/walletsNotIndexed`` for a wallet's, without the indexes of transfers by wallet.
    func transfers(
        of subject: TransferSubject,
        on chain: ChainID,
        _ page: PageRequest<Place>
    ) throws -> Page<TransferLine, Place>
}

/// Whose transfers are listed.
package enum TransferSubject: Sendable, Hashable {
    case chain
    case token(TokenID)
    case contract(Address)
    /// Sent or received; the zero address has mints and burns.
    case wallet(Address)
}

/// Looks up owners on a connection of its own; microseconds, so that no thread has to be left for it.
package protocol OwnerReader: AnyObject, Sendable {
    /// Who holds a token now; nil when its history needs more steps than may be done inline: ask the store then.
    func owner(of token: TokenID, on chain: ChainID) throws -> TokenOwner?
}

/// Which page is wanted.
package struct PageRequest<Position: Sendable>: Sendable {
    /// Where to start; nil: at the beginning.
    package var position: Position?
    /// The most items the page may have; at least 1.
    package var limit: Int

    package init(position: Position?, limit: Int) {
        self.position = position
        self.limit = max(1, limit)
    }
}

/// One page of a list, read from one committed state.
package struct Page<Item: Sendable, Position: Sendable>: Sendable {
    package var items: [Item]
    /// Where the next page starts; nil at the end.
    package var next: Position?
    /// True when a contract passed has more ranges than are looked at: every item is right, some may be missing.
    package var isTruncated: Bool
    package var standing: Standing

    package init(items: [Item], next: Position?, isTruncated: Bool, standing: Standing) {
        self.items = items
        self.next = next
        self.isTruncated = isTruncated
        self.standing = standing
    }
}

/// The committed state an answer was read from, and how far it can be trusted.
package struct Standing: Sendable, Hashable {
    package var chain: ChainID
    /// The chain's commit counter: another number, another state.
    package var revision: UInt64
    /// The block the answer is for; nil while nothing was read.
    package var block: BlockNumber?
    /// Its hash, where it is held.
    package var hash: Hash32?
    package var isFinal: Bool
    /// Whether coverage reaches from the scope's first block to ``block``.
    package var isComplete: Bool

    package init(
        chain: ChainID,
        revision: UInt64,
        block: BlockNumber?,
        hash: Hash32?,
        isFinal: Bool,
        isComplete: Bool
    ) {
        self.chain = chain
        self.revision = revision
        self.block = block
        self.hash = hash
        self.isFinal = isFinal
        self.isComplete = isComplete
    }
}

/// Why a question was not answered; never an empty answer instead.
package enum ListingError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownChain(ChainID)
    /// A past block that coverage does not reach.
    case notCovered(block: BlockNumber, reached: BlockNumber?)
    /// The block that the question is about is not the one held at its height any more.
    case replaced(block: BlockNumber)
    /// The indexes that the question needs are built after the first backfill.
    case notIndexed
    /// The question needs the optional indexes of transfers by wallet, which nobody asked to have built.
    case walletsNotIndexed
    /// More rows than one question may read; says of what.
    case tooMuchHistory(String)

    package var description: String {
        switch self {
        case .unknownChain(let chain): "the database holds no chain \(chain)"
        case .notCovered(let block, let reached):
            "block \(block) is not completely read; "
                + (reached.map { "answers reach to block \($0)" } ?? "no answer about the past is complete yet")
        case .replaced(let block): "block \(block) was replaced by another meanwhile; ask again"
        case .notIndexed:
            "the first reading of the chain goes on; the indexes this question needs are built when it is done"
        case .walletsNotIndexed:
            "this question needs the indexes of transfers by wallet; start `holdfast run` or `holdfast sync` once with "
                + "`--index wallets` to build them"
        case .tooMuchHistory(let what): "the answer is not given because \(what)"
        }
    }
}
