import ArgumentParser
import Ethereum
import Foundation
import Testing

@testable import holdfast

/// What `holdfast snapshot` takes as ids, batch and rate, and that the rest is refused before anything is asked or made.
@Suite struct SnapshotOptionTests {
    private static let contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    private static let greatest = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    private static let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936"

    static let ranges: [(text: String, first: U256, last: U256)] = [
        ("1-5000", U256(1), U256(5_000)), ("0-0", .zero, .zero), ("7", U256(7), U256(7)),
        ("0x10-0xff", U256(16), U256(255)), ("9-0xA", U256(9), U256(10)), ("007-08", U256(7), U256(8)),
        ("0-" + greatest, .zero, .max), (greatest, .max, .max),
    ]

    @Test(arguments: ranges.indices)
    func `ids are two numbers or one, decimal or hexadecimal`(index: Int) throws {
        let (text, first, last) = Self.ranges[index]
        #expect(try Parse.tokenRange(text, for: "--ids") == first...last)
    }

    @Test(arguments: [
        "-", "1-", "-5", "--", "1--5", "1-2-3", "a-b", "1 - 5", " 1-5", "+1-5", "1..5", "1,5", "1–5", "0x-0x1",
        "1-0x", "1-\u{0}", over, "0-" + over, "1.5-2", "٣-٥",
    ])
    func `what is no range of ids is refused, never cut`(text: String) async {
        await expectRefused(["--ids=" + text])
    }

    @Test func `nothing is no range and no number`() {
        #expect(throws: Failure.self) { try Parse.tokenRange("", for: "--ids") }
        #expect(throws: Failure.self) { try Parse.count("", through: 9, for: "--batch") }
    }

    @Test(arguments: ["5-1", greatest + "-0", "0x2-1"])
    func `a range that ends before it starts is refused with both`(text: String) async {
        let message = await expectRefused(["--ids", text])
        #expect(message.contains("--ids \(text)") && message.contains("the first id is above the last"))
    }

    @Test(arguments: [("1", 1), ("100", 100), ("1000", 1_000)])
    func `a batch is from 1 to a thousand`(text: String, count: Int) throws {
        #expect(try Parse.count(text, through: 1_000, for: "--batch") == count)
    }

    @Test(arguments: ["0", "-1", "1001", "x", "1e2", "0x10", "99999999999999999999", "1.0", " 1"])
    func `a batch out of its bounds is refused with them`(text: String) async {
        let message = await expectRefused(["--batch=" + text])
        #expect(message == "--batch \(text): a number from 1 to 1000")
    }

    @Test(arguments: ["0", "-1", "1000001", "fast", "0.5", "99999999999999999999"])
    func `a rate out of its bounds is refused with them`(text: String) async {
        let message = await expectRefused(["--rate=" + text])
        #expect(message == "--rate \(text): a number from 1 to 1000000")
    }

    /// Runs the command in a place where no database can be made, and expects it to end by its usage.
    @discardableResult
    private func expectRefused(_ options: [String], sourceLocation: SourceLocation = #_sourceLocation) async -> String {
        let arguments = [Self.contract, "--database", "sqlite:/nowhere/x.db", "--rpc", "http://127.0.0.1:1"] + options
        let error = await #expect(throws: Failure.self, sourceLocation: sourceLocation) {
            try await Snapshot.parse(arguments).run()
        }
        #expect(error?.code == 64, sourceLocation: sourceLocation)
        return error?.message ?? ""
    }
}
