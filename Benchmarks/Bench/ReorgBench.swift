import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// How long readers see the old branch after 64 blocks with 10,000 transfers were replaced: node, socket, proofs, engine,
/// commit, and a connection that reads.
enum ReorgBench {
    private static let depth = 64
    private static let logsPerBlock = 157
    private static let blocksBefore = 600
    private static let turns = 7
    private static let pollInterval = Duration.milliseconds(100)

    static func judge(_ judge: inout Judge) throws {
        let values = try Part.run(["reorg", "--database", database])
        func text(_ key: String) -> String { Verdicts.text(values[key] ?? .nan) }
        judge.verdicts.report(
            "\(depth) blocks with \(depth * logsPerBlock) logs replaced after, ms: median \(text("p50")), longest "
                + "\(text("most")); each with a poll interval of at most \(Verdicts.text(pollInterval.milliseconds))"
        )
        judge.verdicts.judge(
            "a reorg of 64 blocks and 10,000 transfers is replaced after, ms",
            values["most"] ?? .nan,
            .atMost(1_000)
        )
    }

    /// Two branches take turns; each time the branch that comes has one block more.
    static func run(database: String) async throws -> Part.Values {
        let length = Self.blocksBefore + Self.turns
        func branch(fork: Int?) -> RenderedChain {
            let data = Dataset(
                logs: length * Self.logsPerBlock,
                tokens: 50_000,
                wallets: 20_000,
                logsPerBlock: Self.logsPerBlock,
                fork: fork
            )
            return RenderedChain(data, receiptBlocks: length)
        }
        let branches = [branch(fork: nil), branch(fork: Self.blocksBefore - Self.depth)]
        let node = Node(branches[0], head: Self.blocksBefore, finalityDepth: Self.depth + Self.turns + 1)
        let server = Server(node)
        Thread.detachNewThread { server.run() }
        var options = SyncOptions()
        options.pollInterval = Self.pollInterval
        return try await Ingest.withEngine(
            url: server.url,
            database: database,
            options: options,
            evidence: option("evidence").flatMap(EvidenceLevel.init(name:)) ?? .bloom
        ) {
            engine,
            state in
            let following = Task { try await engine.run(state, until: .follow) }
            defer { following.cancel() }
            let reader = try SQLiteStore(path: database)
            func wait(for block: Int) async throws {
                let limit = ContinuousClock.now.advanced(by: .seconds(60))
                while try reader.chains().first?.tip?.number ?? 0 < block {
                    guard ContinuousClock.now < limit else {
                        throw BenchError("block \(block) was not seen within a minute")
                    }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await wait(for: Self.blocksBefore)
            var waits: [Double] = []
            for turn in 1...Self.turns {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 300..<400)))
                node.turn(to: branches[turn % 2], head: Self.blocksBefore + turn)
                let start = ContinuousClock.now
                try await wait(for: Self.blocksBefore + turn)
                waits.append(start.duration(to: .now).milliseconds)
            }
            let undone = try reader.chains().first?.rewinds ?? 0
            guard undone == Self.turns else { throw BenchError("\(undone) reorgs were seen, not \(Self.turns)") }
            try reader.close()
            return ["p50": waits.percentile(0.5), "most": waits.max() ?? .nan]
        }
    }
}
