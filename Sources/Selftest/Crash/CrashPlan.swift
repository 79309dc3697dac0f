/// Which points a sweep goes through: all that were counted, or so many evenly chosen.
struct CrashPlan: Sendable {
    /// What a child does while it dies.
    enum Work: Sendable, Hashable {
        case sync, migration
    }

    struct Case: Sendable, Hashable {
        var work: Work
        var point: CrashPoint
        /// Inside the transaction that undoes blocks.
        var isRollback: Bool
        /// After a COMMIT whose pages were not on the disk yet: what only a first back-fill does.
        var isVolatile: Bool
    }

    /// In the order in which they happen.
    private(set) var cases: [Case] = []
    /// Points there are.
    private(set) var found = 0

    /// - Parameter runsMax: nil: all.
    /// - Parameter seed: decides what a disk keeps.
    init(_ reports: [(Work, CrashReport)], runsMax: Int?, seed: UInt64) {
        var all: [Case] = []
        for (work, report) in reports {
            for step in report.steps {
                let transaction = step.transaction.map { report.transactions[$0] }
                let isVolatile = step.kind == .committed && transaction.map { $0.isRevision && !$0.isDurable } ?? false
                for effect in Self.effects(of: step.kind) {
                    let point = CrashPoint(step.kind, step.ordinal, effect, seed: seed &+ UInt64(all.count))
                    all.append(
                        Case(
                            work: work,
                            point: point,
                            isRollback: transaction?.rewinds ?? false,
                            isVolatile: isVolatile
                        )
                    )
                }
            }
        }
        found = all.count
        cases = runsMax.map { Self.choose($0, of: all) } ?? all
    }

    /// After an operation the files are what they are before the next one, so that is not a point of its own.
    private static func effects(of kind: CrashPoint.Kind) -> [CrashPoint.Effect] {
        switch kind {
        case .request, .answer, .begin, .statement, .commit, .truncate, .delete: [.kill]
        case .sync, .committed: [.kill, .lost, .mixed]
        case .write: CrashPoint.Effect.allCases
        }
    }

    private struct Stratum: Hashable {
        var work: Work
        var kind: CrashPoint.Kind
        var effect: CrashPoint.Effect
        var isRollback: Bool
        var isVolatile: Bool
    }

    /// So many of every sort of point as there is room for, evenly spaced; rare sorts are taken whole first.
    private static func choose(_ count: Int, of all: [Case]) -> [Case] {
        let strata = Dictionary(grouping: all.indices) { index in
            let each = all[index]
            return Stratum(
                work: each.work,
                kind: each.point.kind,
                effect: each.point.effect,
                isRollback: each.isRollback,
                isVolatile: each.isVolatile
            )
        }
        var chosen: [Int] = []
        var left = strata.values.sorted { ($0.count, $0[0]) < ($1.count, $1[0]) }
        while !left.isEmpty {
            let room = max(1, (count - chosen.count) / left.count)
            let members = left.removeFirst()
            let taken = min(members.count, room)
            // The middle of each of `taken` equal parts.
            chosen += (0..<taken).map { members[(2 * $0 + 1) * members.count / (2 * taken)] }
        }
        return chosen.sorted().map { all[$0] }
    }
}
