import Ethereum
import TestLedger
import Testing
import Tokens

@testable import StoreSQLite

/// A random history in a ledger, and what it adds up to at any block, by replaying a plain list of what happened.
final class RandomHistory {
    let contracts = (1...3).map { TestLedger.address($0) }
    let wallets = (100...103).map { TestLedger.address($0) }
    private let ledger: TestLedger
    private var events: [Event] = []
    private var random: UInt64

    private static let ids: UInt64 = 9

    private struct Event {
        var block: UInt64
        var contract: Address
        var ids: ClosedRange<UInt64>
        var from: Address
        var to: Address
        /// nil: unique.
        var amount: Int?
    }

    var store: SQLiteStore { ledger.store }

    init(seed: UInt64, blocks: UInt64) throws {
        ledger = try TestLedger(indexes: [.wallets])
        random = seed &* 0x9e37_79b9_7f4a_7c15
        try draw(1...blocks)
        try ledger.buildIndexes()
    }

    func rewind(to keep: UInt64, thenUpTo last: UInt64) throws {
        try ledger.rewind(to: keep)
        events.removeAll { $0.block > keep }
        try draw(keep + 1...last)
    }

    // MARK: Drawing

    private func draw(_ blocks: ClosedRange<UInt64>) throws {
        for block in blocks {
            ledger.at(block)
            for _ in 0..<below(7) { drawEvent(block) }
            try ledger.commit()
        }
    }

    /// Anybody gives anything to anybody, himself and nobody included; also what he does not have.
    private func drawEvent(_ block: UInt64) {
        let people = wallets + [.zero]
        var event = Event(
            block: block,
            contract: contracts[below(contracts.count)],
            ids: 1...1,
            from: people[below(people.count)],
            to: people[below(people.count)]
        )
        let first = UInt64(below(Int(Self.ids)))
        event.ids = first...first
        switch below(5) {
        case 0:
            event.ids = first...(first + UInt64(below(5)))
            let range = U256(first)...U256(event.ids.upperBound)
            ledger.moveRange(range, of: event.contract, from: event.from, to: event.to)
        case 1, 2:
            ledger.move(U256(first), of: event.contract, from: event.from, to: event.to)
        default:
            let amount = below(4)
            event.amount = amount
            ledger.move(
                U256(first),
                of: event.contract,
                from: event.from,
                to: event.to,
                amount: U256(UInt64(amount))
            )
        }
        events.append(event)
    }

    /// SplitMix64.
    private func below(_ bound: Int) -> Int {
        random &+= 0x9e37_79b9_7f4a_7c15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    // MARK: What it adds up to

    private struct Held {
        var owner: Address?
        var balances: [Address: Int] = [:]
        var supply: Int?
    }

    private func fold(_ contract: Address, at block: UInt64) -> [UInt64: Held] {
        var held: [UInt64: Held] = [:]
        for event in events where event.contract == contract && event.block <= block {
            for id in event.ids {
                guard let amount = event.amount else {
                    held[id, default: Held()].owner = event.to
                    continue
                }
                var counted = held[id] ?? Held()
                counted.balances[event.from, default: 0] -= amount
                counted.balances[event.to, default: 0] += amount
                counted.supply = -(counted.balances[.zero] ?? 0)
                held[id] = counted
            }
        }
        return held
    }

    func tokens(of wallet: Address, at block: UInt64) -> [HeldToken] {
        appearing.flatMap { contract in
            fold(contract, at: block).sorted { $0.key < $1.key }.flatMap { id, held in
                let balance = held.balances[wallet] ?? 0
                return [
                    held.owner == wallet ? token(contract, id, .unique, wallet, 1) : nil,
                    balance != 0 ? token(contract, id, .counted, wallet, balance) : nil,
                ].compactMap(\.self)
            }
        }
    }

    func tokens(in contract: Address, at block: UInt64) -> [HeldToken] {
        fold(contract, at: block).sorted { $0.key < $1.key }.flatMap { id, held in
            let owner = held.owner == .zero ? nil : held.owner
            return [
                owner.map { token(contract, id, .unique, $0, 1) },
                held.supply.map { token(contract, id, .counted, nil, $0) },
            ].compactMap(\.self)
        }
    }

    /// The contracts in the store's order, which is that of first appearance in its tables.
    private var appearing: [Address] {
        let page = PageRequest<Address>(position: nil, limit: 100)
        return (try? store.contracts(of: 321, page).items.map(\.contract)) ?? []
    }

    private func token(
        _ contract: Address,
        _ id: UInt64,
        _ rule: HoldingRule,
        _ owner: Address?,
        _ amount: Int
    ) -> HeldToken {
        var sum = SignedSum(U256(UInt64(amount.magnitude)))
        if amount < 0 {
            sum = .zero
            try? sum.subtract(U256(UInt64(amount.magnitude)))
        }
        return HeldToken(contract: contract, token: U256(id), rule: rule, owner: owner, amount: sum)
    }

    // MARK: Pages

    func list(
        limit: Int,
        rowsMax: Int,
        _ ask: (PageRequest<TokenPosition>, ListLimits) throws -> Page<HeldToken, TokenPosition>
    ) throws -> [HeldToken] {
        var limits = ListLimits()
        limits.rowsMax = rowsMax
        return try all(limit) { try ask($0, limits) }
    }

    func transfers(of subject: TransferSubject, limit: Int, placesMax: Int) throws -> [TransferLine] {
        var limits = ListLimits()
        limits.placesMax = placesMax
        limits.rangeStepsMax = placesMax
        return try all(limit) { try store.transfers(of: subject, on: 321, $0, limits: limits) }
    }

    private func all<Item, Position>(
        _ limit: Int,
        _ ask: (PageRequest<Position>) throws -> Page<Item, Position>
    ) throws -> [Item] {
        var items: [Item] = []
        var position: Position?
        for _ in 0..<2_000 {
            let page = try ask(PageRequest(position: position, limit: limit))
            #expect(page.items.count <= limit)
            items += page.items
            position = page.next
            if position == nil { return items }
        }
        Issue.record("the pages do not end")
        return items
    }
}
