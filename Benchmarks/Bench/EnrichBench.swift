import ChainClient
import Egress
import Enrichment
import Ethereum
import Foundation
import Logging
import Metadata
import StoreSQLite
import Synchronization
import TestLedger
import Tokens

/// Ten thousand tokens from their contract's answers to documents in the database: 32 hosts, 64 connections; then the same
/// beside a host that takes connections and never says a word.
enum EnrichBench {
    static let tokens = 10_000
    private static let hosts: UInt64 = 32
    /// One token in so many has its document at the host that hangs; they lie among the others.
    private static let share: UInt64 = 21

    static func judge(_ judge: inout Judge) throws {
        let server = try Part.start(["contracts"])
        defer { server.stop() }
        let url = try server.firstLine()
        let least = try judge.interleaved(
            [("alone", ["enrich", "--url", url]), ("beside one", ["enrich", "--url", url, "--hanging"])],
            rounds: number("rounds", 3)
        )
        let (alone, beside) = (least["alone"] ?? [:], least["beside one"] ?? [:])
        judge.verdicts.judge("10,000 documents of 2 KiB, seconds", alone["seconds"] ?? .nan, .atMost(20))
        judge.verdicts.judge(
            "beside a host that hangs / alone",
            (beside["seconds"] ?? .nan) / (alone["seconds"] ?? .nan),
            .atMost(1.1)
        )
        judge.verdicts.judge(
            "peak memory of enriching, MiB",
            max(alone["peakMiB"] ?? .nan, beside["peakMiB"] ?? .nan),
            .atMost(200)
        )
    }

    /// The node and the metadata server; prints the node's address.
    static func serve() {
        let pages = Server(DocumentNode(), everywhere: true)
        Thread.detachNewThread { pages.run() }
        let port = pages.port
        let node = ContractNode(tokens: tokens) { id in
            id % share == 0
                ? "http://127.0.3.1:\(port)/hang/\(id)" : "http://127.0.2.\(id % hosts + 1):\(port)/\(id)"
        }
        let server = Server(node)
        FileHandle.standardOutput.write(Data("\(server.url)\n".utf8))
        server.run()
    }

    /// From an empty queue to the last of the documents that can be had.
    static func run(url: String) async throws -> Part.Values {
        let isHanging = flag("hanging")
        let ledger = try ledger(tokens + tokens / 20) { isHanging || $0 % share != 0 }
        return try await withChain(url) { chain in
            var options = WebClient.Options()
            options.policy.allowsPrivate = true
            return try await WebClient.withWebClient(options: options, logger: quiet) { web in
                let enricher = Enricher(
                    chain: chain,
                    store: ledger.store,
                    documents: DocumentReader(web: web, gateways: try Gateways([])),
                    chainID: ledger.chain,
                    clock: ContinuousClock(),
                    wallSeconds: { Int64(Date().timeIntervalSince1970) },
                    random: { .random(in: 0 ... .max) },
                    logger: quiet
                )
                let start = ContinuousClock.now
                var position: MetadataPosition?
                repeat {
                    position = try await ledger.store.enqueueMetadata(
                        of: ledger.chain,
                        contract: nil,
                        after: position,
                        all: false
                    ).next
                } while position != nil
                let seconds = Mutex(Double.nan)
                let done = Mutex<Task<Void, any Error>?>(nil)
                let run = Task {
                    _ = try await enricher.run(until: .forever) { tally in
                        guard tally.changed >= tokens, seconds.withLock({ $0.isNaN }) else { return }
                        seconds.withLock { $0 = start.duration(to: .now).seconds }
                        done.withLock { $0?.cancel() }
                    }
                }
                done.withLock { $0 = run }
                let limit = Task {
                    try await Task.sleep(for: .seconds(120))
                    run.cancel()
                }
                _ = await run.result
                limit.cancel()
                let found = seconds.withLock { $0 }
                guard !found.isNaN else { throw BenchError("not all documents were there after two minutes") }
                return ["seconds": found, "peakMiB": Ingest.peakMiB()]
            }
        }
    }

    /// The client as the program wires it.
    static func withChain(_ url: String, _ body: (RPCChain) async throws -> Part.Values) async throws -> Part.Values {
        try await HTTPTransport.withHTTPTransport { transport in
            try await body(Ingest.chain(url, transport))
        }
    }

    /// Tokens from 1 on, all of one wallet, all read up to the node's block.
    static func ledger(_ count: Int, where isThere: (UInt64) -> Bool = { _ in true }) throws -> TestLedger {
        let ledger = try TestLedger()
        let blocks = Int(ContractNode.block)
        for block in 1...blocks {
            ledger.at(UInt64(block))
            for token in (count * (block - 1) / blocks)..<(count * block / blocks) where isThere(UInt64(token + 1)) {
                ledger.move(U256(UInt64(token + 1)), of: ContractNode.contract, to: ContractNode.wallet)
            }
        }
        try ledger.commit(finalized: ContractNode.block)
        try ledger.buildIndexes()
        return ledger
    }

    static var quiet: Logger {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return logger
    }
}
