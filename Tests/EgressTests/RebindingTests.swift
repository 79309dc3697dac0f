/// Where a fetch may lead: redirects, names that change, addresses that are ours.
import Metadata
import Egress
import Logging
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct RebindingTests {
    /// A server on the public address, and a canary with the same port on the private one.
    private func withCanary(
        _ script: @escaping @Sendable (String) -> [Step],
        _ body: (UInt16, Seen, Seen) async throws -> Void
    ) async throws {
        try await withServer(script) { port, seen in
            try await withServer(host: "127.0.0.2", port: Int(port)) { _ in
                [ok("secret")]
            } _: { _, canary in
                try await body(port, seen, canary)
            }
        }
    }

    @Test func `a name that turns private after the check is still reached where it was checked`() async throws {
        try await withCanary { _ in
            [ok("{}")]
        } _: { port, seen, canary in
            let lookup = ScriptedLookup(["127.0.0.1"], ["127.0.0.2"])
            try await withClient(ports: port, lookup: lookup) { client in
                let answer = try await client.fetch("http://rebind.test:\(port)/")
                #expect(answer.body == Array("{}".utf8))
                #expect(lookup.count.load(ordering: .relaxed) == 1)
                await #expect(throws: WebFault.refused("127.0.0.2 is private")) {
                    try await client.fetch("http://rebind.test:\(port)/")
                }
            }
            #expect(seen.connectionCount == 1 && canary.connectionCount == 0)
        }
    }

    @Test(arguments: [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "::ffff:127.0.0.2"]])
    func `a name with one private address is not connected to at all`(_ addresses: [String]) async throws {
        try await withCanary { _ in
            [ok("{}")]
        } _: { port, seen, canary in
            try await withClient(ports: port, lookup: ScriptedLookup(addresses)) { client in
                await #expect(throws: WebFault.self) { try await client.fetch("http://both.test:\(port)/") }
            }
            #expect(seen.connectionCount == 0 && canary.connectionCount == 0)
        }
    }

    @Test(arguments: [
        "http://127.0.0.2:PORT/", "//127.0.0.2:PORT", "http://[::ffff:127.0.0.2]:PORT/", "//rebind.test:PORT/",
    ])
    func `a redirect to a private address is refused before a connection`(_ location: String) async throws {
        try await withCanary { request in
            let port = request.firstMatch(of: /test:([0-9]+)/)?.1 ?? ""
            return [head("302 Found", "Location: " + location.replacing("PORT", with: port), "Content-Length: 0")]
        } _: { port, seen, canary in
            try await withClient(ports: port, lookup: ScriptedLookup(["127.0.0.1"], ["127.0.0.2"])) { client in
                do {
                    _ = try await client.fetch("http://good.test:\(port)/")
                    #expect(Bool(false))
                } catch WebFault.refused(let why) { #expect(why.hasSuffix("is private")) }
            }
            #expect(seen.connectionCount == 1 && canary.connectionCount == 0)
        }
    }

    @Test func `a redirect to another port is refused`() async throws {
        try await withServer { _ in
            [head("301 Moved", "Location: http://good.test:22/")]
        } _: { port, _ in
            try await withClient(ports: port) { client in
                await #expect(throws: WebFault.refused("port 22 is not allowed")) {
                    try await client.fetch("http://good.test:\(port)/")
                }
            }
        }
    }

    @Test func `three redirects are followed, a loop ends after them`() async throws {
        let script: @Sendable (String) -> [Step] = { request in
            let step = request.firstMatch(of: /GET .([0-9])/).flatMap { Int($0.1) } ?? 9
            return step == 3
                ? [ok("end")] : [head("307 Elsewhere", "Location: \(min(step + 1, 9))", "Content-Length: 0")]
        }
        try await withServer(script) { port, seen in
            try await withClient(ports: port) { client in
                let answer = try await client.fetch("http://good.test:\(port)/0")
                #expect(answer.body == Array("end".utf8) && answer.url == "http://good.test:\(port)/3")
                await #expect(throws: WebFault.refused("more than 3 redirects")) {
                    try await client.fetch("http://good.test:\(port)/9")
                }
            }
            #expect(seen.connectionCount == 8)
        }
    }

    @Test func `the second address is tried when the first takes no connection`() async throws {
        try await withServer { _ in
            [ok("{}")]
        } _: { port, _ in
            // Nobody listens on ::1 at that port; both are public here.
            var options = WebClient.Options()
            options.policy.allowsPrivate = true
            let lookup = ScriptedLookup(["::1", "127.0.0.1"])
            try await WebClient.withWebClient(options: options, logger: .init(label: "test"), lookup: lookup) {
                client in
                let answer = try await client.fetch("http://two.test:\(port)/")
                #expect(answer.status == 200)
            }
        }
    }

    @Test(arguments: [
        "http://127.0.0.1/", "http://[::1]/", "http://[64:ff9b::7f00:1]/", "http://169.254.169.254/latest",
    ])
    func `a literal private address is refused by the default policy`(_ url: String) async throws {
        try await WebClient.withWebClient(logger: .init(label: "test"), lookup: ScriptedLookup([])) { client in
            do {
                _ = try await client.fetch(url)
                #expect(Bool(false))
            } catch WebFault.refused {}
        }
    }

    @Test func `a TLS handshake that hangs ends at the deadline, though the client is sent away at once`() async throws
    {
        try await withServer { _ in
            []
        } _: { port, _ in
            // Were it the connection's own time that ended it, that would be twenty seconds.
            let change: (inout EgressLimits) -> Void = {
                ($0.deadline, $0.idleClientsMax, $0.connectTimeout) = (.milliseconds(500), 0, .seconds(20))
            }
            try await withClient(ports: port, change: change) { client in
                let start = ContinuousClock.now
                await #expect(throws: WebFault.timedOut) { try await client.fetch("https://good.test:\(port)/") }
                #expect(start.duration(to: .now) < .seconds(15))
            }
        }
    }
}
