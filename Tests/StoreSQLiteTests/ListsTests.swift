import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// How the lists read: every statement by an index and in its order, every page bounded, none missing or showing a token twice.
struct ListsTests {
    private static let contract = TestLedger.address(1)
    private static let alice = TestLedger.address(100)
    private static let bob = TestLedger.address(101)

    @Test(arguments: ListSQL.all.map(\.name))
    func `no statement scans a table or sorts`(name: String) throws {
        let ledger = try TestLedger(indexes: [.wallets])
        try ledger.buildIndexes()
        let sql = try #require(ListSQL.all.first { $0.name == name }?.sql)
        let plan = try ledger.store.pool.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(Self.nulls(sql)))
                .map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        for step in plan {
            // A subquery over the rows of an index search is a scan of those rows only.
            let isScan = step.hasPrefix("SCAN") && !step.contains("CONSTANT ROW") && !step.contains("(subquery")
            #expect(!isScan, "\(name): \(plan)")
            #expect(!step.contains("TEMP B-TREE"), "\(name): \(plan)")
            #expect(!step.contains("AUTOMATIC"), "\(name): \(plan)")
            // With the chain alone as key it is a scan all the same.
            #expect(!step.hasSuffix("(chain=?)"), "\(name): \(plan)")
        }
    }

    @Test func `no statement of an update reads a whole chain`() throws {
        let ledger = try TestLedger()
        try ledger.buildIndexes()
        let plans = try ledger.store.pool.write { db in
            let statements = try LedgerStatements(db)
            return try Mirror(reflecting: statements).children.compactMap { child in
                try (child.value as? KeptStatement).map { (child.label ?? "?", try $0.plan(db)) }
            }
        }
        #expect(plans.count > 15)
        for (name, plan) in plans where name != "uniqueTransfers" {
            for step in plan {
                #expect(!step.hasPrefix("SCAN") && !step.hasSuffix("(chain=?)"), "\(name): \(plan)")
            }
        }
        let newest = plans.first { $0.0 == "newestTransfer" }?.1 ?? []
        #expect(newest.contains { $0.contains("transfer_by_token (chain=? AND contract=? AND token=? AND block<?)") })
    }

    @Test func `statements use the index that their order needs`() throws {
        let ledger = try TestLedger(indexes: [.wallets])
        try ledger.buildIndexes()
        let expected = [
            (ListSQL.singlesOfOwner, "owner_by_owner"), (ListSQL.balancesOfOwner, "balance_by_owner"),
            (ListSQL.transfersOfToken, "transfer_by_token"), (ListSQL.nextOwnedContract, "owner_by_owner"),
            (ListSQL.movementsAt, "transfer_by_token"), (ListSQL.newestTransferAt, "transfer_by_token"),
            (ListSQL.movementsNewestFirstAt, "transfer_by_token"), (ListSQL.movesAfter, "transfer_by_token"),
            (ListSQL.supplyMovementsAt, "transfer_by_token"),
            (ListSQL.placesOfContract, "COVERING INDEX transfer_by_token"),
            (ListSQL.placesOfSender, "COVERING INDEX transfer_by_sender"),
            (ListSQL.placesOfRecipient, "COVERING INDEX transfer_by_recipient"),
            (ListSQL.nextReceivedToken, "COVERING INDEX transfer_by_recipient"),
            (ListSQL.nextSentToken, "COVERING INDEX transfer_by_sender"),
            (ListSQL.receivedAt, "(chain=? AND recipient=? AND contract=? AND token=? AND block<?)"),
            (ListSQL.sentAt, "(chain=? AND sender=? AND contract=? AND token=? AND block<?)"),
        ]
        for (sql, index) in expected {
            let plan = try ledger.store.pool.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(Self.nulls(sql)))
                    .map { $0["detail"] as String }
            }
            #expect(plan.contains { $0.contains(index) }, "\(sql): \(plan)")
        }
    }

    private static func nulls(_ sql: String) -> [DatabaseValue] {
        let most = (1...9).filter { sql.contains("?\($0)") }.max() ?? 0
        return Array(repeating: .null, count: most)
    }

    // MARK: Pages over single rows, ranges and balances

    /// Ids 1…100 by range to alice, some sold, some ranges over others, the same ids as counted tokens besides.
    private func mixedLedger() throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.moveRange(U256(1)...U256(100), of: Self.contract, to: Self.alice)
        for id in 1...10 { ledger.move(U256(UInt64(id)), of: Self.contract, to: Self.bob, amount: U256(5)) }
        try ledger.commit()
        ledger.at(2)
        for id: UInt64 in [3, 50, 51, 52] { ledger.move(U256(id), of: Self.contract, from: Self.alice, to: Self.bob) }
        ledger.move(U256(200), of: Self.contract, to: Self.alice)
        ledger.move(U256(60), of: Self.contract, from: Self.alice, to: .zero)
        try ledger.commit()
        ledger.at(3)
        ledger.moveRange(U256(51)...U256(51), of: Self.contract, from: Self.bob, to: Self.alice)
        ledger.move(.max, of: Self.contract, to: Self.alice)
        ledger.move(.max, of: Self.contract, to: Self.alice, amount: U256(9))
        try ledger.commit()
        try ledger.buildIndexes()
        return ledger
    }

    /// What the export says, which is computed another way.
    private func exported(_ ledger: TestLedger, owner: Address? = nil) throws -> [HeldToken] {
        var out: [HeldToken] = []
        try ledger.store.holdings(of: ledger.chain, at: nil) { line in
            guard owner == nil || owner == line.owner else { return }
            out.append(
                HeldToken(
                    contract: line.contract,
                    token: line.token,
                    rule: line.rule,
                    owner: line.owner,
                    amount: line.amount
                )
            )
        }
        return out.sorted { ($0.token, $0.rule == .counted ? 1 : 0) < ($1.token, $1.rule == .counted ? 1 : 0) }
    }

    private func walk(
        _ ledger: TestLedger,
        limit: Int,
        limits: ListLimits = ListLimits(),
        wallet: Address?,
        at block: BlockNumber? = nil
    ) throws -> (items: [HeldToken], pages: Int, isTruncated: Bool) {
        var items: [HeldToken] = []
        var position: TokenPosition?
        var pages = 0
        var isTruncated = false
        repeat {
            let request = PageRequest(position: position, limit: limit)
            let page =
                if let wallet {
                    try ledger.store.tokens(of: wallet, on: ledger.chain, at: block, request, limits: limits)
                } else {
                    try ledger.store.tokens(in: Self.contract, on: ledger.chain, at: block, request, limits: limits)
                }
            #expect(page.items.count <= limit)
            items += page.items
            isTruncated = isTruncated || page.isTruncated
            position = page.next
            pages += 1
        } while position != nil && pages < 2_000
        return (items, pages, isTruncated)
    }

    @Test(arguments: [1, 2, 3, 7, 20, 100, 1_000])
    func `a wallet's pages together are what the export says`(limit: Int) throws {
        let ledger = try mixedLedger()
        for wallet in [Self.alice, Self.bob] {
            let walked = try walk(ledger, limit: limit, wallet: wallet)
            #expect(walked.items == (try exported(ledger, owner: wallet)))
            #expect(!walked.isTruncated)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 20, 100, 1_000])
    func `a contract's pages together are what the export says`(limit: Int) throws {
        let ledger = try mixedLedger()
        let walked = try walk(ledger, limit: limit, wallet: nil)
        let unique = walked.items.filter { $0.rule == .unique }
        #expect(unique == (try exported(ledger).filter { $0.rule == .unique }))
        #expect(walked.items.filter { $0.rule == .counted }.map(\.token) == (1...10).map { U256($0) } + [.max])
        let keys = walked.items.map { ($0.token, $0.rule == .counted ? 1 : 0) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: [1, 2, 5])
    func `a page that may read only some rows ends early and nothing is lost`(rows: Int) throws {
        let ledger = try mixedLedger()
        var limits = ListLimits()
        limits.rowsMax = rows
        for wallet in [Self.alice, Self.bob, nil] {
            let all = try walk(ledger, limit: 100, wallet: wallet)
            let bounded = try walk(ledger, limit: 100, limits: limits, wallet: wallet)
            #expect(bounded.items == all.items)
            #expect(bounded.pages >= all.pages)
        }
    }

    @Test func `a wallet's page costs nothing for the ranges of others`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        for number: UInt64 in 10...60 {
            ledger.moveRange(U256(1)...U256(9), of: TestLedger.address(number), to: Self.bob)
        }
        ledger.moveRange(U256(1)...U256(2), of: Self.contract, to: Self.alice)
        try ledger.commit()
        try ledger.buildIndexes()
        var limits = ListLimits()
        limits.rowsMax = 4
        let walked = try walk(ledger, limit: 10, limits: limits, wallet: Self.alice)
        #expect(walked.items.map(\.token) == [U256(1), U256(2)])
        #expect(walked.pages == 1)
        #expect(!walked.isTruncated)
    }

    @Test func `a contract that is not read any more is in no wallet's list`() throws {
        let other = TestLedger.address(2)
        let ledger = try TestLedger(contracts: [Self.contract, other])
        ledger.at(1)
        for contract in [Self.contract, other] {
            ledger.move(U256(1), of: contract, to: Self.alice)
            ledger.moveRange(U256(5)...U256(6), of: contract, to: Self.alice)
            ledger.move(U256(9), of: contract, to: Self.alice, amount: U256(3))
        }
        try ledger.commit()
        try ledger.buildIndexes()
        #expect(try walk(ledger, limit: 10, wallet: Self.alice).items.count == 8)
        try ledger.store.removeContract(other, from: ledger.chain, id: ID128(high: 5, low: 5))
        for limit in [1, 10] {
            let walked = try walk(ledger, limit: limit, wallet: Self.alice)
            #expect(walked.items.map(\.contract) == Array(repeating: Self.contract, count: 4))
        }
    }

    @Test func `the whole space of ids in one range is paged without counting it`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.moveRange(.zero ... .max, of: Self.contract, to: Self.alice)
        try ledger.commit()
        ledger.at(2)
        ledger.move(U256(5), of: Self.contract, from: Self.alice, to: Self.bob)
        try ledger.commit()
        try ledger.buildIndexes()
        let end = TokenPosition(
            contract: Self.contract,
            token: U256.max.subtractingReportingOverflow(U256(1)).partialValue,
            rule: .unique
        )
        let first = try ledger.store.tokens(of: Self.alice, on: 321, at: nil, PageRequest(position: nil, limit: 6))
        #expect(first.items.map(\.token) == [0, 1, 2, 3, 4, 6].map { U256($0) })
        let last = try ledger.store.tokens(of: Self.alice, on: 321, at: nil, PageRequest(position: end, limit: 6))
        #expect(last.items.count == 2)
        #expect(last.items.last?.token == .max)
        #expect(last.next == nil)
    }

    // MARK: Bounds that are said

    @Test func `with more ranges than are looked at a list says that it is truncated and shows nothing wrong`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.move(U256(7), of: Self.contract, to: Self.bob)
        ledger.moveRange(U256(1)...U256(50), of: Self.contract, to: Self.alice)
        for index: UInt64 in 0..<10 {
            ledger.moveRange(U256(100 + index)...U256(100 + index), of: Self.contract, to: Self.bob)
        }
        try ledger.commit()
        try ledger.buildIndexes()
        var limits = ListLimits()
        limits.rangesMax = 5
        let walked = try walk(ledger, limit: 100, limits: limits, wallet: nil)
        #expect(walked.isTruncated)
        // Token 7 belongs to alice by a range that was not looked at; it must not be shown as bob's.
        #expect(walked.items.map(\.token) == (105...109).map { U256($0) })
        #expect(try walk(ledger, limit: 100, wallet: nil).isTruncated == false)
    }

    @Test func `an inline look-up gives up after its steps and the store's own goes on, up to its bound`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.moveRange(U256(1)...U256(50), of: Self.contract, to: Self.alice)
        for index: UInt64 in 0..<10 {
            ledger.moveRange(U256(100 + index)...U256(100 + index), of: Self.contract, to: Self.bob)
        }
        try ledger.commit()
        var limits = ListLimits()
        limits.rangeStepsInline = 5
        let reader = try SQLiteOwnerReader(path: ledger.path, limits: limits)
        let token = TokenID(contract: Self.contract, token: U256(7))
        #expect(try reader.owner(of: token, on: 321) == nil)
        let page = PageRequest<Address>(position: nil, limit: 20)
        #expect(try ledger.store.owners(of: token, on: 321, at: nil, page).unique?.owner == Self.alice)
        limits.rangeStepsMax = 5
        #expect(throws: ListingError.tooMuchHistory("the contract has more than 5 ranges")) {
            _ = try ledger.store.owners(of: token, on: 321, at: nil, page, limits: limits)
        }
    }

    @Test func `a past block needs no more transfers than may be added up`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        for _ in 0..<4 { ledger.move(U256(1), of: Self.contract, to: Self.alice, amount: U256(1)) }
        try ledger.commit()
        try ledger.buildIndexes()
        var limits = ListLimits()
        let token = TokenID(contract: Self.contract, token: U256(1))
        let page = PageRequest<Address>(position: nil, limit: 20)
        limits.movementsMax = 4
        let answer = try ledger.store.owners(of: token, on: 321, at: 1, page, limits: limits)
        #expect(answer.counted.map(\.amount) == [SignedSum(4)])
        limits.movementsMax = 3
        #expect(throws: ListingError.tooMuchHistory("the token moved more than 3 times up to that block")) {
            _ = try ledger.store.owners(of: token, on: 321, at: 1, page, limits: limits)
        }
    }

    @Test func `lists that need an index say so while it is not built`() throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.move(U256(1), of: Self.contract, to: Self.alice)
        try ledger.commit()
        #expect(throws: ListingError.notIndexed) {
            _ = try ledger.store.tokens(of: Self.alice, on: 321, at: nil, PageRequest(position: nil, limit: 1))
        }
        let token = TokenID(contract: Self.contract, token: U256(1))
        #expect(throws: ListingError.notIndexed) {
            _ = try ledger.store.transfers(of: .token(token), on: 321, PageRequest(position: nil, limit: 1))
        }
        #expect(try ledger.store.ownerReader().owner(of: token, on: 321)?.unique?.owner == Self.alice)
    }

    // MARK: The inline reader

    @Test func `the inline reader and the store agree on every token, and see each commit at once`() throws {
        let ledger = try mixedLedger()
        let reader = try ledger.store.ownerReader()
        let page = PageRequest<Address>(position: nil, limit: TokenOwner.countedMax)
        for round: UInt64 in 0..<3 {
            for id in Array(0...101).map({ U256($0) }) + [U256(200), .max] {
                let token = TokenID(contract: Self.contract, token: id)
                #expect(try reader.owner(of: token, on: 321) == ledger.store.owners(of: token, on: 321, at: nil, page))
            }
            ledger.at(10 + round)
            ledger.move(U256(1 + round), of: Self.contract, from: Self.alice, to: Self.bob)
            try ledger.commit()
        }
    }

    @Test func `transfers come newest first, single ones and ranges in one order, at any page size`() throws {
        let ledger = try mixedLedger()
        for token in [nil, TokenID(contract: Self.contract, token: U256(51))] {
            let subject = token.map { TransferSubject.token($0) } ?? .chain
            var one: [TransferLine] = []
            var position: Place?
            repeat {
                let page = try ledger.store.transfers(of: subject, on: 321, PageRequest(position: position, limit: 1))
                one += page.items
                position = page.next
            } while position != nil
            let all = try ledger.store.transfers(of: subject, on: 321, PageRequest(position: nil, limit: 100))
            #expect(one == all.items)
            #expect(zip(one, one.dropFirst()).allSatisfy { $0.transfer.place > $1.transfer.place })
            #expect(one.count == (token == nil ? 20 : 3))
        }
    }
}
