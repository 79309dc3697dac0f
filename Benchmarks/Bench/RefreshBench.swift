import ChainClient
import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Synchronization
import TestLedger
import Tokens

/// A wallet of ten thousand tokens compared with its contract, by a node that answers after 20 ms.
enum RefreshBench {
    private static let milliseconds = 20

    static func judge(_ judge: inout Judge) throws {
        let server = try Part.start(["contracts"])
        defer { server.stop() }
        let url = try server.firstLine() + "/\(milliseconds)"
        let least = try judge.interleaved(
            [("refresh", ["refresh", "--url", url])],
            rounds: number("rounds", 3)
        )
        let values = least["refresh"] ?? [:]
        judge.verdicts.judge("a wallet of 10,000 tokens is refreshed, seconds", values["seconds"] ?? .nan, .atMost(10))
        judge.verdicts.judge("peak memory of a refresh, MiB", values["peakMiB"] ?? .nan, .atMost(200))
    }

    static func run(url: String) async throws -> Part.Values {
        let ledger = try EnrichBench.ledger(EnrichBench.tokens)
        return try await EnrichBench.withChain(url) { chain in
            let refresh = WalletRefresh(
                chain: chain,
                store: ledger.store,
                bounds: .wide,
                wallSeconds: { Int64(Date().timeIntervalSince1970) },
                random: { .random(in: 0 ... .max) },
                logger: EnrichBench.quiet
            )
            let start = ContinuousClock.now
            let request = RefreshRequest(chain: ledger.chain, wallet: ContractNode.wallet)
            let asked = try await ledger.store.requestRefresh(request, now: Int64(Date().timeIntervalSince1970))
            let outcome = try await RefreshWorker(refresh, chainID: ledger.chain).workOne(only: asked.id)
            let seconds = start.duration(to: .now).seconds
            guard outcome == .ended, let job = try ledger.store.refresh(asked.id), job.phase == .done,
                job.counts.matched >= EnrichBench.tokens, job.counts.failed == 0
            else { throw BenchError("the refresh came to nothing") }
            return ["seconds": seconds, "peakMiB": Ingest.peakMiB()]
        }
    }
}
