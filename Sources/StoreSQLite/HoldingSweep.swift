import Ethereum
import GRDB
import Tokens

/// One page of all holdings at a block: contract by contract, single tokens, then ranges, then balances.
struct HoldingSweep {
    private let pinned: PinnedHoldings
    private let only: Address?
    /// Segments of ranges longer than this are represented by their ends and some ids between.
    private let idsMax: U256
    private let limit: Int
    private(set) var items: [ClaimedHolding] = []
    private(set) var next: SweepPosition?

    private static let idsBetween: UInt64 = 16

    init(_ pinned: PinnedHoldings, contract: Address?, idsMax: UInt64, limit: Int) {
        self.pinned = pinned
        only = contract
        self.idsMax = U256(idsMax)
        self.limit = limit
    }

    private var isFull: Bool { items.count >= limit }

    mutating func run(from position: SweepPosition?) throws {
        let reading = pinned.reading
        var start: AddressID = 0
        if let address = position?.contract ?? only {
            guard let id = try reading.id(of: address) else { return }
            start = id
        }
        let rows = try reading.rows(HoldingSQL.contracts, [reading.chain, start])
        var from = position
        while next == nil, let row = try rows.next() {
            guard let contract = try pinned.contract(row) else { continue }
            if let only, contract.address != only { return }
            let begin = from ?? SweepPosition(contract: contract.address, part: .singles, token: .zero, after: nil)
            from = nil
            guard !isFull else {
                next = begin
                return
            }
            // A contract passed meanwhile is not looked at again.
            guard begin.contract == contract.address else { continue }
            try contractHoldings(contract.id, contract.address, begin)
        }
    }

    private mutating func contractHoldings(_ id: AddressID, _ address: Address, _ begin: SweepPosition) throws {
        let ranges = try pinned.ranges(id, address)
        if begin.part == .singles { try singles(id, address, ranges, from: begin.token) }
        if next == nil, begin.part <= .ranges {
            try segments(id, address, ranges, from: begin.part == .ranges ? begin.token : .zero)
        }
        if next == nil {
            let isInside = begin.part == .counted
            try counted(id, address, from: isInside ? begin.token : .zero, after: isInside ? begin.after : nil)
        }
    }

    private mutating func stop(_ address: Address, _ part: SweepPosition.Part, _ token: U256, _ after: Address? = nil) {
        next = SweepPosition(contract: address, part: part, token: token, after: after)
    }

    private mutating func singles(
        _ id: AddressID,
        _ address: Address,
        _ ranges: RangeOwnership,
        from token: U256
    ) throws {
        let reading = pinned.reading
        let rows = try reading.rows(HoldingSQL.singles, [reading.chain, id, ListReading.key(token), -1])
        while let row = try rows.next() {
            let token = try ListReading.token(row, 0)
            guard !isFull else { return stop(address, .singles, token) }
            // One that a later range took over comes with the ranges.
            guard let found = try pinned.owner(id, token, in: ranges), !found.isRange else { continue }
            items.append(unique(address, token, found.owner))
        }
    }

    private mutating func segments(
        _ id: AddressID,
        _ address: Address,
        _ ranges: RangeOwnership,
        from start: U256
    ) throws {
        for segment in ranges.segments where segment.last >= start {
            let span = segment.last.subtractingReportingOverflow(segment.first).partialValue
            let step = span < idsMax ? U256.one : span.divided(by: Self.idsBetween + 1)
            var token = segment.first
            while true {
                if token >= start {
                    guard !isFull else { return stop(address, .ranges, token) }
                    if let found = try pinned.owner(id, token, in: ranges), found.isRange {
                        items.append(unique(address, token, found.owner))
                    }
                }
                guard token < segment.last else { break }
                let (sum, overflow) = token.addingReportingOverflow(step)
                token = overflow || sum > segment.last ? segment.last : sum
            }
        }
    }

    private mutating func counted(_ id: AddressID, _ address: Address, from start: U256, after: Address?) throws {
        let reading = pinned.reading
        var after = try after.flatMap(reading.id) ?? -1
        let rows = try reading.rows(HoldingSQL.supplies, [reading.chain, id, ListReading.key(start), -1])
        while let row = try rows.next() {
            let token = try ListReading.token(row, 0)
            guard !isFull else { return stop(address, .counted, token) }
            if token != start { after = -1 }
            guard try pinned.isUnmoved(id, token) else {
                // All at once: where it moved between two pages, some holders come twice and none is left out.
                let balances = try pinned.balances(id, token)
                items += balances.map { holding(address, token, $0.owner, $0.amount) }
                continue
            }
            let arguments: StatementArguments = [
                reading.chain, id, ListReading.key(token), after, limit - items.count + 1,
            ]
            let holders = try reading.rows(HoldingSQL.balances, arguments)
            var last: Address?
            while let holder = try holders.next() {
                guard !isFull else { return stop(address, .counted, token, last) }
                let owner = try ListReading.address(holder, 1)
                items.append(holding(address, token, owner, try ListReading.sum(holder, 2)))
                last = owner
            }
        }
    }

    private func unique(_ contract: Address, _ token: U256, _ owner: Address) -> ClaimedHolding {
        ClaimedHolding(contract: contract, token: token, rule: .unique, owner: owner, amount: SignedSum(1))
    }

    private func holding(_ contract: Address, _ token: U256, _ owner: Address, _ amount: SignedSum) -> ClaimedHolding {
        ClaimedHolding(contract: contract, token: token, rule: .counted, owner: owner, amount: amount)
    }
}

extension U256 {
    /// The whole part of the quotient by a small number; long division in base 2^64.
    func divided(by divisor: UInt64) -> U256 {
        var rest: UInt64 = 0
        func next(_ word: UInt64) -> UInt64 {
            let (quotient, remainder) = divisor.dividingFullWidth((rest, word))
            rest = remainder
            return quotient
        }
        let (a, b) = (next(w0), next(w1))
        let c = next(w2)
        return U256(w0: a, w1: b, w2: c, w3: next(w3))
    }

    /// A number from 0 to `bound`, each as likely.
    static func random(through bound: U256, using generator: inout some RandomNumberGenerator) -> U256 {
        let bits = 256 - bound.leadingZeroBits
        while true {
            let words = (0..<4).map { index -> UInt64 in
                // Words from the most significant on; bits above the bound's are left out.
                let kept = Swift.min(64, Swift.max(0, bits - 64 * (3 - index)))
                let word: UInt64 = generator.next()
                return kept == 0 ? 0 : word >> UInt64(64 - kept)
            }
            let number = U256(w0: words[0], w1: words[1], w2: words[2], w3: words[3])
            // At least half of all tries are below: the highest bit is the bound's.
            if number <= bound { return number }
        }
    }

    private var leadingZeroBits: Int {
        var zeros = 0
        for word in [w0, w1, w2, w3] {
            guard word == 0 else { return zeros + word.leadingZeroBitCount }
            zeros += 64
        }
        return zeros
    }
}
