import Ethereum
import Foundation
import HTTPTypes
import LiveReads
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// What live reads answer, to the byte where programs depend on it.
struct LiveAnswersTests {
    private let contract = World.contract.checksummed
    private let multi = World.multi.checksummed
    private let alice = World.alice.checksummed
    private let bob = World.bob.checksummed
    private let live =
        #""source":"live","stale":false,"ageSeconds":0,"asOf":{"blockNumber":6,"#
        + #""blockHash":"\#(TestLedger.hash(6).hex)","finality":"unfinalized"}"#
    /// The ledger's block 3 was a minute ago.
    private let store =
        #""ageSeconds":60,"asOf":{"blockNumber":3,"blockHash":"\#(TestLedger.hash(3).hex)","finality":"unfinalized"}"#

    @Test func `an owner, read now`() async throws {
        try await LiveWorld.with { world in
            let answer = try await world.get("contracts/\(World.contract.hex)/tokens/1/owner")
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"chainId":321,"contract":"\#(contract)","tokenId":"1","state":"owned","owner":"\#(bob)","#
                    + #""reason":null,\#(live)}"#
            )
            let again = try await world.get("contracts/\(World.contract.hex)/tokens/0x1/owner")
            #expect(again.string("source") == "cache" && world.contracts.requests == 1)
        }
    }

    @Test func `a token that its contract refuses is absent, with the reason`() async throws {
        try await LiveWorld.with { world in
            let answer = try await world.get("contracts/\(World.contract.hex)/tokens/8/owner")
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""state":"absent","owner":null,"reason":"reverted",\#(live)}"#))
        }
    }

    @Test func `the last known owner is marked stale, with why and how old it is`() async throws {
        try await LiveWorld.with { world in
            world.contracts.set { $0.fault = .unavailable("a: timeout") }
            let answer = try await world.get("contracts/\(World.contract.hex)/tokens/1/owner")
            #expect(answer.status == 200)
            #expect(
                answer.text.contains(
                    #""state":"owned","owner":"\#(bob)","reason":null,"source":"store","stale":true,"#
                        + #""staleReason":"a: timeout",\#(store)}"#
                )
            )
        }
    }

    @Test func `of many each has its own state; what failed has no owner at all`() async throws {
        try await LiveWorld.with { world in
            let answer = try await world.get(
                "contracts/\(World.contract.hex)/owners",
                body: #"{"tokenIds": ["1", 8, "0x5"]}"#
            )
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"chainId":321,"contract":"\#(contract)","owners":["#
                    + #"{"tokenId":"1","state":"owned","owner":"\#(bob)","reason":null,\#(live)},"#
                    + #"{"tokenId":"8","state":"absent","owner":null,"reason":"reverted",\#(live)},"#
                    + #"{"tokenId":"5","state":"failed","reason":"unavailable","#
                    + #""detail":"no endpoint could answer the call"}],"total":3,"failed":1}"#
            )
        }
    }

    @Test func `a balance of each standard`() async throws {
        try await LiveWorld.with { world in
            world.contracts.set { state in
                state.outcomes[ABI.call("balanceOf(address)", [.address(World.alice)])] = .returned(U256(3).bytes)
                state.outcomes[ABI.call("balanceOf(address,uint256)", [.address(World.alice), .uint(U256(9))])] =
                    .returned(U256.max.bytes)
            }
            let wallet = "wallets/\(World.alice.hex)/balance"
            let answer = try await world.get("\(wallet)?contract=\(World.contract.hex)")
            #expect(
                answer.text
                    == #"{"chainId":321,"wallet":"\#(alice)","contract":"\#(contract)","tokenId":null,"balance":"3",\#(live)}"#
            )
            let counted = try await world.get("\(wallet)?contract=\(World.multi.hex)&id=9")
            #expect(
                counted.text
                    == #"{"chainId":321,"wallet":"\#(alice)","contract":"\#(multi)","tokenId":"9","balance":"\#(U256.max.decimal)",\#(live)}"#
            )
        }
    }

    @Test func `a wallet's tokens are all listed: confirmed, contradicted, or not checked`() async throws {
        try await LiveWorld.with { world in
            let counted = ABI.call("balanceOf(address,uint256)", [.address(World.bob), .uint(U256(9))])
            world.contracts.set { $0.outcomes[counted] = .returned(U256(5).bytes) }
            let answer = try await world.get("wallets/\(World.bob.hex)/tokens?limit=3")
            #expect(answer.status == 200)
            let lines = answer.list("tokens")
            #expect(lines.map { $0["tokenId"] as? String } == ["1", "8", "9"])
            #expect(lines.map { $0["check"] as? String } == ["confirmed", "differs", "differs"])
            #expect(lines.last?["amount"] as? String == "4" && lines.last?["observed"] as? String == "5")
            #expect(answer.json["confirmed"] as? Int == 1 && answer.json["differing"] as? Int == 2)
            world.contracts.set { $0.fault = .unavailable("down") }
            let alice = try await world.get("wallets/\(World.alice.hex)/tokens")
            let checks = alice.list("tokens").map { $0["check"] as? String }
            #expect(checks == [String?](repeating: "unchecked", count: 3) && alice.json["unchecked"] as? Int == 3)
            #expect(alice.list("tokens").allSatisfy { $0["reason"] as? String == "down" })
        }
    }

    @Test func `a token's transactions with their kinds, as of the ledger's block`() async throws {
        try await LiveWorld.with { world in
            let answer = try await world.get("contracts/\(World.contract.hex)/tokens/2/transactions")
            #expect(answer.list("transactions").map { $0["type"] as? String } == ["burn", "mint"])
            #expect(answer.string("source") == "store" && answer.flag("complete") == true)
            #expect((answer.json["asOf"] as? [String: Any])?["blockNumber"] as? Int == 3)
            let unknown = try await world.get("contracts/\(TestLedger.address(77).hex)/tokens/2/transactions")
            #expect(unknown.status == 404 && unknown.string("detail")?.contains("holdfast contracts add") == true)
        }
    }

    @Test func `a collection's own words beside what its events count`() async throws {
        try await LiveWorld.with { world in
            world.contracts.set { state in
                state.outcomes[ABI.call("name()")] = .returned(ABI.encode([.string("Art \"&\" <b>")]))
                state.outcomes[ABI.call("totalSupply()")] = .outOfResource
            }
            let answer = try await world.get("contracts/\(World.contract.hex)/stats")
            #expect(answer.status == 200)
            let word = { (name: String) in answer.json[name] as? [String: Any] ?? [:] }
            #expect(word("name")["value"] as? String == "Art \"&\" <b>")
            #expect(word("symbol")["value"] is NSNull && word("symbol")["reason"] as? String == "reverted")
            #expect(word("totalSupply")["reason"] as? String == "out-of-resource")
            #expect(word("events")["tokens"] as? Int == 1 && word("events")["holders"] as? Int == 1)
        }
    }
}
