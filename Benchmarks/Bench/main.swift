import Allocator
import Foundation

/// `bench serve|ingest|null|floor|append|all`: each part is a process of its own; `all` runs them and judges the ratios.
let arguments = Array(CommandLine.arguments.dropFirst())

func option(_ name: String) -> String? {
    guard let place = arguments.firstIndex(of: "--\(name)"), place + 1 < arguments.count else { return nil }
    return arguments[place + 1]
}

func number(_ name: String, _ standard: Int) -> Int { option(name).flatMap { Int($0) } ?? standard }

func emit(_ values: [String: Double]) {
    print(
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\(String(format: "%.3f", $0.value))" }.joined(separator: " ")
    )
}

// As the program does at its start.
allocator_return_blocks_from(1 << 18)
let data = Dataset(
    logs: number("logs", 2_000_000),
    tokens: option("tokens").flatMap { Int($0) },
    wallets: option("wallets").flatMap { Int($0) }
)
let database = option("database") ?? NSTemporaryDirectory() + "/holdfast-bench.db"
switch arguments.first {
case "serve":
    let server = Server(data, latencyMilliseconds: number("latency", 0))
    FileHandle.standardOutput.write(Data("http://127.0.0.1:\(server.port)\n".utf8))
    server.run()
case "ingest":
    emit(try await Ingest.run(url: option("url") ?? "", database: database))
case "null":
    emit(try await Ingest.null(url: option("url") ?? ""))
case "floor", "append":
    emit(FloorRun.run(data, database: database, appendOnly: arguments.first == "append"))
case "scan":
    emit(try ScanBench.run())
default:
    exit(try Judge.run(data))
}
