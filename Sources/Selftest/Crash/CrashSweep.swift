import Foundation
import Simulator
import StoreSQLite
import Synchronization

/// Kills a child process at each point of a sync and of a migration, judges what is left, and lets it go on.
package struct CrashSweep: Sendable {
    let child: ChildProcess
    let story: CrashStory
    let directory: String
    /// The node that serves the chain as it ends.
    private let after: String
    private let steps: [String]
    /// What is tried again where a point is not passed: two runs differ by a few operations, because pages of logs are
    /// fetched side by side.
    private static let triesMax = 3

    /// - Parameter executable: this program.
    /// - Parameter before: the URL of `story.before`, and `after` that of `story.after`.
    /// - Parameter directory: where files are made; it exists.
    package init(executable: String, story: CrashStory, before: String, after: String, directory: String) {
        child = ChildProcess(executable: executable)
        self.story = story
        self.directory = directory
        self.after = after
        steps = story.steps(before: before, after: after)
    }

    /// What every run is measured by.
    struct Clean: Sendable {
        /// Of a sync that nobody disturbed, from the node that serves the chain as it ends.
        var dump: [String]
        /// A file of the oldest schema with the same rows.
        var oldest: String
    }

    // MARK: The whole

    /// - Parameter runsMax: nil: every point.
    /// - Parameter progress: told of the runs done and of all; from any thread.
    package func run(
        runsMax: Int?,
        seed: UInt64,
        width: Int,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> CrashOutcome {
        let clean = try await makeClean()
        let (sync, migration) = (try await count(.sync, clean), try await count(.migration, clean))
        let plan = CrashPlan([(.sync, sync), (.migration, migration)], runsMax: runsMax, seed: seed)
        var outcome = CrashOutcome(found: plan.found)
        outcome.liveCommits = sync.liveUpdates - sync.undurable.count
        for index in sync.undurable {
            outcome.failures.append("transaction \(index) of a live chain was told before it was on the disk")
        }
        let shared = Shared(plan.cases, outcome)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<width {
                group.addTask {
                    while let (number, one) = shared.next() {
                        let outcome: CrashOutcome.Run
                        do { outcome = try await run(one, clean, number: number) } catch {
                            outcome = CrashOutcome.Run(wrong: "\(error)")
                        }
                        progress(shared.add(outcome, of: one), shared.cases.count)
                    }
                }
            }
        }
        return shared.outcome
    }

    /// What the workers of one sweep share.
    ///
    /// Results that came back through the group, as tuples, were miscompiled in optimised builds (Swift 6.3.1).
    private final class Shared: Sendable {
        let cases: [CrashPlan.Case]
        private let state: Mutex<(next: Int, outcome: CrashOutcome)>

        init(_ cases: [CrashPlan.Case], _ outcome: CrashOutcome) {
            self.cases = cases
            state = Mutex((0, outcome))
        }

        var outcome: CrashOutcome { state.withLock { $0.outcome } }

        func next() -> (Int, CrashPlan.Case)? {
            state.withLock { state in
                guard state.next < cases.count else { return nil }
                defer { state.next += 1 }
                return (state.next, cases[state.next])
            }
        }

        /// How many are done.
        func add(_ run: CrashOutcome.Run, of one: CrashPlan.Case) -> Int {
            state.withLock { state in
                state.outcome.add(run, of: one)
                return state.outcome.runs
            }
        }
    }

    private func makeClean() async throws -> Clean {
        let path = directory + "/clean.db"
        let end = try await child.run(syncArguments(path), log: directory + "/clean.log")
        guard end == .exit(0) else { throw SelftestError("a sync that nobody disturbs ends with \(end)") }
        if let wrong = try difference(path) { throw SelftestError("a sync that nobody disturbs: \(wrong)") }
        let oldest = directory + "/oldest.db"
        try SQLiteStore.writeOldest(oldest, rowsOf: path)
        return Clean(dump: try Verdict.dump(path), oldest: oldest)
    }

    /// The points of an undisturbed run; of two, the one with fewer.
    private func count(_ work: CrashPlan.Work, _ clean: Clean) async throws -> CrashReport {
        var fewest: CrashReport?
        for number in 0..<2 {
            let files = try Files(directory + "/count-\(work)-\(number)")
            try prepare(work, files, clean)
            let end = try await child.run(crashArguments(work, files, point: nil), log: files.log)
            guard end == .exit(0) else { throw SelftestError("the \(work) of a counting child ends with \(end)") }
            let report = try CrashReport(path: files.report)
            if fewest.map({ $0.steps.count > report.steps.count }) ?? true { fewest = report }
            try files.remove()
        }
        guard let fewest else { throw SelftestError("no counting run") }
        return fewest
    }

    // MARK: One point

    private func run(_ one: CrashPlan.Case, _ clean: Clean, number: Int) async throws -> CrashOutcome.Run {
        for attempt in 1...Self.triesMax {
            let files = try Files(directory + "/run-\(number)-\(attempt)")
            try prepare(one.work, files, clean)
            let end = try await child.run(crashArguments(one.work, files, point: one.point), log: files.log)
            let report = try CrashReport(path: files.report)
            guard end == .signal(SIGKILL), let dropped = report.dropped else {
                guard end == .exit(0) else { return CrashOutcome.Run(wrong: "the child ended with \(end)") }
                try files.remove()
                continue
            }
            var run = CrashOutcome.Run(dropped: dropped)
            run.wrong =
                switch one.work {
                case .sync: try await judgeSync(one.point, files, report, clean, &run)
                case .migration: try await judgeMigration(files, clean)
                }
            if run.wrong == nil { try files.remove() }
            return run
        }
        return CrashOutcome.Run(wrong: "was not reached in \(Self.triesMax) runs")
    }

    private func judgeSync(
        _ point: CrashPoint,
        _ files: Files,
        _ report: CrashReport,
        _ clean: Clean,
        _ run: inout CrashOutcome.Run
    ) async throws -> String? {
        let left = try CrashedFile(copying: files.database, to: files.copy)
        if let wrong = try left.judge(story.chain, revisions: report.revisions(after: point.effect)) { return wrong }
        let held = try left.rowIfWhole()
        run.commitsLost = max(0, report.revisionsTold - (held?.revision ?? 0))
        let end = try await child.run(syncArguments(files.database), log: files.restartLog)
        guard end == .exit(0) else { return "the next start ended with \(end)" }
        if let wrong = try difference(files.database) { return "after the next start: \(wrong)" }
        if try Verdict.dump(files.database) != clean.dump {
            return "after the next start: not the digest of a clean sync"
        }
        guard let held, !held.isGivenBack else { return nil }
        let said = try String(contentsOfFile: files.restartLog, encoding: .utf8)
        guard said.contains("its last commit was applied"), said.contains("revision=\(held.revision)"),
            said.contains("commit=\(held.commit)")
        else { return "the next start did not say that commit \(held.commit) was applied" }
        run.saysCommit = true
        return nil
    }

    private func judgeMigration(_ files: Files, _ clean: Clean) async throws -> String? {
        let left = try CrashedFile(copying: files.database, to: files.copy)
        if let wrong = try left.damage() { return wrong }
        // Either it answers, or it says that it has to be migrated first.
        try left.whole()?.close()
        if try Verdict.dump(files.copy) != clean.dump { return "a migration that died changed the data" }
        let end = try await child.run(["migrate", "--database", "sqlite:\(files.database)"], log: files.restartLog)
        guard end == .exit(0) else { return "the next start ended with \(end)" }
        try SQLiteStore(reading: files.database).close()
        return try Verdict.dump(files.database) == clean.dump ? difference(files.database) : "the data changed"
    }

    /// How a finished file differs from the chain.
    private func difference(_ path: String) throws -> String? {
        let store = try SQLiteStore(reading: path)
        defer { try? store.close() }
        return try Verdict.difference(store, story.chain.options.chainID, story.chain.head.owners, only: [])
            ?? Verdict.inconsistency(path, story.chain.canonical)
    }

    private func prepare(_ work: CrashPlan.Work, _ files: Files, _ clean: Clean) throws {
        guard work == .migration else { return }
        try FileManager.default.copyItem(atPath: clean.oldest, toPath: files.database)
    }

    private func crashArguments(_ work: CrashPlan.Work, _ files: Files, point: CrashPoint?) -> [String] {
        ["crash", "--database", files.database, "--report", files.report]
            + (work == .sync ? steps.flatMap { ["--step", $0] } : [])
            + (point.map { ["--point", $0.text] } ?? [])
    }

    private func syncArguments(_ path: String) -> [String] { ["sync", "--rpc", after, "--database", "sqlite:\(path)"] }

    /// Where one run keeps its files.
    private struct Files {
        let directory: String

        init(_ directory: String) throws {
            self.directory = directory
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        var database: String { directory + "/holdfast.db" }
        var copy: String { directory + "/left.db" }
        var report: String { directory + "/report" }
        var log: String { directory + "/log" }
        var restartLog: String { directory + "/restart.log" }

        func remove() throws { try FileManager.default.removeItem(atPath: directory) }
    }
}

/// Why a selftest could not be made at all.
package struct SelftestError: Error, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
