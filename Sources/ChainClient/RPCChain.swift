/// `Chain` over JSON-RPC: several endpoints that are slow, limited and sometimes wrong, behind one method a question.
package import Ethereum
package import Logging
import Synchronization

package final class RPCChain: Chain {
    package let endpoints: [Endpoint]
    /// What was asked and how it went, per endpoint, method and class.
    package let counters: Counters
    let transport: any Transport
    let options: RPCOptions
    let timeline: Timeline
    let random: @Sendable () -> UInt64
    let logger: Logger
    let bytes: ByteBudget
    /// Bulk requests in flight at each endpoint.
    let turnstiles: [Turnstile]
    /// One check of an endpoint's chain at a time.
    let verifiers: [Turnstile]
    let state: Mutex<State>
    private let nextID: Atomic<UInt64>

    struct State: Sendable {
        var pool: UpstreamPool
        var budget = RetryBudget()
        /// The chain that was agreed on; every endpoint has to be of it.
        var identity: ChainIdentity?
        var isRenumbered: Bool
        var gate = HeadGate()
        var hedge = HeadHedge()
        var deviations = Deviations()
        /// Whether this chain's receipts can be recomputed at all, and whether its blooms tell of its logs.
        var receiptsHold = true
        var bloomsHold = true

        /// Notes what an endpoint calls its head, and judges it by what the other operators call theirs.
        mutating func judgeHead(
            _ number: BlockNumber,
            _ index: Int,
            _ endpoints: [Endpoint],
            now: Duration
        ) -> HeadGate.Verdict {
            pool.upstreams[index].claimedHead = number
            var others: [String: BlockNumber] = [:]
            for other in endpoints.indices where endpoints[other].operator != endpoints[index].operator {
                guard let claim = pool.upstreams[other].claimedHead else { continue }
                others[endpoints[other].operator] = max(claim, others[endpoints[other].operator] ?? 0)
            }
            let claimant = endpoints[index].operator
            let verdict = gate.judges(number, of: claimant, others: Array(others.values), now: now)
            if verdict == .corrected {
                // Whoever was believed before has to say it again.
                for other in endpoints.indices where pool.upstreams[other].head ?? 0 > number + HeadGate.leapMin {
                    pool.upstreams[other].forgetHead()
                }
            }
            return verdict
        }
    }

    /// - Parameters:
    ///   - bytes: the budget for all answers in flight, shared with other chains; nil: one of its own.
    ///   - random: 64 random bits; seeded in a simulation.
    package init(
        endpoints: [Endpoint],
        transport: any Transport,
        options: RPCOptions = RPCOptions(),
        bytes: ByteBudget? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 0 ... .max) },
        logger: Logger
    ) {
        precondition(!endpoints.isEmpty, "a chain client needs an endpoint")
        let timeline = Timeline(clock)
        let now: @Sendable () -> Duration = { timeline.now }
        self.endpoints = endpoints
        self.transport = transport
        self.options = options
        self.timeline = timeline
        self.random = random
        self.logger = logger
        counters = Counters(labels: endpoints.map(\.label))
        self.bytes = bytes ?? ByteBudget(options, clock: clock)
        let pool = UpstreamPool(endpoints, options)
        turnstiles = pool.upstreams.map { Turnstile(total: $0.throttle.requestsInFlight, now: now) }
        verifiers = endpoints.map { _ in Turnstile(total: 1, now: now) }
        state = Mutex(State(pool: pool, isRenumbered: options.renumbered))
        // Ids begin anywhere and stay within what every JSON reader holds exactly.
        nextID = Atomic(random() >> 16)
    }

    /// Whether this chain's blocks are numbered from their receipts; once true it stays so.
    package var renumbered: Bool { state.withLock { $0.isRenumbered } }

    /// Numbers every block from its receipts from now on: for a chain that the ledger knows to need it.
    package func numberFromReceipts() { state.withLock { $0.isRenumbered = true } }

    /// Leaves receipts unproved: for a chain that is known to put receipts of its own among them.
    package func leaveReceiptsUnproved() { state.withLock { $0.receiptsHold = false } }

    package var pagesInFlight: Int {
        let pages = state.withLock { $0.pool.pagesInFlight(now: timeline.now) }
        // Beyond what the byte budget holds at its smallest reservation, pages would only queue for memory.
        return min(pages, max(1, options.bytesInFlightMax / (1 << 20)))
    }

    /// The widest window that any usable endpoint is asked for now; answers may still be for fewer blocks.
    package func blocksPerPage(for filter: LogFilter) -> UInt64 {
        let now = timeline.now
        let shape = Upstream.Shape(filter)
        return state.withLock { state in
            let usable = state.pool.upstreams.filter { !$0.isParked(now) && $0.can(.logs, now: now) }
            return (usable.isEmpty ? state.pool.upstreams : usable).map { $0[shape].width(now: now) }.max() ?? 1
        }
    }

    /// The first of `count` ids that nobody else gets.
    func takeIDs(_ count: Int) -> UInt64 {
        nextID.wrappingAdd(UInt64(count), ordering: .relaxed).oldValue
    }

    func upstream(_ index: Int) -> Upstream { state.withLock { $0.pool.upstreams[index] } }

    func change<Value>(_ index: Int, _ body: (inout Upstream) -> Value) -> Value {
        state.withLock { body(&$0.pool.upstreams[index]) }
    }
}
