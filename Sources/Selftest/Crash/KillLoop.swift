import Foundation
package import Simulator
import StoreSQLite

/// Kills a sync at random moments, again and again, while its chain grows and reorganises; then lets it finish.
package struct KillLoop: Sendable {
    private let child: ChildProcess
    private let chain: SharedChain
    private let url: String
    private let directory: String

    package struct Outcome: Sendable {
        package var kills = 0
        /// Kills that met an unfinished back-fill.
        package var insideBackfill = 0
        /// Runs that reached the head before they were killed; the chain then grew.
        package var ends = 0
        package var reorgs = 0
        package var blocks = 0
        package var wrong: String?
    }

    /// Blocks that the chain begins with, and grows by whenever a run has reached its head.
    private static let blocksFirst = 1_000
    private static let blocksMore = 600
    private static let reorgDepth = 5
    /// Blocks below the head that stay open, so that there is something to give up.
    private static let openBlocks: UInt64 = 16
    /// Seconds after which a run is killed.
    private static let delays = 0.2...3.0

    /// What such a loop reads; a node with narrow ranges, so that a back-fill takes a while.
    package static func makeNode(seed: UInt64) -> (SharedChain, SimulatedNode) {
        var options = SimulatedChain.Options()
        options.transactions = 1...2
        options.events = 1...2
        var chain = SimulatedChain(seed: seed, options: options)
        for _ in 0..<blocksFirst { chain.mine() }
        chain.finalize(through: chain.headNumber - openBlocks)
        let shared = SharedChain(chain)
        let node = SimulatedNode(shared)
        node.condition.rangeCap = 10
        return (shared, node)
    }

    /// - Parameter url: where the node of `chain` is served.
    package init(executable: String, chain: SharedChain, url: String, directory: String) {
        child = ChildProcess(executable: executable)
        self.chain = chain
        self.url = url
        self.directory = directory
    }

    /// - Parameter progress: told of the kills so far, and the seconds.
    package func run(
        seconds: Double,
        seed: UInt64,
        progress: @escaping @Sendable (Int, Double) -> Void
    ) async throws -> Outcome {
        var random = SplitMix64(seed: seed)
        var outcome = Outcome()
        let clock = ContinuousClock()
        let started = clock.now
        let path = directory + "/killed.db"
        var elapsed = 0.0
        while elapsed < seconds {
            let share = Double(random.pick(0...1_000)) / 1_000
            let delay = Self.delays.lowerBound + share * (Self.delays.upperBound - Self.delays.lowerBound)
            let end = try await child.run(arguments(path), log: directory + "/killed.log", killedAfter: delay)
            switch end {
            case .signal(SIGKILL):
                outcome.kills += 1
                if try judge(path, number: outcome.kills, &outcome) { return outcome }
            case .exit(0):
                outcome.ends += 1
                grow(&outcome)
            case .exit, .signal, .late:
                outcome.wrong = "a run ended with \(end)"
                return outcome
            }
            elapsed = (clock.now - started) / .seconds(1)
            progress(outcome.kills, elapsed)
        }
        outcome.blocks = chain.read { Int($0.headNumber) }
        outcome.wrong = try await finish(path)
        return outcome
    }

    private func arguments(_ path: String) -> [String] { ["sync", "--rpc", url, "--database", "sqlite:\(path)"] }

    /// Whether something is wrong in what a kill left; the outcome says what.
    private func judge(_ path: String, number: Int, _ outcome: inout Outcome) throws -> Bool {
        guard FileManager.default.fileExists(atPath: path) else { return false }
        let copy = directory + "/left-\(number)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        let left = try CrashedFile(copying: path, to: copy + "/holdfast.db")
        let chain = chain.chain
        outcome.wrong = try left.judge(chain, revisions: 0...Int.max)
        guard outcome.wrong == nil else { return true }
        if try left.rowIfWhole()?.checkpoint ?? 0 < chain.headNumber { outcome.insideBackfill += 1 }
        try FileManager.default.removeItem(atPath: copy)
        return false
    }

    private func grow(_ outcome: inout Outcome) {
        outcome.reorgs += 1
        chain.change { chain in
            chain.reorg(depth: Self.reorgDepth, length: Self.reorgDepth + 1)
            for _ in 0..<Self.blocksMore { chain.mine() }
            chain.finalize(through: chain.headNumber - Self.openBlocks)
        }
    }

    /// The run that nobody kills: it ends at the head, with the digest of a clean sync.
    private func finish(_ path: String) async throws -> String? {
        let clean = directory + "/killed-clean.db"
        for file in [path, clean] {
            let end = try await child.run(arguments(file), log: directory + "/killed.log")
            guard end == .exit(0) else { return "the last run ended with \(end)" }
        }
        let chain = chain.chain
        let store = try SQLiteStore(reading: path)
        defer { try? store.close() }
        if let wrong = try Verdict.difference(store, chain.options.chainID, chain.head.owners, only: []) {
            return wrong
        }
        if let wrong = try Verdict.inconsistency(path, chain.canonical) { return wrong }
        return try Verdict.dump(path) == Verdict.dump(clean) ? nil : "not the digest of a clean sync"
    }
}
