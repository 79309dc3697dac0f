import ChainSync
import Ethereum
import Foundation
import Selftest
import Simulator
import Testing
import Tokens

/// Window, coverage and fold alone, driven by seeds in a plain loop: ranges in any order and again, reorgs, a tail.
///
/// The ledger here is a dictionary of the transfers that are held and the shipped fold over it; the judge is a list of
/// the canonical blocks' events that is folded afresh, in order, by nothing but dictionaries.
@Suite struct PureTests {
    @Test func `any order, repetition and reorg ends in what the canonical chain says`() async throws {
        let seeds = SeedRunner.seeds(10_000)
        let outcome = await SeedRunner.run(seeds) { seed in
            var world = PureWorld(seed: seed)
            return (world.run(), [:])
        }
        for failure in outcome.failures {
            Issue.record("\(SeedRunner.line(failure.seed, "PureTests"))\n   \(failure.what)")
        }
    }
}

/// One seed's chain, ledger and schedule.
private struct PureWorld {
    private struct Event: Hashable {
        var token: UInt64
        var isUnique: Bool
        var from: Int64
        var to: Int64
        var amount: UInt64
    }

    private struct Block {
        var header: Header
        var events: [Event]
    }

    private struct Balance: Hashable {
        var token: UInt64
        var owner: Int64
    }

