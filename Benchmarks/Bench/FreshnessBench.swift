import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// How soon a new block is seen by readers: node, socket, engine, commit, and a connection that reads.
enum FreshnessBench {
    private static let blocks = 200
    /// Enough that the engine has history to read before it follows.
    private static let blocksBefore = 1_000
    private static let pollInterval = Duration.milliseconds(100)

    static func judge(_ judge: inout Judge) throws {
        let values = try Part.run(["freshness", "--database", database])
        func text(_ key: String) -> String { Verdicts.text(values[key] ?? .nan) }
        judge.verdicts.report(
            "a new block is seen after, ms: p50 \(text("p50")), p99 \(text("p99")), longest \(text("most"))"
        )
        judge.verdicts.judge(
            "a new block is seen after the poll interval and, ms (p99)",
            (values["p99"] ?? .nan) - pollInterval.milliseconds,
            .atMost(50)
        )
    }

    /// Node, engine and reader in one process, each with sockets and connections of its own.
    static func run(database: String) async throws -> Part.Values {
        let data = Dataset(logs: (Self.blocksBefore + Self.blocks) * Dataset.logsPerBlock)
        let node = Node(RenderedChain(data, receiptBlocks: 0), head: Self.blocksBefore, finalityDepth: 64)
        let server = Server(node)
        Thread.detachNewThread { server.run() }
        var options = SyncOptions()
        options.pollInterval = Self.pollInterval
        return try await Ingest.withEngine(url: server.url, database: database, options: options) { engine, state in
            let following = Task { try await engine.run(state, until: .follow) }
            defer { following.cancel() }
            let reader = try SQLiteStore(path: database)
            try await wait(for: Self.blocksBefore, reader)
            var waits: [Double] = []
            for _ in 0..<Self.blocks {
                // At any moment of the engine's pause, as blocks come.
                try await Task.sleep(for: .milliseconds(Int64.random(in: 0..<100)))
                let block = node.advance()
                let start = ContinuousClock.now
                try await wait(for: block, reader)
                waits.append(start.duration(to: .now).milliseconds)
            }
            try reader.close()
            return ["p50": waits.percentile(0.5), "p99": waits.percentile(0.99), "most": waits.max() ?? .nan]
        }
    }

    private static func wait(for block: Int, _ reader: SQLiteStore) async throws {
        let limit = ContinuousClock.now.advanced(by: .seconds(60))
        while try reader.chains().first?.checkpoint ?? 0 < block {
            guard ContinuousClock.now < limit else { throw BenchError("block \(block) was not seen within a minute") }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
