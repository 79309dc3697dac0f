import CrashPoints
import Foundation
import Testing

@testable import Selftest

/// Which points a sweep goes through, and what it makes of a child's report.
@Suite struct CrashPlanTests {
    private func report(_ lines: [String]) throws -> CrashReport {
        let path = NSTemporaryDirectory() + "/report-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
        return try CrashReport(path: path)
    }

    /// One transaction that inserts a chain, one that builds the last index, two updates of a live chain.
    private let lines =
        ["request\t1\t{}", "begin\t1\tBEGIN", "statement\t1\tINSERT INTO chain(", "commit\t1\tCOMMIT"]
        + (1...20).map { "write\t\($0)\tholdfast.db-wal 0 24" }
        + ["committed\t1\t4120 bytes unsynced", "begin\t2\tBEGIN"]
        + [
            "statement\t2\tCREATE INDEX IF NOT EXISTS block_untimed", "commit\t2\tCOMMIT",
            "committed\t2\t0 bytes unsynced",
        ]
        + [
            "begin\t3\tBEGIN",
            "statement\t3\tUPDATE chain SET lease_boot = ?, revision = ?, commit_id = ? WHERE id = ?",
        ]
        + ["statement\t4\tINSERT INTO orphaned_transfer(", "commit\t3\tCOMMIT", "committed\t3\t0 bytes unsynced"]
        + [
            "begin\t4\tBEGIN",
            "statement\t5\tUPDATE chain SET lease_boot = ?, revision = ?, commit_id = ? WHERE id = ?",
        ]

    @Test func `kinds and effects have the numbers of the C header`() {
        for (number, kind) in CrashPoint.Kind.allCases.enumerated() {
            // Unsafe: a constant string of C.
            #expect(unsafe String(cString: crash_kind_name(Int32(number))) == kind.rawValue)
        }
        #expect(CrashPoint.Kind.allCases.count == Int(CRASH_KINDS.rawValue))
        #expect(CrashPoint.Effect.allCases.count == Int(CRASH_NEVER.rawValue))
        #expect(CrashPoint.Effect.allCases[Int(CRASH_MIXED.rawValue)] == .mixed)
    }

    @Test func `a point is read from its text`() {
        let point = CrashPoint(.write, 12, .torn, seed: 7)
        #expect(point.text == "write:12:torn:7")
        #expect(CrashPoint(text: point.text) == point)
        #expect(CrashPoint(text: "write:12:torn") == nil)
        #expect(CrashPoint(text: "wrote:12:torn:7") == nil)
    }

    @Test func `a report says which revisions may be held`() throws {
        let report = try report(lines)
        #expect(report.revisions(after: .kill) == 2...3)
        #expect(report.revisions(after: .torn) == 2...3)
        #expect(report.revisions(after: .lost) == 2...3)
        #expect(report.transactions.map(\.rewinds) == [false, false, true, false])
        // Without the last two transactions only the first was told, and it was not durable.
        let early = try self.report(Array(lines.prefix(25)))
        #expect(early.revisions(after: .kill) == 1...1)
        #expect(early.revisions(after: .mixed) == 0...1)
    }

    @Test func `a live commit that was told before it was on the disk is found`() throws {
        #expect(try report(lines).undurable == [])
        let late = lines.map { $0 == "committed\t3\t0 bytes unsynced" ? "committed\t3\t24 bytes unsynced" : $0 }
        #expect(try report(late).undurable == [2])
    }

    @Test func `all points are taken where there is room, else some of every sort, evenly`() throws {
        let report = try report(lines)
        let all = CrashPlan([(.sync, report)], runsMax: nil, seed: 1)
        #expect(all.found == all.cases.count)
        #expect(all.found == 1 + 4 + 5 + 3 + 3 * 3 + 20 * 4)
        let some = CrashPlan([(.sync, report)], runsMax: 40, seed: 1)
        #expect(some.found == all.found)
        #expect(some.cases.count == 40)
        let sorts = { (plan: CrashPlan) in
            Set(plan.cases.map { "\($0.point.kind) \($0.point.effect) \($0.isRollback) \($0.isVolatile)" })
        }
        #expect(sorts(some) == sorts(all))
        // The one COMMIT that a loss of power may take is among the rarest sorts, so it is always tried.
        #expect(all.cases.filter { $0.isVolatile && $0.point.effect == .lost }.map(\.point.ordinal) == [1])
        let torn = some.cases.filter { $0.point.effect == .torn }.map(\.point.ordinal)
        #expect(torn.first ?? 20 <= 4)
        #expect(torn.last ?? 0 >= 17)
    }
}
