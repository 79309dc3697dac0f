import Ethereum
import Foundation
import HTTPTypes
import StoreSQLite
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// What every resource answers, to the byte where programs depend on it.
struct AnswersTests {
    private let contract = World.contract.checksummed
    private let multi = World.multi.checksummed
    private let ranged = World.ranged.checksummed
    private let alice = World.alice.checksummed
    private let bob = World.bob.checksummed
    private let asOf =
        #""complete":true,"asOf":{"blockNumber":3,"blockHash":"\#(TestLedger.hash(3).hex)","finality":"unfinalized"}"#

    @Test func `a unique token's owner`() async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get("/v1/chains/kcc/contracts/\(World.contract.hex)/tokens/1")
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"chainId":321,"contract":"\#(contract)","tokenId":"1","standard":"erc721","owner":"\#(bob)","#
                    + #""claimedOwner":"\#(bob)","observedOwner":null,"ownership":"events","burned":false,"#
                    + #""since":{"blockNumber":2,"logIndex":0,"range":false},"owners":[],"moreOwners":false,\#(asOf)}"#
            )
            #expect(answer.headers[.contentType] == "application/json")
            #expect(try await world.get("/v1/chains/321/contracts/\(contract)/tokens/0x1").text == answer.text)
        }
    }

    @Test func `a contract that contradicts its events is said beside what they say, until it is settled`() async throws
    {
        let ledger = try World.ledger()
        let tip = try #require(ledger.state.tip)
        let claimed = ClaimedHolding(
            contract: World.contract,
            token: .one,
            rule: .unique,
            owner: World.bob,
            amount: SignedSum(1)
        )
        let conflict = OwnershipConflict(claimed: claimed, observed: .owner(World.alice), block: tip)
        try ledger.store.record(HoldingFindings(conflicts: [conflict]), at: tip, of: 321)
        try await World.with(ledger) { world in
            let path = "/v1/chains/kcc/contracts/\(World.contract.hex)/tokens/1"
            let said =
                #""owner":"\#(bob)","claimedOwner":"\#(bob)","observedOwner":"\#(alice)","ownership":"conflict","#
                + #""observedAt":{"blockNumber":3,"blockHash":"\#(tip.hash.hex)"},"#
            #expect(try await world.get(path).text.contains(said))
            #expect(try await world.get(path + "/owners").text.contains(said))
            // Of the past the contract said nothing.
            #expect(try await world.get(path + "/owners?atBlock=2").text.contains(#""ownership":"events""#))
            // Another owner is no longer what was contradicted.
            world.ledger.at(4)
            world.ledger.move(.one, of: World.contract, from: World.bob, to: World.alice)
            try world.ledger.commit()
            #expect(try await world.get(path).text.contains(#""observedOwner":null,"ownership":"events""#))
        }
    }

    @Test func `a burned token belongs to nobody, an unknown id has no standard`() async throws {
        try await World.with(World.ledger()) { world in
            let burned = try await world.get("/v1/chains/321/contracts/\(contract)/tokens/2")
            #expect(burned.flag("burned") == true)
            #expect(burned.json["owner"] is NSNull)
            world.ledger.at(4)
            world.ledger.move(U256(9), of: World.multi, from: World.alice, to: .zero, amount: U256(6))
            world.ledger.move(U256(9), of: World.multi, from: World.bob, to: .zero, amount: U256(4))
            try world.ledger.commit()
            for path in ["", "/owners", "/owners?atBlock=4"] {
                let gone = try await world.get("/v1/chains/321/contracts/\(multi)/tokens/9\(path)")
                #expect(gone.string("standard") == "erc1155")
                #expect(gone.list("owners").isEmpty)
            }
            let unknown = try await world.get("/v1/chains/321/contracts/\(contract)/tokens/77")
            #expect(unknown.status == 200)
            #expect(unknown.json["standard"] is NSNull)
            #expect(unknown.flag("burned") == false)
        }
    }

    @Test func `a counted token's holders; a negative sum is shown as zero and said to be inconsistent`() async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get("/v1/chains/321/contracts/\(multi)/tokens/9/owners")
            #expect(
                answer.text.contains(
                    #""owners":[{"owner":"\#(alice)","amount":"6"},{"owner":"\#(bob)","amount":"4"}],"next":null,"#
                        + #""changed":false,\#(asOf)}"#
                )
            )
            let negative = try await world.get("/v1/chains/321/contracts/\(multi)/tokens/8")
            #expect(negative.text.contains(#"{"owner":"\#(bob)","amount":"0","inconsistent":true}"#))
            #expect(negative.string("standard") == "erc1155")
        }
    }

    @Test func `owners at a past block`() async throws {
        try await World.with(World.ledger()) { world in
            let path = "/v1/chains/321/contracts/\(contract)/tokens/1/owners"
            let then = try await world.get(path + "?atBlock=1")
            #expect(then.string("owner") == alice)
            #expect(then.text.contains(#""asOf":{"blockNumber":1,"#))
            #expect(then.text.contains(#""finality":"finalized""#))
            #expect(try await world.get(path + "?atBlock=2").string("owner") == bob)
            let balances = try await world.get("/v1/chains/321/contracts/\(multi)/tokens/9/owners?atBlock=1")
            #expect(balances.list("owners").count == 1)
            let range = try await world.get("/v1/chains/321/contracts/\(ranged)/tokens/7/owners?atBlock=2")
            #expect(range.string("owner") == bob)
        }
    }

    @Test func `a wallet's tokens, with those held through a range`() async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get("/v1/chains/321/wallets/\(alice)/tokens")
            #expect(
                answer.text
                    == #"{"chainId":321,"wallet":"\#(alice)","tokens":["#
                    + #"{"contract":"\#(multi)","tokenId":"8","standard":"erc1155","amount":"3"},"#
                    + #"{"contract":"\#(multi)","tokenId":"9","standard":"erc1155","amount":"6"},"#
                    + #"{"contract":"\#(ranged)","tokenId":"7","standard":"erc721","amount":"1"}],"#
                    + #""truncated":false,"ownership":"events","next":null,"changed":false,\#(asOf)}"#
            )
            let others = try await world.get("/v1/chains/321/wallets/\(bob)/tokens?limit=100")
            #expect(others.list("tokens").count == 1 + 2 + 29)
            let nobody = try await world.get("/v1/chains/321/wallets/\(TestLedger.address(5).hex)/tokens")
            #expect(nobody.status == 200)
            #expect(nobody.list("tokens").isEmpty)
        }
    }

    @Test func `what a wallet held and a contract's tokens were at a past block`() async throws {
        try await World.with(World.ledger()) { world in
            let wallet = try await world.get("/v1/chains/321/wallets/\(alice)/tokens?atBlock=1")
            #expect(
                wallet.text
                    == #"{"chainId":321,"wallet":"\#(alice)","tokens":["#
                    + #"{"contract":"\#(contract)","tokenId":"1","standard":"erc721","amount":"1"},"#
                    + #"{"contract":"\#(contract)","tokenId":"2","standard":"erc721","amount":"1"},"#
                    + #"{"contract":"\#(multi)","tokenId":"9","standard":"erc1155","amount":"10"}],"#
                    + #""truncated":false,"ownership":"events","next":null,"changed":false,"complete":true,"#
                    + #""asOf":{"blockNumber":1,"blockHash":"\#(TestLedger.hash(1).hex)","finality":"finalized"}}"#
            )
            let ranges = try await world.get("/v1/chains/321/wallets/\(bob)/tokens?atBlock=2&limit=100")
            #expect(ranges.list("tokens").count == 1 + 1 + 30)
            let before = try await world.get("/v1/chains/321/wallets/\(alice)/tokens?atBlock=0")
            #expect(before.status == 200)
            #expect(before.list("tokens").isEmpty)
            let tokens = try await world.get("/v1/chains/321/contracts/\(contract)/tokens?atBlock=2")
            #expect(
                tokens.text.contains(
                    #""tokens":[{"tokenId":"1","standard":"erc721","owner":"\#(bob)"},"#
                        + #"{"tokenId":"2","standard":"erc721","owner":"\#(alice)"}],"truncated":false"#
                )
            )
        }
    }

    @Test func `what a token is, or that nobody has looked yet`() async throws {
        try await World.with(try World.ledger()) { world in
            let path = "/v1/chains/321/contracts/\(contract)/tokens/1/metadata"
            let ids = #""chainId":321,"contract":"\#(contract)","tokenId":"1""#
            let blank =
                #""tokenUri":null,"location":null,"uriState":"pending","metadataState":"pending","detail":null,"#
                + #""name":null,"description":null,"image":null,"animationUrl":null,"externalUrl":null,"attributes":[],"#
                + #""contentHash":null,"version":0,"readAt":null"#
            #expect(try await world.get(path).text == "{\(ids),\(blank)}")
            try await world.ledger.tell(1, of: World.contract, #"say "hi" <b>"#)
            let told = try await world.get(path)
            #expect(told.status == 200)
            #expect(told.json["name"] as? String == #"say "hi" <b>"#)
            #expect(told.text.contains(#""attributes":[{"trait_type":"Hat","value":"Red"}],"contentHash":"0x"#))
            #expect(told.text.contains(#""uriState":"ok","metadataState":"ok","detail":null"#))
            #expect(told.text.contains(#""version":1,"readAt":{"blockNumber":3,"#))
            let unknown = "/v1/chains/321/contracts/0x0000000000000000000000000000000000000bad/tokens/1/metadata"
            #expect(try await world.get(unknown).status == 404)
        }
    }

    @Test func `transfers of a wallet and of a contract, newest first`() async throws {
        try await World.with(World.ledger()) { world in
            let wallet = try await world.get("/v1/chains/321/transfers?wallet=\(bob)")
            let places = wallet.list("transfers").map { [$0["blockNumber"] as? Int, $0["logIndex"] as? Int] }
            #expect(places == [[3, 2], [3, 1], [2, 1], [2, 0], [1, 3]])
            #expect(wallet.list("transfers").last?["tokenIdTo"] as? String == "30")
            let contract = try await world.get("/v1/chains/321/transfers?contract=\(multi)")
            #expect(contract.list("transfers").compactMap { $0["blockNumber"] as? Int } == [3, 2, 1])
        }
    }

    @Test func `the contracts, one of them, and its tokens`() async throws {
        try await World.with(World.ledger()) { world in
            let list = try await world.get("/v1/chains/321/contracts")
            #expect(
                list.text.contains(
                    #""contracts":[{"contract":"\#(contract)","standard":"erc721","transfers":4,"reported":null},"#
                        + #"{"contract":"\#(multi)","standard":"erc1155","transfers":3,"reported":null},"#
                        + #"{"contract":"\#(ranged)","standard":"erc721","transfers":2,"reported":null}]"#
                )
            )
            let one = try await world.get("/v1/chains/321/contracts/\(multi)")
            #expect(
                one.text
                    == #"{"chainId":321,"contract":"\#(multi)","standard":"erc1155","transfers":3,"reported":null,\#(asOf)}"#
            )
            let tokens = try await world.get("/v1/chains/321/contracts/\(contract)/tokens")
            #expect(
                tokens.text.contains(
                    #""tokens":[{"tokenId":"1","standard":"erc721","owner":"\#(bob)"}],"truncated":false"#
                )
            )
            let counted = try await world.get("/v1/chains/321/contracts/\(multi)/tokens")
            #expect(counted.text.contains(#"{"tokenId":"9","standard":"erc1155","supply":"10"}"#))
        }
    }

    @Test func `what a contract says of itself stands apart, with its block; in a list without its URI`() async throws {
        let ledger = try World.ledger()
        let block = BlockRef(number: 3, hash: TestLedger.hash(3))
        let facts = ContractFacts(
            name: "Lan\"terns",
            symbol: "LNTN",
            totalSupply: .max,
            uri: "data:application/json,{}",
            interfaces: [.erc721, .erc721Enumerable],
            block: block
        )
        let reading = ContractReading(contract: World.contract, facts: facts, retryAt: nil)
        _ = try await ledger.store.finishContracts([reading], of: 321)
        try await World.with(ledger) { world in
            let at = #""at":{"blockNumber":3,"blockHash":"\#(block.hash.hex)"}}"#
            let words = #""reported":{"name":"Lan\"terns","symbol":"LNTN","totalSupply":"\#(U256.max.decimal)","#
            let single = try await world.get("/v1/chains/321/contracts/\(World.contract.hex)")
            #expect(
                single.text.contains(
                    words + #""contractURI":"data:application/json,{}","interfaces":["erc721","erc721Enumerable"],"#
                        + at
                )
            )
            let list = try await world.get("/v1/chains/321/contracts")
            #expect(list.text.contains(words + #""interfaces":["erc721","erc721Enumerable"],"# + at))
        }
    }

    @Test func `transfers of the chain and of a token, newest first`() async throws {
        try await World.with(World.ledger()) { world in
            let chain = try await world.get("/v1/chains/321/transfers?limit=100")
            #expect(chain.list("transfers").count == 9)
            #expect(
                chain.text.contains(
                    #""transfers":[{"blockNumber":3,"logIndex":2,"ordinal":0,"timestamp":1700000003,"#
                        + #""transactionHash":"\#(TestLedger.hash(3, 3).hex)","transactionIndex":2,"#
                        + #""contract":"\#(multi)","tokenId":"8","from":"\#(bob)","to":"\#(alice)","#
                        + #""operator":"\#(bob)","amount":"3","kind":"erc1155-single"}"#
                )
            )
            let token = try await world.get("/v1/chains/321/contracts/\(ranged)/tokens/7/transfers")
            #expect(token.list("transfers").compactMap { $0["kind"] as? String } == ["erc721", "erc2309-range"])
            #expect(token.list("transfers").last?["tokenIdTo"] as? String == "30")
        }
    }

    @Test func `an answer before everything is read says that it is not complete`() async throws {
        let ledger = try TestLedger()
        ledger.at(5)
        ledger.move(U256(1), of: World.contract, to: World.alice)
        try ledger.commit(covering: 5...5)
        try await World.with(ledger) { world in
            let answer = try await world.get("/v1/chains/321/contracts/\(contract)/tokens/1")
            #expect(answer.flag("complete") == false)
            #expect(answer.string("owner") == alice)
            let wallet = try await world.get("/v1/chains/321/wallets/\(alice)/tokens")
            #expect(wallet.status == 503)
            #expect(wallet.string("type") == "urn:holdfast:problem:not-indexed")
            #expect(wallet.headers[.retryAfter] == "60")
        }
    }
}
