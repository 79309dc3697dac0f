/// What is known about one endpoint at this moment; pure.
package import Ethereum

package struct Upstream: Sendable {
    /// A thing that not every endpoint can do.
    package enum Capability: Int, Sendable, Hashable, CaseIterable {
        case logs, logsByHash, receipts, batches, finalized, callsByHash
    }

    /// What a node does when asked for the logs of a block hash that it does not know.
    package enum UnknownHash: Sendable, Hashable {
        /// It says so: an empty answer means an empty block.
        case refuses
        /// It answers `[]`: an empty answer means nothing by itself.
        case answersEmpty
    }

    package struct Park: Sendable, Hashable {
        package var until: Duration
        package var kind: ErrorClass
        package var text: String
    }

    /// The shapes of filter whose density differs.
    package enum Shape: Sendable, Hashable {
        case everyContract, contracts

        package init(_ filter: LogFilter) { self = filter.addresses.isEmpty ? .everyContract : .contracts }
    }

    package var throttle: Throttle
    package var everyContract: RangeControl
    package var contracts: RangeControl
    /// The highest block it is known to have, and when that was seen.
    package private(set) var head: BlockNumber?
    package private(set) var headAt: Duration = .zero
    /// What it last called its head, believed or not.
    package var claimedHead: BlockNumber?
    /// Rises with each look at any endpoint's head: the lowest was looked at longest ago.
    package var headTurn: UInt64 = 0
    /// Blocks below this it said to have no logs of, and until when that is believed.
    private var pruned: (below: BlockNumber, until: Duration)?
    /// Out of use for a reason an operator may have to know.
    package var park: Park?
    /// Whether it is asked for a class of methods; one for each ``Breaker/Class``.
    var breakers = Breaker.Class.allCases.map { _ in Breaker() }
    /// Out of use for wrong data.
    package var quarantine = Quarantine()
    /// Things it refused, and until when that is believed.
    private var refused: [Capability: (until: Duration, isCertain: Bool)] = [:]
    /// When it last gave a block's receipts; nil: not yet.
    private var receiptsAt: Duration?
    /// When its chain was last checked; nil: not yet.
    package var verifiedAt: Duration?
    package var unknownHash: UnknownHash?
    /// Whether it was seen to keep to the block hash that a call names.
    package var pinsCalls = false
    /// The lowest block at which Multicall3 was seen to be there, and the highest at which it was not.
    package var multicallFrom: BlockNumber?
    package var multicallNotAt: BlockNumber?
    package var batchSize: Int
    let batchSizeInitial: Int
    /// The most addresses a request may name.
    package var addressesMax = LogFilter.addressesMax
    /// A moving average of the bytes of a page of logs, for reservations.
    package var pageBytes = 1 << 20
    package var inFlight = 0

    /// A capability that is missing is asked about again after this: nodes are upgraded.
    static let refusedFor: Duration = .seconds(3_600)
    /// A young chain has no finalized block yet.
    static let tagRefusedFor: Duration = .seconds(300)
    /// A 404 may be a proxy that has lost its node for a moment.
    static let statusRefusedFor: Duration = .seconds(30)
    /// Longer than a breaker stays open: receipts that are out for longer are not waited for.
    package static let receiptsAwaitedFor: Duration = .seconds(600)
    /// After an hour the chain is checked again: providers move keys and names.
    static let verifyEvery: Duration = .seconds(3_600)
    package init(_ endpoint: Endpoint, _ options: RPCOptions) {
        throttle = Throttle(
            requestsPerSecond: endpoint.requestsPerSecond,
            requestsInFlightMax: options.requestsInFlightMax
        )
        let control = RangeControl(initial: min(options.widthInitial, options.widthMax), max: options.widthMax)
        (everyContract, contracts) = (control, control)
        batchSizeInitial = min(10, options.batchMax)
        batchSize = batchSizeInitial
    }

    package subscript(shape: Shape) -> RangeControl {
        get { shape == .everyContract ? everyContract : contracts }
        set { if shape == .everyContract { everyContract = newValue } else { contracts = newValue } }
    }

    // MARK: Facts

    package mutating func sawHead(_ number: BlockNumber, now: Duration) {
        (head, headAt) = (number, now)
    }

    /// What it was believed to have, it has not.
    package mutating func forgetHead() { head = nil }

    /// An answer about this block proves that the endpoint has come so far.
    package mutating func saw(_ number: BlockNumber, now: Duration) {
        if number > head ?? 0 || head == nil { sawHead(number, now: now) }
    }

    /// It did not know a block that it should have: its head is believed to be below.
    package mutating func lacked(_ number: BlockNumber, now: Duration) {
        guard let head, head >= number else { return }
        sawHead(number == 0 ? 0 : number - 1, now: now)
    }

    /// It said that it has no logs of this block any more; believed as long as any other refusal.
    ///
    /// A node that restores its history, or a proxy's text that only sounds like it, must not keep it out for ever.
    package mutating func hasNoLogs(through number: BlockNumber, now: Duration) {
        let below = max(oldestLogs(now), number == .max ? .max : number + 1)
        pruned = (below, now + Self.refusedFor)
    }

    /// The oldest block whose logs it may have.
    package func oldestLogs(_ now: Duration) -> BlockNumber {
        pruned.map { now < $0.until ? $0.below : 0 } ?? 0
    }

    package func can(_ capability: Capability, now: Duration) -> Bool {
        refused[capability].map { now >= $0.until } ?? true
    }

    /// - Parameter isCertain: false for a status of whatever stands in front of the node, which may be restarting.
    package mutating func refuses(_ capability: Capability, now: Duration, isCertain: Bool = true) {
        let age = capability == .finalized ? Self.tagRefusedFor : Self.refusedFor
        refused[capability] = (now + (isCertain ? age : Self.statusRefusedFor), isCertain)
    }

    /// Whether the node itself said so, as opposed to what stands in front of it.
    package func refusesForLong(_ capability: Capability, now: Duration) -> Bool {
        refused[capability].map { $0.isCertain && now < $0.until } ?? false
    }

    package mutating func gaveReceipts(now: Duration) { receiptsAt = now }

    /// Whether receipts that it does not give now are likely to come back: it gave some not long ago, and did not say that
    /// it has none.
    package func mayGiveReceipts(_ now: Duration) -> Bool {
        guard let receiptsAt, !refusesForLong(.receipts, now: now) else { return false }
        return now < receiptsAt + Self.receiptsAwaitedFor
    }

    /// Whether its chain has to be looked at before it may be used.
    package func needsVerifying(_ now: Duration) -> Bool {
        verifiedAt.map { now >= $0 + Self.verifyEvery } ?? true
    }

    package func isParked(_ now: Duration) -> Bool { park.map { now < $0.until } ?? false }
}
