import Ethereum
import GRDB
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// Samples of ledgers that are not read for it: bounded, in all parts, and nearly even.
struct SampleTests {
    private static let alice = TestLedger.address(100)

    @Test(arguments: HoldingSQL.all.map(\.name))
    func `no statement scans a table or sorts`(name: String) throws {
        let ledger = try TestLedger()
        try ledger.buildIndexes()
        let sql = try #require(HoldingSQL.all.first { $0.name == name }?.sql)
        let plan = try ledger.store.pool.read { db in
            let count = (1...9).filter { sql.contains("?\($0)") }.max() ?? 0
            let nulls = [DatabaseValue](repeating: .null, count: count)
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: StatementArguments(nulls))
                .map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        for step in plan {
            #expect(!step.hasPrefix("SCAN") || step.contains("(subquery"), "\(name): \(plan)")
            #expect(!step.contains("TEMP B-TREE") && !step.contains("AUTOMATIC"), "\(name): \(plan)")
        }
    }

    /// 2,000 unique tokens of which the first half moved nine times more, 500 counted holders, a range, huge ids.
    private func ledger() throws -> (TestLedger, BlockRef) {
        let ledger = try TestLedger()
        let (unique, counted, ranged) = (TestLedger.address(1), TestLedger.address(2), TestLedger.address(3))
        // A hundred transfers a block, as on a busy chain.
        var count: UInt64 = 0
        func next() {
            if count % 100 == 0 { ledger.at(200 + count / 100) }
            count += 1
        }
        for token in UInt64(0)..<2_000 {
            next()
            ledger.move(U256(token), of: unique, to: Self.alice)
        }
        for _ in 0..<9 {
            for token in UInt64(0)..<1_000 {
                next()
                ledger.move(U256(token), of: unique, from: Self.alice, to: Self.alice)
            }
        }
        for holder in UInt64(0)..<500 {
            next()
            ledger.move(U256(holder % 3), of: counted, to: TestLedger.address(1_000 + holder), amount: U256(5))
        }
        for high in UInt64(0)..<500 {
            next()
            ledger.move(U256(w0: high + 1, w1: 2, w2: 3, w3: 4), of: counted, to: Self.alice, amount: .one)
        }
        ledger.moveRange(U256(0)...U256.max, of: ranged, to: Self.alice)
        try ledger.commit()
        try ledger.buildIndexes()
        return (ledger, try #require(ledger.state.tip))
    }

    private func sample(
        _ count: Int,
        _ ledger: TestLedger,
        _ tip: BlockRef,
        contract: Address? = nil,
        seed: UInt64 = 1
    ) throws -> [ClaimedHolding] {
        var random = Seeded(state: seed)
        return try ledger.store.sample(
            count,
            of: 321,
            contract: contract,
            at: tip,
            readWhole: 0,
            using: &random
        )
    }

    @Test func `tokens that moved often are drawn no more often than others`() throws {
        let (ledger, tip) = try ledger()
        // Of 3,000 holdings without the range a third each: moved often, moved once, counted.
        var busy = 0
        var quiet = 0
        var counted = 0
        for seed in UInt64(0)..<20 {
            for holding in try sample(60, ledger, tip, seed: seed) where holding.contract != TestLedger.address(3) {
                switch (holding.rule, holding.token < U256(1_000)) {
                case (.counted, _): counted += 1
                case (.unique, true): busy += 1
                case (.unique, false): quiet += 1
                }
            }
        }
        let total = busy + quiet + counted
        #expect(total > 900)
        // Nine in ten transfers are of busy tokens; evenly drawn, a third of the holdings is.
        for part in [busy, quiet, counted] {
            #expect(
                Double(part) > 0.24 * Double(total) && Double(part) < 0.42 * Double(total),
                "\(busy) \(quiet) \(counted)"
            )
        }
    }

    @Test func `in a block with more transfers than one look reads, the last is drawn as well as the first`() throws {
        let ledger = try TestLedger()
        ledger.at(7)
        for token in UInt64(0)..<3_000 { ledger.move(U256(token), of: TestLedger.address(1), to: Self.alice) }
        try ledger.commit()
        try ledger.buildIndexes()
        let drawn = try sample(300, ledger, try #require(ledger.state.tip))
        #expect(drawn.count == 300)
        #expect(drawn.count { $0.token < U256(1_000) } > 60 && drawn.count { $0.token >= U256(2_000) } > 60)
    }

    @Test func `ranges are drawn from too, at any id`() throws {
        let (ledger, tip) = try ledger()
        let ranged = try sample(100, ledger, tip).filter { $0.contract == TestLedger.address(3) }
        #expect(ranged.count >= 10)
        #expect(ranged.allSatisfy { $0.owner == Self.alice && $0.rule == .unique })
        #expect(Set(ranged.map(\.token)).count == ranged.count)
    }

    @Test(arguments: 1...3)
    func `of one contract only its holdings are drawn, none twice`(number: UInt64) throws {
        let (ledger, tip) = try ledger()
        let contract = TestLedger.address(number)
        let drawn = try sample(50, ledger, tip, contract: contract)
        #expect(drawn.count == 50 && Set(drawn).count == 50)
        #expect(drawn.allSatisfy { $0.contract == contract })
        if number == 2 {
            // Small ids and huge ones, though the huge ones span all the numbers between.
            #expect(drawn.contains { $0.token < U256(3) } && drawn.contains { $0.token > U256(1_000) })
        }
    }

    @Test func `a sample of two hundred costs a small part of reading a hundred thousand transfers`() throws {
        let ledger = try TestLedger()
        try ledger.buildIndexes()
        for part in UInt64(0)..<5 {
            for block in UInt64(1)...20 {
                ledger.at(part * 20 + block)
                for token in UInt64(0)..<1_000 {
                    ledger.move(U256(block * 1_000 + token), of: TestLedger.address(part), to: Self.alice)
                }
            }
            try ledger.commit(covering: 0...(part * 20 + 20))
        }
        let tip = try #require(ledger.state.tip)
        // Against the same in one run: a clock alone says little on a busy machine.
        let bounded = try ContinuousClock().measure {
            let drawn = try sample(200, ledger, tip)
            #expect(drawn.count == 200)
        }
        let whole = try ContinuousClock().measure {
            var random = Seeded(state: 1)
            _ = try ledger.store.sample(200, of: 321, contract: nil, at: tip, readWhole: .max, using: &random)
        }
        #expect(bounded * 2 < whole)
    }
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
