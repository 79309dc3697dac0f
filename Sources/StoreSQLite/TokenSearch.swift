import Ethereum
import GRDB
import Tokens

/// One page of tokens that match a filter, while it is filled in order of ids.
///
/// Several traits are met by stepping: each says its first token from an id on, the greatest of them is the next id to ask
/// from, and where all say the same it is one of all. No list is ever read whole. Names are looked through one by one.
struct TokenSearch {
    private let reading: ListReading
    private let address: Address
    private let contract: AddressID
    private let filter: TokenFilter
    /// For each trait of the filter the numbers that its text has: as a string, as a number, as a truth value.
    private let traits: [[Int64]]
    private let part: [UInt8]
    private let ranges: RangeOwnership?
    private let limit: Int
    /// Rows that may still be read for this page.
    private var budget: Int
    private(set) var items: [FoundToken] = []
    private(set) var next: TokenPosition?

    /// Bytes of names that count as one row more: comparing them takes about as long as reading one.
    private static let bytesPerRow = 128

    init(
        _ reading: ListReading,
        _ address: Address,
        _ contract: AddressID,
        _ filter: TokenFilter,
        limit: Int,
        limits: ListLimits
    ) throws {
        self.reading = reading
        self.address = address
        self.contract = contract
        self.filter = filter
        self.limit = limit
        budget = limits.rowsMax
        ranges = try reading.rangeOwnership(of: contract, most: limits.rangeStepsMax)
        part = Self.folded(filter.name ?? "")
        traits = try filter.traits.map { trait in
            var out: [Int64] = []
            let rows = try reading.rows(
                TraitSQL.traitsNamed,
                [reading.chain, contract, trait.type, trait.value]
            )
            while let row = try rows.next() { out.append(row[0]) }
            return out
        }
    }

    private enum Step {
        case end
        /// Nothing before this id.
        case skip(U256)
        case match(U256, name: String?)
    }

    mutating func fill(from start: TokenPosition?) throws {
        guard traits.allSatisfy({ !$0.isEmpty }) else { return }
        var token: U256? = start?.token ?? .zero
        while let from = token {
            guard budget > 0 else {
                next = TokenPosition(contract: address, token: from, rule: .unique)
                return
            }
            switch try step(from) {
            case .end: return
            case .skip(let to): token = to
            case .match(let found, let name):
                for held in try held(found)
                where !(held.rule == .unique && start?.token == found && start?.rule == .counted) {
                    guard items.count < limit else {
                        next = TokenPosition(contract: address, token: found, rule: held.rule)
                        return
                    }
                    items.append(FoundToken(token: held, name: name))
                }
                token = found == .max ? nil : found.addingReportingOverflow(.one).partialValue
            }
        }
    }

    private mutating func step(_ from: U256) throws -> Step {
        if traits.isEmpty { return try named(from) }
        var greatest = from
        for ids in traits {
            budget -= ids.count
            let firsts = try ids.compactMap { id in
                try reading.first(TraitSQL.nextWithTrait, [id, ListReading.key(from)]).map {
                    try ListReading.token($0, 0)
                }
            }
            guard let first = firsts.min() else { return .end }
            greatest = max(greatest, first)
        }
        guard greatest == from else { return .skip(greatest) }
        let row = try reading.first(TraitSQL.name, [reading.chain, contract, ListReading.key(from)])
        return matched(from, row?[0])
    }

    private mutating func named(_ from: U256) throws -> Step {
        budget -= 1
        guard let row = try reading.first(TraitSQL.nextNamed, [reading.chain, contract, ListReading.key(from)]) else {
            return .end
        }
        return matched(try ListReading.token(row, 0), row[1])
    }

    private mutating func matched(_ token: U256, _ name: String?) -> Step {
        if filter.name != nil {
            budget -= (name?.utf8.count ?? 0) / Self.bytesPerRow
            guard let name, Self.contains(Self.folded(name), part) else {
                return token == .max ? .end : .skip(token.addingReportingOverflow(.one).partialValue)
            }
        }
        return .match(token, name: name)
    }

    /// What of a token somebody holds: it may be unique and counted at once, or burned.
    private mutating func held(_ token: U256) throws -> [HeldToken] {
        budget -= 2
        var out: [HeldToken] = []
        let place: StatementArguments = [reading.chain, contract, ListReading.key(token)]
        let own = try reading.first(ListSQL.owner, place)
        var owner = try own.map { try ListReading.address($0, 3) }
        var isObserved = own.map { ListReading.place($0, from: 0).isOpening } ?? false
        if let segment = ranges?.segment(covering: token),
            own.map({ ListReading.place($0, from: 0) < segment.place }) ?? true
        {
            (owner, isObserved) = (segment.owner, false)
        }
        if let owner, owner != .zero {
            out.append(HeldToken(contract: address, token: token, rule: .unique, owner: owner, amount: SignedSum(1)))
            out[0].isObserved = isObserved
        }
        if let row = try reading.first(TraitSQL.supply, place) {
            let amount = try ListReading.sum(row, 0)
            if !amount.isNegative, !amount.isZero {
                out.append(HeldToken(contract: address, token: token, rule: .counted, owner: nil, amount: amount))
            }
        }
        return out
    }

    // MARK: Names

    /// The bytes with ASCII letters in lower case.
    static func folded(_ text: String) -> [UInt8] {
        text.utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
    }

    static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard text.count >= part.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            if text[start..<start + part.count] == part[...] { return true }
        }
        return false
    }
}
