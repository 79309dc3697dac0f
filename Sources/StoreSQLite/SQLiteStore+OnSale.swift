package import Ethereum
import GRDB
package import Tokens

/// The tokens of one contract that one of a few wallets holds.
extension SQLiteStore {
    package func tokens(
        in contract: Address,
        on chain: ChainID,
        heldBy wallets: Set<Address>,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<HeldToken, TokenPosition> {
        try list(chain) { reading in
            let standing = try reading.standing(of: contract)
            try reading.requireIndexes()
            var (found, ends, isTruncated): ([HeldToken], [TokenPosition], Bool) = ([], [], false)
            guard let id = try reading.id(of: contract) else {
                return Page(items: [], next: nil, isTruncated: false, standing: standing)
            }
            for wallet in wallets where wallet != .zero {
                guard let owner = try reading.id(of: wallet) else { continue }
                let part = try Self.tokens(in: contract, id, of: wallet, owner, page, standing, reading)
                found += part.items
                isTruncated = isTruncated || part.isTruncated
                if let next = part.next { ends.append(next) }
            }
            return Self.merged(found, ends, page.limit, isTruncated, standing)
        }
    }

    /// What every walk has passed, in order; the first place that one of them has not passed is where the next page starts.
    private static func merged(
        _ found: [HeldToken],
        _ ends: [TokenPosition],
        _ limit: Int,
        _ isTruncated: Bool,
        _ standing: Standing
    ) -> Page<HeldToken, TokenPosition> {
        let sorted = found.sorted { Self.isBefore($0.position, $1.position) }
        var next = ends.min { Self.isBefore($0, $1) }
        var items = next.map { end in sorted.filter { Self.isBefore($0.position, end) } } ?? sorted
        // Of counted tokens several wallets may have some, and most may be elsewhere: they are not one thing on sale. They go
        // before the page is cut, or one that two wallets have would be where every page of one token starts again.
        items.removeAll { $0.rule == .counted }
        if items.count > limit {
            next = items[limit].position
            items.removeLast(items.count - limit)
        }
        return Page(items: items, next: next, isTruncated: isTruncated, standing: standing)
    }

    /// The order of a contract's lists.
    private static func isBefore(_ left: TokenPosition, _ right: TokenPosition) -> Bool {
        left.token == right.token ? left.rule == .unique && right.rule == .counted : left.token < right.token
    }
}

extension HeldToken {
    fileprivate var position: TokenPosition { TokenPosition(contract: contract, token: token, rule: rule) }
}
