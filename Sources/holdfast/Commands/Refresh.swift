import ArgumentParser
import ChainClient
import ChainSync
import Ethereum
import Foundation
import HTTPAPI
import Logging
import NIOCore
import StoreSQLite
import Synchronization
import Tokens

/// `holdfast refresh`: one wallet against its contracts, now.
struct Refresh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare one wallet with its contracts, and put in what was missed.",
        discussion: """
            Asks ownerOf and balanceOf for all that the wallet holds, and its contracts how many tokens it has, all in the \
            state after the checkpoint block. Where an answer differs the contract's logs are read again: what was missed is \
            put in; a contract that contradicts its proved events is put on record, and the events go on to decide. A check \
            that failed changes nothing and is listed.

            May be stopped and started again at any moment: it goes on where it was. A wallet has one refresh at a time; who \
            asks meanwhile waits for that. Exit code 0: everything was checked; 1: something could not be.
            """
    )

    @Argument(help: "The wallet's address.") var wallet: String
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @Option(name: OptionTable.evidence.flag, help: OptionTable.evidence.argumentHelp)
    var evidence: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    /// Between two looks at a job that another process works on.
    private static let lookInterval = Duration.milliseconds(500)

    func run() async throws {
        let wallet = try Parse.address(wallet, for: "wallet")
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let summary = try store.chains().first { $0.identity.chainID == chainID }
        guard let summary, summary.checkpointHash != nil else {
            throw Failure.work("there is no checkpoint yet: nothing is completely read that could be compared")
        }
        let settings = ChainSettings(
            name: nil,
            chainID: chainID,
            endpoints: try Parse.endpoints(OptionTable.rpc.given(rpc)),
            contracts: [],
            evidence: try OptionTable.evidence.given(evidence).map { try Parse.evidence($0, for: "--evidence") }
        )
        let logger = Wiring.logger()
        let job = try await HTTPTransport.withHTTPTransport { transport in
            let (node, identity) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
            guard identity == summary.identity else {
                throw Failure.configuration("the endpoint's chain is not the one in the database")
            }
            if try store.reading(chainID).isRenumbered { node.numberFromReceipts() }
            let worker = RefreshWorker(Wiring.refresh(node, store, logger, bounds: .wide), chainID: chainID)
            return try await Signals.ending { try await Self.work(worker, wallet, chainID, store) }
        }
        guard let job else { throw ExitCode(1) }
        print(isJSON ? Self.json(job) : Self.text(job))
        guard job.phase == .done, job.counts.failed == 0 else { throw ExitCode(1) }
    }

    /// Works on the wallet's job, or waits for whoever does.
    private static func work(
        _ worker: RefreshWorker,
        _ wallet: Address,
        _ chain: ChainID,
        _ store: SQLiteStore
    ) async throws -> RefreshJob {
        let request = RefreshRequest(chain: chain, wallet: wallet)
        let asked: RefreshJob
        do {
            asked = try await store.requestRefresh(request, now: Int64(Date().timeIntervalSince1970))
        } catch RefreshRefusal.tooMany {
            throw Failure.work(
                "\(RefreshRequest.unfinishedMax) refreshes wait already: is `holdfast run` at work on them?"
            )
        }
        let line = RefreshLine()
        defer { line.end() }
        while true {
            let outcome = try await worker.workOne(only: asked.id) { line.show($0) }
            guard let job = try store.refresh(asked.id) else { throw Failure.work("the job was removed meanwhile") }
            if job.phase.isOver { return job }
            if outcome == .stumbled {
                throw Failure.work("the refresh could not go on; it is kept, and goes on when it is asked for again")
            }
            line.show(job.counts)
            try await Task.sleep(for: lookInterval)
        }
    }

    static func json(_ job: RefreshJob) -> String {
        String(buffer: JSONWriter.document { $0.fields(job) })
    }

    static func text(_ job: RefreshJob) -> String {
        guard job.phase == .done else { return "failed: \(job.reason ?? "no reason was kept")" }
        let counts = job.counts
        var text =
            "\(counts.checked) checked, \(counts.matched) matched, \(counts.added) added, \(counts.removed) removed"
        if counts.conflicts > 0 { text += ", \(counts.conflicts) contradicted by their contracts" }
        if let block = job.block { text += " · as of block \(block.number)" }
        guard counts.failed > 0 else { return text }
        text += "\n\(counts.failed) could not be checked or explained:"
        for failure in job.failures {
            text += "\n  \(failure.contract.checksummed) \(failure.token?.decimal ?? "(its count)"): \(failure.reason)"
        }
        return text
    }
}

/// How far a refresh is: a line on a terminal, one every few seconds elsewhere; on stderr.
private final class RefreshLine: Sendable {
    private let started = ContinuousClock.now
    private let last = Mutex<ContinuousClock.Instant?>(nil)
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func show(_ counts: RefreshCounts) {
        let now = ContinuousClock.now
        let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
        let isDue = last.withLock { last in
            guard now - (last ?? started) >= interval else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let rate = Double(counts.checked) / max(0.001, (now - started) / .seconds(1))
        let line =
            "refresh: \(counts.checked) holdings checked, \(counts.checked - counts.matched) to be looked into"
            + String(format: " · %.0f/s", rate)
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1b}[K" + line : line + "\n").utf8))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}
