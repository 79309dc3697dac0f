/// Documents as they came.
import Ethereum
import HTTPTypes
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

@Suite struct DocumentTests {
    private static let path = "/v1/chains/kcc/contracts/\(World.contract)/tokens/1/metadata/document"

    @Test func `U-17, U-20: a document is given as it came, with whatever nobody looks for, in every version`()
        async throws
    {
        let ledger = try World.ledger()
        let raw = #"{"name":"One","localization":{"locales":["de"]},"decimals":18}"#
        try await World.with(ledger) { world in
            #expect(try await world.get(Self.path).status == 404)
            try await ledger.tell(1, of: World.contract, raw)
            let first = try await world.get(Self.path)
            #expect(first.status == 200 && first.text == raw)
            #expect(first.headers[.contentType] == "application/json")
            #expect(first.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
            #expect(first.headers[.xContentTypeOptions] == "nosniff")
            let tag = try #require(first.headers[.eTag])
            #expect(try await world.get(Self.path, headers: [.ifNoneMatch: tag]).status == 304)
        }
    }

    @Test func `what is no object is not called one, and a wrong version says so`() async throws {
        let ledger = try World.ledger()
        try await ledger.tell(1, of: World.contract, "<svg onload=alert(1)>")
        try await World.with(ledger) { world in
            let picture = try await world.get(Self.path)
            #expect(picture.headers[.contentType] == "application/octet-stream")
            #expect(try await world.get(Self.path + "?version=1").text == picture.text)
            let second = try await world.get(Self.path + "?version=2")
            #expect(second.status == 404 && second.string("type")?.contains("no-document") == true)
            for wrong in ["0", "-1", "x", "99999999999999999999999"] {
                #expect(try await world.get(Self.path + "?version=\(wrong)").status == 400)
            }
        }
    }

    @Test func `a document of a token whose mint was undone is not given`() async throws {
        let ledger = try World.ledger()
        ledger.at(9)
        ledger.move(U256(77), of: World.contract, to: World.alice)
        try ledger.commit()
        try await ledger.tell(77, of: World.contract, "{}")
        let path = Self.path.replacing("tokens/1/", with: "tokens/77/")
        try await World.with(ledger) { world in
            #expect(try await world.get(path).status == 200)
            try ledger.rewind(to: 8)
            #expect(try await world.get(path).status == 404)
        }
    }
}
