package import Ethereum

/// The store as the engine sees it: where a chain stands, and the one way to change that.
package protocol Ledger: Sendable {
    /// Opens a chain for writing: makes its row and scopes if there is none, takes its lease under a new epoch.
    ///
    /// - Throws: ``LedgerError/otherChain(stored:found:)``, or ``LedgerError/held(by:)`` while another instance's lease
    ///   runs, with nothing written. May be repeated; each call that returns is a take-over.
    func open(_ request: ChainRequest, holder: ID128) async throws -> ChainState
    /// Holds the lease for another term; every applied update does so too. Changes nothing else.
    ///
    /// - Throws: ``LedgerError/stale(current:)`` when another instance has taken the chain over.
    func renewLease(of chain: ChainID, as version: ChainVersion) async throws
    /// Gives the lease back, so that the next instance need not wait; does nothing where it is lost already.
    func releaseLease(of chain: ChainID, as version: ChainVersion) async throws
    /// The committed state. May be repeated.
    func state(of chain: ChainID) async throws -> ChainState
    /// Applies an update in one transaction, wholly or not at all.
    ///
    /// Applying rows and coverage that are held already changes no row but the version.
    /// - Throws: ``LedgerError``; anything else is the disk's or the database's fault, and the fate of the commit is
    ///   told by reading ``state(of:)`` and comparing `commitID`.
    func apply(_ update: ChainUpdate, to chain: ChainID) async throws -> Committed
    /// Blocks with events whose time is not known, in order from `block` on; at most `limit`. May be repeated.
    func untimedBlocks(of chain: ChainID, from block: BlockNumber, limit: Int) async throws -> [BlockRef]
    /// The newest held block at or below a height: the hashes in ``ChainState/window`` and the sparse ones below them.
    ///
    /// One look-up by key. May be repeated.
    func heldBlock(of chain: ChainID, atOrBelow number: BlockNumber) async throws -> BlockRef?
    /// Builds the secondary indexes that a first backfill goes without, or that are asked for since.
    ///
    /// Minutes on hundreds of millions of rows; repeatable.
    ///
    /// The lease is renewed with each index, in its transaction; meanwhile others see ``LeaseHolder/work``.
    /// - Throws: ``LedgerError/stale(current:)`` when another instance has taken the chain over.
    func buildIndexes(of chain: ChainID, as version: ChainVersion) async throws
}

/// What an operator wants to have read of a chain.
package struct ChainRequest: Sendable, Equatable {
    package var identity: ChainIdentity
    /// Contracts to follow; none: the whole chain.
    package var contracts: [Address]
    /// Where the scopes start; nil keeps what is stored, else 0.
    package var firstBlock: BlockNumber?
    /// The event sets to read the chain for as a whole.
    package var eventSets: [EventSet]
    /// Contracts that are followed by address beside the whole of a chain, each with its rule.
    ///
    /// One that an operator removed stays removed. The rule holds for a contract that is followed already, too.
    package var specialContracts: [SpecialContract] = []

    package init(identity: ChainIdentity, contracts: [Address], firstBlock: BlockNumber?, eventSets: [EventSet]) {
        self.identity = identity
        self.contracts = contracts
        self.firstBlock = firstBlock
        self.eventSets = eventSets
    }
}
