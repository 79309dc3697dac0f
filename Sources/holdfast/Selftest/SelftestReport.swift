import Foundation
import Selftest
import Simulator

/// What a selftest injected and what was survived, for people and as JSON.
struct SelftestReport: Encodable {
    struct Scenario: Encodable {
        var id: String
        var sentence: String
        var runs: Int
        var survived: Int
    }

    struct Injected: Encodable {
        var name: String
        var count: Int
        /// Where each of them is judged by itself.
        var survived: Int?
    }

    private(set) var passed = true
    var seconds = 0
    private(set) var scenarios: [Scenario] = []
    private(set) var injected: [Injected] = []
    private(set) var failures: [String] = []
    /// Crash points there are; the runs may be fewer.
    private(set) var crashPoints: Int?
    private(set) var crashRuns: Int?
    /// Files of what failed; nil where nothing did.
    var leftovers: String?

    private mutating func fail(_ what: String) {
        passed = false
        failures.append(what)
    }

    mutating func add(_ outcome: SeedRunner.Outcome) {
        scenarios.append(
            Scenario(
                id: "seeds",
                sentence: "simulated worlds with faults by seed: every store equals the oracle and a clean sync",
                runs: outcome.runs,
                survived: outcome.runs - outcome.failures.count
            )
        )
        for point in FaultPoint.allCases {
            let count = outcome.counts[point] ?? 0
            injected.append(Injected(name: point.rawValue, count: count))
            // One that never fires tests nothing; of a few worlds it may be left out by chance.
            if outcome.runs >= 300, outcome.failures.isEmpty, count == 0 { fail("the fault \(point) never fired") }
        }
        for failure in outcome.failures {
            fail("HOLDFAST_SEED=\(failure.seed) holdfast selftest --crashes 0 --kill-seconds 0: \(failure.what)")
        }
    }

    mutating func add(_ outcome: CrashOutcome) {
        (crashPoints, crashRuns) = (outcome.found, outcome.runs)
        for scenario in outcome.scenarios {
            scenarios.append(
                Scenario(
                    id: scenario.id,
                    sentence: scenario.sentence,
                    runs: scenario.runs,
                    survived: scenario.survived
                )
            )
            if scenario.runs == 0 { fail("\(scenario.id) was never played") }
        }
        for kind in CrashPoint.Kind.allCases {
            for effect in CrashPoint.Effect.allCases {
                guard let tally = outcome.tally(kind, effect) else { continue }
                injected.append(
                    Injected(name: "\(effect.words) \(kind.words)", count: tally.runs, survived: tally.survived)
                )
            }
            if CrashPoint.Effect.allCases.allSatisfy({ outcome.tally(kind, $0) == nil }) {
                fail("no process died \(kind.words)")
            }
        }
        injected.append(Injected(name: "writes lost with the power", count: outcome.dropped))
        injected.append(Injected(name: "commits of a first back-fill lost with the power", count: outcome.commitsLost))
        injected.append(Injected(name: "commits named by the next start", count: outcome.commitsNamed))
        injected.append(Injected(name: "live commits on the disk before they were told", count: outcome.liveCommits))
        if outcome.dropped == 0 { fail("no loss of power took anything") }
        if outcome.commitsLost == 0 { fail("no loss of power took a commit") }
        if outcome.commitsNamed == 0 { fail("no next start named a commit") }
        if outcome.liveCommits == 0 { fail("no commit of a live chain was on the disk before it was told") }
        for failure in outcome.failures { fail(failure) }
    }

    mutating func add(_ outcome: KillLoop.Outcome) {
        scenarios.append(
            Scenario(
                id: "S-04",
                sentence: "killed at random moments while the chain grows and reorganises: the head, the clean digest",
                runs: outcome.kills,
                survived: outcome.kills - (outcome.wrong == nil ? 0 : 1)
            )
        )
        injected.append(Injected(name: "random kills inside a back-fill", count: outcome.insideBackfill))
        injected.append(Injected(name: "reorgs of five blocks between kills", count: outcome.reorgs))
        if let wrong = outcome.wrong { fail("S-04 after \(outcome.kills) kills: \(wrong)") }
        if outcome.insideBackfill == 0 { fail("S-04: no kill met a back-fill") }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = ["injected"]
        for each in injected {
            let survived = each.survived.map { ", survived \($0)" } ?? ""
            lines.append("  \(Self.right(each.count)) \(each.name)\(survived)")
        }
        if let crashPoints, let crashRuns { lines.append("  \(crashRuns) of \(crashPoints) crash points were tried") }
        lines.append("survived")
        for scenario in scenarios {
            let mark = scenario.runs == scenario.survived && scenario.runs > 0 ? "ok  " : "FAIL"
            let count = "\(scenario.survived) of \(scenario.runs)"
            lines.append("  \(mark) \(scenario.id): \(scenario.sentence) (\(count))")
        }
        for failure in failures.prefix(Self.failuresShown) { lines.append("FAIL \(failure)") }
        if failures.count > Self.failuresShown { lines.append("… and \(failures.count - Self.failuresShown) more") }
        if let leftovers { lines.append("the files are in \(leftovers)") }
        lines.append("\(passed ? "passed" : "FAILED") in \(seconds) s")
        return lines.joined(separator: "\n")
    }

    /// In the text; the JSON has all.
    private static let failuresShown = 20

    private static func right(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }
}

extension CrashPoint.Effect {
    fileprivate var words: String {
        switch self {
        case .kill: "killed"
        case .torn: "killed in the middle:"
        case .lost: "power lost"
        case .mixed: "power lost, some unsynced writes kept,"
        }
    }
}

extension CrashPoint.Kind {
    fileprivate var words: String {
        switch self {
        case .request: "before a request"
        case .answer: "after an answer"
        case .begin: "before BEGIN"
        case .statement: "before a statement"
        case .commit: "before COMMIT"
        case .committed: "after COMMIT"
        case .write: "at a write"
        case .sync: "at a sync"
        case .truncate: "at a truncation"
        case .delete: "at a deletion"
        }
    }
}
