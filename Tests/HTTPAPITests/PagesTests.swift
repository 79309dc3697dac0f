import Ethereum
import Foundation
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// Cursors: where they lead, what they say about changes, and which ones are refused.
struct PagesTests {
    private let bob = World.bob.checksummed

    @Test(arguments: [
        "wallets/\(World.bob.hex)/tokens", "contracts", "contracts/\(World.ranged.hex)/tokens", "transfers",
        "contracts/\(World.multi.hex)/tokens/9/owners", "contracts/\(World.multi.hex)/tokens/9/owners?atBlock=3",
        "contracts/\(World.ranged.hex)/tokens/7/transfers", "wallets/\(World.bob.hex)/tokens?atBlock=2",
        "contracts/\(World.ranged.hex)/tokens?atBlock=2", "transfers?wallet=\(World.bob.hex)",
        "transfers?contract=\(World.multi.hex)",
    ])
    func `pages of one item together are the one page of all`(path: String) async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/" + path
            let list = ["tokens", "contracts", "transfers", "owners"]
            func items(_ answer: World.Answer) -> [[String: Any]] { list.flatMap { answer.list($0) } }
            let join = path.contains("?") ? "&" : "?"
            let all = try await world.get(path + join + "limit=100")
            #expect(all.json["next"] is NSNull)
            #expect(items(all).count > 1)
            var single: [[String: Any]] = []
            var cursor = ""
            for _ in 0..<200 {
                let page = try await world.get(path + join + "limit=1&consistent=1" + cursor)
                #expect(page.status == 200)
                #expect(page.flag("changed") == false)
                single += items(page)
                guard let next = page.string("next") else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(NSArray(array: single) == NSArray(array: items(all)))
        }
    }

    @Test func `when the data changes between two pages they go on and say so, to the end`() async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/wallets/\(bob)/tokens?limit=10"
            let first = try await world.get(path)
            let cursor = try #require(first.string("next"))
            world.ledger.at(4)
            world.ledger.move(U256(12), of: World.ranged, from: World.bob, to: World.alice)
            try world.ledger.commit()
            let second = try await world.get(path + "&cursor=\(cursor)")
            #expect(second.status == 200)
            #expect(second.flag("changed") == true)
            #expect(!second.list("tokens").contains { $0["tokenId"] as? String == "12" })
            let next = try #require(second.string("next"))
            #expect(try await world.get(path + "&cursor=\(next)").flag("changed") == true)

            let refused = try await world.get(path + "&consistent=1&cursor=\(cursor)")
            #expect(refused.status == 409)
            #expect(refused.string("type") == "urn:holdfast:problem:changed")
            #expect(try await world.get(path + "&consistent=1").status == 200)
        }
    }

    @Test func `a rewind is a change too`() async throws {
        try await World.with(World.ledger()) { world in
            let first = try await world.get("/v1/chains/321/transfers?limit=2")
            let cursor = try #require(first.string("next"))
            try world.ledger.rewind(to: 2)
            let second = try await world.get("/v1/chains/321/transfers?limit=2&cursor=\(cursor)")
            #expect(second.flag("changed") == true)
            #expect(second.list("transfers").first?["blockNumber"] as? Int == 2)
        }
    }

    @Test func `a cursor of another list, a damaged one and any other text are refused`() async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/wallets/\(bob)/tokens"
            let cursor = try #require(try await world.get(path + "?limit=1").string("next"))
            // Either way of writing the same address is the same list.
            #expect(
                try await world.get("/v1/chains/321/wallets/\(World.bob.hex)/tokens?cursor=\(cursor)").status == 200
            )
            let other = try await world.get("/v1/chains/321/wallets/\(World.alice.hex)/tokens?cursor=\(cursor)")
            #expect(other.status == 400)
            #expect(other.string("detail")?.contains("another list") == true)
            for bad in ["x", "%00", String(cursor.dropLast(9)), "A" + cursor, String(repeating: "A", count: 500)] {
                let answer = try await world.get(path + "?cursor=\(bad)")
                #expect(answer.status == 400, "\(bad)")
                #expect(answer.string("type") == "urn:holdfast:problem:bad-input")
            }
        }
    }

    @Test func `cursors survive every position`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let word = { UInt64.random(in: .min ... .max, using: &random) >> UInt64.random(in: 0..<64, using: &random) }
            let position = TokenPosition(
                contract: Address(high: word(), middle: word(), low: UInt32(truncatingIfNeeded: word())),
                token: U256(w0: word(), w1: word(), w2: word(), w3: word()),
                rule: Bool.random(using: &random) ? .unique : .counted
            )
            let place = Place(
                block: word(),
                logIndex: UInt32(truncatingIfNeeded: word()),
                ordinal: UInt32(truncatingIfNeeded: word())
            )
            let cursor = Cursor(
                revision: word(),
                list: UInt32(truncatingIfNeeded: word()),
                position: position.cursorBytes
            )
            let read = try #require(Cursor(text: cursor.text))
            #expect(read.revision == cursor.revision)
            #expect(read.list == cursor.list)
            #expect(TokenPosition(cursorBytes: read.position) == position)
            #expect(Place(cursorBytes: place.cursorBytes) == place)
        }
    }

    @Test func `a cursor of one wallet's transfers is refused for another's and for the chain's`() async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/transfers"
            let page = try await world.get(path + "?wallet=\(World.bob.hex)&limit=1")
            let cursor = try #require(page.string("next"))
            #expect(try await world.get(path + "?wallet=\(World.bob.hex)&cursor=\(cursor)").status == 200)
            #expect(try await world.get(path + "?wallet=\(World.alice.hex)&cursor=\(cursor)").status == 400)
            #expect(try await world.get(path + "?contract=\(World.bob.hex)&cursor=\(cursor)").status == 400)
            #expect(try await world.get(path + "?cursor=\(cursor)").status == 400)
        }
    }
}
