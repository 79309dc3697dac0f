import Allocator
import ChainSync
import Ethereum
import Foundation

/// `bench [--only NAME,…] [--large]` runs the benches and judges their ratios; each part of one is `bench PART …`, a
/// process of its own.
let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String) -> String? {
    guard let place = arguments.firstIndex(of: "--\(name)"), place + 1 < arguments.count else { return nil }
    return arguments[place + 1]
}

func flag(_ name: String) -> Bool { arguments.contains("--\(name)") }

func number(_ name: String, _ standard: Int) -> Int { option(name).flatMap { Int($0) } ?? standard }

func emit(_ values: [String: Double]) {
    print(
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\(String(format: "%.3f", $0.value))" }.joined(separator: " ")
    )
}

// Verdicts are worth seeing when they fall, into a file too.
setvbuf(stdout, nil, _IOLBF, 0)
// As the program does at its start.
allocator_return_blocks_from(1 << 18)
let data = Dataset(
    logs: number("logs", 2_000_000),
    tokens: option("tokens").flatMap { Int($0) },
    wallets: option("wallets").flatMap { Int($0) },
    fungiblePerLog: number("erc20", 0)
)
let database = option("database") ?? NSTemporaryDirectory() + "holdfast-bench.db"
let url = option("url") ?? ""
do {
    switch arguments.first {
    case "serve":
        let server = Server(Node(RenderedChain(data, receiptBlocks: number("receipts", 20_000))))
        FileHandle.standardOutput.write(Data("\(server.url)\n".utf8))
        server.run()
    case "ingest":
        emit(
            try await Ingest.run(
                url: url,
                database: database,
                wide: flag("wide"),
                commitRows: number("commit-rows", SyncOptions().commitRows),
                evidence: option("evidence").flatMap(EvidenceLevel.init(name:)) ?? .anchored
            )
        )
    case "null":
        emit(try await Ingest.null(url: url, wide: flag("wide")))
    case "floor", "append":
        emit(FloorRun.run(data, database: database, appendOnly: arguments.first == "append"))
    case "scan":
        emit(try ScanBench.run())
    case "commit":
        emit(try CommitBench.run(data, database: database))
    case "reorg":
        emit(try await ReorgBench.run(database: database))
    case "freshness":
        emit(try await FreshnessBench.run(database: database))
    case "contracts":
        EnrichBench.serve()
    case "enrich":
        emit(try await EnrichBench.run(url: url))
    case "refresh":
        emit(try await RefreshBench.run(url: url))
    case "snapshot":
        emit(try await SnapshotBench.run(url: url, database: database))
    case "api":
        try await OwnerBench.serve(database: database)
    default:
        exit(try Judge.run(data))
    }
} catch {
    FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
    exit(1)
}
