/// The real transport against a server that speaks bytes, not HTTP: deadlines, caps, dead connections.
import ChainClient
import Ethereum
import Logging
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPTransportTests {
    @Test func `a request is plain JSON with the credentials of the URL, and the reply comes as it is`() async throws {
        let seen = Shared("")
        try await withServer { _, _, text in
            seen.withLock { $0 = text }
            return [.write(http("{\"a\":1}", status: "429 Slow", headers: "Retry-After: 7\r\n"))]
        } _: { endpoint, transport in
            let reply = try await transport.ask(endpoint)
            #expect(reply == TransportReply(status: 429, retryAfter: "7", body: Array("{\"a\":1}".utf8)))
        }
        let text = seen.withLock { $0 }
        #expect(text.hasPrefix("POST /v2/s3cr3tk3y HTTP/1.1\r\n") && text.hasSuffix("{}"))
        #expect(
            text.contains("Content-Type: application/json\r\n")
                && text.contains("Authorization: Basic dXNlcjpwYXNz\r\n")
        )
        #expect(!text.contains("user:pass"))
    }

    @Test func `S-28: the deadline covers the head`() async throws {
        try await withServer { _, _, _ in
            [.pause(20_000)]
        } _: { endpoint, transport in
            let start = ContinuousClock.now
            await #expect(throws: TransportError.timedOut) {
                try await transport.ask(endpoint, within: .milliseconds(200))
            }
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }

    @Test func `S-28: the deadline covers the body`() async throws {
        try await withServer { _, _, _ in
            [.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
                + (0..<99).flatMap { _ in [Step.pause(50), .write(" ")] }
        } _: { endpoint, transport in
            let start = ContinuousClock.now
            await #expect(throws: TransportError.timedOut) {
                try await transport.ask(endpoint, within: .milliseconds(300))
            }
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }

    @Test func `S-28: a body that drips is abandoned long before the deadline`() async throws {
        var limits = HTTPTransport.Limits()
        limits.rateWindow = .milliseconds(200)
        let own = HTTPTransport(limits: limits)
        try await withServer { _, _, _ in
            [.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")]
                + (0..<999).flatMap { _ in [Step.pause(20), .write(" ")] }
        } _: { endpoint, _ in
            let start = ContinuousClock.now
            await #expect(throws: TransportError.timedOut) { try await own.ask(endpoint, within: .seconds(30)) }
            // Dripping to its end would take twenty seconds; on a busy machine everything takes longer.
            #expect(start.duration(to: .now) < .seconds(18))
        }
        await own.shutdown()
    }

    @Test func `S-28: a body over the cap is refused, by its length and by its bytes`() async throws {
        let long = String(repeating: "x", count: 5_000)
        try await withServer { _, request, _ in
            [.write(http(long))]
        } _: { endpoint, transport in
            await #expect(throws: TransportError.tooLarge(bytesMax: 4_999)) {
                try await transport.ask(endpoint, atMost: 4_999)
            }
            let reply1 = try await transport.ask(endpoint, atMost: 5_000)
            #expect(reply1.body.count == 5_000)
        }
        try await withServer { _, _, _ in
            [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
                + (0..<10).map { _ in .write("1f4\r\n\(long.prefix(500))\r\n") } + [.write("0\r\n\r\n")]
        } _: { endpoint, transport in
            await #expect(throws: TransportError.tooLarge(bytesMax: 4_999)) {
                try await transport.ask(endpoint, atMost: 4_999)
            }
            let reply2 = try await transport.ask(endpoint, atMost: 5_000)
            #expect(reply2.body.count == 5_000)
        }
    }

    @Test func `S-28: the cap counts what was decompressed`() async throws {
        // 100,000 zero bytes, gzipped by Python's gzip.compress(bytes(100000), 9, mtime=0).
        try await withServer { _, _, _ in
            [
                .write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(gzippedZeroes.count)\r\n\r\n"),
                .bytes(gzippedZeroes),
            ]
        } _: { endpoint, transport in
            let reply3 = try await transport.ask(endpoint, atMost: 100_000)
            #expect(reply3.body == [UInt8](repeating: 0, count: 100_000))
            await #expect(throws: TransportError.tooLarge(bytesMax: 99_999)) {
                try await transport.ask(endpoint, atMost: 99_999)
            }
        }
    }

    @Test func `a reservation that cannot grow is told apart from a body that is too large`() async throws {
        try await withServer { _, _, _ in
            [.write(http("0123456789"))]
        } _: { endpoint, transport in
            let allowance = BodyAllowance(bytesMax: 100) { $0 <= 5 }
            await #expect(throws: TransportError.overReservation) {
                try await transport.post([], to: endpoint, lane: .head, deadline: .seconds(5), allowance: allowance)
            }
        }
    }

    @Test func `a kept connection that turns out dead costs one replay and no error`() async throws {
        let requests = Shared(0)
        try await withServer { connection, request, _ in
            requests.withLock { $0 += 1 }
            return connection == 0 && request == 1 ? [.close] : [.write(http("{\"n\":\(connection)}"))]
        } _: { endpoint, transport in
            let reply4 = try await transport.ask(endpoint)
            #expect(reply4.body == Array("{\"n\":0}".utf8))
            let reply5 = try await transport.ask(endpoint)
            #expect(reply5.body == Array("{\"n\":1}".utf8))
        }
        #expect(requests.withLock { $0 } == 3)
    }

    @Test func `S-27: a connection that ends inside the body is an error, and is not replayed`() async throws {
        let requests = Shared(0)
        try await withServer { _, _, _ in
            requests.withLock { $0 += 1 }
            return [.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"jsonrpc\""), .pause(20), .close]
        } _: { endpoint, transport in
            await #expect { try await transport.ask(endpoint) } throws: {
                if case TransportError.closed = $0 { true } else { false }
            }
        }
        #expect(requests.withLock { $0 } == 1)
    }

    @Test func `redirects are not followed`() async throws {
        let requests = Shared(0)
        try await withServer { _, _, _ in
            requests.withLock { $0 += 1 }
            return [.write(http("", status: "307 Elsewhere", headers: "Location: http://127.0.0.1:1/\r\n"))]
        } _: { endpoint, transport in
            let reply6 = try await transport.ask(endpoint)
            #expect(reply6.status == 307)
        }
        #expect(requests.withLock { $0 } == 1)
    }

    @Test(arguments: [
        "http://127.0.0.1:1/v2/s3cr3tk3y", "ftp://x", "nonsense", "http://", "http://no-such-host.invalid/s3cr3tk3y",
    ])
    func `what cannot be reached fails soon and shows no key`(_ url: String) async throws {
        try await HTTPTransport.withHTTPTransport { transport in
            let start = ContinuousClock.now
            do {
                _ = try await transport.ask(Endpoint(url: url), within: .seconds(120))
                Issue.record("an answer came out of nothing")
            } catch {
                #expect(!"\(error)".contains("s3cr3t"))
                switch error as? TransportError {
                case .cannotConnect, .invalid: break
                default: Issue.record("\(error)")
                }
            }
            #expect(start.duration(to: .now) < .seconds(60))
        }
    }

    @Test func `cancelling ends the wait`() async throws {
        try await withServer { _, _, _ in
            [.pause(20_000)]
        } _: { endpoint, transport in
            let task = Task { try await transport.ask(endpoint, within: .seconds(20)) }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            let start = ContinuousClock.now
            await #expect(throws: TransportError.cancelled) { try await task.value }
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }

    @Test func `a head does not wait behind a page of logs`() async throws {
        let fake = FakeChain()
        try await withServer { _, _, text in
            let asked = Asked(text: String(text.split(separator: "\r\n\r\n")[1]))
            let reply = Step.write(http(String(decoding: fake.reply(asked).body, as: UTF8.self)))
            return asked.method == "eth_getLogs" ? [.pause(20_000), reply] : [reply]
        } _: { endpoint, transport in
            let client = RPCChain(
                endpoints: [endpoint],
                transport: transport,
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
            )
            _ = try await client.identity()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        _ = try await client.logs(in: UInt64(index * 100)...UInt64(index * 100 + 99), matching: filterA)
                    }
                }
                let start = ContinuousClock.now
                _ = try await client.head()
                // A wait behind the pages would be twenty seconds; a busy machine alone is not that slow.
                #expect(start.duration(to: .now) < .seconds(15))
                group.cancelAll()
                while await group.nextResult() != nil {}
            }
        }
    }
}
