package import Ethereum
import GRDB
package import Tokens

/// A wallet's holdings as they were at one block, found by what it holds today.
extension SQLiteStore {
    package func holdings(
        of wallet: Address,
        on chain: ChainID,
        at block: BlockRef,
        _ page: PageRequest<TokenPosition>
    ) throws -> (items: [ClaimedHolding], next: TokenPosition?) {
        var limits = ListLimits()
        limits.rangesMax = PinnedHoldings.rangesMax
        let listed = try tokens(of: wallet, on: chain, at: nil, page, limits: limits)
        let claims = try claims(
            about: listed.items.map { (TokenID(contract: $0.contract, token: $0.token), $0.rule) },
            by: wallet,
            on: chain,
            at: block
        )
        return (claims.filter { RefreshItem.share(of: wallet, in: $0) != .zero }, listed.next)
    }

    package func claims(
        about tokens: [(token: TokenID, rule: HoldingRule)],
        by wallet: Address,
        on chain: ChainID,
        at block: BlockRef
    ) throws -> [ClaimedHolding] {
        guard !tokens.isEmpty else { return [] }
        return try pool.read { db in
            let pinned = try PinnedHoldings(db, chain, at: block, contract: nil)
            let account = try pinned.reading.id(of: wallet)
            var ranges: (contract: AddressID, owned: RangeOwnership)?
            return try tokens.map { token, rule in
                var claim = ClaimedHolding(
                    contract: token.contract,
                    token: token.token,
                    rule: rule,
                    owner: rule == .unique ? .zero : wallet,
                    amount: rule == .unique ? SignedSum(U256.one) : .zero
                )
                guard let contract = try pinned.reading.id(of: token.contract) else { return claim }
                switch rule {
                case .unique:
                    // Tokens come contract by contract; a contract's ranges are read once.
                    if ranges?.contract != contract {
                        ranges = (contract, try pinned.ranges(contract, token.contract))
                    }
                    guard let owned = ranges?.owned else { return claim }
                    claim.owner = try pinned.owner(contract, token.token, in: owned)?.owner ?? .zero
                case .counted:
                    guard let account else { return claim }
                    claim.amount = try pinned.balance(contract, token.token, of: account)
                }
                return claim
            }
        }
    }

    package func departures(of wallet: Address, on chain: ChainID, since block: BlockRef) throws -> Set<TokenID> {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            guard let account = try reading.id(of: wallet) else { return [] }
            var tokens: Set<TokenID> = []
            func add(_ contract: Address, _ token: U256) throws {
                tokens.insert(TokenID(contract: contract, token: token))
                guard tokens.count <= RefreshJob.itemsMax else {
                    throw ListingError.tooMuchHistory("the wallet gives tokens away faster than it can be compared")
                }
            }
            let arguments: StatementArguments = [reading.chain, Int64(bitPattern: block.number), account]
            let singles = try reading.rows(HoldingSQL.singlesSentAfter, arguments)
            while let row = try singles.next() { try add(ListReading.address(row, 0), ListReading.token(row, 1)) }
            let ranges = try reading.rows(HoldingSQL.rangesSentAfter, arguments)
            while let row = try ranges.next() {
                let (contract, last) = (try ListReading.address(row, 0), try ListReading.token(row, 2))
                var token = try ListReading.token(row, 1)
                while token <= last {
                    try add(contract, token)
                    let (next, isOver) = token.addingReportingOverflow(.one)
                    if isOver { break }
                    token = next
                }
            }
            return tokens
        }
    }
}
