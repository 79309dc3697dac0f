import ChainClient
import ChainSync
import Ethereum
import HTTPAPI
import Logging
import StoreSQLite
import Synchronization
import Tokens

/// The chains of one process, each followed by its own task: one that cannot go on never stops the others.
final class Fleet: Sendable {
    private let store: SQLiteStore
    private let transport: HTTPTransport
    private let logger: Logger
    /// One for all chains, so that memory does not depend on how many there are.
    private let bytes = ByteBudget()
    private let members = Mutex<[ChainID: Member]>([:])
    /// Whether a chain that another instance holds is waited for.
    private let waits: Bool
    /// nil: nothing is found out about tokens.
    private let enrichment: EnrichmentWork?

    private struct Member {
        var status: SyncStatus
        /// nil while the chain is waited for.
        var client: RPCChain?
    }

    init(
        store: SQLiteStore,
        transport: HTTPTransport,
        waits: Bool = true,
        enrichment: EnrichmentWork? = nil,
        logger: Logger
    ) {
        self.store = store
        self.enrichment = enrichment
        self.transport = transport
        self.waits = waits
        self.logger = logger
    }

    /// What the engines know right now, for status answers.
    var live: [ChainID: LiveStatus] {
        members.withLock { $0 }.mapValues { member in
            var live = member.status.live
            live.endpoints = member.client?.endpointStatuses ?? []
            live.repairs = member.client?.repairCounts ?? []
            return live
        }
    }

    /// In order of chain ids.
    var statuses: [(ChainID, SyncStatus)] {
        members.withLock { members in members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.status) } }
    }

    /// Follows every chain until cancelled.
    ///
    /// - Throws: only when not a single chain can go on, with the first chain's reason.
    func follow(_ chains: [ChainSettings]) async throws {
        try await EachChain.run(chains, failing: "a chain cannot go on; the others do", logger) { settings in
            try await self.follow(settings)
        }
    }

    private func follow(_ settings: ChainSettings) async throws {
        while true {
            let wiring = try await wire(settings)
            let chain = wiring.state.identity.chainID
            members.withLock { $0[chain] = Member(status: wiring.engine.status, client: wiring.client) }
            defer { wiring.keeper.end() }
            do {
                let (store, enrichment) = (store, enrichment)
                return try await wiring.run(until: .follow, auditedPerMinute: settings.auditedPerMinute) {
                    node,
                    chain in
                    await enrichment?.run(node, store, chain, settings.enrichment)
                }
            } catch SyncError.superseded where waits {
                // Paused longer than the lease lasts: what was in memory is worth nothing any more.
                logger.warning(
                    "another instance has taken the chain over; standing by",
                    metadata: ["chain": "\(chain)"]
                )
            }
        }
    }

    /// What a chain that waits for its lease shows.
    private func standing(_ chain: ChainID, _ phase: SyncStatus.Phase, _ reason: String) {
        let status = members.withLock { members in
            let member = members[chain] ?? Member(status: SyncStatus(), client: nil)
            members[chain] = member
            return member.status
        }
        status.update {
            $0.phase = phase
            $0.reason = reason
        }
    }

    /// Whatever may pass is waited for, ever more slowly: endpoints that are down or talk nonsense, a busy database.
    private func wire(_ settings: ChainSettings) async throws -> Wiring {
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await Wiring.make(
                    settings,
                    store: store,
                    transport: transport,
                    bytes: bytes,
                    standby: Standby(waits: waits, logger: logger) { [self] in standing($0, $1, $2) },
                    logger: logger
                )
            } catch let error where Self.mayPass(error) {
                logger.warning("waiting for a chain", metadata: ["reason": "\(Failure.text(of: error))"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            }
        }
    }

    /// Whether trying again later may help; another chain behind the endpoint is for the operator to mend.
    static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case ChainError.wrongChain, ChainError.cancelled: false
        case is ChainError, StoreError.busy: true
        default: false
        }
    }
}

extension SyncStatus {
    var live: LiveStatus {
        let now = snapshot
        var live = LiveStatus(
            state: now.phase.rawValue,
            reason: now.reason,
            head: now.head,
            finalized: now.finalized,
            blocksLeft: now.blocksLeft,
            blocksTotal: now.blocksTotal,
            commits: now.commits
        )
        live.rowsWritten = now.rowsWritten
        live.rowsRepaired = now.rowsRepaired
        live.looks = now.looks
        live.silentFor = now.silentFor
        live.rewinds = .init(
            bounds: Snapshot.rewindDepthBounds,
            counts: now.rewindsByDepth,
            count: now.rewinds,
            blocks: now.rewoundBlocks
        )
        return live
    }
}
