import Foundation
import GRDB
import Testing

@testable import Selftest

/// What is left of a file when its process dies at a point; each in a process of its own.
@Suite struct CrashPointTests {
    private func path() -> String { NSTemporaryDirectory() + "/points-\(UUID().uuidString).db" }

    /// Makes a table in one transaction and puts a row into it in each of three more.
    private static func write(_ path: String, synchronous: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = \(synchronous)") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                try db.execute(sql: "CREATE TABLE line(number INTEGER)")
                return .commit
            }
            for number in 1...3 {
                try db.inTransaction(.immediate) {
                    try db.execute(sql: "INSERT INTO line VALUES(?)", arguments: [number])
                    return .commit
                }
            }
        }
    }

    /// nil: there is no such table.
    private func lines(_ path: String) throws -> Int? {
        defer {
            for suffix in ["", "-journal", ".report"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
        return try DatabaseQueue(path: path).read { db in
            try db.tableExists("line") ? Int.fetchOne(db, sql: "SELECT count(*) FROM line") : nil
        }
    }

    @Test func `killed before the third COMMIT, two transactions are there`() async throws {
        let path = path()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            #expect(CrashPoint.install(CrashPoint(.commit, 3, .kill), report: path + ".report"))
            try CrashPointTests.write(path, synchronous: "FULL")
        }
        #expect(try CrashReport(path: path + ".report").count(.committed) == 2)
        #expect(try lines(path) == 1)
    }

    @Test func `killed in the middle of any write, no transaction is there in part`() async throws {
        let path = path()
        // The third transaction's first write goes to its journal.
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            #expect(CrashPoint.install(CrashPoint(.write, 12, .torn), report: path + ".report"))
            try CrashPointTests.write(path, synchronous: "FULL")
        }
        let told = try CrashReport(path: path + ".report").count(.committed)
        let held = try lines(path)
        #expect(held == told - 1)
    }

    @Test func `without power what was synced is there`() async throws {
        let path = path()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            #expect(CrashPoint.install(CrashPoint(.committed, 3, .lost), report: path + ".report"))
            try CrashPointTests.write(path, synchronous: "FULL")
        }
        let report = try CrashReport(path: path + ".report")
        #expect(report.transactions.map(\.isDurable) == [true, true, true])
        #expect(try lines(path) == 2)
    }

    @Test func `without power what was never synced is gone`() async throws {
        let path = path()
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            #expect(CrashPoint.install(CrashPoint(.committed, 3, .lost), report: path + ".report"))
            try CrashPointTests.write(path, synchronous: "OFF")
        }
        let report = try CrashReport(path: path + ".report")
        #expect(report.transactions.map(\.isDurable) == [false, false, false])
        #expect(report.dropped ?? 0 > 0)
        #expect(try lines(path) == nil)
    }
}
