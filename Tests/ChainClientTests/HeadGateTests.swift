import ChainClient
import Testing

/// A gate that is asked in order, about one operator's claims unless another is named.
private final class Looks {
    private var gate = HeadGate()

    func judges(
        _ number: UInt64,
        of claimant: String = "one",
        others: [UInt64] = [],
        at second: Int
    ) -> HeadGate.Verdict {
        gate.judges(number, of: claimant, others: others, now: .seconds(second))
    }

    func believes(_ number: UInt64, of claimant: String = "one", others: [UInt64] = [], at second: Int) -> Bool {
        judges(number, of: claimant, others: others, at: second) == .believed
    }
}

@Suite struct HeadGateTests {
    @Test func `S-25: a head a million blocks up in one answer is not believed`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        for second in stride(from: 1, to: 100, by: 2) {
            #expect(!gate.believes(1_001_000, at: second))
            #expect(gate.believes(1_000 + UInt64(second), at: second + 1))
        }
    }

    @Test func `others decide: a leap that another operator confirms is believed, one that two deny never is`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(gate.believes(900_000, others: [899_990, 1_001], at: 1))
        for second in 2...50 { #expect(gate.judges(1 << 40, others: [900_000, 900_001], at: second) == .outvoted) }
        #expect(gate.believes(900_010, others: [900_009, 1 << 40], at: 51))
    }

    @Test(arguments: [[], [10]] as [[UInt64]])
    func `alone, or against one that may be syncing, a claim that is kept up is believed at the third look`(
        others: [UInt64]
    ) {
        let gate = Looks()
        #expect(gate.believes(10, of: "own node", at: 0))
        var said: [Bool] = []
        for second in [1, 3, 5] {
            said.append(gate.believes(500_000, of: "provider", others: others, at: second))
            // What the other one says in between changes nothing.
            if !others.isEmpty { _ = gate.judges(11, of: "own node", others: [500_000], at: second + 1) }
        }
        #expect(said == [false, false, true])
    }

    @Test func `a head that was believed first is corrected by two operators that know better`() {
        let gate = Looks()
        #expect(gate.believes(1 << 40, of: "broken", at: 0))
        #expect(gate.judges(1_000, of: "one", others: [1 << 40], at: 1) == .believed)
        #expect(gate.judges(1_002, of: "two", others: [1 << 40, 1_000], at: 2) == .corrected)
        #expect(gate.judges(1 << 40, of: "broken", others: [1_000, 1_002], at: 3) == .outvoted)
        #expect(gate.believes(1_003, of: "one", others: [1_002, 1 << 40], at: 4))
    }

    @Test func `after a long silence a long way is nothing special`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(gate.believes(300_000, at: 10_800))
    }

    @Test func `the first head of all is believed, unless others are known to be far below`() {
        let gate = Looks()
        #expect(gate.believes(20_000_000, at: 0))
        let second = Looks()
        #expect(!second.believes(20_000_000, others: [5_000], at: 0))
    }

    @Test func `a lower head is always believed to be one`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(gate.believes(10, at: 1))
        #expect(gate.believes(1_003, at: 2))
    }
}
