import ChainClient
import Enrichment
import Ethereum
import Foundation
import Logging
import Metadata
import StoreSQLite
import Tokens

/// Finds out what the demo's tokens are, beside the engine that follows its chain.
///
/// All of it lies in the simulated contracts, so nothing is ever fetched, and nobody could: there is no web behind it.
struct DemoEnrichment {
    let store: SQLiteStore
    let transport: any Transport
    let settings: ChainSettings
    let logger: Logger

    /// Between two looks for tokens that are new.
    private static let pause = Duration.seconds(1)

    /// Until cancelled; an endpoint or a database that does not answer for once is asked again.
    func run() async throws {
        var node: RPCChain?
        while true {
            do {
                try await round(&node)
            } catch let error where !(error is CancellationError) {
                logger.debug("the demo's tokens are not looked at", metadata: ["reason": "\(error)"])
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    private func round(_ connected: inout RPCChain?) async throws {
        guard let chainID = try store.chains().first?.identity.chainID else { return }
        let node: RPCChain
        if let connected {
            node = connected
        } else {
            (node, _) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
            connected = node
        }
        _ = try await Wiring.contractReader(node, store, chainID, logger: logger).run()
        var position: MetadataPosition?
        repeat {
            position = try await store.enqueueMetadata(of: chainID, contract: nil, after: position, all: false).next
        } while position != nil
        guard try await store.metadataBacklog(of: chainID).jobs > 0 else { return }
        let enricher = Enricher(
            chain: node,
            store: store,
            documents: DocumentReader(web: NoWeb(), gateways: try Gateways([])),
            chainID: chainID,
            clock: ContinuousClock(),
            wallSeconds: { Int64(Date().timeIntervalSince1970) },
            random: { .random(in: 0 ... .max) },
            logger: logger
        )
        _ = try await enricher.run(until: .drained(limit: nil))
    }

    private struct NoWeb: Web {
        func fetch(_ url: String) async throws(WebFault) -> WebAnswer { throw .refused("the demo has no network") }
    }
}
