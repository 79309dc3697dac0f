/// Tokens that nobody looked at are looked up because somebody asked; and again because somebody said so.
import Ethereum
import Foundation
import HTTPTypes
import StoreSQLite
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

@Suite struct WishesTests {
    private static func path(_ contract: Address, _ token: Int) -> String {
        "/v1/chains/kcc/contracts/\(contract)/tokens/\(token)/metadata"
    }

    private func jobs(_ ledger: TestLedger) async throws -> Int {
        try await ledger.store.metadataBacklog(of: 321).jobs
    }

    @Test func `who looks at a token first has it queued, once, and only where somebody holds it`() async throws {
        let ledger = try World.ledger()
        try await World.with(ledger, enriches: true) { world in
            for _ in 0..<3 {
                let answer = try await world.get(Self.path(World.contract, 1))
                #expect(answer.status == 200 && answer.string("uriState") == "pending")
            }
            #expect(try await world.get(Self.path(World.multi, 9)).status == 200)
            // One that only ever moved as part of a range.
            #expect(try await world.get(Self.path(World.ranged, 5)).status == 200)
            // Nobody holds it: a walk through ids that do not exist fills no queue.
            #expect(try await world.get(Self.path(World.contract, 77)).status == 200)
            #expect(try await jobs(ledger) == 0)
            await world.wishes?.flush()
            #expect(try await jobs(ledger) == 3)
            await world.wishes?.flush()
            #expect(try await jobs(ledger) == 3)
        }
    }

    @Test func `what is wished for is bounded, and what did not fit is wished for again by whoever looks again`()
        async throws
    {
        let ledger = try World.ledger()
        try await World.with(ledger, enriches: true) { world in
            let wishes = try #require(world.wishes)
            for id in 0..<10_001 {
                wishes.add(
                    MetadataWish(token: TokenID(contract: World.contract, token: U256(UInt64(id))), rule: .unique),
                    on: 321
                )
            }
            await wishes.flush()
            #expect(try await jobs(ledger) == 10_000)
        }
    }

    @Test func `a refresh is accepted, may be asked for twice, and is one job`() async throws {
        let ledger = try World.ledger()
        try await World.with(ledger, enriches: true) { world in
            for _ in 0..<2 {
                let answer = try await world.get(Self.path(World.contract, 1) + "/refresh", method: .post)
                #expect(answer.status == 202)
                #expect(answer.flag("queued") == true && answer.string("tokenId") == "1")
            }
            #expect(try await jobs(ledger) == 1)
        }
    }

    @Test func `a refresh of what nobody holds, of an unknown contract, and from another site's page is refused`()
        async throws
    {
        let ledger = try World.ledger()
        try await World.with(ledger, enriches: true) { world in
            let nobody = try await world.get(Self.path(World.contract, 77) + "/refresh", method: .post)
            #expect(nobody.status == 404 && nobody.string("type")?.contains("unknown-token") == true)
            let unknown = try await world.get(Self.path(TestLedger.address(66), 1) + "/refresh", method: .post)
            #expect(unknown.status == 404 && unknown.string("type")?.contains("unknown-contract") == true)
            var headers = HTTPFields()
            headers[try #require(HTTPField.Name("Sec-Fetch-Site"))] = "cross-site"
            let other = try await world.get(Self.path(World.contract, 1) + "/refresh", method: .post, headers: headers)
            #expect(other.status == 403)
            #expect(try await jobs(ledger) == 0)
        }
    }

    @Test func `a contract's budget bounds what anybody can have looked at again`() async throws {
        let ledger = try World.ledger()
        let token = TokenID(contract: World.contract, token: U256(1))
        try await ledger.tell(1, of: World.contract, "One")
        try await World.with(ledger, enriches: true) { world in
            let often = Array(repeating: MetadataWish(token: token, rule: .unique), count: 25_000)
            // Ahead of the server's clock, which then fills nothing.
            let now = Int64(Date().timeIntervalSince1970) + 600
            let granted = try await ledger.store.requestMetadata(often, of: 321, again: true, now: now)
            #expect(granted.count == 20_000)
            let refused = try await world.get(Self.path(World.contract, 1) + "/refresh", method: .post)
            #expect(refused.status == 429 && refused.string("type")?.contains("refresh-budget") == true)
            #expect(refused.headers[.retryAfter] != nil)
        }
    }

    @Test func `where nobody looks, there is no route to ask, and no wish`() async throws {
        let ledger = try World.ledger()
        try await World.with(ledger) { world in
            #expect(world.wishes == nil)
            #expect(try await world.get(Self.path(World.contract, 1)).status == 200)
            let answer = try await world.get(Self.path(World.contract, 1) + "/refresh", method: .post)
            #expect(answer.status == 404 || answer.status == 405)
        }
    }
}
