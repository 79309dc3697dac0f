/// The real client against servers that mean harm.
import Metadata
import Egress
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct WebClientTests {
    /// One fetch of one script.
    private func outcome(
        _ script: @escaping @Sendable (String) -> [Step],
        change: (inout EgressLimits) -> Void = { _ in }
    ) async throws -> Result<WebAnswer, WebFault> {
        let result = Mutex<Result<WebAnswer, WebFault>?>(nil)
        try await withServer(script) { port, seen in
            try await withClient(ports: port, change: change) { client in
                let got: Result<WebAnswer, WebFault>
                do throws(WebFault) { got = .success(try await client.fetch("http://good.test:\(port)/1.json")) } catch
                {
                    got = .failure(error)
                }
                result.withLock { $0 = got }
            }
        }
        return try #require(result.withLock { $0 })
    }

    @Test func `an answer comes with type and body, and the request says no more than it must`() async throws {
        try await withServer { _ in
            [ok("{}", headers: "Content-Type: Application/JSON;x=y\r\n")]
        } _: { port, seen in
            try await withClient(ports: port) { client in
                let url = "http://good.test:\(port)/a%20b?c"
                let answer = try await client.fetch(url + "#d")
                let expected = WebAnswer(status: 200, mediaType: "application/json", body: Array("{}".utf8), url: url)
                #expect(answer == expected)
            }
            let request = seen.requests.withLock { $0.joined() }
            let lines = request.split(separator: "\r\n").map(String.init)
            #expect(lines.first == "GET /a%20b?c HTTP/1.1" && lines.contains("Host: good.test:\(port)"))
            #expect(lines.contains("Accept: application/json, image/*;q=0.5, */*;q=0.1"))
            let lower = request.lowercased()
            #expect(!lower.contains("referer") && !lower.contains("cookie") && !lower.contains("holdfast"))
        }
    }

    static let faults: [(String, [Step], WebFault)] = [
        ("other success", [head("204 No Content")], .status(204, retryAfter: nil)),
        ("partial", [head("206 Partial", "Content-Length: 0")], .status(206, retryAfter: nil)),
        ("redirect to nowhere", [head("302 Found", "Content-Length: 0")], .status(302, retryAfter: nil)),
        ("not modified", [head("304 Not Modified", "Location: /x")], .status(304, retryAfter: nil)),
        ("seconds", [head("429 Slow", "Retry-After: 7", "Content-Length: 0")], .status(429, retryAfter: .seconds(7))),
        (
            "a day", [head("503 Down", "Retry-After: 86400", "Content-Length: 0")],
            .status(503, retryAfter: .seconds(3600))
        ),
        ("switching", [head("101 Switching Protocols", "Upgrade: x")], .status(101, retryAfter: nil)),
        ("named length", [head("200 OK", "Content-Length: 1048577"), .pause(30_000)], .tooLarge),
        (
            "endless chunks",
            [
                head("200 OK", "Transfer-Encoding: chunked"),
                .forever(Array("4000\r\n\(String(repeating: "x", count: 0x4000))\r\n".utf8), every: 1),
            ], .tooLarge
        ),
        (
            "endless body", [head("200 OK"), .forever([UInt8](repeating: 0x20, count: 0x4000), every: 1)], .tooLarge
        ),
        (
            "endless chunk extension",
            [
                head("200 OK", "Transfer-Encoding: chunked"), .write("1;"),
                .forever([UInt8](repeating: 0x61, count: 0x10000), every: 1),
            ], .tooLarge
        ),
        (
            "bomb", [head("200 OK", "Content-Encoding: gzip"), .bytes(Gzip.zerosBegin), .forever(bomb, every: 1)],
            .tooLarge
        ),
        (
            "named double encoding", [head("200 OK", "Content-Encoding: gzip, gzip"), .bytes(twice), .close],
            .refused("more than one content encoding")
        ),
        (
            "named in two headers",
            [head("200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip"), .bytes(twice), .close],
            .refused("more than one content encoding")
        ),
        (
            "hidden double encoding", [head("200 OK", "Content-Encoding: gzip"), .bytes(twice), .close],
            .refused("more than one content encoding")
        ),
        (
            "unknown encoding", [head("200 OK", "Content-Encoding: br"), .close],
            .refused("an unknown content encoding")
        ),
        ("huge field", [head("200 OK", "X: " + String(repeating: "x", count: 40_000)), .pause(30_000)], .tooLarge),
        (
            "a head without an end",
            [.write("HTTP/1.1 200 OK\r\n" + String(repeating: "X: \(unit)\r\n", count: 40)), .pause(30_000)], .tooLarge
        ),
        (
            "many fields",
            [.write("HTTP/1.1 200 OK\r\n"), .forever(Array("X: yyyyyyyyyyyyyyyyyyyyy\r\n".utf8), every: 1)],
            .tooLarge
        ),
        (
            "flood of 1xx", [.forever(Array("HTTP/1.1 103 Early Hints\r\n\r\n".utf8), every: 1)],
            .refused("too many informational answers")
        ),
    ]
    private static let unit = String(repeating: "y", count: 1024)
    /// Over and over: 16 MiB of zeros each time.
    private static let bomb = (0..<8192).flatMap { _ in Gzip.zerosPeriod }
    private static let twice = Gzip.stored(Gzip.stored(Array("{}".utf8)))

    @Test(arguments: faults)
    func `what must not be taken is refused with its own fault`(
        _ name: String,
        _ steps: [Step],
        _ fault: WebFault
    )
        async throws
    {
        let got = try await outcome { _ in steps }
        #expect(got == .failure(fault), "\(name)")
    }

    @Test func `one layer of gzip is inflated`() async throws {
        let got = try await outcome { _ in
            [head("200 OK", "Content-Encoding: gzip"), .bytes(Gzip.stored(Array("{\"a\":1}".utf8))), .close]
        }
        #expect(try got.get().body == Array("{\"a\":1}".utf8))
    }

    @Test func `a body of exactly the cap is taken`() async throws {
        let got = try await outcome { _ in
            [ok(String(repeating: "x", count: 5000))]
        } change: {
            $0.bodyBytesMax = 5000
        }
        #expect(try got.get().body.count == 5000)
        let over = try await outcome { _ in
            [ok(String(repeating: "x", count: 5001))]
        } change: {
            $0.bodyBytesMax = 5000
        }
        #expect(over == .failure(.tooLarge))
    }

    @Test(
        arguments: [
            [.close], [.write("HTTP/1.1 200"), .close],
            [head("200 OK", "Content-Length: 10"), .write("12345"), .close],
            [head("200 OK", "Transfer-Encoding: chunked"), .write("5\r\n12"), .close],
            [.write("SSH-2.0-x\r\n"), .close],
            [head("200 OK", "Content-Length: 1", "Content-Length: 2"), .write("12"), .close],
            [head("200 OK", "Content-Encoding: gzip"), .write("not gzip"), .close],
            [head("200 OK", "Content-Encoding: gzip"), .bytes(Array(Gzip.stored([1, 2, 3]).dropLast(9))), .close],
        ] as [[Step]]
    )
    func `an answer that breaks off or is not HTTP is no answer`(_ steps: [Step]) async throws {
        let got = try await outcome { _ in steps }
        guard case .failure(.unreachable) = got else { return #expect(Bool(false), "\(got)") }
    }

    @Test(
        arguments: [
            [.pause(50_000)], [.forever(Array("x".utf8), every: 100)],
            [.write("HTTP/1.1 200 OK\r\n"), .forever(Array("X: y\r\n".utf8), every: 100)],
        ] as [[Step]]
    )
    func `a head that does not come ends at the deadline`(_ steps: [Step]) async throws {
        let start = ContinuousClock.now
        let got = try await outcome { _ in
            steps
        } change: {
            $0.deadline = .milliseconds(600)
        }
        guard case .failure(let fault) = got else { return #expect(Bool(false), "\(got)") }
        #expect(fault == .timedOut || fault == .unreachable("not HTTP"))
        #expect(start.duration(to: .now) < .seconds(20))
    }

    @Test func `a body of a byte at a time ends long before the deadline`() async throws {
        let start = ContinuousClock.now
        let got = try await outcome { _ in
            [head("200 OK", "Content-Length: 100000"), .forever([0x20], every: 50)]
        } change: {
            ($0.rateWindow, $0.deadline) = (.milliseconds(200), .seconds(600))
        }
        #expect(got == .failure(.timedOut))
        #expect(start.duration(to: .now) < .seconds(200))
    }

    @Test func `a cancelled fetch closes its connection`() async throws {
        try await withServer { _ in
            [.pause(50_000)]
        } _: { port, seen in
            try await withClient(ports: port) { client in
                let task = Task { try await client.fetch("http://good.test:\(port)/") }
                while seen.requests.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
                task.cancel()
                await #expect(throws: WebFault.cancelled) { try await task.value }
                while seen.closedCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
            }
        }
    }

    @Test func `at most two requests are under way at one host`() async throws {
        try await withServer { _ in
            [.pause(300), ok("{}")]
        } _: { port, seen in
            try await withClient(ports: port) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<5 { group.addTask { _ = try await client.fetch("http://good.test:\(port)/") } }
                    while seen.requests.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
                    try await Task.sleep(for: .milliseconds(100))
                    #expect(seen.connectionCount - seen.closedCount <= 2)
                    try await group.waitForAll()
                }
            }
            #expect(seen.connectionCount == 5)
        }
    }
}
