import ArgumentParser
import Foundation
import Logging
import Selftest
import Simulator

/// `holdfast selftest`: faults and crashes on purpose, on the user's own machine, and what was survived.
struct SelftestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Inject faults and crashes on this machine, offline, and show that nothing is lost.",
        discussion: """
            Simulated worlds by seeds, with the real engine, client and store; a sync and a migration as real processes \
            that die at one point each, by kill -9 or as if the power failed; and a sync that is killed at random moments. \
            Each time what is left is judged, the program is started again and has to end with the digest of a clean sync. \
            About a minute; --full does all of it.
            """
    )

    @Option(name: OptionTable.seeds.flag, help: OptionTable.seeds.argumentHelp)
    var seeds: String?
    @Option(name: OptionTable.crashes.flag, help: OptionTable.crashes.argumentHelp)
    var crashes: String?
    @Option(name: OptionTable.killSeconds.flag, help: OptionTable.killSeconds.argumentHelp)
    var killSeconds: String?
    @Flag(name: OptionTable.full.flag, help: OptionTable.full.argumentHelp)
    var full = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var selftest = SelftestRun()
        selftest.seeds = try number(OptionTable.seeds.given(seeds), OptionTable.seeds, full: 5_000)
        // As many as there are, where all are wanted.
        selftest.crashes = try full && crashes == nil ? nil : number(crashes, OptionTable.crashes, full: 0)
        selftest.killSeconds = try number(killSeconds, OptionTable.killSeconds, full: 600)
        let json = try output.isJSON()
        let ready = selftest
        guard let report = try await Signals.ending({ try await ready.run() }) else {
            throw Failure.work("stopped before the end; nothing is shown")
        }
        print(try json ? report.json() : report.text)
        if !report.passed { throw ExitCode(1) }
    }

    private func number(_ given: String?, _ row: OptionTable.Row, full everything: Int) throws -> Int {
        let text = given ?? (full ? String(everything) : row.standard) ?? ""
        guard let number = Int(text), (0...1_000_000).contains(number) else {
            throw Failure.usage("--\(row.name) \(text): a number from 0 to 1000000")
        }
        return number
    }
}

/// The three parts, one after the other.
struct SelftestRun: Sendable {
    var seeds = 0
    /// nil: at every point.
    var crashes: Int?
    var killSeconds = 0

    /// Which points are chosen and what a disk keeps; fixed, so that a failure can be made again.
    private static let seed: UInt64 = 1
    /// Before every answer of the node that a killed sync reads from.
    private static let nodeDelay: Duration = .milliseconds(40)

    func run() async throws -> SelftestReport {
        let started = ContinuousClock.now
        let directory = Scratch.directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var report = SelftestReport()
        do {
            if seeds > 0 { report.add(try await simulate()) }
            if crashes != 0 { report.add(try await sweep(directory)) }
            if killSeconds > 0 { report.add(try await kill(directory)) }
        } catch is CancellationError {
            try? FileManager.default.removeItem(atPath: directory)
            throw CancellationError()
        }
        report.seconds = Int((ContinuousClock.now - started) / .seconds(1))
        if report.passed {
            try FileManager.default.removeItem(atPath: directory)
        } else {
            report.leftovers = directory
        }
        return report
    }

    private func simulate() async throws -> SeedRunner.Outcome {
        let line = WorkLine("simulated worlds", of: seeds)
        let one = ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) }
        let outcome = await SeedRunner.run(one.map { [$0] } ?? (0..<seeds).map { UInt64($0) }) {
            line.show($0)
        } _: {
            let world = try World(seed: $0)
            return (try world.run(), world.faults.counts)
        }
        line.end()
        try Task.checkCancellation()
        return outcome
    }

    private func sweep(_ directory: String) async throws -> CrashOutcome {
        let story = CrashStory()
        let runs = crashes
        let nodes = [story.before, story.after].map { LoopbackNode(node: $0, logger: Self.quiet) }
        return try await LoopbackNode.serving(nodes) { urls in
            let sweep = CrashSweep(
                executable: Self.executable,
                story: story,
                before: urls[0],
                after: urls[1],
                directory: directory
            )
            let line = WorkLine("crashes", of: runs)
            defer { line.end() }
            let width = ProcessInfo.processInfo.activeProcessorCount
            return try await sweep.run(runsMax: runs, seed: Self.seed, width: width) { line.show($0, of: $1) }
        }
    }

    private func kill(_ directory: String) async throws -> KillLoop.Outcome {
        let (chain, node) = KillLoop.makeNode(seed: Self.seed)
        let (seconds, count) = (Double(killSeconds), killSeconds)
        let nodes = [LoopbackNode(node: node, logger: Self.quiet, delay: Self.nodeDelay)]
        return try await LoopbackNode.serving(nodes) { urls in
            let loop = KillLoop(executable: Self.executable, chain: chain, url: urls[0], directory: directory)
            let line = WorkLine("seconds of random kills", of: count)
            defer { line.end() }
            return try await loop.run(seconds: seconds, seed: Self.seed) { _, elapsed in line.show(Int(elapsed)) }
        }
    }

    /// This program, also when its file was replaced meanwhile.
    private static let executable = "/proc/self/exe"

    private static let quiet: Logger = {
        var logger = Logger(label: "node") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        return logger
    }()
}
