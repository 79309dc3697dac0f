/// Segments and runs against asking every range for every id.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct RangeOwnershipTests {
    /// Sixty-four ids from here on are looked at; the last base ends at 2^256−1.
    static let bases: [U256] = [
        .zero, U256(w0: 0, w1: 0, w2: 0, w3: .max - 20), U256(w0: 0, w1: 0, w2: .max, w3: .max - 31),
        U256.max.subtractingReportingOverflow(U256(63)).partialValue,
    ]

    private func someRanges(_ random: inout SplitMix64, _ base: U256) -> [RangeTransfer] {
        (0..<random.below(14)).map { index in
            let (left, right) = (random.below(64), random.below(64))
            return range(
                number(base, min(left, right)),
                through: number(base, max(left, right)),
                to: UInt32(random.below(4)),
                at: index / 2,
                log: UInt32(index % 2)
            )
        }.shuffled(using: &random)
    }

    private func newest(_ ranges: [RangeTransfer], covering token: U256) -> RangeTransfer? {
        ranges.filter { $0.first <= token && token <= $0.last }.max { $0.place < $1.place }
    }

    @Test(arguments: 0..<UInt64(400)) func `each id belongs to the newest range over it`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let base = Self.bases[Int(seed % 4)]
        let ranges = someRanges(&random, base)
        let ownership = RangeOwnership(ranges)
        for offset in 0..<UInt64(64) {
            let token = number(base, offset)
            let segment = ownership.segment(covering: token)
            let expected = newest(ranges, covering: token)
            #expect(segment?.place == expected?.place, "seed \(seed), id \(token)")
            #expect(segment?.owner == expected?.to)
        }
        for (left, right) in zip(ownership.segments, ownership.segments.dropFirst()) {
            #expect(left.last < right.first, "seed \(seed)")
        }
        #expect(ownership.segments.allSatisfy { $0.first <= $0.last })
    }

    @Test func `a range over all ids is one segment`() {
        let ownership = RangeOwnership([range(.zero, through: .max, to: 1, at: 1)])
        #expect(ownership.segments.count == 1)
        #expect(ownership.segment(covering: .zero)?.owner == account(1))
        #expect(ownership.segment(covering: .max)?.owner == account(1))
    }

    @Test func `no ranges own nothing`() {
        #expect(RangeOwnership([]).segments.isEmpty)
        #expect(RangeOwnership([]).segment(covering: .zero) == nil)
    }

    // MARK: Runs

    private func runs(_ ranges: [RangeTransfer], _ singles: [UniqueRuns.Single]) throws -> [UniqueRuns.Run] {
        var rest = singles.sorted { $0.token < $1.token }[...]
        var out: [UniqueRuns.Run] = []
        try UniqueRuns.forEach(
            segments: RangeOwnership(ranges).segments,
            next: { rest.popFirst() },
            emit: { out.append($0) }
        )
        return out
    }

    @Test(arguments: 0..<UInt64(400))
    func `runs say for each id what the newest of its row and its ranges says`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let base = Self.bases[Int(seed % 4)]
        let ranges = someRanges(&random, base)
        var singles: [UInt64: UniqueRuns.Single] = [:]
        for _ in 0..<random.below(20) {
            let offset = random.below(64)
            singles[offset] = UniqueRuns.Single(
                token: number(base, offset),
                owner: account(UInt32(random.below(4))),
                place: Place(block: random.below(8), logIndex: 2)
            )
        }
        let runs = try runs(ranges, Array(singles.values))
        for offset in 0..<UInt64(64) {
            let token = number(base, offset)
            let covering = runs.filter { $0.first <= token && token <= $0.last }
            let single = singles[offset]
            let range = newest(ranges, covering: token)
            let isSingle = single.map { row in range.map { $0.place < row.place } ?? true } ?? false
            let owner = isSingle ? single?.owner : range?.to
            let expected = owner.flatMap { $0 == .zero ? nil : $0 }
            #expect(covering.map(\.owner) == (expected.map { [$0] } ?? []), "seed \(seed), id \(token)")
            #expect(covering.first.map { $0.isFromRange == !isSingle } ?? true)
        }
        for (left, right) in zip(runs, runs.dropFirst()) {
            #expect(left.last < right.first)
            // Maximal: two runs of one owner from ranges never touch.
            let touch = left.last.addingReportingOverflow(.one).partialValue == right.first
            #expect(!(touch && left.owner == right.owner && left.isFromRange && right.isFromRange), "seed \(seed)")
        }
    }

    @Test func `the last id there is may be a single inside a range`() throws {
        let single = UniqueRuns.Single(token: .max, owner: account(2), place: Place(block: 9, logIndex: 0))
        let runs = try runs([range(U256(5), through: .max, to: 1, at: 1)], [single])
        #expect(runs.map(\.owner) == [account(1), account(2)])
        #expect(runs.map(\.last) == [U256.max.subtractingReportingOverflow(.one).partialValue, .max])
    }
}
