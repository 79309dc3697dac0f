/// How far answers are complete, as a table.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct ChainStateTests {
    private static let first = account(101)
    private static let second = account(102)

    private func state(
        tip: UInt64? = 100,
        scopes: [Scope],
        eventSets: [EventSet] = [.indexed],
        covered: [(Int64, EventSet, ClosedRange<UInt64>)] = []
    ) -> ChainState {
        var coverage: [CoverageKey: Coverage] = [:]
        for (scope, eventSet, range) in covered {
            coverage[CoverageKey(scope: scope, eventSet: eventSet), default: Coverage()]
                .insert(range, evidence: .anchored)
        }
        let id = ID128(high: 1, low: 2)
        return ChainState(
            identity: ChainIdentity(chainID: 321, genesis: hash(0)),
            version: ChainVersion(revision: 1, commitID: id, epoch: 1, holder: id),
            tip: tip.map { BlockRef(number: $0, hash: hash($0)) },
            finalized: nil,
            rewinds: 0,
            scopes: scopes,
            eventSets: eventSets,
            coverage: coverage,
            window: [],
            isIndexed: true
        )
    }

    private func scope(_ id: Int64, _ contract: Address? = nil, from first: UInt64 = 0, active: Bool = true) -> Scope {
        Scope(id: id, contract: contract, firstBlock: first, isActive: active)
    }

    @Test func `nothing followed has no checkpoint`() {
        #expect(state(tip: nil, scopes: [scope(1)]).checkpoint == nil)
    }

    @Test func `a scope from block 0 without coverage has no checkpoint`() {
        #expect(state(scopes: [scope(1)]).checkpoint == nil)
        #expect(state(scopes: [scope(1)], covered: [(1, .indexed, 1...100)]).checkpoint == nil)
    }

    @Test func `a scope that starts later without coverage reaches to the block before`() {
        #expect(state(scopes: [scope(1, from: 10)]).checkpoint == 9)
    }

    @Test func `coverage reaches as far as it has no hole, and never above the tip`() {
        #expect(state(scopes: [scope(1)], covered: [(1, .indexed, 0...50)]).checkpoint == 50)
        #expect(state(scopes: [scope(1)], covered: [(1, .indexed, 0...50), (1, .indexed, 52...100)]).checkpoint == 50)
        #expect(state(scopes: [scope(1)], covered: [(1, .indexed, 0...50), (1, .indexed, 51...100)]).checkpoint == 100)
        #expect(state(scopes: [scope(1)], covered: [(1, .indexed, 0...500)]).checkpoint == 100)
    }

    @Test func `the worst scope and the worst event set decide`() {
        let whole = [scope(1)]
        #expect(state(scopes: whole, covered: [(1, .indexed, 0...30)]).checkpoint == 30)
        let both: [EventSet] = [.indexed, .unindexed]
        #expect(state(scopes: whole, eventSets: both, covered: [(1, .indexed, 0...30)]).checkpoint == nil)
        let covered: [(Int64, EventSet, ClosedRange<UInt64>)] = [
            (1, .indexed, 0...100), (2, .indexed, 0...30), (1, .unindexed, 0...20), (2, .unindexed, 0...100),
        ]
        let scopes = [scope(1, Self.first), scope(2, Self.second)]
        #expect(state(scopes: scopes, eventSets: both, covered: covered).checkpoint == 20)
    }

    @Test func `a contract that is named is read for every form, whatever the whole chain is read for`() {
        let scopes = [scope(1), scope(2, Self.first)]
        let indexed: [(Int64, EventSet, ClosedRange<UInt64>)] = [(1, .indexed, 0...100), (2, .indexed, 0...100)]
        #expect(state(scopes: scopes, covered: indexed).checkpoint == nil)
        #expect(state(scopes: scopes, covered: indexed).reach(of: Self.first) == nil)
        #expect(state(scopes: scopes, covered: indexed).reach(of: Self.second) == 100)
        #expect(state(scopes: scopes, covered: indexed + [(2, .unindexed, 0...100)]).checkpoint == 100)
    }

    @Test func `scopes that are not active or start above the tip do not count`() {
        let scopes = [scope(1), scope(2, Self.first, active: false), scope(3, Self.second, from: 101)]
        #expect(state(scopes: scopes, covered: [(1, .indexed, 0...100)]).checkpoint == 100)
    }

    @Test func `a contract is answered as far as its own scope reaches, else as far as the whole chain's`() {
        let scopes = [scope(1), scope(2, Self.first)]
        let covered: [(Int64, EventSet, ClosedRange<UInt64>)] = [
            (1, .indexed, 0...40), (2, .indexed, 0...90), (2, .unindexed, 0...95),
        ]
        let state = state(scopes: scopes, covered: covered)
        #expect(state.reach(of: Self.first) == 90)
        #expect(state.reach(of: Self.second) == 40)
        #expect(state.reach(of: nil) == 40)
    }

    @Test func `a contract that nobody follows is not answered at all`() {
        let covered: [(Int64, EventSet, ClosedRange<UInt64>)] = [(1, .indexed, 0...100), (1, .unindexed, 0...100)]
        let state = state(scopes: [scope(1, Self.first)], covered: covered)
        #expect(state.reach(of: Self.second) == nil)
        #expect(state.reach(of: Self.first) == 100)
    }
}
