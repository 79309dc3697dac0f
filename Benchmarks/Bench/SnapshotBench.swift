import ChainClient
import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// Ten thousand tokens of a contract that enumerates them, by a node that answers after 20 ms: from nothing to owners that
/// readers see.
enum SnapshotBench {
    private static let milliseconds = 20

    static func judge(_ judge: inout Judge) throws {
        let server = try Part.start(["contracts"])
        defer { server.stop() }
        let url = try server.firstLine() + "/\(milliseconds)"
        let least = try judge.interleaved(
            [("snapshot", ["snapshot", "--url", url, "--database", database])],
            rounds: number("rounds", 3)
        )
        let values = least["snapshot"] ?? [:]
        judge.verdicts.judge("a snapshot of 10,000 tokens, seconds", values["seconds"] ?? .nan, .atMost(10))
        judge.verdicts.judge("peak memory of a snapshot, MiB", values["peakMiB"] ?? .nan, .atMost(200))
    }

    static func run(url: String, database: String) async throws -> Part.Values {
        for suffix in ["", "-wal", "-shm"] { unlink(database + suffix) }
        return try await EnrichBench.withChain(url) { chain in
            let store = try SQLiteStore(path: database)
            let start = ContinuousClock.now
            let snapshot = ContractSnapshot(
                chain: chain,
                store: store,
                confirmations: 10,
                wallSeconds: { Int64(Date().timeIntervalSince1970) },
                random: { .random(in: 0 ... .max) },
                logger: EnrichBench.quiet
            )
            let request = SnapshotRequest(identity: try await chain.identity(), contract: ContractNode.contract)
            let asked = try await store.requestSnapshot(request, now: Int64(Date().timeIntervalSince1970))
            _ = try await snapshot.work(on: asked.id)
            let seconds = start.duration(to: .now).seconds
            let chainID = request.identity.chainID
            guard let job = try store.snapshot(of: ContractNode.contract, on: chainID), job.phase == .published,
                job.counts.read == EnrichBench.tokens
            else { throw BenchError("the snapshot came to nothing") }
            try store.close()
            return ["seconds": seconds, "peakMiB": Ingest.peakMiB()]
        }
    }
}
