import Ethereum
import Foundation
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// What is answered about traits, rarity and searches, to the byte.
struct TraitAnswersTests {
    private static let contract = World.contract
    private let path = "/v1/chains/321/contracts/\(contract.hex)"
    private let ids = #""chainId":321,"contract":"\#(contract.checksummed)""#
    private let asOf =
        #""complete":true,"asOf":{"blockNumber":1,"blockHash":"\#(TestLedger.hash(1).hex)","finality":"unfinalized"}"#

    /// Tokens 1 to 5, of which 5 is counted, 4 has no document.
    private static func with(_ body: @escaping @Sendable (World) async throws -> Void) async throws {
        let ledger = try TestLedger()
        ledger.at(1)
        for token in 1...4 as ClosedRange<UInt64> { ledger.move(U256(token), of: contract, to: World.alice) }
        ledger.move(U256(5), of: contract, to: World.bob, amount: U256(7))
        try ledger.commit()
        let documents: [UInt64: MetadataFields] = [
            1: .named("Red <one>", [("Hat", "Red"), ("A:b\\\\", "x:y + z")]), 2: .named("Red Two", [("Hat", "Red")]),
            3: MetadataFields(
                name: nil,
                attributes: #"[{"trait_type":"Hat","value":5},{"trait_type":"Hat","value":"5"},{"value":true}]"#
            ),
            5: .named("Five", [("Hat", "5")]),
        ]
        try await ledger.tell(documents, of: contract, at: 10)
        try await World.with(ledger, body)
    }

