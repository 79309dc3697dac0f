/// What a sweep tried and what came of it.
package struct CrashOutcome: Sendable {
    struct Run: Sendable {
        /// Writes that the loss of power took.
        var dropped = 0
        /// Commits that were told and that the loss of power took.
        var commitsLost = 0
        /// Whether the next start named the commit it found.
        var saysCommit = false
        var wrong: String?
    }

    /// A scenario and how often it was played.
    package struct Scenario: Sendable {
        package let id: String
        package let sentence: String
        package fileprivate(set) var runs = 0
        package fileprivate(set) var survived = 0
        fileprivate let holds: @Sendable (CrashPlan.Case) -> Bool
    }

    /// How often the process died at one kind of point, in one way.
    package struct Tally: Sendable {
        package fileprivate(set) var runs = 0
        package fileprivate(set) var survived = 0
    }

    private struct Sort: Hashable {
        var kind: CrashPoint.Kind
        var effect: CrashPoint.Effect
    }

    /// Points there are; not all may have been tried.
    package let found: Int
    package private(set) var runs = 0
    package internal(set) var failures: [String] = []
    private var tallies: [Sort: Tally] = [:]
    /// Writes that losses of power took, over all runs.
    package private(set) var dropped = 0
    /// Commits that losses of power took: of a first back-fill, which reads them again.
    package private(set) var commitsLost = 0
    /// Next starts that named the commit that they found.
    package private(set) var commitsNamed = 0
    /// Commits of a live chain in one run; each was on the disk before it was told.
    package internal(set) var liveCommits = 0
    package private(set) var scenarios: [Scenario] = [
        Scenario(
            id: "S-01",
            sentence:
                "killed at each network call, statement, write and sync of a sync: the same digest, no manual step"
        ) { $0.work == .sync && $0.point.effect != .lost && $0.point.effect != .mixed },
        Scenario(
            id: "S-02",
            sentence: "killed between COMMIT and its answer: no duplicate, no gap; the next start names the commit"
        ) { $0.work == .sync && $0.point.kind == .committed && $0.point.effect == .kill },
        Scenario(
            id: "S-03",
            sentence: "killed in the middle of a roll-back of five blocks: the old branch or the new one, never half"
        ) { $0.isRollback },
        Scenario(
            id: "S-05",
            sentence: "killed at each statement and write of a migration: the next start finishes, the data is intact"
        ) { $0.work == .migration },
        Scenario(
            id: "power",
            sentence: "the machine loses power at a write, a sync or after a COMMIT: what was durable is there"
        ) { $0.point.effect == .lost || $0.point.effect == .mixed },
    ]

    init(found: Int) {
        self.found = found
    }

    /// nil where none was tried.
    package func tally(_ kind: CrashPoint.Kind, _ effect: CrashPoint.Effect) -> Tally? {
        tallies[Sort(kind: kind, effect: effect)]
    }

    mutating func add(_ run: Run, of one: CrashPlan.Case) {
        runs += 1
        dropped += run.dropped
        commitsLost += run.commitsLost
        commitsNamed += run.saysCommit ? 1 : 0
        let survived = run.wrong == nil ? 1 : 0
        if let wrong = run.wrong { failures.append("\(one.work) \(one.point.text): \(wrong)") }
        let sort = Sort(kind: one.point.kind, effect: one.point.effect)
        tallies[sort, default: Tally()].runs += 1
        tallies[sort, default: Tally()].survived += survived
        for index in scenarios.indices where scenarios[index].holds(one) {
            scenarios[index].runs += 1
            scenarios[index].survived += survived
        }
    }
}
