/// Every limit of the chain client, with its unit and its reason.
package import Ethereum

package struct RPCOptions: Sendable {
    /// The chain that the operator named; nil: what the endpoints agree on.
    ///
    /// Endpoints of another are quarantined.
    package var chainID: ChainID?
    /// Whether this chain's log indices are known to be unusable and every block is numbered from its receipts.
    package var renumbered = false

    /// How far log answers are checked; see ``EvidenceLevel``.
    package var evidence = EvidenceLevel.anchored
    /// Blocks in one window while every header of it is read as well: some batches of headers a page.
    package var widthMaxLinked: UInt64 = 5_000

    /// A head or a header is a few kilobytes; an endpoint that needs longer is not healthy.
    package var headDeadline: Duration = .seconds(10)
    /// Nodes give up on a heavy query after 10 to 30 s; waiting longer than they do is pointless.
    package var bulkDeadline: Duration = .seconds(30)
    /// All tries of one question together.
    package var callDeadline: Duration = .seconds(120)
    /// Tries at endpoints that were asked already, beyond the first; others are always asked once.
    package var immediateTries = 3

    /// Headers with huge `extraData` or seals exist; a megabyte is more than any (rpc-quirks §14).
    package var headerBytesMax = 1 << 20
    /// One page of logs.
    package var pageBytesMax = 16 << 20
    /// All answers in flight together; at least one page.
    package var bytesInFlightMax = 48 << 20

    /// Blocks in the first window, before anything was learnt: under most providers' caps.
    package var widthInitial: UInt64 = 2_000
    /// No node serves more blocks at once by default (reth's cap), and an answer has one deadline.
    package var widthMax: UInt64 = 100_000
    /// Requests at one endpoint at a time, at most: public endpoints close doors above it.
    package var requestsInFlightMax = 16
    /// Headers in one batch, at most: the smallest of the well-known limits.
    package var batchMax = 100

    package init() {}
}
