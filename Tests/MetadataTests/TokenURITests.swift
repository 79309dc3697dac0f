/// What contracts return, by the rows of the table of URIs: each spelling has one meaning or one defect.
import Ethereum
import Metadata
import Testing

@Suite struct TokenURITests {
    private static let table1: [String] = [
        "ipfs://\(v0)/1.json", "ipfs://ipfs/\(v0)/1.json", "/ipfs/\(v0)/1.json", "ipfs/\(v0)/1.json", "\(v0)/1.json",
        "https://ipfs.io/ipfs/\(v0)/1.json", "http://127.0.0.1:8080/ipfs/\(v0)/1.json",
        "https://any-gateway.example/ipfs/\(v0)/1.json?token=abc", "HTTPS://Ipfs.IO/ipfs/\(v0)/1.json#x",
        "IPFS://\(v0)/1.json", "ipfs:/\(v0)/1.json", "ipfs:\(v0)/1.json", "ipfs:///\(v0)//1.json",
        "dweb:/ipfs/\(v0)/1.json",
        "ipfs://\(v0)/1.json/", "ipfs://\(v0)/./1.json", "  \"ipfs://\(v0)/1.json\"\n", "'ipfs://\(v0)/1.json'",
        "\u{FEFF}ipfs://\(v0)/1.json\0\0", "ipfs://\(v0)/%31.json", "https://x.example/ipfs/ipfs/\(v0)/1.json",
    ]

    @Test(arguments: table1)
    func `V17, U-5: all spellings of a file in IPFS are one place`(_ text: String) {
        #expect(canonical(text) == "ipfs://\(v0)/1.json")
    }

    private static let table2: [String] = [
        "https://\(v1).ipfs.dweb.link/1.json", "https://\(v1).ipfs.example.com:8443/1.json?x=1", "ipfs://\(v1)/1.json",
        "ipfs://\(v1.uppercased())/1.json",
    ]

    @Test(arguments: table2)
    func `V17, U-5: an identifier in the host is one too`(_ text: String) {
        #expect(canonical(text) == "ipfs://\(v1)/1.json")
    }

    @Test(arguments: [
        "ipfs://\(v0)", "ipfs://\(v0)/", "ipfs://\(v0)?a=b", "ipfs://\(v0)#a", "https://h.example/ipfs/\(v0)/?a",
    ])
    func `an identifier alone has no path`(_ text: String) {
        #expect(canonical(text) == "ipfs://\(v0)")
    }

    private static let table3: [(String, String)] = [
        ("a b.json", "a%20b.json"), ("a%20b.json", "a%20b.json"), ("a%2520b", "a%2520b"), ("100%.json", "100%25.json"),
        ("Ape #7.json", "Ape%20%237.json"), ("what?.json", "what%3F.json"), ("ü.png", "%C3%BC.png"),
        ("%c3%bc.png", "%C3%BC.png"), ("a%2fb", "a%2Fb"), ("...", "..."), ("a..b", "a..b"), ("{name}", "%7Bname%7D"),
        ("(1)!'*,;=&+$@:", "(1)!'*,;=&+$@:"),
    ]

    @Test(arguments: table3)
    func `U-7: a segment of a path is encoded once`(_ raw: String, _ expected: String) {
        #expect(canonical("ipfs://\(v0)/\(raw)") == "ipfs://\(v0)/\(expected)")
    }

    private static let table4: [String] = [
        "..", "../x", "a/../../b", "%2e%2e/x", "%2E./x", ".%2e", "a%2f..%2fb", "..%5cx", "..\\x", "%2e%2e%2fapi",
    ]

    @Test(arguments: table4)
    func `U-7: a path that climbs is refused in every spelling`(_ raw: String) {
        for start in ["ipfs://\(v0)/", "ar://\(transaction)/", "ipns://example.com/"] {
            #expect(canonical(start + raw) == "! dotDot")
        }
        #expect(["! dotDot", "! badEncoding"].contains(canonical("https://example.com/" + raw)))
    }

    private static let table5: [(String, String)] = [
        ("ipfs://example.com/x", "badCID"), ("ipfs://127.0.0.1/x", "badCID"), ("ipfs://", "badCID"),
        ("ipfs://\(v0.lowercased())/1", "badCID"), ("/ipfs/x", "badCID"), ("ipns://nonsense", "badName"),
        ("ar://short", "badTransaction"), ("ar://\(transaction)x", "badTransaction"), ("", "empty"), (" \0\n", "empty"),
        ("\"\"", "empty"), ("javascript:alert(1)", "badScheme"), ("file:///etc/passwd", "badScheme"),
        ("ftp://example.com/x", "badScheme"), ("1.json", "unresolvable"), ("/1.json", "unresolvable"),
        ("//example.com/1.json", "unresolvable"), ("[1]", "unresolvable"), ("data:application/json", "badEncoding"),
        ("data:application/json;base64,****", "badEncoding"), ("data:,", "empty"),
        ("ipfs://\(v0)/a\u{1}b", "badEncoding"),
        ("ipfs://\(v0)/a%00b", "badEncoding"),
    ]

    @Test(arguments: table5)
    func `U-19: what names no place says why`(_ text: String, _ defect: String) {
        #expect(canonical(text) == "! \(defect)")
    }

    @Test func `bytes that are no UTF-8 name nothing`() {
        #expect(throws: URIDefect.notUTF8) { try TokenURI.locate([0x68, 0xFF, 0x69], id: .zero) }
    }

