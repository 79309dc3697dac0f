import ArgumentParser
import ChainClient
import Enrichment
import Ethereum
import Foundation
import Logging
import Metadata
import Simulator
import StoreSQLite

/// `holdfast demo`: everything at once and offline, on a chain that mines, and reorganises now and then.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Index a simulated chain and serve its page; needs nothing but this program.",
        discussion: """
            A seeded chain is served as JSON-RPC over a loopback socket and read like any other, into a database in a \
            temporary directory that is removed at the end. A block comes every second, a reorg every dozen blocks.
            """
    )

    @Option(name: OptionTable.port.flag, help: OptionTable.port.argumentHelp)
    var port: String?
    @Option(name: OptionTable.exitAfter.flag, help: OptionTable.exitAfter.argumentHelp)
    var exitAfter: Double?

    private static let historyBlocks = 400
    private static let finalDepth: UInt64 = 16

    func run() async throws {
        let port = try Parse.port(OptionTable.port.given(port) ?? OptionTable.port.standard ?? "", for: "--port")
        if let exitAfter, !(exitAfter > 0 && exitAfter < 1e6) {
            throw Failure.usage("--exit-after \(exitAfter): seconds above 0")
        }
        let limit = exitAfter
        try await Signals.ending { try await Self.show(port: port, limit: limit) }
    }

    private static func show(port: Int, limit: Double?) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "holdfast-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let logger = Wiring.logger()
        let chain = chain()
        let demoChain = chain.read { $0.options.chainID }
        let store = try SQLiteStore(path: directory.appending(path: "demo.db").path())
        try await HTTPTransport.withHTTPTransport { transport in
            let documents = DocumentReader(web: NoWeb(), gateways: try Gateways([]))
            // An endpoint that does not answer for once is part of the play.
            var quiet = logger
            quiet.logLevel = .critical
            let enrichment = EnrichmentWork(documents: documents, logger: quiet)
            let fleet = Fleet(store: store, transport: transport, enrichment: enrichment, logger: logger)
            var serving = Serving(store: store, fleet: fleet, host: "127.0.0.1", port: port, logger: logger)
            serving.greeting = "the demo is served at"
            let wallet = "chains/\(demoChain)/wallets/\(DemoWallets.first.checksummed)"
            serving.example = ("a wallet and its pictures:", wallet)
            try await serving.run { try await play(chain, fleet, limit: limit, logger: logger) }
        }
        try store.close()
    }

    private static func chain() -> SharedChain {
        var options = SimulatedChain.Options()
        options.emptyPerMille = 150
        // As many tokens as a wallet's page is nice with, and no ranges of thousands that have no pictures.
        options.smallIDs = 40
        options.usesHugeNumbers = false
        options.overdraws = false
        var chain = SimulatedChain(seed: 2026, options: options)
        for _ in 0..<historyBlocks { chain.mine() }
        chain.finalize(through: chain.headNumber - finalDepth)
        return SharedChain(chain)
    }

    /// The node, the miner and the engines, until the limit or a signal.
    private static func play(
        _ chain: SharedChain,
        _ fleet: Fleet,
        limit: Double?,
        logger: Logger
    ) async throws {
        var quiet = logger
        quiet.logLevel = .critical
        var profile = SimulatedNode.Profile()
        profile.runsContracts = true
        let node = LoopbackNode(node: SimulatedNode(chain, profile: profile), logger: quiet)
        let (ports, listening) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run { listening.yield($0) } }
            group.addTask { try await mine(chain) }
            group.addTask {
                var first = ports.makeAsyncIterator()
                guard let port = await first.next() else { return }
                let endpoint = Endpoint(url: "http://127.0.0.1:\(port)/", name: "simulated")
                try await follow(endpoint, fleet)
            }
            if let limit {
                group.addTask { try await Task.sleep(for: .seconds(limit)) }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private static func follow(_ endpoint: Endpoint, _ fleet: Fleet) async throws {
        var settings = ChainSettings(name: "demo", endpoints: [endpoint], contracts: [])
        settings.pollInterval = .milliseconds(200)
        // The simulated contracts say what tokens are, and not whose.
        settings.auditedPerMinute = 0
        settings.enrichment = .all
        try await fleet.follow([settings])
    }

    private static func mine(_ chain: SharedChain) async throws {
        var blocks = 0
        while true {
            try await Task.sleep(for: .seconds(1))
            blocks += 1
            let reorganise = blocks % 12 == 0
            chain.change { chain in
                if reorganise, chain.depthMax > 0 {
                    let depth = min(chain.depthMax, 1 + blocks / 12 % 4)
                    chain.reorg(depth: depth, length: depth + 1)
                } else {
                    chain.mine()
                }
                if chain.headNumber > finalDepth { chain.finalize(through: chain.headNumber - finalDepth) }
            }
        }
    }
}
