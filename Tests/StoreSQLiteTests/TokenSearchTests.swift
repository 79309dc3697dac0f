/// Finding tokens by name and traits, and pages of what was found and counted.
import Ethereum
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct TokenSearchTests {
    private static let one = TestLedger.address(1)
    private static let many = TestLedger.address(2)
    private static let wallet = TestLedger.address(9)

    /// Tokens 1…40, token n of color n % 4 and size n % 3, 7 burned, 8 counted besides; 5 of another contract.
    private static func ledger() async throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(5)
        for token in 1...40 as ClosedRange<UInt64> { ledger.move(U256(token), of: one, to: wallet) }
        ledger.move(U256(8), of: one, to: wallet, amount: U256(3))
        ledger.move(U256(5), of: many, to: wallet, amount: U256(3))
        try ledger.commit()
        var documents: [UInt64: MetadataFields] = [:]
        for token in 1...40 as ClosedRange<UInt64> {
            documents[token] = .named(
                token == 13 ? nil : "Ape École #\(token)",
                [("Color", "\(token % 4)"), ("Size", "\(token % 3)")] + (token == 9 ? [("Color", "1")] : [])
            )
        }
        documents[20] = MetadataFields(name: "bar", attributes: #"[{"trait_type":"Color","value":0}]"#)
        try await ledger.tell(documents, of: one, at: 10)
        try await ledger.tell([5: .named("Ape École #5", [("Color", "1")])], of: many, at: 11)
        ledger.at(6)
        ledger.move(U256(7), of: one, from: wallet, to: .zero)
        try ledger.commit()
        return ledger
    }

    private static func found(
        _ ledger: TestLedger,
        _ filter: TokenFilter,
        limit: Int = 1_000,
        rowsMax: Int? = nil
    ) throws -> [String] {
        var limits = ListLimits()
        if let rowsMax { limits.rowsMax = rowsMax }
        var out: [String] = []
        var position: TokenPosition?
        for _ in 0..<2_000 {
            let page = try ledger.store.tokens(
                in: one,
                on: 321,
                matching: filter,
                PageRequest(position: position, limit: limit),
                limits: limits
            )
            #expect(page.items.count <= limit)
            out += page.items.map { "\($0.token.token)\($0.token.rule == .counted ? "x\($0.token.amount)" : "")" }
            guard let next = page.next else { return out }
            position = next
        }
        Issue.record("the pages have no end")
        return out
    }

    private static func trait(_ type: String, _ value: String) -> TokenFilter.Trait {
        TokenFilter.Trait(type: type, value: value)
    }

    private static func numbers(_ isIn: (UInt64) -> Bool) -> [String] {
        (1...40 as ClosedRange<UInt64>).filter { $0 != 7 && isIn($0) }.flatMap { $0 == 8 ? ["8", "8x3"] : ["\($0)"] }
    }

    static let filters: [(TokenFilter, @Sendable (UInt64) -> Bool)] = [
        (TokenFilter(name: "aPE"), { $0 != 13 && $0 != 20 }), (TokenFilter(name: "#4"), { $0 == 4 || $0 == 40 }),
        (TokenFilter(name: "École"), { $0 != 13 && $0 != 20 }), (TokenFilter(name: "école"), { _ in false }),
        (TokenFilter(name: "ÉCOLE"), { $0 != 13 && $0 != 20 }), (TokenFilter(name: "%"), { _ in false }),
        (TokenFilter(name: "_"), { _ in false }), (TokenFilter(name: "bar"), { $0 == 20 }),
        (TokenFilter(traits: [trait("Color", "1")]), { $0 % 4 == 1 }),
        (TokenFilter(traits: [trait("Color", "0")]), { $0 % 4 == 0 }),
        (TokenFilter(traits: [trait("Color", "1"), trait("Size", "2")]), { $0 % 4 == 1 && $0 % 3 == 2 }),
        (TokenFilter(traits: [trait("Color", "1"), trait("Color", "1")]), { $0 % 4 == 1 }),
        (TokenFilter(traits: [trait("Color", "1"), trait("Color", "2")]), { _ in false }),
        (TokenFilter(traits: [trait("color", "1")]), { _ in false }),
        (TokenFilter(traits: [trait("Color", "9")]), { _ in false }),
        (TokenFilter(name: "#2", traits: [trait("Size", "1")]), { "\($0)".hasPrefix("2") && $0 % 3 == 1 && $0 != 20 }),
        (TokenFilter(name: "\u{0}"), { _ in false }), (TokenFilter(traits: [trait("", "")]), { _ in false }),
    ]

    @Test(arguments: filters.indices)
    func `a search finds what matches in all, held tokens alone, whatever the pages`(index: Int) async throws {
        let ledger = try await Self.ledger()
        let (filter, isIn) = Self.filters[index]
        let expected = Self.numbers(isIn)
        #expect(try Self.found(ledger, filter) == expected)
        #expect(try Self.found(ledger, filter, limit: 1) == expected)
        #expect(try Self.found(ledger, filter, limit: 3, rowsMax: 5) == expected)
        #expect(try Self.found(ledger, filter, rowsMax: 1) == expected)
    }

    @Test func `a page whose work is at its bound goes on though it shows nothing`() async throws {
        let ledger = try await Self.ledger()
        var limits = ListLimits()
        limits.rowsMax = 10
        let page = try ledger.store.tokens(
            in: Self.one,
            on: 321,
            matching: TokenFilter(name: "#40"),
            PageRequest(position: nil, limit: 5),
            limits: limits
        )
        #expect(page.items.isEmpty)
        #expect(page.next?.token == U256(11))
    }

    @Test func `who holds what was found is told by the newest of its own transfer and the ranges over it`()
        async throws
    {
        let ledger = try await Self.ledger()
        let other = TestLedger.address(10)
        ledger.at(8)
        ledger.moveRange(U256(1)...U256(5), of: Self.one, from: Self.wallet, to: other)
        ledger.move(U256(2), of: Self.one, from: other, to: Self.wallet)
        ledger.moveRange(U256(4)...U256(4), of: Self.one, from: other, to: .zero)
        ledger.moveRange(U256(7)...U256(7), of: Self.one, to: other)
        try ledger.commit()
        let page = try ledger.store.tokens(
            in: Self.one,
            on: 321,
            matching: TokenFilter(name: "ape"),
            PageRequest(position: nil, limit: 7)
        )
        #expect(page.items.map(\.token.token) == [1, 2, 3, 5, 6, 7, 8].map { U256($0) })
        #expect(
            page.items.map(\.token.owner) == [other, Self.wallet, other, other, Self.wallet, other, Self.wallet]
        )
    }

    @Test func `pages of traits together are all traits, whatever their size`() async throws {
        let ledger = try await Self.ledger()
        func all(limit: Int, rowsMax: Int) throws -> [TraitCount] {
            var limits = ListLimits()
            limits.rowsMax = rowsMax
            var out: [TraitCount] = []
            var position: TraitPosition?
            repeat {
                let page = try ledger.store.traits(
                    of: Self.one,
                    on: 321,
                    PageRequest(position: position, limit: limit),
                    limits: limits
                )
                #expect(page.items.count <= limit)
                out += page.items
                position = page.next
            } while position != nil && out.count < 100
            return out
        }
        let whole = try all(limit: 1_000, rowsMax: 20_000)
        #expect(whole.map(\.type) == Array(repeating: "Color", count: 5) + Array(repeating: "Size", count: 3))
        #expect(whole.first { $0.value == TraitValue(.number, "0") }?.count == 1)
        #expect(whole.first { $0.value == TraitValue(.string, "3") }?.count == 9)
        for (limit, rowsMax) in [(1, 20_000), (2, 20_000), (5, 1), (3, 2)] {
            #expect(try all(limit: limit, rowsMax: rowsMax) == whole)
        }
    }

    @Test func `a contract that nobody knows has nothing`() async throws {
        let ledger = try await Self.ledger()
        let stranger = TestLedger.address(77)
        let page = PageRequest<TokenPosition>(position: nil, limit: 5)
        let found = try ledger.store.tokens(in: stranger, on: 321, matching: TokenFilter(name: "a"), page)
        #expect(found.items.isEmpty && found.next == nil)
        #expect(try ledger.store.traits(of: stranger, on: 321, PageRequest(position: nil, limit: 5)).tally?.tokens == 0)
        #expect(try ledger.store.rarity(of: TokenID(contract: stranger, token: .one), on: 321).items.isEmpty)
        #expect(throws: ListingError.unknownChain(5)) {
            try ledger.store.ranking(of: stranger, on: 5, PageRequest(position: nil, limit: 5))
        }
    }

    /// Random moves, burns, documents and rewinds; after each the counts and ranks are those of a plain reckoning.
    @Test(arguments: 0..<6 as Range<UInt64>)
    func `counts and ranks are those of the tokens held, whatever happened`(seed: UInt64) async throws {
        var random = SplitMix(state: seed &* 0x9e37_79b9_7f4a_7c15 &+ 1)
        let ledger = try TestLedger()
        var held: [BlockNumber: Set<UInt64>] = [0: []]
        var documents: [UInt64: MetadataFields] = [:]
        ledger.at(0)
        try ledger.commit()
        var block: BlockNumber = 0
        for step in 1...25 as ClosedRange<Int64> {
            if random.next() % 5 == 0, block > 3 {
                block -= 2
                try ledger.rewind(to: block)
            } else {
                var now = held[block] ?? []
                block += 1
                ledger.at(block)
                for _ in 0..<4 {
                    let token = random.next() % 12
                    let isBurn = now.contains(token) && random.next() % 2 == 0
                    let from = now.contains(token) ? Self.wallet : .zero
                    ledger.move(U256(token), of: Self.one, from: from, to: isBurn ? .zero : Self.wallet)
                    if isBurn { now.remove(token) } else { now.insert(token) }
                }
                held[block] = now
                try ledger.commit()
            }
            let told = Set((0..<3).map { _ in random.next() % 12 }).intersection(held[block] ?? [])
            let fields = told.map { token in
                (
                    token,
                    MetadataFields.named(
                        "n",
                        (0..<3).compactMap { type in
                            random.next() % 3 == 0 ? nil : ("T\(type)", "\(random.next() % 3)")
                        }
                    )
                )
            }
            for (token, fields) in fields { documents[token] = fields }
            try await ledger.tell(Dictionary(uniqueKeysWithValues: fields), of: Self.one, at: 100 + step)
            try Self.expect(ledger, held[block] ?? [], documents)
        }
    }

    private static func expect(
        _ ledger: TestLedger,
        _ held: Set<UInt64>,
        _ documents: [UInt64: MetadataFields]
    ) throws {
        var numbers: [String: Int64] = [:]
        var counts: [String: Int] = [:]
        var builder = TraitCensus.Builder()
        for token in held.sorted() {
            guard let document = documents[token] else { continue }
            let texts = document.attributes.split(separator: "{").dropFirst().map { String($0.prefix { $0 != "}" }) }
            builder.add(
                U256(token),
                texts.map { text in
                    counts[text, default: 0] += 1
                    let number = numbers[text] ?? Int64(numbers.count)
                    numbers[text] = number
                    // The type is the digit after `"trait_type":"T`.
                    return TraitCensus.Trait(id: number, type: Int64(text.dropFirst(15).prefix(1)) ?? -1)
                }
            )
        }
        let plain = builder.census()
        let page = try ledger.store.ranking(of: one, on: 321, PageRequest(position: nil, limit: 100))
        #expect(page.items == plain.ranking(from: nil, limit: 100).items)
        #expect(page.tally?.entropy == plain.entropy)
        #expect(page.tally?.unknown == held.count { documents[$0] == nil })
        let traits = try ledger.store.traits(of: one, on: 321, PageRequest(position: nil, limit: 100)).items
        #expect(traits.map(\.count).sorted() == counts.values.sorted())
    }
}

/// Numbers that are the same in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var out = state
        out = (out ^ (out >> 30)) &* 0xbf58_476d_1ce4_e5b9
        out = (out ^ (out >> 27)) &* 0x94d0_49bb_1331_11eb
        return out ^ (out >> 31)
    }
}
