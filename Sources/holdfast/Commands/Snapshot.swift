import ArgumentParser
import ChainClient
import ChainSync
import Ethereum
import Foundation
import Logging
import StoreSQLite
import Synchronization
import Tokens

/// `holdfast snapshot`: who owns each token of one contract at one final block, without its history.
struct Snapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a contract who owns each of its tokens, and follow it from there.",
        discussion: """
            Asks ownerOf of every token of an ERC-721 contract in the state after one final block, and makes the answers \
            visible all at once; `run` and `sync` follow the contract's events from the block after. Answers say \
            "ownership": "observed" until an event decides. ERC-1155 is refused: its holders cannot be enumerated by calls.

            May be stopped and started again at any moment: it goes on where it was. What could not be read is listed, and \
            asked for again by --retry-failed. Exit code 0: all was read; 1: something is missing, or there is nothing to read.
            """
    )

    @Argument(help: "The contract's address.") var contract: String
    @Option(name: OptionTable.ids.flag, help: OptionTable.ids.argumentHelp)
    var ids: String?
    @Option(name: OptionTable.atBlock.flag, help: OptionTable.atBlock.argumentHelp)
    var atBlock: String?
    @Option(name: OptionTable.batch.flag, help: OptionTable.batch.argumentHelp)
    var batch: String?
    @Option(name: OptionTable.rate.flag, help: OptionTable.rate.argumentHelp)
    var rate: String?
    @Flag(name: OptionTable.retryFailed.flag, help: OptionTable.retryFailed.argumentHelp)
    var retryFailed = false
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    /// Between two looks at a snapshot that another process works on.
    private static let lookInterval = Duration.milliseconds(500)

    func run() async throws {
        let contract = try Parse.address(contract, for: "contract")
        let ids = try ids.map { try Parse.tokenRange($0, for: "--ids") }
        let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
        let batchMost = try batch.map { try Parse.count($0, through: BatchSize.greatest, for: "--batch") }
        let rate = try rate.map { try Parse.count($0, through: Self.rateMax, for: "--rate") }
        let isJSON = try output.isJSON()
        let settings = try settings()
        let (retries, path) = (retryFailed, try database.path())
        let logger = Wiring.logger()
        let ended = try await HTTPTransport.withHTTPTransport { transport in
            try await Signals.ending {
                let store = try SQLiteStore(path: path, lease: .standard())
                let (node, identity) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
                var request = SnapshotRequest(identity: identity, contract: contract, ids: ids, block: block)
                request.retriesFailed = retries
                var snapshot = Wiring.snapshot(node, store, identity.chainID, logger)
                if let batchMost { snapshot.batchMost = batchMost }
                snapshot.tokensPerSecond = rate
                let job = try await Self.work(snapshot, request, store)
                return (job: job, failures: try store.snapshotFailures(job.id))
            }
        }
        guard let (job, failures) = ended else { throw ExitCode(1) }
        let report = SnapshotReport(job: job, failures: failures)
        print(isJSON ? report.json : report.text)
        guard report.isWhole else { throw ExitCode(1) }
    }

    /// Tokens a second: no endpoint answers more.
    private static let rateMax = 1_000_000

    private func settings() throws -> ChainSettings {
        ChainSettings(
            name: nil,
            chainID: try OptionTable.chain.given(chain.chain).map { try ChainPresets.id(named: $0) },
            endpoints: try Parse.endpoints(OptionTable.rpc.given(rpc)),
            contracts: []
        )
    }

    /// Works on the contract's snapshot, or waits for whoever does.
    private static func work(
        _ snapshot: ContractSnapshot,
        _ request: SnapshotRequest,
        _ store: SQLiteStore
    ) async throws -> SnapshotJob {
        let now = Int64(Date().timeIntervalSince1970)
        let asked = try await store.requestSnapshot(request, now: now)
        let line = SnapshotLine()
        defer { line.end() }
        while true {
            let isDone = try await snapshot.work(on: asked.id) { line.show($0) }
            let job = try store.snapshot(of: request.contract, on: request.identity.chainID)
            guard let job else { throw Failure.work("the snapshot was removed meanwhile") }
            if isDone || job.phase != .running { return job }
            line.show(job)
            try await Task.sleep(for: lookInterval)
        }
    }
}

/// How far a snapshot is: a line on a terminal, one every few seconds elsewhere; on stderr.
private final class SnapshotLine: Sendable {
    private let started = ContinuousClock.now
    private let last = Mutex<(shown: ContinuousClock.Instant, first: Int)?>(nil)
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ job: SnapshotJob) {
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
        let total = job.counts.total
        // What an earlier process read says nothing about the rate of this one.
        let first = last.withLock { last -> Int? in
            let before = last ?? (shown: started, first: total)
            let isDue = now - before.shown >= interval
            last = (shown: isDue ? now : before.shown, first: before.first)
            return isDue ? before.first : nil
        }
        guard let first else { return }
        let rate = Double(total - first) / max(0.001, (now - started) / .seconds(1))
        var line = "snapshot: \(job.counts.read) tokens read"
        if let range = job.plan?.range,
            let span = range.upperBound.subtractingReportingOverflow(range.lowerBound).partialValue.uint64,
            span < SnapshotJob.tokensMax
        {
            line += " of \(span + 1)"
            let left = Double(max(0, Int(span) + 1 - total))
            if rate > 0 { line += String(format: " · %.0f s left", left / rate) }
        }
        line += String(format: " · %.0f/s", rate)
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1b}[K" + line : line + "\n").utf8))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}
