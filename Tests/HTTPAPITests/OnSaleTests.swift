import Ethereum
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// What is on sale: what one of the marketplaces' wallets holds, and nothing else.
struct OnSaleTests {
    private static let shop = TestLedger.address(200)
    private static let stall = TestLedger.address(201)

    /// Tokens 1…40 of a contract: every third in the shop, every fifth that is left on the stall, the rest Alice's.
    ///
    /// Ids 100…130 came to the shop in one range, and 110 went on to Alice. Of the counted tokens 7 and 8 shop and stall have
    /// some each, and of another contract's 9 the shop and Alice.
    private static func ledger() throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(1)
        for id in 1...40 as ClosedRange<UInt64> {
            let owner = id % 3 == 0 ? shop : id % 5 == 0 ? stall : World.alice
            ledger.move(U256(id), of: World.contract, to: owner)
        }
        ledger.moveRange(U256(100)...U256(130), of: World.contract, to: shop)
        ledger.move(U256(110), of: World.contract, from: shop, to: World.alice)
        for wallet in [shop, stall] {
            ledger.move(U256(7), of: World.contract, to: wallet, amount: U256(5))
            ledger.move(U256(8), of: World.contract, to: wallet, amount: U256(5))
        }
        ledger.move(U256(9), of: World.multi, to: shop, amount: U256(5))
        ledger.move(U256(9), of: World.multi, to: World.alice, amount: U256(6))
        ledger.move(U256(41), of: World.contract, to: World.alice)
        try ledger.commit()
        ledger.at(2)
        ledger.move(U256(41), of: World.contract, from: World.alice, to: .zero)
        try ledger.commit()
        try ledger.buildIndexes()
        return ledger
    }

    private static var expected: [String] {
        (1...40).filter { $0 % 3 == 0 || $0 % 5 == 0 }.map(String.init)
            + (100...130).filter { $0 != 110 }.map(String.init)
    }

    private static func with(
        _ marketplaces: Marketplaces = Marketplaces([321: [shop, stall, TestLedger.address(999)]]),
        _ body: @escaping @Sendable (World) async throws -> Void
    ) async throws {
        let ledger = try ledger()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var server = APIServer(catalog: ledger.store, logger: logger)
        server.marketplaces = marketplaces
        try await server.application().test(.router) { client in try await body(World(ledger: ledger, client: client)) }
    }

    private static let contract = "/v1/chains/321/contracts/\(World.contract.hex)"

    @Test(arguments: [(3, true), (5, true), (4, false), (105, true), (110, false), (41, false)])
    func `a token is on sale if a marketplace's wallet is its owner`(id: Int, isOnSale: Bool) async throws {
        try await Self.with { world in
            for path in ["\(id)", "\(id)/owners"] {
                let answer = try await world.get("\(Self.contract)/tokens/\(path)")
                #expect(answer.flag("onSale") == isOnSale)
            }
        }
    }

    @Test func `of counted tokens each holder's part is said to be on sale or not`() async throws {
        try await Self.with { world in
            let answer = try await world.get("/v1/chains/321/contracts/\(World.multi.hex)/tokens/9")
            #expect(answer.flag("onSale") == nil)
            let parts = answer.list("owners").map { "\($0["owner"] ?? "") \($0["onSale"] as? Bool == true)" }
            #expect(answer.list("owners").allSatisfy { $0["onSale"] is Bool })
            #expect(Set(parts) == ["\(Self.shop.checksummed) true", "\(World.alice.checksummed) false"])
        }
    }

    @Test func `all that a marketplace's wallet has is on sale, and its page says so`() async throws {
        try await Self.with { world in
            let shop = try await world.get("/v1/chains/321/wallets/\(Self.shop.hex)/tokens?limit=100").list("tokens")
            #expect(shop.count > 40 && shop.allSatisfy { $0["onSale"] as? Bool == true })
            let alice = try await world.get("/v1/chains/321/wallets/\(World.alice.hex)/tokens").list("tokens")
            #expect(!alice.isEmpty && alice.allSatisfy { $0["onSale"] as? Bool == false })
            let words = "This is a marketplace’s wallet"
            let page = try await world.get("/chains/321/wallets/\(Self.shop.hex)").text
            #expect(page.contains(words))
            let other = try await world.get("/chains/321/wallets/\(World.alice.hex)").text
            #expect(!other.contains(words))
        }
    }

    @Test(arguments: [1, 2, 7, 100])
    func `what is on sale of a contract is listed whole, in order, however it is cut`(limit: Int) async throws {
        try await Self.with { world in
            var (ids, path): ([String], String?) = ([], "\(Self.contract)/tokens?onSale=true&limit=\(limit)")
            var pages = 0
            while let next = path, pages < 200 {
                let page = try await world.get(next)
                #expect(page.status == 200)
                let tokens = page.list("tokens")
                #expect(tokens.count <= limit && tokens.allSatisfy { $0["onSale"] as? Bool == true })
                ids += tokens.compactMap { $0["tokenId"] as? String }
                path = page.string("next").map { "\(Self.contract)/tokens?onSale=true&limit=\(limit)&cursor=\($0)" }
                pages += 1
            }
            #expect(ids == Self.expected)
            let all = try await world.get("\(Self.contract)/tokens?limit=100").list("tokens")
            let shown = all.filter { $0["onSale"] as? Bool == true }.compactMap { $0["tokenId"] as? String }
            #expect(shown == Self.expected)
        }
    }

    @Test(arguments: [
        "onSale=false", "onSale=1", "onSale=true&atBlock=1", "onSale=true&name=x", "onSale=true&trait=a:b",
    ])
    func `what cannot be listed by it is refused`(query: String) async throws {
        try await Self.with { world in
            let answer = try await world.get("\(Self.contract)/tokens?\(query)")
            #expect(answer.status == 400)
        }
    }

    @Test func `a cursor of the whole list is none of the list of what is on sale`() async throws {
        try await Self.with { world in
            let first = try await world.get("\(Self.contract)/tokens?limit=2")
            let cursor = try #require(first.string("next"))
            let other = try await world.get("\(Self.contract)/tokens?onSale=true&cursor=\(cursor)")
            #expect(other.status == 400)
        }
    }

    @Test func `where nobody named a marketplace nothing is said of sales, and nothing can be asked`() async throws {
        try await Self.with(Marketplaces([1: [Self.shop]])) { world in
            for path in ["tokens/3", "tokens/3/owners", "tokens"] {
                let answer = try await world.get("\(Self.contract)/\(path)").text
                #expect(!answer.contains("onSale"))
            }
            let list = try await world.get("\(Self.contract)/tokens?onSale=true")
            #expect(list.status == 400)
        }
        try await Self.with(Marketplaces([nil: [Self.shop], 1: []])) { world in
            let answer = try await world.get("\(Self.contract)/tokens/3")
            #expect(answer.flag("onSale") == true)
        }
        #expect(Marketplaces([nil: [Self.shop], 1: []]).hasOnSale(Self.shop, on: 1) == nil)
    }
}
