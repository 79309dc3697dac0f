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
    private let members = Mutex<[ChainID: Member]>([:])

    private struct Member {
        var status: SyncStatus
        var client: RPCChain
    }

    init(store: SQLiteStore, transport: HTTPTransport, logger: Logger) {
        self.store = store
        self.transport = transport
        self.logger = logger
    }

    /// What the engines know right now, for status answers.
    var live: [ChainID: LiveStatus] {
        members.withLock { $0 }.mapValues { member in
            var live = member.status.live
            live.endpoints = member.client.endpointStatuses
            live.repairs = member.client.repairCounts
            return live
        }
    }

    var statuses: [SyncStatus] {
        members.withLock { members in members.keys.sorted().compactMap { members[$0]?.status } }
    }

    /// Follows every chain until cancelled.
    ///
    /// - Throws: only when not a single chain can go on, with the first chain's reason.
    func follow(_ chains: [ChainSettings]) async throws {
        let failures = await withTaskGroup(of: (Int, (any Error)?).self) { group in
            for (index, settings) in chains.enumerated() {
                group.addTask {
                    do {
                        try await self.follow(settings)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
            }
            var failures: [Int: any Error] = [:]
            for await (index, error) in group {
                guard let error, !(error is CancellationError) else { continue }
                failures[index] = error
                if chains.count > 1 {
                    let name = chains[index].name ?? chains[index].chainID.map(String.init) ?? "\(index + 1)"
                    self.logger.error(
                        "a chain cannot go on; the others do",
                        metadata: ["chain": "\(name)", "reason": "\(Failure.text(of: error))"]
                    )
                }
            }
            return failures
        }
        try Task.checkCancellation()
        if let first = failures.keys.min(), let error = failures[first] { throw error }
    }

    private func follow(_ settings: ChainSettings) async throws {
        let wiring = try await wire(settings)
        let member = Member(status: wiring.engine.status, client: wiring.client)
        members.withLock { $0[wiring.state.identity.chainID] = member }
        try await wiring.run(until: .follow)
    }

    /// Endpoints that are down at the start may come back: waited for, ever more slowly.
    private func wire(_ settings: ChainSettings) async throws -> Wiring {
        var pause = Duration.seconds(1)
        while true {
            do {
                return try await Wiring.make(settings, store: store, transport: transport, logger: logger)
            } catch let error as ChainError {
                guard case .unavailable(let what) = error else { throw error }
                logger.warning("waiting for an endpoint", metadata: ["reason": "\(what)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            }
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
        live.rewinds = .init(
            bounds: Snapshot.rewindDepthBounds,
            counts: now.rewindsByDepth,
            count: now.rewinds,
            blocks: now.rewoundBlocks
        )
        return live
    }
}
