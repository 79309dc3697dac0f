import ChainClient
import Ethereum
import Foundation
import HTTPAPI
import LiveReads
import Logging
import StoreSQLite
import Synchronization
import Tokens

/// The chains whose contracts this process can be asked about, each with a client of its own.
///
/// Not the sync engine's client: a person waits ten seconds at most, so endpoints are given up sooner, and a flood of
/// questions must not open the breakers that the engine goes by. An endpoint's requests a second hold for each apart.
final class LiveFleet: Sendable {
    private let store: SQLiteStore
    private let transport: HTTPTransport
    private let logger: Logger
    private let members = Mutex<[ChainID: Member]>([:])
    /// One for all chains: answers to calls are small.
    private let bytes: ByteBudget

    private struct Member {
        var reader: LiveReader
        var client: RPCChain?
        /// Why there is no client yet.
        var reason: String?
    }

    /// What a person waits for is given up sooner than what an engine waits for.
    private static let options: RPCOptions = {
        var options = RPCOptions()
        // Two endpoints that hang leave time for a third within a request's ten seconds.
        options.headDeadline = .seconds(3)
        options.bulkDeadline = .seconds(3)
        options.callDeadline = LiveLimits().deadline
        // Others are asked sooner than the same once more.
        options.immediateTries = 1
        // A hundred answers of a kilobyte, with room.
        options.pageBytesMax = 2 << 20
        options.bytesInFlightMax = 16 << 20
        return options
    }()

    init(store: SQLiteStore, transport: HTTPTransport, logger: Logger) {
        self.store = store
        self.transport = transport
        self.logger = logger
        bytes = ByteBudget(Self.options)
    }

    /// What the HTTP server shows and asks.
    var served: [ChainID: LiveServer.Member] {
        members.withLock { $0 }.mapValues { member in
            let client = member.client
            return LiveServer.Member(
                reader: member.reader,
                endpoints: { client?.endpointStatuses ?? [] },
                reason: member.reason
            )
        }
    }

    var counts: [(ChainID, LiveCounts)] {
        members.withLock { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value.reader.counts) }
    }

    /// Reaches the chains' endpoints, and keeps trying; ends when cancelled.
    ///
    /// - Throws: only when not a single chain can be asked, with the first chain's reason.
    func run(_ chains: [ChainSettings]) async throws {
        try await EachChain.run(chains, failing: "a chain cannot be asked; the others can", logger) { settings in
            try await self.serve(settings)
        }
    }

    private func serve(_ settings: ChainSettings) async throws {
        // A chain that is named can give last known values before any endpoint was reached.
        if let chain = settings.chainID { add(chain, reason: "no endpoint was reached so far") }
        var pause = Duration.seconds(1)
        while true {
            do {
                let (client, identity) = try await Wiring.connect(
                    settings,
                    store,
                    transport,
                    bytes,
                    logger,
                    options: Self.options
                )
                let held = try store.chains().first { $0.identity.chainID == identity.chainID }
                guard held == nil || held?.identity == identity else {
                    throw Failure.configuration("the endpoint's chain is not the one in the database")
                }
                add(identity.chainID, reason: nil, client)
                // Nothing to do but to be asked.
                while true { try await Task.sleep(for: .seconds(3_600)) }
            } catch let error where Fleet.mayPass(error) {
                let reason = Failure.text(of: error)
                logger.warning("waiting for a chain to ask", metadata: ["reason": "\(reason)"])
                if let chain = settings.chainID { add(chain, reason: reason) }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            } catch {
                if let chain = settings.chainID { add(chain, reason: Failure.text(of: error)) }
                throw error
            }
        }
    }

    private func add(_ chain: ChainID, reason: String?, _ client: RPCChain? = nil) {
        members.withLock { members in
            let reader = members[chain]?.reader ?? reader(of: chain)
            members[chain] = Member(reader: reader, client: client, reason: reason)
        }
    }

    private func reader(of chain: ChainID) -> LiveReader {
        let start = ContinuousClock.now
        return LiveReader(
            chainID: chain,
            chain: { [self] in members.withLock { $0[chain]?.client } },
            ledger: store,
            now: { ContinuousClock.now - start },
            wallSeconds: { Int64(Date().timeIntervalSince1970) }
        )
    }
}
