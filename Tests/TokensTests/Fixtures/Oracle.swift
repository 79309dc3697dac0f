/// Who owns what by the plainest reading of the rows: no sums kept, no ranges cut, every question answered from all rows.
package import Ethereum
package import Tokens

package struct Oracle {
    private let rows: DecodedLogs

    package init(_ rows: DecodedLogs) { self.rows = rows }

    package func owner(of token: U256, in contract: Address) -> Address {
        var newest: (place: Place, to: Address)?
        for move in rows.transfers where move.contract == contract && move.token == token && isUnique(move) {
            if newest.map({ $0.place < move.place }) ?? true { newest = (move.place, move.to) }
        }
        for move in rows.ranges where move.contract == contract && move.first <= token && token <= move.last {
            if newest.map({ $0.place < move.place }) ?? true { newest = (move.place, move.to) }
        }
        return newest?.to ?? .zero
    }

    /// How many unique tokens an account has; for ranges of small ids.
    package func count(in contract: Address, of owner: Address) -> Int {
        var tokens: Set<U256> = []
        for move in rows.transfers where move.contract == contract && isUnique(move) { tokens.insert(move.token) }
        for move in rows.ranges where move.contract == contract {
            for token in move.first.w3...move.last.w3 { tokens.insert(U256(token)) }
        }
        return tokens.count { self.owner(of: $0, in: contract) == owner }
    }

    private func isUnique(_ move: Transfer) -> Bool { [.erc721, .unindexed721, .cryptoPunk].contains(move.kind) }

    private struct Key: Hashable {
        var contract: Address
        var token: U256
        var owner: Address = .zero
    }

    private func balances() throws -> [Key: SignedSum] {
        var sums: [Key: SignedSum] = [:]
        for move in rows.transfers where !isUnique(move) {
            let from = Key(contract: move.contract, token: move.token, owner: move.from)
            let to = Key(contract: move.contract, token: move.token, owner: move.to)
            try sums[from, default: .zero].subtract(move.amount)
            try sums[to, default: .zero].add(move.amount)
        }
        return sums.filter { $0.key.owner != .zero && !$0.value.isZero }
    }

    package func balance(of token: U256, in contract: Address, for owner: Address) throws -> SignedSum {
        try balances()[Key(contract: contract, token: token, owner: owner)] ?? .zero
    }

    /// What an export says wrongly, leaves out or adds; ids inside ranges are tried at every edge.
    package func differences(from lines: [HoldingLine]) throws -> [String] {
        var wrong: [String] = []
        var asked: Set<Key> = []
        for move in rows.transfers where isUnique(move) {
            asked.insert(Key(contract: move.contract, token: move.token))
        }
        for move in rows.ranges {
            for token in around(move.first) + around(move.last) {
                asked.insert(Key(contract: move.contract, token: token))
            }
        }
        let unique = lines.filter { $0.rule == .unique }
        for line in unique {
            asked.insert(Key(contract: line.contract, token: line.token))
            if let last = line.tokenTo { asked.insert(Key(contract: line.contract, token: last)) }
        }
        for key in asked {
            let covering = unique.filter {
                $0.contract == key.contract && $0.token <= key.token && key.token <= ($0.tokenTo ?? $0.token)
            }
            let owner = owner(of: key.token, in: key.contract)
            if covering.map(\.owner) != (owner == .zero ? [] : [owner]) {
                wrong.append(
                    "\(describe(key.contract))#\(describe(key.token)) is \(describe(owner))'s, the export says "
                        + "\(covering.map(describe))"
                )
            }
        }
        var expected = try balances().filter { !$0.value.isNegative }
        for line in lines where line.rule == .counted {
            let key = Key(contract: line.contract, token: line.token, owner: line.owner)
            if expected.removeValue(forKey: key) != line.amount { wrong.append("wrong: \(describe(line))") }
        }
        for (key, sum) in expected { wrong.append("missing: \(key) \(sum)") }
        return wrong
    }

    private func around(_ token: U256) -> [U256] {
        let (below, under) = token.subtractingReportingOverflow(.one)
        let (above, over) = token.addingReportingOverflow(.one)
        return [token] + (under ? [] : [below]) + (over ? [] : [above])
    }
}
