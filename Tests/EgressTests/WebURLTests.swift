/// URLs, redirects, the policy and Retry-After: all without a network.
import Metadata
@testable import Egress
import Testing

@Suite struct WebURLTests {
    @Test(arguments: [
        ("/z", "https://a.b/z"), ("z", "https://a.b/x/z"), ("../z?1", "https://a.b/z?1"), ("?q", "https://a.b/x/y?q"),
        ("//c.d/e", "https://c.d/e"), ("https://c.d:444/", "https://c.d:444/"), ("", "https://a.b/x/y?old"),
        ("#f", "https://a.b/x/y?old"), ("../../../z", "https://a.b/z"),
    ])
    func `a Location is read from where it came`(_ location: String, _ expected: String) throws {
        #expect(try WebURL("https://a.b/x/y?old").redirected(to: location).text == expected)
    }

    @Test func `a redirect from https to http is refused, from http to https is not`() throws {
        #expect(throws: WebFault.refused("a redirect from https to http")) {
            try WebURL("https://a.b/").redirected(to: "http://a.b/")
        }
        #expect(try WebURL("http://a.b/").redirected(to: "https://a.b/").isSecure)
    }

    @Test(arguments: ["file:///etc/passwd", "javascript:1", "data:,x", "/\n", "//", "ipfs://x"])
    func `a Location to anything else is refused`(_ location: String) {
        #expect(throws: WebFault.self) { try WebURL("http://a.b/").redirected(to: location) }
    }

    @Test func `only ports of the web are allowed, and those configured`() throws {
        var policy = EgressPolicy()
        #expect(try policy.refusal(of: WebURL("http://a.b:443/")) == nil)
        #expect(try policy.refusal(of: WebURL("http://a.b:6379/")) == "port 6379 is not allowed")
        policy.extraPorts = [6379]
        #expect(try policy.refusal(of: WebURL("http://a.b:6379/")) == nil)
    }

    @Test func `one bad address among good ones refuses all`() throws {
        let (good, bad) = (try #require(IPAddress("8.8.8.8")), try #require(IPAddress("10.0.0.1")))
        #expect(EgressPolicy().refusal(of: [good], port: 80) == nil)
        #expect(EgressPolicy().refusal(of: [good, bad], port: 80) == "10.0.0.1 is private use (RFC 1918)")
        #expect(EgressPolicy().refusal(of: [], port: 80) != nil)
    }

    @Test func `a server of our own is refused by name, by address and in IPv6's clothes, though private is allowed`()
        throws
    {
        var policy = EgressPolicy()
        policy.allowsPrivate = true
        policy.denied = Set(["gate.way:80", "127.0.0.1:5001"].compactMap { HostPort($0) })
        #expect(policy.denied.count == 2)
        #expect(try policy.refusal(of: WebURL("http://GATE.way/")) != nil)
        #expect(try policy.refusal(of: WebURL("http://[::ffff:127.0.0.1]:5001/")) != nil)
        let mapped = try #require(IPAddress("::ffff:127.0.0.1"))
        #expect(policy.refusal(of: [mapped], port: 5001) != nil && policy.refusal(of: [mapped], port: 5002) == nil)
        #expect(policy.refusal(of: [.v4(0)], port: 5001) != nil)
    }

    @Test(arguments: ["a", "a:", "a:x", "a:0", "a/:80", "u@a:80", ""])
    func `a server of our own is named with its port`(_ text: String) { #expect(HostPort(text) == nil) }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("3600", 3600), ("3601", 3600), ("99999999999999999999", 3600), ("-1", nil), ("", nil),
            ("1.5", nil), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:48:59 GMT", 0),
            ("Mon, 07 Nov 1994 08:49:37 GMT", 3600), ("Sun, 06 Nov 1994 25:49:37 GMT", nil), ("Sun, 06 Nov 1994", nil),
            ("Sun, 00 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 9999 08:49:37 GMT", 3600),
        ] as [(String, Int?)]
    )
    func `Retry-After is seconds or a date, at most an hour ahead`(_ text: String, _ seconds: Int?) {
        // 1994-11-06 08:49:00 UTC
        #expect(RetryAfter.duration(text, now: 784_111_740) == seconds.map { .seconds($0) })
    }

    @Test(
        arguments: [
            ("application/json", "application/json"), ("Image/SVG+xml; charset=utf-8", "image/svg+xml"), ("json", nil),
            ("a/b/c", nil), ("/", nil), ("a/<script>", nil), ("a/" + String(repeating: "x", count: 200), nil),
        ] as [(String, String?)]
    )
    func `a media type is two names`(_ header: String, _ expected: String?) {
        #expect(WebClient.mediaType(header) == expected)
    }

    @Test func `both families are among the addresses tried`() throws {
        let texts = ["2600::1", "2600::2", "2600::3", "8.8.8.8"]
        let addresses = texts.compactMap { IPAddress($0) }
        #expect(WebClient.candidates(addresses, 3) == [addresses[0], addresses[3], addresses[1]])
    }
}
