/// The seam between the engine and whatever answers for a chain.
///
/// Every method has a deadline of its own and may be called again. Implementations retry, fail over and split by
/// themselves; what they throw is what the engine has to act on.
package protocol Chain: Sendable {
    /// Chain id and the hash of the first block, from the endpoints themselves.
    ///
    /// Two requests at most per endpoint.
    func identity() async throws(ChainError) -> ChainIdentity
    /// The newest block.
    ///
    /// One request.
    func head() async throws(ChainError) -> Header
    /// The newest block the chain calls final; nil where the `finalized` tag does not work.
    ///
    /// One request.
    func finalized() async throws(ChainError) -> Header?
    /// The canonical block of a height; nil when no endpoint knows it (yet).
    ///
    /// Never a proof that it is gone.
    func header(number: BlockNumber) async throws(ChainError) -> Header?
    /// The same from an endpoint that serves another block at its height as well, so that both are of one chain.
    ///
    /// - Throws: ``ChainError/reorged(_:)`` where those that have the height have another block there.
    func header(number: BlockNumber, beside: BlockRef) async throws(ChainError) -> Header?
    /// A block by identity, canonical or not; nil when no endpoint knows it.
    func header(hash: Hash32) async throws(ChainError) -> Header?
    /// The logs of a prefix of `range`: as many blocks, from its start, as one answer may carry.
    ///
    /// All or nothing for that prefix, from one endpoint, bound to the hash of the prefix's last block.
    ///
    /// - Parameter beside: a block of the chain that is meant. Only an endpoint that serves it at its height as well is
    ///   believed: one that is left behind on another branch has a history of its own, and nothing in a range links it to
    ///   what is held elsewhere. nil: any endpoint is.
    func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter,
        beside: BlockRef?
    ) async throws(ChainError) -> RangeAnswer
    /// The logs of exactly one block, asked by its hash.
    func logs(of block: Header, matching filter: LogFilter) async throws(ChainError) -> LogPage
    /// Timestamps of blocks by number, where the chain gives them; in one batch where batches work.
    func headers(numbers: [BlockNumber]) async throws(ChainError) -> [Header]
    /// What the operators behind the endpoints say of a block: whether it still stands at its height.
    ///
    /// One request for each endpoint; who cannot be asked or does not know the height abstains.
    func votes(on block: BlockRef) async -> Votes
    /// What contracts answer in the state after `block`, in the order of `calls`.
    ///
    /// Pinned at the block's hash. What a call could not find out is an outcome, never an error: errors concern the block or
    /// the chain as a whole. Safe to call again.
    /// - Cost: one request for about a hundred calls where the chain has Multicall3, else batches, else one each.
    /// - Throws: ``ChainError/reorged(_:)`` where the block is not on the chain any more.
    func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome]
    /// How many log requests are worth having in flight now; at least 1.
    var pagesInFlight: Int { get }
    /// How many blocks one log request may well span now, by what was learnt; at least 1. A hint for cutting up work.
    func blocksPerPage(for filter: LogFilter) -> UInt64
}

/// How operators stand to one block; each has one voice, however many endpoints it has.
package struct Votes: Sendable, Hashable {
    /// Who serves this very block at its height.
    package var same: Int
    /// Who serves another one there.
    package var other: Int

    package init(same: Int, other: Int) {
        self.same = same
        self.other = other
    }
}

extension Chain {
    package func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter
    ) async throws(ChainError) -> RangeAnswer {
        try await logs(in: range, matching: filter, beside: nil)
    }
    package func votes(on block: BlockRef) async -> Votes { Votes(same: 0, other: 0) }
    package func blocksPerPage(for filter: LogFilter) -> UInt64 { 1_000 }
    package func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        calls.map { _ in .unavailable }
    }
}

/// What tells one chain from another: the same id with another genesis is another chain.
package struct ChainIdentity: Sendable, Hashable {
    package var chainID: ChainID
    package var genesis: Hash32

    package init(chainID: ChainID, genesis: Hash32) {
        self.chainID = chainID
        self.genesis = genesis
    }
}

/// One answered range of logs.
package struct RangeAnswer: Sendable {
    /// The blocks the answer is complete for; starts where the request started.
    package var range: ClosedRange<BlockNumber>
    /// The last block of `range`, read before and after the logs with one and the same hash.
    package var anchor: Header
    package var page: LogPage
    /// The parent of the range's first block, where its header was read: what links the range to the one before.
    package var parent: BlockRef?

    package init(range: ClosedRange<BlockNumber>, anchor: Header, page: LogPage) {
        self.range = range
        self.anchor = anchor
        self.page = page
    }
}

/// Each case is one thing the engine can do about it.
package enum ChainError: Error, Sendable, Equatable {
    /// No endpoint could answer; wait, then ask again.
    ///
    /// The text names the endpoints and what they said.
    case unavailable(String)
    /// Answers contradict each other or themselves and no endpoint did better; ask again later, commit nothing.
    case inconsistent(String)
    /// The block asked for is not, or no longer, on the chain that the endpoints serve: look at the head again.
    case reorged(String)
    /// No endpoint can serve this range any more or at all (pruned, over every cap); an operator has to act.
    case unservable(String)
    /// The endpoints answer for another chain; nothing may be written.
    case wrongChain(String)
    /// The task was cancelled.
    case cancelled
}