    @Test func `the traits of a collection with their counts`() async throws {
        try await Self.with { world in
            let answer = try await world.get(path + "/traits")
            #expect(
                answer.text
                    == #"{\#(ids),"tokens":4,"unknownTokens":1,"traits":["#
                    + #"{"traitType":"Hat","value":"Red","count":2,"share":0.500000},"#
                    + #"{"traitType":"Hat","value":5,"count":1,"share":0.250000},"#
                    + #"{"traitType":"Hat","value":"5","count":2,"share":0.500000},"#
                    + #"{"traitType":"A:b\\","value":"x:y + z","count":1,"share":0.250000},"#
                    + #"{"traitType":null,"value":true,"count":1,"share":0.250000}],"next":null,"changed":false,\#(asOf)}"#
            )
        }
    }

    /// Of four tokens: Red 2, number 5 one, text 5 two; A:b\ one, nameless one, and three lack each.
    ///
    /// Bits: 1 has 1 + 2 + log2(4/3), 2 has 1 + 2 log2(4/3), 3 has 2 + 1 + 2 + log2(4/3), 5 has what 2 has. Entropy: 0.5 + 0.5 +
    /// 0.5, and twice 0.5 + 3/4 log2(4/3): 3.122556.
    @Test func `the tokens by rarity, and one of them`() async throws {
        try await Self.with { world in
            let tally = #""tokens":4,"unknownTokens":1"#
            let head = #"{\#(ids),"method":"information-content","entropy":3.122556,\#(tally),"ranking":["#
            let answer = try await world.get(path + "/rarity")
            #expect(
                answer.text
                    == head + #"{"tokenId":"3","rank":1,"score":1.734168,"bits":5.415037},"#
                    + #"{"tokenId":"1","rank":2,"score":1.093667,"bits":3.415037},"#
                    + #"{"tokenId":"2","rank":3,"score":0.586082,"bits":1.830075},"#
                    + #"{"tokenId":"5","rank":3,"score":0.586082,"bits":1.830075}],"next":null,"changed":false,\#(asOf)}"#
            )
            let one = try await world.get(path + "/tokens/1/rarity")
            #expect(
                one.text
                    == #"{\#(ids),"tokenId":"1","method":"information-content","rank":2,"score":1.093667,"bits":3.415037,"#
                    + #""entropy":3.122556,\#(tally),\#(asOf)}"#
            )
            let none = try await world.get(path + "/tokens/4/rarity")
            #expect(none.status == 200)
            #expect(none.text.contains(#""rank":null,"score":null,"bits":null,"entropy":3.122556"#))
        }
    }

    @Test func `tokens by name and traits`() async throws {
        try await Self.with { world in
            let answer = try await world.get(path + "/tokens?name=RED&trait=Hat:Red")
            #expect(
                answer.text
                    == #"{\#(ids),"tokens":["#
                    + #"{"tokenId":"1","standard":"erc721","owner":"\#(World.alice.checksummed)","name":"Red \u003cone\u003e"},"#
                    + #"{"tokenId":"2","standard":"erc721","owner":"\#(World.alice.checksummed)","name":"Red Two"}],"#
                    + #""truncated":false,"next":null,"changed":false,\#(asOf)}"#
            )
            let counted = try await world.get(path + "/tokens?name=five")
            #expect(
                counted.text.contains(#""tokens":[{"tokenId":"5","standard":"erc1155","supply":"7","name":"Five"}]"#)
            )
        }
    }

    @Test(arguments: [
        ("trait=Hat:5", ["3", "5"]), ("trait=Hat:5&trait=:true", ["3"]), ("trait=Hat%3A5", ["3", "5"]),
        ("trait=A%5C%3Ab%5C%5C:x:y+%2B+z", ["1"]), ("trait=A%5c:b%5c%5c:x%3ay%20%2b%20z", ["1"]),
        ("trait=A:b%5C%5C:x:y+%2B+z", []), ("trait=Hat:", []), ("name=red+two", ["2"]), ("name=%3Cone", ["1"]),
        ("name=red&trait=Hat:Red&trait=Hat:5", []), ("trait=hat:Red", []), ("name=E", ["1", "2", "5"]),
    ])
    func `every character can be asked for`(query: String, ids: [String]) async throws {
        try await Self.with { world in
            let answer = try await world.get(path + "/tokens?" + query)
            #expect(answer.status == 200)
            #expect(answer.list("tokens").compactMap { $0["tokenId"] as? String } == ids)
        }
    }

    @Test(arguments: [
        "/tokens?name=", "/tokens?name=%f", "/tokens?name=%zz", "/tokens?name=%FF", "/tokens?trait=Hat",
        "/tokens?trait=", "/tokens?trait=Hat%5C", "/tokens?name=a&name=b", "/tokens?name=a&atBlock=1",
        "/tokens?traits=Hat:Red", "/traits?name=a", "/rarity?atBlock=1", "/rarity?limit=0", "/tokens/x/rarity",
        "/tokens?" + Array(repeating: "trait=a:b", count: 17).joined(separator: "&"), "/traits?cursor=abc",
    ])
    func `what cannot be read is refused`(query: String) async throws {
        try await Self.with { world in
            let answer = try await world.get(path + query)
            #expect(answer.status == 400)
            #expect(answer.string("type") == "urn:holdfast:problem:bad-input")
        }
    }

    @Test(arguments: ["traits", "rarity", "tokens?name=a", "tokens/1/rarity"])
    func `a contract that was never seen is said to be unknown`(query: String) async throws {
        try await Self.with { world in
            let answer = try await world.get("/v1/chains/321/contracts/\(TestLedger.address(55).hex)/\(query)")
            #expect(answer.string("type") == "urn:holdfast:problem:unknown-contract")
        }
    }

    @Test(arguments: ["traits", "rarity", "tokens?name=e", "tokens?trait=Hat:5"])
    func `pages of one item together are the one page of all`(query: String) async throws {
        try await Self.with { world in
            let path = path + "/" + query + (query.contains("?") ? "&" : "?")
            func items(_ answer: World.Answer) -> [[String: Any]] {
                answer.list("traits") + answer.list("ranking")
                    + (answer.json["traits"] == nil ? answer.list("tokens") : [])
            }
            let all = try await world.get(path + "limit=100")
            var single: [[String: Any]] = []
            var cursor = ""
            for _ in 0..<20 {
                let page = try await world.get(path + "limit=1&consistent=1" + cursor)
                #expect(page.status == 200)
                single += items(page)
                guard let next = page.string("next") else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(single.count > 1)
            #expect(NSArray(array: single) == NSArray(array: items(all)))
        }
    }

    @Test func `a new document between two pages is a change, a block of other contracts is none`() async throws {
        try await Self.with { world in
            for list in ["rarity", "traits", "tokens?trait=Hat:Red"] {
                let path = path + "/" + list + (list.contains("?") ? "&" : "?") + "limit=1"
                let cursor = "&cursor=" + (try #require(try await world.get(path).string("next")))
                world.ledger.at((world.ledger.state.tip?.number ?? 0) + 1)
                world.ledger.move(.one, of: World.multi, to: World.alice, amount: .one)
                try world.ledger.commit()
                #expect(try await world.get(path + cursor).flag("changed") == false)
                let second = Int64(20 + (world.ledger.state.tip?.number ?? 0))
                try await world.ledger.tell([1: .named("\(list)", [("Hat", "Red")])], of: Self.contract, at: second)
                #expect(try await world.get(path + cursor).flag("changed") == true)
                #expect(try await world.get(path + cursor + "&consistent=1").status == 409)
            }
        }
    }

    @Test func `a cursor of another search is refused`() async throws {
        try await Self.with { world in
            let next = try #require(try await world.get(path + "/tokens?trait=Hat:Red&limit=1").string("next"))
            #expect(try await world.get(path + "/tokens?trait=Hat:5&limit=1&cursor=\(next)").status == 400)
            #expect(try await world.get(path + "/tokens?limit=1&cursor=\(next)").status == 400)
        }
    }
}
