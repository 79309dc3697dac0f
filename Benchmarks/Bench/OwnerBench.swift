import AsyncHTTPClient
import Ethereum
import Foundation
import HTTPAPI
import Logging
import NIOCore
import StoreSQLite
import TestLedger

/// Who owns a token, over HTTP, beside an answer of the same bytes that the same server holds ready.
///
/// wrk shares the machine's cores with the server, in both cases alike, and makes the same random path in both.
enum OwnerBench {
    private static let tokens = 1_000_000
    private static let connections = 32
    private static let secondsPerRun = 5
    private static let fixedPath = "/fixed"

    static func judge(_ judge: inout Judge) throws {
        let wrk = ["/usr/bin/wrk", "/usr/local/bin/wrk"].first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let wrk else { return judge.verdicts.skip("owner look-up over HTTP", "wrk is not installed") }
        let owners = database + ".owners"
        let server = try Part.start(["api", "--database", owners])
        defer {
            server.stop()
            for suffix in ["", "-wal", "-shm"] { unlink(owners + suffix) }
        }
        let url = try server.firstLine()
        let script = database + ".lua"
        try Self.script.write(toFile: script, atomically: true, encoding: .utf8)
        defer { unlink(script) }
        func load(_ path: String) throws -> Part.Values {
            let common = ["-t", "1", "-c", "\(Self.connections)", "-s", script, url, "--"]
            return try Part.run(
                ["-d", "\(Self.secondsPerRun)s"] + common + [Self.prefix, "\(Self.tokens)", path],
                program: wrk
            )
        }
        var (looked, fixed): ([Part.Values], [Part.Values]) = ([], [])
        _ = try load("")
        for _ in 0..<number("rounds", 3) {
            fixed.append(try load(Self.fixedPath))
            looked.append(try load(""))
        }
        func median(_ runs: [Part.Values], _ key: String) -> Double { runs.map { $0[key] ?? .nan }.percentile(0.5) }
        for (name, runs) in [("fixed", fixed), ("owner", looked)] {
            judge.verdicts.report(
                "\(name): \(runs.map { "\(Int($0["rate"] ?? 0))" }.joined(separator: " ")) requests/s; "
                    + "p50 \(Verdicts.text(median(runs, "p50"))), p99 \(Verdicts.text(median(runs, "p99"))) ms"
            )
            let failed = runs.reduce(0) { $0 + ($1["failed"] ?? .nan) }
            guard failed == 0 else { throw BenchError("\(Int(failed)) answers of \(name) failed") }
        }
        judge.verdicts.judge(
            "owner look-up / fixed answer, rate",
            median(looked, "rate") / median(fixed, "rate"),
            .atLeast(0.5)
        )
        judge.verdicts.judge(
            "owner look-up / fixed answer, p99",
            median(looked, "p99") / median(fixed, "p99"),
            .atMost(2)
        )
    }

    private static let prefix = "/v1/chains/\(BulkLedger.chain)/contracts/\(BulkLedger.contract)/tokens/"

    /// Arguments: what is before a token's id, how many there are, and the path to ask for instead of one of them.
    private static let script = """
        local prefix, tokens, fixed
        function init(args)
            prefix, tokens, fixed = args[1], tonumber(args[2]), args[3]
            math.randomseed(42)
        end
        function request()
            local path = prefix .. math.random(tokens)
            if fixed ~= "" then path = fixed end
            return wrk.format("GET", path)
        end
        function done(summary, latency)
            local errors = summary.errors
            local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
            print(string.format("rate=%.1f p50=%.3f p99=%.3f failed=%d", summary.requests / summary.duration * 1e6,
                latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
        end
        """

    // MARK: The server

    /// The program's API server over a ledger of a million tokens; prints its address and serves until it is ended.
    static func serve(database: String) async throws {
        for suffix in ["", "-wal", "-shm"] { unlink(database + suffix) }
        let store = try SQLiteStore(path: database)
        try BulkLedger.fill(store, tokens: tokens)
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        // Asked for once without the fixed answer, to have its bytes.
        var server = APIServer(catalog: store, configuration: .init(port: 0), logger: logger)
        server.fixedAnswers = [fixedPath: try await answer(server, prefix + "\(tokens / 2)")]
        server.onListening = { port in
            print("http://127.0.0.1:\(port)"); fflush(stdout)
        }
        try await server.run()
    }

    private static func answer(_ server: APIServer, _ path: String) async throws -> [UInt8] {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var server = server
        server.onListening = { continuation.yield($0) }
        let serving = Task { [server] in try await server.run() }
        defer { serving.cancel() }
        for await port in ports {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            guard response.status == .ok else { throw BenchError("\(path) is answered with \(response.status)") }
            return Array(try await response.body.collect(upTo: 1 << 16).readableBytesView)
        }
        throw BenchError("the API server did not listen")
    }
}
