/// What every engine must do for a verification: sweep, sample, and keep contradictions.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct HoldingChecksContract {
    /// Every holding, read in pages of a few.
    private func sweep(
        _ store: any HoldingChecks,
        _ block: BlockRef,
        contract: Address? = nil,
        limit: Int = 3
    ) throws -> [ClaimedHolding] {
        var found: [ClaimedHolding] = []
        var position: SweepPosition?
        repeat {
            let page = try store.holdings(
                of: 321,
                contract: contract,
                at: block,
                PageRequest(position: position, limit: limit)
            )
            found += page.items
            position = page.next
        } while position != nil
        return found
    }

    private func lines(_ holdings: [ClaimedHolding]) -> Set<String> {
        Set(
            holdings.filter { $0.owner != .zero && !$0.amount.isNegative }.map {
                describe(
                    HoldingLine(
                        contract: $0.contract,
                        rule: $0.rule,
                        token: $0.token,
                        tokenTo: nil,
                        owner: $0.owner,
                        amount: $0.amount
                    )
                )
            }
        )
    }

    /// A history whose ranges are short enough to be swept id by id.
    private func history(_ seed: UInt64, _ count: UInt64) -> [LogBlock] {
        var random = SplitMix64(seed: seed)
        return (0...count).map { number in
            let (from, to, token) = (UInt32(random.below(4)), UInt32(random.below(4)), random.below(12))
            let big = random.edgyNumber()
            return LogBlock(
                number,
                [
                    Contract(100).moves(token, from, to: to), Contract(100).moves(big, from, to: to),
                    Contract(100).movesRange(U256(token), through: U256(token + random.below(4)), from, to: to),
                    Contract(101).sends(U256(token), amount: U256(random.below(9)), from, to: to),
                    Contract(102).movesUnindexed(token, from, to: to), Contract(102).moves(99, 1, to: 0),
                ]
            )
        }
    }

    @Test(arguments: StoreEngine.available, Array(0..<UInt64(6)))
    func `a sweep in small pages gives the export and what was burned, each once`(
        engine: StoreEngine,
        seed: UInt64
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(seed, 30)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            let tip = try #require(blocks.last?.ref)
            let swept = try sweep(made.store, tip)
            #expect(Set(swept).count == swept.count)
            #expect(lines(swept) == Set(try export(made.store).text))
            #expect(swept.contains { $0.owner == .zero && $0.rule == .unique })
            for contract in [100, 101, 102].map({ account($0) }) {
                #expect(try sweep(made.store, tip, contract: contract) == swept.filter { $0.contract == contract })
            }
        }
    }

    @Test(arguments: StoreEngine.available)
    func `what came after the block does not show, in a sweep or a sample`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(7, 40)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            for block in [blocks[10], blocks[25]] {
                let expected = Set(try export(made.store, at: block.number).text)
                let swept = try sweep(made.store, block.ref)
                #expect(lines(swept) == expected)
                var random = SplitMix64(seed: 1)
                let sample = try made.store.sample(
                    30,
                    of: 321,
                    contract: nil,
                    at: block.ref,
                    using: &random
                )
                #expect(sample.count == 30 && Set(sample).isSubset(of: Set(swept)))
            }
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a sample of more than there is is everything, and a seed gives the same sample`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(3, 20)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            let tip = try #require(blocks.last?.ref)
            func sample(_ count: Int, _ seed: UInt64) throws -> [ClaimedHolding] {
                var random = SplitMix64(seed: seed)
                return try made.store.sample(count, of: 321, contract: nil, at: tip, using: &random)
            }
            #expect(Set(try sample(10_000, 1)) == Set(try sweep(made.store, tip)))
            #expect(try sample(10, 1) == sample(10, 1))
            #expect(try sample(10, 1) != sample(10, 2))
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a block that is not the one held is refused`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(3, 5)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            let other = BlockRef(number: 5, hash: hash(5, branch: 9))
            #expect(throws: ListingError.replaced(block: 5)) { try sweep(made.store, other) }
            let holding = try #require(try sweep(made.store, blocks[5].ref).first)
            let conflict = OwnershipConflict(claimed: holding, observed: .nothing, block: other)
            #expect(throws: ListingError.replaced(block: 5)) {
                try made.store.record(HoldingFindings(conflicts: [conflict]), at: other, of: 321)
            }
            #expect(try made.store.conflicts(of: 321, limit: 9) == [])
        }
    }

    @Test(arguments: StoreEngine.available)
    func `contradictions are kept as they came, once each, and taken off when they are settled`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(5, 20)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            let tip = try #require(blocks.last?.ref)
            let all = try sweep(made.store, tip)
            let observed: [ObservedHolding] = [
                .nothing, .owner(account(77)), .amount(.max), .malformed, .amount(.zero),
            ]
            let conflicts = zip(all.shuffled(), observed).map {
                OwnershipConflict(claimed: $0, observed: $1, block: tip)
            }
            for _ in 0..<2 { try made.store.record(HoldingFindings(conflicts: conflicts), at: tip, of: 321) }
            #expect(Set(try made.store.conflicts(of: 321, limit: 99)) == Set(conflicts))
            #expect(try made.store.chains().first?.conflicts == UInt64(conflicts.count))
            let one = conflicts[2].claimed
            let token = TokenID(contract: one.contract, token: one.token)
            #expect(try made.store.conflicts(about: token, on: 321).contains(conflicts[2]))
            try made.store.record(HoldingFindings(conflicts: [], settled: [one]), at: tip, of: 321)
            #expect(Set(try made.store.conflicts(of: 321, limit: 99)) == Set(conflicts).subtracting([conflicts[2]]))
        }
    }

    @Test(arguments: StoreEngine.available)
    func `an audit's totals add up, and those of a block that is not held count nothing`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(5, 3)
            try await writer.take(blocks)
            try await writer.buildIndexes()
            let totals = AuditTotals(agreed: 5, different: 1, unanswered: 2)
            for _ in 0..<2 {
                try made.store.record(HoldingFindings(conflicts: [], audited: totals), at: blocks[3].ref, of: 321)
            }
            let other = BlockRef(number: 3, hash: hash(3, branch: 9))
            #expect(throws: ListingError.replaced(block: 3)) {
                try made.store.record(HoldingFindings(conflicts: [], audited: totals), at: other, of: 321)
            }
            let audit = try #require(try made.store.chains().first?.audit)
            #expect(audit == AuditTotals(agreed: 10, different: 2, unanswered: 4))
            #expect(audit.checked == 16 && audit.rate == 10.0 / 12)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a place is held when a row has it`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = history(5, 3)
            try await writer.take(blocks)
            let rows = decode(blocks)
            let held = rows.transfers.map(\.place) + rows.ranges.map(\.place)
            let other = Place(block: 3, logIndex: 99)
            #expect(try made.store.unheld(held + [other], of: 321) == [other])
        }
    }
}
