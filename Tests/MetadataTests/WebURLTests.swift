/// Web addresses: one meaning or none.
import Metadata
import Testing

@Suite struct WebURLTests {
    private static let table1: [(String, String)] = [
        ("https://Example.COM", "https://example.com/"), ("HTTP://example.com:80/a", "http://example.com/a"),
        ("https://example.com:443?x", "https://example.com/?x"), ("https://example.com:/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://user:secret@example.com/a#b", "https://example.com/a"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com/a%2fb%zz", "https://example.com/a%2Fb%25zz"),
        ("https://example.com/ü?ü=[1]", "https://example.com/%C3%BC?%C3%BC=%5B1%5D"),
        ("https://example.com/./a/./", "https://example.com/a/"), ("https://example.com//a", "https://example.com//a"),
        ("https://1.2.3.4/a", "https://1.2.3.4/a"), ("https://[2001:DB8:0:0:1:0:0:1]/", "https://[2001:db8::1:0:0:1]/"),
        ("https://[::]/", "https://[::]/"), ("https://[::1]:81/", "https://[::1]:81/"),
        ("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://a.b/?", "https://a.b/"), ("https://a.b/?a?b/c%3f", "https://a.b/?a?b/c%3F"),
        ("https://3com.example/", "https://3com.example/"),
    ]

    @Test(arguments: table1)
    func `an address has one text`(_ text: String, _ expected: String) throws {
        #expect(canonical(text) == expected)
        #expect(try WebURL(text).text == expected)
    }

    private static let table2: [String] = [
        "", "user@", "@", ":80", "a@b@example.com", "good.example\\@evil.example", "exa mple.com", "example.com.",
        ".example.com",
        "a..b", "-a.example", "a-.example", "a_b.example", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1",
        "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "example.1", "example.0x", "１２７.0.0.1", "bücher.example",
        "ex%61mple.com",
        "example.com:0", "example.com:080", "example.com:65536", "example.com:+80", "example.com:8o",
        "example.com:80:80",
        "[::1", "::1", "[]", "[:::]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[::12345]", "[::g]",
        "[fe80::1%25eth0]",
        "[::1.2.3]", "[1.2.3.4::]", "[::1]x", "[::1]x:80", "[1:2:3:4:5:6:7:8::]", "a[::1]", "example.com,evil.example",
    ]

    @Test(arguments: table2)
    func `a host that two readers could understand differently is refused`(_ authority: String) {
        #expect(canonical("https://\(authority)/x") == "! badHost")
    }

    @Test func `labels and names have their greatest length`() {
        let label = String(repeating: "a", count: 63)
        #expect(canonical("https://\(label).example/") == "https://\(label).example/")
        #expect(canonical("https://a\(label).example/") == "! badHost")
        #expect(canonical("https://\([label, label, label, label].joined(separator: "."))/") == "! badHost")
    }

    @Test(arguments: [
        "https://a.example/\\x", "https://a.example/a\tb", "https://a.exa\nmple/", "https://a.example/?\u{7F}",
    ])
    func `backslashes and control characters are refused`(_ text: String) {
        #expect(canonical(text) == "! badEncoding")
    }

    @Test(arguments: ["https:a.example", "https:/a.example", "ws://a.example", "a.example"])
    func `only two slashes make a web address`(_ text: String) {
        #expect(throws: URIDefect.badScheme) { try WebURL(text) }
    }

    @Test func `the parts of an address are told apart`() throws {
        let url = try WebURL("http://u@[::1]:8080/a/b?c=d#e")
        #expect(url.scheme == .http && url.host == .ipv6(high: 0, low: 1) && url.port == 8_080)
        #expect(url.path == "/a/b" && url.query == "c=d")
        #expect(try WebURL("https://1.2.3.4").host == .ipv4(0x0102_0304))
        #expect(try WebURL("https://1.2.3.4").port == 443)
    }
}
