import Foundation

/// Runs the parts, prints the ratios, and says whether each holds.
///
/// Exit code 1 when one does not.
enum Judge {
    static func run(_ data: Dataset) throws -> Int32 {
        let size = ["--logs", "\(data.logCount)"]
        print("\(data.logCount) logs; each figure is the least of \(number("rounds", 3)) interleaved rounds")
        let server = try Part.start("serve", size)
        defer { server.process.terminate() }
        guard let url = server.firstLine() else { throw NSError(domain: "bench: the server did not start", code: 1) }
        var least: [String: [String: Double]] = [:]
        for _ in 0..<number("rounds", 3) {
            for part in ["append", "floor", "ingest", "null"] {
                let extra = part == "ingest" || part == "null" ? ["--url", url] : size
                let values = try Part.run(part, extra + ["--database", database])
                if values["seconds"] ?? .infinity < least[part]?["seconds"] ?? .infinity { least[part] = values }
            }
        }
        least["scan"] = try Part.run("scan", [])
        for part in ["append", "floor", "ingest", "null", "scan"] {
            let text = (least[part] ?? [:]).sorted { $0.key < $1.key }
                .map { "\($0.key) \(String(format: "%.2f", $0.value))" }.joined(separator: ", ")
            print("  \(part.padding(toLength: 8, withPad: " ", startingAt: 0)) \(text)")
        }
        func value(_ part: String, _ key: String = "seconds") -> Double { least[part]?[key] ?? .nan }
        var failed = false
        func judge(_ what: String, _ ratio: Double, _ good: Bool, _ bound: String) {
            print("\(good ? "ok  " : "MISS") \(what): \(String(format: "%.2f", ratio)) (\(bound))")
            if !good { failed = true }
        }
        let floor = value("floor") / value("append")
        judge("floor / bare append", floor, floor <= 3.2, "at most 3.2, else the floor is too slow to be one")
        let end = value("ingest") / value("floor")
        judge("end to end L1 / floor", end, end <= 1.25, "at most 1.25")
        let null = value("floor") / value("null")
        judge("fetch and decode into nothing, rate / floor's", null, null >= 4, "at least 4")
        judge("scanner / Foundation's decoder", value("scan", "ratio"), value("scan", "ratio") >= 20, "at least 20")
        let peak = value("ingest", "peakMiB")
        judge("peak memory, MiB", peak, peak <= 150, "at most 150")
        return failed ? 1 : 0
    }

    /// One part as a child process.
    struct Part {
        let process: Process
        let output: Pipe

        static func start(_ name: String, _ options: [String]) throws -> Part {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = [name] + options
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            return Part(process: process, output: output)
        }

        func firstLine() -> String? {
            var bytes: [UInt8] = []
            while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 {
                bytes.append(byte)
            }
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        }

        static func run(_ name: String, _ options: [String]) throws -> [String: Double] {
            let part = try start(name, options)
            let text = String(decoding: try part.output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            part.process.waitUntilExit()
            guard part.process.terminationStatus == 0 else {
                throw NSError(domain: "bench: \(name) failed", code: Int(part.process.terminationStatus))
            }
            var values: [String: Double] = [:]
            for pair in text.split(whereSeparator: \.isWhitespace) {
                let parts = pair.split(separator: "=")
                if parts.count == 2 { values[String(parts[0])] = Double(parts[1]) }
            }
            return values
        }
    }
}