    private var random: SplitMix64
    private var canonical: [Block] = []
    private var all: [Hash32: Block] = [:]
    private var window: Window
    private var coverage = Coverage()
    // The ledger: rows, and what the fold made of them.
    private var rows: [Place: (transfer: Transfer, hash: Hash32)] = [:]
    private var owners: [UInt64: (owner: Int64, place: Place)] = [:]
    private var sums: [Balance: SignedSum] = [:]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        let genesis = Header(number: 0, hash: Hash32(w0: 1, w1: 0, w2: 0, w3: seed), parentHash: .zero, timestamp: 0)
        window = Window(held: [genesis.ref])
        canonical = [Block(header: genesis, events: [])]
        all[genesis.hash] = canonical[0]
        coverage.insert(0...0, evidence: .anchored)
    }

    mutating func run() -> String? {
        for _ in 0..<12 { mine() }
        for _ in 0..<30 {
            switch random.next() % 10 {
            case 0..<4: mine()
            case 4: reorganise()
            case 5..<7: fill()
            default: if let wrong = follow() { return wrong }
            }
        }
        for range in coverage.missing(in: 0...window.tipNumber) { apply(Array(range), rewindTo: nil) }
        for _ in 0..<4 { if let wrong = follow() { return wrong } }
        return difference()
    }

    // MARK: The chain

    private mutating func mine() {
        guard let parent = canonical.last?.header else { return }
        let header = Header(
            number: parent.number + 1,
            hash: Hash32(w0: random.next(), w1: random.next(), w2: random.next(), w3: random.next()),
            parentHash: parent.hash,
            timestamp: 0
        )
        let events = (0..<random.next() % 4).map { _ in
            Event(
                token: random.next() % 5,
                isUnique: random.next() % 2 == 0,
                from: Int64(random.next() % 4),
                to: Int64(random.next() % 4),
                amount: random.next() % 4
            )
        }
        let block = Block(header: header, events: events)
        canonical.append(block)
        all[header.hash] = block
    }

    private mutating func reorganise() {
        let depth = Int(random.next() % 6) + 1
        guard canonical.count > depth + 1 else { return }
        canonical.removeLast(depth)
        for _ in 0...Int(random.next() % UInt64(depth + 1)) { mine() }
    }

    // MARK: What the engine does

    /// A range of history that is canonical as the window knows it, sometimes one that is held already.
    private mutating func fill() {
        let first = random.next() % (window.tipNumber + 1)
        let last = min(window.tipNumber, first + random.next() % 4)
        let held = (first...last).allSatisfy { number in
            Int(number) < canonical.count
                && window.ref(at: number).map { $0.hash == canonical[Int(number)].header.hash } ?? false
        }
        if held { apply(Array((first...last).reversed()), rewindTo: nil) }
    }

    private mutating func follow() -> String? {
        guard let head = canonical.last?.header else { return nil }
        var branch = [head]
        while true {
            switch window.step(toward: branch) {
            case .known: return nil
            case .tooDeep: return "too deep at \(head.number)"
            case .needsParent(let hash):
                guard let parent = all[hash]?.header else { return "an unknown parent was asked for" }
                branch.insert(parent, at: 0)
            case .extends(let base):
                let rewinds = base != window.tip
                window.accept(base: base, branch: branch)
                apply(branch.map(\.number), rewindTo: rewinds ? base.number : nil)
                return nil
            }
        }
    }

    private mutating func apply(_ numbers: [UInt64], rewindTo keep: UInt64?) {
        var fold = HoldingFold(seed: random.next())
        if let keep {
            coverage.cut(above: keep)
            let undone = rows.filter { $0.key.block > keep }
            for (place, row) in undone {
                rows[place] = nil
                add(row.transfer, to: &fold, undo: true)
            }
            for change in fold.takeOwners() {
                let token = change.token.uint64 ?? 0
                let left = rows.values.map(\.transfer).filter { $0.kind == .erc721 && $0.token == change.token }
                owners[token] = left.max { $0.place < $1.place }.map { (id($0.to), $0.place) }
            }
            for change in fold.takeBalances() { write(change) }
            _ = fold.takeSupplies()
        }
        for number in numbers {
            let block = canonical[Int(number)]
            for (index, event) in block.events.enumerated() {
                let transfer = transfer(event, Place(block: number, logIndex: UInt32(index)))
                guard rows.updateValue((transfer, block.header.hash), forKey: transfer.place) == nil else { continue }
                add(transfer, to: &fold, undo: false)
            }
            coverage.insert(number...number, evidence: .anchored)
        }
        for change in fold.takeOwners() {
            let token = change.token.uint64 ?? 0
            if let old = owners[token], old.place > change.place { continue }
            owners[token] = (change.owner, change.place)
        }
        for change in fold.takeBalances() { write(change) }
    }

    private func transfer(_ event: Event, _ place: Place) -> Transfer {
        Transfer(
            place: place,
            contract: .zero,
            token: U256(event.token),
            from: address(event.from),
            to: address(event.to),
            operator: .zero,
            amount: U256(event.isUnique ? 1 : event.amount),
            transactionHash: .zero,
            transactionIndex: 0,
            kind: event.isUnique ? .erc721 : .erc1155Single,
            flags: []
        )
    }

    private func address(_ id: Int64) -> Address { Address(high: 0, middle: 0, low: UInt32(id)) }
    private func id(_ address: Address) -> Int64 { Int64(address.low) }

    private func add(_ transfer: Transfer, to fold: inout HoldingFold, undo: Bool) {
        fold.fold(transfer, contract: 7, from: id(transfer.from), to: id(transfer.to), undo: undo)
    }

    private mutating func write(_ change: BalanceChange) {
        let key = Balance(token: change.token.uint64 ?? 0, owner: change.owner)
        var sum = sums[key] ?? .zero
        do { try sum.add(change.delta) } catch { preconditionFailure("320 bits are enough") }
        sums[key] = sum.isZero ? nil : sum
    }

    // MARK: The judge

    private func difference() -> String? {
        guard window.tip == canonical.last?.header.ref else { return "the tip is not the head" }
        guard coverage.contiguousEnd(from: 0) == canonical.last?.header.number else { return "not covered" }
        var wantedOwners: [UInt64: Int64] = [:]
        var wantedSums: [Balance: Int64] = [:]
        for event in canonical.flatMap(\.events) {
            if event.isUnique {
                wantedOwners[event.token] = event.to
            } else {
                if event.from != 0 {
                    wantedSums[Balance(token: event.token, owner: event.from), default: 0] -= Int64(event.amount)
                }
                if event.to != 0 {
                    wantedSums[Balance(token: event.token, owner: event.to), default: 0] += Int64(event.amount)
                }
            }
        }
        guard owners.mapValues(\.owner) == wantedOwners else { return "owners \(owners) instead of \(wantedOwners)" }
        let wanted = wantedSums.filter { $0.value != 0 }.mapValues { SignedSum($0) }
        guard sums == wanted else { return "sums differ" }
        return nil
    }
}

extension Window {
    fileprivate var tipNumber: UInt64 { tip?.number ?? 0 }
}