    private static let table6: [(String, String)] = [
        ("ipns://example.com/a", "ipns://example.com/a"), ("ipns://Example.com", "ipns://example.com"),
        (
            "/ipns/12D3KooWJb88iGpR3i4fdemmUS4aZPi7B8QdSUeAAZ3dsuEQmRtV/a",
            "ipns://12D3KooWJb88iGpR3i4fdemmUS4aZPi7B8QdSUeAAZ3dsuEQmRtV/a"
        ),
        ("https://gw.example/ipns/example.com/a?b", "ipns://example.com/a"),
        ("https://my--site-example-com.ipns.dweb.link/a", "ipns://my-site.example.com/a"),
        ("ar://\(transaction)", "ar://\(transaction)"), ("AR://\(transaction)/7?x", "ar://\(transaction)/7%3Fx"),
        ("https://example.com/ipfs/other/1", "https://example.com/ipfs/other/1"),
    ]

    @Test(arguments: table6)
    func `U-8: other networks and look-alikes have their form`(_ text: String, _ expected: String) {
        #expect(canonical(text) == expected)
    }

    // MARK: The id

    private static let table7: [(U256, String)] = [
        (U256.zero, String(repeating: "0", count: 64)), (U256.one, one64),
        (U256(w0: 1 << 63, w1: 0, w2: 0, w3: 0), "8" + String(repeating: "0", count: 63)),
        (U256.max, String(repeating: "f", count: 64)),
    ]

    @Test(arguments: table7)
    func `V15, U-9: every id pattern becomes 64 digits without a prefix`(_ id: U256, _ hex: String) {
        #expect(
            canonical("https://example.com/{id}/%7Bid%7D/%7bid%7d?{id}", id: id)
                == "https://example.com/\(hex)/\(hex)/\(hex)?\(hex)"
        )
        #expect(canonical("ipfs://\(v0)/0x{id}.json", id: id) == "ipfs://\(v0)/0x\(hex).json")
        #expect(canonical("ipfs://\(v0)/{%69d}.json", id: id) == "ipfs://\(v0)/\(hex).json")
    }

    @Test func `an identifier may be made of the token id`() {
        #expect(canonical("ipfs://f01551220{id}") == "ipfs://f01551220\(one64)")
    }

    @Test func `U-10: the decimal variant replaces the id and only the id`() throws {
        let web = try locate("https://example.com/{id}.json?{id}")
        #expect(TokenURI.decimalVariant(of: web, id: .one)?.canonical == "https://example.com/1.json?1")
        let ipfs = try locate("ipfs://\(v0)/{id}", id: .max)
        #expect(TokenURI.decimalVariant(of: ipfs, id: .max)?.canonical == "ipfs://\(v0)/\(U256.max.decimal)")
        #expect(TokenURI.decimalVariant(of: ipfs, id: .one) == nil)
        #expect(TokenURI.decimalVariant(of: try locate("ipfs://f01551220{id}"), id: .one) == nil)
        #expect(TokenURI.decimalVariant(of: try locate("{\"a\":\"\(one64)\"}"), id: .one) == nil)
    }

    // MARK: The base

    private static let table8: [(String, String, String)] = [
        ("https://example.com/meta", "1.json", "https://example.com/meta/1.json"),
        ("https://example.com/meta/", "1.json", "https://example.com/meta/1.json"),
        ("https://example.com/meta/", "/1.json", "https://example.com/meta/1.json"),
        ("https://example.com/?id=", "7", "https://example.com/?id=7"), ("ipfs://\(v0)", "7", "ipfs://\(v0)/7"),
        ("https://example.com/", "{id}", "https://example.com/\(one64)"),
        ("https://example.com/", "ipfs://\(v0)", "ipfs://\(v0)"), ("https://example.com/", "../x", "! dotDot"),
        ("https://example.com/", "//evil.example/x", "! unresolvable"), ("not absolute", "x", "! unresolvable"),
        ("", "x", "! unresolvable"), ("data:,", "x", "! badScheme"),
    ]

    @Test(arguments: table8)
    func `U-13: a relative text is joined with the base`(_ base: String, _ text: String, _ expected: String) {
        #expect(canonical(text, base: base) == expected)
    }

    // MARK: Lengths

    @Test func `text longer than its cap is refused before and after it grows`() {
        let start = "https://example.com/"
        let room = TokenURI.textMax - start.utf8.count
        #expect(canonical(start + String(repeating: "a", count: room)).count == TokenURI.textMax)
        #expect(canonical(start + String(repeating: "a", count: room + 1)) == "! tooLong")
        #expect(canonical(start + String(repeating: "{id}", count: 200)) == "! tooLong")
        #expect(canonical(start + String(repeating: "ü", count: 2_000)) == "! tooLong")
    }

    @Test func `V16: inline content is bounded by its bytes and not by their encoding`() {
        let whole = String(repeating: "A", count: TokenURI.contentMax)
        #expect(content("data:text/plain,\(whole)") == whole)
        #expect(content("data:text/plain,\(whole)A") == "! tooLong")
        #expect(content("data:text/plain,\(String(repeating: "%41", count: TokenURI.contentMax))") == whole)
        #expect(canonical(String(repeating: " ", count: TokenURI.inlineTextMax + 1)) == "! tooLong")
    }
}
