import Foundation

/// One part of a bench as a process of its own, so that its memory and its clock are its own.
struct Part {
    typealias Values = [String: Double]

    let process: Process
    private let output: Pipe
    /// Where a server listens; the first line that it prints.
    var url = ""

    /// - Parameter program: this one where it is left out.
    static func start(_ arguments: [String], program: String = "/proc/self/exe") throws -> Part {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program).resolvingSymlinksInPath()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return Part(process: process, output: output)
    }

    /// The first line of what it prints; waits for it.
    func firstLine() throws -> String {
        var bytes: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 { bytes.append(byte) }
        guard !bytes.isEmpty else { throw BenchError("a server did not start") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Runs a part to its end and reads the `name=value` pairs that it prints.
    static func run(_ arguments: [String], program: String = "/proc/self/exe") throws -> Values {
        let part = try start(arguments, program: program)
        let text = String(decoding: try part.output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        part.process.waitUntilExit()
        guard part.process.terminationStatus == 0 else {
            throw BenchError("\(arguments.first ?? program) failed with \(part.process.terminationStatus)")
        }
        var values: Values = [:]
        for pair in text.split(whereSeparator: \.isWhitespace) {
            let parts = pair.split(separator: "=")
            if parts.count == 2 { values[String(parts[0])] = Double(parts[1]) }
        }
        return values
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
