package import Ethereum

/// The store as the engine sees it: where a chain stands, and the one way to change that.
package protocol Ledger: Sendable {
    /// Opens a chain for writing: makes its row and scopes if there is none, takes it over under a new epoch.
    ///
    /// - Throws: ``LedgerError/otherChain(stored:found:)`` with nothing written. May be repeated; each call is a take-over.
    func open(_ request: ChainRequest, holder: ID128) async throws -> ChainState
    /// The committed state. May be repeated.
    func state(of chain: ChainID) async throws -> ChainState
    /// Applies an update in one transaction, wholly or not at all.
    ///
    /// Applying rows and coverage that are held already changes no row but the version.
    /// - Throws: ``LedgerError``; anything else is the disk's or the database's fault, and the fate of the commit is
    ///   told by reading ``state(of:)`` and comparing `commitID`.
    func apply(_ update: ChainUpdate, to chain: ChainID) async throws -> Committed
    /// Builds the secondary indexes that a first backfill goes without, or that are asked for since. Minutes on hundreds of millions of rows; repeatable.
    func buildIndexes() async throws
}

/// What an operator wants to have read of a chain.
package struct ChainRequest: Sendable, Equatable {
    package var identity: ChainIdentity
    /// Contracts to follow; none: the whole chain.
    package var contracts: [Address]
    /// Where the scopes start; nil keeps what is stored, else 0.
    package var firstBlock: BlockNumber?
    /// The event sets to read.
    package var eventSets: [EventSet]

    package init(identity: ChainIdentity, contracts: [Address], firstBlock: BlockNumber?, eventSets: [EventSet]) {
        self.identity = identity
        self.contracts = contracts
        self.firstBlock = firstBlock
        self.eventSets = eventSets
    }
}
