@testable import ChainSync
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct ReadPlanTests {
    private let whole = Scope(id: 1, contract: nil, firstBlock: 0, isActive: true)
    private let early = Scope(id: 2, contract: account(20), firstBlock: 10, isActive: true)
    private let late = Scope(id: 3, contract: account(30), firstBlock: 50, isActive: true)

    private func key(_ scope: Int64, _ eventSet: EventSet = .indexed) -> CoverageKey {
        CoverageKey(scope: scope, eventSet: eventSet)
    }

    @Test func `scopes that miss the same blocks are asked for together`() {
        let plan = ReadPlan(missing: [key(2): [10...99], key(3): [50...99]], scopes: [early, late])
        #expect(plan.segments.map(\.range) == [10...49, 50...99])
        #expect(plan.segments.map(\.filter.addresses) == [[account(20)], [account(20), account(30)]])
        #expect(plan.segments.map(\.keys) == [[key(2)], [key(2), key(3)]])
        #expect(plan.blockCount == 90)
    }

    @Test func `a request for the whole chain serves every contract`() {
        let plan = ReadPlan(missing: [key(1): [0...9], key(2): [0...9]], scopes: [whole, early])
        #expect(plan.segments.map(\.range) == [0...9])
        #expect(plan.segments[0].filter.addresses.isEmpty)
        #expect(plan.segments[0].keys == [key(1), key(2)])
    }

    @Test func `only a chain-wide request for indexed forms leaves shorter logs on the node`() {
        func least(_ keys: [CoverageKey], _ scopes: [Scope]) -> [Int] {
            ReadPlan.questions(for: keys, scopes: scopes).map(\.filter.topicCountMin)
        }
        #expect(least([key(1)], [whole]) == [4])
        #expect(least([key(1), key(1, .unindexed)], [whole]) == [1])
        #expect(least([key(2)], [early]) == [1])
    }

    @Test func `a contract's older forms are asked by address where the whole chain is read for indexed ones only`() {
        let plan = ReadPlan(
            missing: [key(1): [0...9], key(2): [0...9], key(2, .unindexed): [0...9]],
            scopes: [whole, early]
        )
        #expect(plan.segments.map(\.range) == [0...9, 0...9])
        #expect(plan.segments.map(\.keys) == [[key(1), key(2)], [key(2, .unindexed)]])
        #expect(plan.segments.map(\.filter.addresses) == [[], [account(20)]])
        #expect(plan.segments.map(\.filter.topicCountMin) == [4, 1])
        #expect(plan.blockCount == 10)
    }

    @Test func `an event set that was added later opens its own ranges only`() {
        let plan = ReadPlan(
            missing: [key(1): [90...99], key(1, .unindexed): [0...99]],
            scopes: [whole]
        )
        #expect(plan.segments.map(\.range) == [0...89, 90...99])
        #expect(plan.segments.map(\.keys) == [[key(1, .unindexed)], [key(1), key(1, .unindexed)]])
    }

    @Test func `a hole is a segment of its own, and nothing missing is no plan`() {
        let plan = ReadPlan(missing: [key(1): [3...4, 9...9]], scopes: [whole])
        #expect(plan.segments.map(\.range) == [3...4, 9...9])
        #expect(ReadPlan(missing: [:], scopes: [whole]).isEmpty)
    }
}
