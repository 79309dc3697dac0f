import ChainClient
import Testing

/// A gate that is asked in order.
private final class Looks {
    private var gate = HeadGate()

    func believes(_ number: UInt64, by operator: String = "", others: [UInt64] = [], at second: Int) -> Bool {
        gate.believes(number, by: `operator`, others: others, now: .seconds(second))
    }
}

@Suite struct HeadGateTests {
    @Test func `S-25: a head a million blocks up in one answer is not believed`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(!gate.believes(1_001_000, at: 1))
        #expect(gate.believes(1_001, at: 2))
        #expect(!gate.believes(1_001_000, at: 3))
        #expect(gate.believes(1_002, at: 4))
    }

    @Test func `others decide: a leap that another operator confirms is believed, one that none does never is`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(gate.believes(900_000, others: [899_990], at: 1))
        for second in 2...50 { #expect(!gate.believes(1 << 40, others: [900_000], at: second)) }
        #expect(gate.believes(900_010, others: [900_009], at: 51))
    }

    @Test func `alone, a claim that is kept up is believed at the third look`() {
        let gate = Looks()
        #expect(gate.believes(10, at: 0))
        #expect([1, 2, 3].map { gate.believes(500_000, at: $0) } == [false, false, true])
    }

    @Test func `after a long silence a long way is nothing special`() {
        let gate = Looks()
        #expect(gate.believes(1_000, at: 0))
        #expect(gate.believes(300_000, at: 10_800))
    }

    @Test func `S-40: operators that all leap at once confirm each other`() {
        let gate = Looks()
        // Looked at every second all the time, so that no time seems to have passed.
        for second in 0..<100 { #expect(gate.believes(1_000, by: "a", others: [1_000], at: second)) }
        #expect(!gate.believes(51_000, by: "a", others: [1_000], at: 101))
        #expect(!gate.believes(51_000, by: "a", others: [1_000], at: 102))
        #expect(gate.believes(50_990, by: "b", others: [1_000], at: 103))
        #expect(gate.believes(51_001, by: "a", others: [50_990], at: 104))
        // Two that claim different things confirm nothing.
        #expect(!gate.believes(900_000, by: "a", others: [51_000], at: 105))
        #expect(!gate.believes(1_900_000, by: "b", others: [51_001], at: 106))
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
