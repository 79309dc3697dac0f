/// S-37: every way to spell a private address, by every way in; a server there counts who comes.
import Egress
import Logging
import Metadata
import Testing

@Suite(.timeLimit(.minutes(2))) struct AddressMatrixTests {
    /// Hosts of URLs, most of which reach 127.0.0.2 or ::1 where somebody lets them.
    private static let spellings = [
        "127.0.0.2", "127.2", "127.0.2", "0x7f.0.0.2", "0x7f000002", "2130706434", "0177.0.0.2", "017700000002",
        "0x7F.0x0.0x0.0x2", "127.000.000.002", "127.0.0.2.", "00000177.0.0.2", "127.0x0.0.2", "127.0.0.%32",
        "%31%32%37.0.0.2", "１２７.0.0.2", "127。0。0。2", "⑫7.0.0.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]",
        "[0:0:0:0:0:ffff:7f00:0002]", "[::127.0.0.2]", "[::7f00:2]", "[64:ff9b::127.0.0.2]", "[64:ff9b::7f00:2]",
        "[64:ff9b:1::7f00:2]", "[2002:7f00:2::]", "[2002:7f00:0002::1]", "[::ffff:0:127.0.0.2]", "[::1]",
        "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]", "[::1%25lo]", "[::]", "0", "0.0.0.0", "0x0",
        "localhost", "LOCALHOST", "localhost.", "sub.localhost", "a@127.0.0.2", "127.0.0.1@127.0.0.2",
        "good.test@127.0.0.2", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "192.168.0.1", "172.16.0.1",
        "100.64.0.1", "[fe80::1]", "[fc00::1]", "224.0.0.1", "255.255.255.255",
    ]

    /// What a name server says of a name.
    private static let addresses = [
        "127.0.0.2", "::1", "::ffff:127.0.0.2", "::ffff:7f00:2", "::127.0.0.2", "64:ff9b::7f00:2", "64:ff9b:1::7f00:2",
        "2002:7f00:2::", "2001:0:808:808::80ff:fffd", "::", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1",
        "169.254.169.254", "fd00:ec2::254", "100.64.0.1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "2001:db8::1", "::ffff:10.0.0.1",
    ]

    /// An honest server on 127.0.0.1, which alone is public here, and canaries on its port wherever else this machine listens.
    private func withCanaries(
        _ body: (_ port: UInt16, _ honest: Seen, _ canaries: [Seen]) async throws -> Void
    ) async throws {
        let script: @Sendable (String) -> [Step] = { request in
            let target = request.firstMatch(of: /GET \/\?(\S+)/)?.1 ?? ""
            guard !target.isEmpty else { return [ok("{}")] }
            return [head("302 Found", "Location: http://\(target)", "Content-Length: 0")]
        }
        try await withServer(script) { port, honest in
            try await withServer(host: "127.0.0.2", port: Int(port), { _ in [ok("secret")] }) { _, second in
                try await withServer(host: "::1", port: Int(port), { _ in [ok("secret")] }) { _, sixth in
                    try await body(port, honest, [second, sixth])
                }
            }
        }
    }

    /// A client with the real rules, to which 127.0.0.1 in its own spelling is public.
    private func asking(
        _ port: UInt16,
        _ lookup: ScriptedLookup,
        _ body: (WebClient) async throws -> Void
    ) async throws {
        var options = WebClient.Options()
        options.policy.extraPorts = [port]
        options.policy.addressRefusal = { $0 == .v4(0x7F00_0001) ? nil : GlobalAddress.refusal($0) }
        try await WebClient.withWebClient(options: options, logger: Logger(label: "test"), lookup: lookup, body)
    }

    private func isRefused(_ url: String, _ client: WebClient) async -> Bool {
        do {
            _ = try await client.fetch(url)
            return false
        } catch {
            // Not merely unreachable: nobody tried.
            if case .refused = error { return true }
            return false
        }
    }

    @Test func `S-37: spelled in a URL`() async throws {
        #expect(Self.spellings.count >= 40)
        try await withCanaries { port, _, canaries in
            // What the system would make of a name that looks like an address.
            try await asking(port, ScriptedLookup(["127.0.0.2"])) { client in
                for spelling in Self.spellings {
                    #expect(await isRefused("http://\(spelling):\(port)/", client), "\(spelling)")
                }
            }
            #expect(canaries.map(\.connectionCount) == [0, 0])
        }
    }

    @Test func `S-37: spelled in a redirect`() async throws {
        try await withCanaries { port, honest, canaries in
            for spelling in Self.spellings {
                try await asking(port, ScriptedLookup(["127.0.0.1"], ["127.0.0.2"])) { client in
                    #expect(await isRefused("http://good.test:\(port)/?\(spelling):\(port)/", client), "\(spelling)")
                }
            }
            // Spellings that no URL can have are refused before anybody is asked.
            #expect(honest.connectionCount >= 40)
            #expect(canaries.map(\.connectionCount) == [0, 0])
        }
    }

    @Test(arguments: ["rebinding", "alone", "mixed", "mixed, private first"])
    func `S-37: by a name that turns private, is private, or is both`(_ way: String) async throws {
        try await withCanaries { port, honest, canaries in
            for address in Self.addresses {
                let answers: [[String]] =
                    switch way {
                    case "rebinding": [["127.0.0.1"], [address]]
                    case "alone": [[address]]
                    case "mixed": [["127.0.0.1", address]]
                    default: [[address, "127.0.0.1"]]
                    }
                let lookup = answers.count == 2 ? ScriptedLookup(answers[0], answers[1]) : ScriptedLookup(answers[0])
                try await asking(port, lookup) { client in
                    let url = "http://name.test:\(port)/"
                    if way == "rebinding" {
                        let answer = try await client.fetch(url)
                        #expect(answer.body == Array("{}".utf8))
                    }
                    #expect(await isRefused(url, client), "\(address)")
                }
            }
            #expect(honest.connectionCount == (way == "rebinding" ? Self.addresses.count : 0))
            #expect(canaries.map(\.connectionCount) == [0, 0])
        }
    }

    @Test func `the canaries would see who comes`() async throws {
        try await withCanaries { port, _, canaries in
            var options = WebClient.Options()
            options.policy.allowsPrivate = true
            try await WebClient.withWebClient(
                options: options,
                logger: Logger(label: "test"),
                lookup: ScriptedLookup(["127.0.0.2"], ["::1"])
            ) { client in
                for _ in 0..<2 {
                    let answer = try await client.fetch("http://n.test:\(port)/")
                    #expect(answer.body == Array("secret".utf8))
                }
            }
            #expect(canaries.map(\.connectionCount) == [1, 1])
        }
    }
}
