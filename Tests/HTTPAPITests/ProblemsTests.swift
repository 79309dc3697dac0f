import Ethereum
import Foundation
import HTTPTypes
import NIOCore
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// Every refusal: its status, its type, and a text that says what is wrong.
struct ProblemsTests {
    private static let contract = World.contract.hex
    private static let big = "115792089237316195423570985008687907853269984665640564039457584007913129639936"

    struct Case: Sendable, CustomStringConvertible {
        var path: String
        var status: Int
        var name: String
        var says: String
        var description: String { path }
    }

    private static let cases = [
        Case(path: "/nowhere", status: 404, name: "no-route", says: "docs/api.md"),
        Case(path: "/v1/chains/321", status: 404, name: "no-route", says: "docs/api.md"),
        Case(path: "/v1/chains/atlantis/contracts", status: 404, name: "unknown-chain", says: "atlantis"),
        Case(path: "/v1/chains/5/contracts", status: 404, name: "unknown-chain", says: "no chain 5"),
        Case(path: "/v1/chains/5/contracts/\(contract)/tokens/1", status: 404, name: "unknown-chain", says: "chain 5"),
        Case(
            path: "/v1/chains/321/contracts/\(TestLedger.address(77).hex)",
            status: 404,
            name: "unknown-contract",
            says: TestLedger.address(77).checksummed
        ),
        Case(
            path: "/v1/chains/321/contracts/\(TestLedger.address(77).hex)/tokens",
            status: 404,
            name: "unknown-contract",
            says: "No NFT event"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(TestLedger.address(77).hex)/tokens/1",
            status: 404,
            name: "unknown-contract",
            says: "No NFT event"
        ),
        Case(
            path: "/v1/chains/321/transfers?contract=\(TestLedger.address(77).hex)",
            status: 404,
            name: "unknown-contract",
            says: "No NFT event"
        ),
        Case(
            path: "/v1/chains/321/transfers?contract=\(contract)&wallet=\(contract)",
            status: 400,
            name: "bad-input",
            says: "not both"
        ),
        Case(
            path: "/v1/chains/321/wallets/\(contract)/tokens?atBlock=4",
            status: 422,
            name: "not-covered",
            says: "answers reach to block 3"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens?atBlock=4",
            status: 422,
            name: "not-covered",
            says: "answers reach to block 3"
        ),
        // An account that holds tokens is no contract.
        Case(
            path: "/v1/chains/321/contracts/\(World.alice.hex)/tokens/1/owners",
            status: 404,
            name: "unknown-contract",
            says: "No NFT event"
        ),
        Case(
            path: "/v1/chains/321/wallets/alice/tokens",
            status: 400,
            name: "bad-input",
            says: "alice is not an address"
        ),
        Case(
            path: "/v1/chains/321/wallets/0xABcdef0000000000000000000000000112345678/tokens",
            status: 400,
            name: "bad-input",
            says: "is not an address"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/\(big)",
            status: 400,
            name: "bad-input",
            says: "from 0 to 2^256-1"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/-1",
            status: 400,
            name: "bad-input",
            says: "-1 is not a"
        ),
        Case(path: "/v1/chains/321/contracts?limit=0", status: 400, name: "bad-input", says: "from 1 to 100"),
        Case(path: "/v1/chains/321/contracts?limit=101", status: 400, name: "bad-input", says: "from 1 to 100"),
        Case(path: "/v1/chains/321/contracts?limit=ten", status: 400, name: "bad-input", says: "limit=ten"),
        Case(path: "/v1/chains/321/contracts?limit=1&limit=2", status: 400, name: "bad-input", says: "twice"),
        Case(path: "/v1/chains/321/contracts?consistent=yes", status: 400, name: "bad-input", says: "consistent=yes"),
        Case(path: "/v1/chains/321/contracts?page=2", status: 400, name: "bad-input", says: "page is not known"),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/1?atBlock=1",
            status: 400,
            name: "bad-input",
            says: "it takes none"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/1/owners?atBlock=x",
            status: 400,
            name: "bad-input",
            says: "atBlock=x is not a block"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/1/owners?atBlock=18446744073709551615",
            status: 400,
            name: "bad-input",
            says: "is not a block"
        ),
        Case(
            path: "/v1/chains/321/contracts/\(contract)/tokens/1/owners?atBlock=4",
            status: 422,
            name: "not-covered",
            says: "answers reach to block 3"
        ),
        Case(
            path: "/v1/status?" + String(repeating: "a", count: 3_000),
            status: 414,
            name: "uri-too-long",
            says: "2048"
        ),
    ]

    @Test(arguments: cases)
    func `what is wrong is said`(wrong: Case) async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get(wrong.path)
            #expect(answer.status == wrong.status)
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(answer.string("type") == "urn:holdfast:problem:\(wrong.name)")
            #expect(answer.json["status"] as? Int == wrong.status)
            #expect(answer.string("title")?.isEmpty == false)
            #expect(answer.string("detail")?.contains(wrong.says) == true, "\(answer.text)")
        }
    }

    @Test func `a block that is not covered says how far answers reach`() async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/contracts/\(Self.contract)/tokens/1/owners?atBlock=4"
            let answer = try await world.get(path)
            #expect(answer.json["reached"] as? Int == 3)
        }
    }

    @Test func `nothing can be written`() async throws {
        try await World.with(World.ledger()) { world in
            for method: HTTPRequest.Method in [.post, .put, .delete, .patch] {
                let answer = try await world.get("/v1/chains/321/contracts", method: method)
                #expect(answer.status == 405)
                #expect(answer.headers[.allow] == "GET, HEAD")
            }
            #expect(try await world.get("/v1/status", method: .head).status == 200)
            let preflight = try await world.get("/v1/status", method: .options)
            #expect(preflight.status == 204)
            #expect(preflight.headers[.accessControlAllowMethods] == "GET, HEAD")
        }
    }

    @Test(arguments: ["/v1/status", "/nowhere", "/", "/healthz"])
    func `every answer carries the headers that keep it from being anything but data`(path: String) async throws {
        try await World.with(World.ledger()) { world in
            let headers = try await world.get(path).headers
            #expect(headers[.xContentTypeOptions] == "nosniff")
            #expect(headers[.accessControlAllowOrigin] == "*")
            #expect(headers[.cacheControl] == "no-store")
            let policy = try #require(headers[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'"))
            #expect(policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe"))
        }
    }

    @Test func `text from outside cannot become markup in an answer`() async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get("/v1/chains/%3Cscript%3E%22%5C%0A&/contracts")
            #expect(answer.status == 404)
            #expect(!answer.text.contains("<"))
            #expect(!answer.text.contains("\n"))
            #expect(answer.json.isEmpty == false)
        }
    }

    @Test func `every text survives being written and read`() throws {
        let texts = ["", "plain", "\"\\\u{0}\u{1f}\u{7f}", "<b>&amp;", "\u{2028}\u{2029}", "é漢🙂", "\n\r\t/"]
        for text in texts {
            let document = JSONWriter.document { $0.field("text", text) }
            let read = try JSONSerialization.jsonObject(with: Data(document.readableBytesView)) as? [String: String]
            #expect(read?["text"] == text)
        }
    }

    @Test func `without the wallets' indexes a refusal says how to have them built`() async throws {
        try await World.with(World.ledger(indexes: [])) { world in
            for path in ["wallets/\(World.alice.hex)/tokens?atBlock=1", "transfers?wallet=\(World.alice.hex)"] {
                let answer = try await world.get("/v1/chains/321/" + path)
                #expect(answer.status == 503)
                #expect(answer.headers[.contentType] == "application/problem+json")
                #expect(answer.string("type") == "urn:holdfast:problem:wallets-not-indexed")
                #expect(answer.string("detail")?.contains("--index wallets") == true)
            }
            #expect(try await world.get("/v1/chains/321/wallets/\(World.alice.hex)/tokens").status == 200)
        }
    }
}
