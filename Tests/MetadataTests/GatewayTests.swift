/// Addresses to fetch from, and faults that do or do not pass.
import Metadata
import Testing

@Suite struct GatewayTests {
    private static let key = "12D3KooWJb88iGpR3i4fdemmUS4aZPi7B8QdSUeAAZ3dsuEQmRtV"
    private static let key36 = "k51qzi5uqu5djfj3dovgtn87qbqdambu8upiiac4mhwnlfuarea6fj09z64mm2"

    private func gateways() throws -> Gateways {
        try Gateways(["https://Ipfs.example/ipfs/", "https://{cid}.ipfs.dweb.example", "http://127.0.0.1:8080/x/"])
    }

    @Test func `each gateway is asked in its style`() throws {
        #expect(
            try gateways().urls(for: locate("ipfs://\(v0)/a b")) == [
                "https://ipfs.example/ipfs/\(v0)/a%20b", "https://\(v1).ipfs.dweb.example/a%20b",
                "http://127.0.0.1:8080/x/ipfs/\(v0)/a%20b",
            ]
        )
        #expect(
            try gateways().urls(for: locate("ipns://my-site.example.com")) == [
                "https://ipfs.example/ipns/my-site.example.com", "https://my--site-example-com.ipns.dweb.example/",
                "http://127.0.0.1:8080/x/ipns/my-site.example.com",
            ]
        )
        #expect(
            try gateways().urls(for: locate("ipns://\(Self.key)/a"))[1] == "https://\(Self.key36).ipns.dweb.example/a"
        )
    }

    @Test func `every address of a gateway means the place that it was made for`() throws {
        for text in ["ipfs://\(v1)/a%23b", "ipns://my-site.example.com/a", "ipns://\(Self.key36)/a"] {
            let urls = try gateways().urls(for: locate(text))
            // The last one has a path before it and is an address like any other.
            for url in urls.prefix(2) { #expect(canonical(url) == text) }
        }
    }

    @Test func `an identifier too long for a host name goes by path only`() throws {
        let long =
            "bafkrgqfevpkejdcjkywyfaiv2e5b7thksj7vfngviwjjp6fuhzbnvcjdrpatmjxehxftrxnqqjeisj7msbh3iicxiq4yh2efqulz2ucvdl7ge"
        #expect(try gateways().urls(for: locate("ipfs://\(long)")).count == 2)
    }

    @Test func `the number given says who is first`() throws {
        let place = try locate("ipfs://\(v0)")
        let gateways = try gateways()
        let firsts = (0..<6).map { gateways.urls(for: place, rotation: $0)[0] }
        #expect(Set(firsts).count == 3 && firsts[0] == firsts[3] && firsts[1] == firsts[4])
        #expect(gateways.urls(for: place, rotation: .max).count == 3)
    }

    @Test func `other places have one address or none`() throws {
        #expect(try gateways().urls(for: locate("ar://\(transaction)/7")) == ["https://arweave.net/\(transaction)/7"])
        #expect(try gateways().urls(for: locate("https://a.example/x?y")) == ["https://a.example/x?y"])
        #expect(try gateways().urls(for: locate("{}")).isEmpty)
        #expect(try Gateways([]).urls(for: locate("ipfs://\(v0)")).isEmpty)
    }

    @Test(arguments: [
        "", "ipfs.io", "ftp://a.example", "https://127.1", "https://a.example/?x=", "https://{cid}.example",
        "https://a.{cid}.ipfs.example", "https://{cid}{cid}.ipfs.example", "https://{cid}.ipfs.a.example/x",
        "https://cid.ipfs.{cid}",
        "https://a.example/{cid}",
    ])
    func `a setting that is no gateway is refused`(_ template: String) {
        #expect(throws: Gateways.Defect.self) { try Gateways([template]) }
    }

    private static let faults: [(WebFault, Bool)] = [
        (.refused("private address"), true), (.tooLarge, true), (.timedOut, false), (.unreachable("x"), false),
        (.cancelled, false), (.status(404, retryAfter: nil), false), (.status(403, retryAfter: nil), false),
        (.status(429, retryAfter: .seconds(9)), false), (.status(500, retryAfter: nil), false),
        (.status(410, retryAfter: nil), true), (.status(400, retryAfter: nil), true),
    ]

    @Test(arguments: faults) func `a fault is permanent when it speaks about the request`(
        _ fault: WebFault,
        _ isPermanent: Bool
    ) {
        #expect(fault.isPermanent == isPermanent)
    }
}
