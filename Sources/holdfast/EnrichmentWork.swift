import ChainClient
import Egress
import Enrichment
import Ethereum
import Foundation
import Logging
import Metadata
import StoreSQLite
import Tokens

/// Finding out what tokens are, for as long as a chain is followed.
struct EnrichmentWork: Sendable {
    /// Whose metadata is looked up; also what `--enrich` and the file's key may be.
    ///
    /// None is called `off`, which YAML reads as a boolean.
    enum Mode: String, Sendable, CaseIterable {
        /// Nobody's; nothing is fetched.
        case none
        /// Of tokens that somebody asks for over the API.
        case requested
        /// Of contracts that are followed by name, and of what is asked for.
        case listed
        /// Of every token.
        case all

        var scope: MetadataScope? {
            switch self {
            case .none, .requested: nil
            case .listed: .listed
            case .all: .everything
            }
        }
    }

    var documents: DocumentReader
    /// Tokens whose contracts are asked together; nil: as many as the enricher thinks best.
    var batch: Int?
    var logger: Logger

    /// How documents are fetched.
    struct Settings: Sendable {
        /// Of IPFS; none: public ones.
        var gateways: [String] = []
        /// Private addresses too, which is said once.
        var allowsPrivate = false
        var batch: Int?
    }

    /// Between two looks for contracts that are new.
    private static let contractsPause = Duration.seconds(15)
    /// After the queue could not be worked on.
    private static let retryPause = Duration.seconds(10)

    /// Works until cancelled; what fails is said and tried again, and never ends the engine beside it.
    func run(_ chain: any Chain, _ store: SQLiteStore, _ chainID: ChainID, _ mode: Mode) async {
        guard mode != .none else { return }
        let news = NewsReader(
            chain: chain,
            store: store,
            chainID: chainID,
            scope: mode.scope,
            clock: ContinuousClock(),
            wallSeconds: Wiring.wallSeconds,
            logger: logger
        )
        let enricher = enricher(chain, store, chainID, contract: nil)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await news.run() }
            if let scope = mode.scope {
                let reader = Wiring.contractReader(chain, store, chainID, whose: scope, logger: logger)
                group.addTask { await Self.hear(reader, logger) }
            }
            group.addTask {
                while !Task.isCancelled {
                    do {
                        _ = try await enricher.run(until: .forever)
                    } catch {
                        let reason = Failure.text(of: error)
                        logger.warning("metadata cannot be worked on", metadata: ["reason": "\(reason)"])
                    }
                    try? await Task.sleep(for: Self.retryPause)
                }
            }
        }
    }

    /// The same in a process of its own, beside another that follows the chains.
    ///
    /// - Throws: only when not a single chain can be asked, with the first chain's reason.
    func run(_ chains: [ChainSettings], _ store: SQLiteStore, _ transport: HTTPTransport) async throws {
        try await EachChain.run(chains, failing: "a chain's tokens are not looked up", logger) { settings in
            guard settings.enrichment != .none else { return }
            var pause = Duration.seconds(1)
            while true {
                do {
                    let (node, identity) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
                    return await run(node, store, identity.chainID, settings.enrichment)
                } catch let error where Fleet.mayPass(error) {
                    logger.warning("waiting for a chain to ask", metadata: ["reason": "\(Failure.text(of: error))"])
                    try await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(30))
                }
            }
        }
    }

    /// Asks contracts what they are, new ones and those that say that they changed.
    private static func hear(_ reader: ContractReader, _ logger: Logger) async {
        while !Task.isCancelled {
            do {
                _ = try await reader.run()
            } catch {
                logger.warning(
                    "contracts cannot be asked what they are",
                    metadata: ["reason": "\(Failure.text(of: error))"]
                )
            }
            try? await Task.sleep(for: contractsPause)
        }
    }

    /// - Parameter contract: whose tokens alone; nil: everybody's.
    func enricher(
        _ chain: any Chain,
        _ store: SQLiteStore,
        _ chainID: ChainID,
        contract: Address?
    ) -> Enricher<ContinuousClock> {
        var options = Enricher<ContinuousClock>.Options()
        if let batch { options.batch = batch }
        return Enricher(
            chain: chain,
            store: store,
            documents: documents,
            chainID: chainID,
            contract: contract,
            options: options,
            clock: ContinuousClock(),
            wallSeconds: Wiring.wallSeconds,
            random: { .random(in: 0 ... .max) },
            logger: logger
        )
    }

    /// Public ones, of two operators.
    private static let gatewaysStandard = ["https://ipfs.io", "https://{cid}.ipfs.dweb.link"]

    /// The open web for as long as `body` runs.
    static func with<Value: Sendable>(
        _ settings: Settings,
        _ logger: Logger,
        _ body: (EnrichmentWork) async throws -> Value
    ) async throws -> Value {
        let gateways: Gateways
        do {
            gateways = try Gateways(settings.gateways.isEmpty ? gatewaysStandard : settings.gateways)
        } catch {
            throw Failure.usage(
                "--ipfs-gateway \(error.template): an http or https URL such as https://ipfs.io or https://{cid}.ipfs.dweb.link"
            )
        }
        if settings.allowsPrivate {
            logger.warning("metadata is fetched from private addresses too: for local development only")
        }
        var options = WebClient.Options()
        options.policy.allowsPrivate = settings.allowsPrivate
        return try await WebClient.withWebClient(options: options, logger: logger) { web in
            let documents = DocumentReader(web: web, gateways: gateways)
            return try await body(EnrichmentWork(documents: documents, batch: settings.batch, logger: logger))
        }
    }
}
