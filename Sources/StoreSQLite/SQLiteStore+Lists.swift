package import Ethereum
import GRDB
package import Tokens

/// Lists and look-ups for the API: each answer from one snapshot, each with a bound on what it reads.
extension SQLiteStore: Listings {
    /// Reads in one snapshot of the database.
    func list<Value>(_ chain: ChainID, _ body: (ListReading) throws -> Value) throws -> Value {
        try pool.read { db in try body(ListReading(db, chain)) }
    }

    // MARK: Owners

    package func ownerReader() throws -> any OwnerReader {
        try SQLiteOwnerReader(path: pool.path)
    }

    package func owners(
        of token: TokenID,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<Address>
    ) throws -> TokenOwner {
        try owners(of: token, on: chain, at: block, page, limits: ListLimits())
    }

    func owners(
        of token: TokenID,
        on chain: ChainID,
        at block: BlockNumber?,
        _ page: PageRequest<Address>,
        limits: ListLimits
    ) throws -> TokenOwner {
        try list(chain) { reading in
            var answer = TokenOwner(token: token, standing: try reading.standing(of: token.contract, at: block))
            guard let contract = try reading.id(of: token.contract) else { return answer }
            answer.unique = try reading.unique(token, contract, at: block, limits: limits)
            if answer.unique?.place.isOpening == true { answer.observedAt = reading.openings[contract]?.block }
            let balances: [TokenHolders.Balance]
            if let block {
                let past = try reading.balances(of: token.token, contract, at: block)
                answer.isCounted = past != nil
                balances = (past ?? []).filter { $0.owner >= page.position ?? .zero }
            } else {
                answer.isCounted = try reading.isCounted(token.token, contract)
                balances = try reading.balances(
                    of: token.token,
                    contract,
                    from: page.position.map { try reading.id(of: $0) ?? .max } ?? 0,
                    limit: page.limit + 1
                )
            }
            answer.counted = Array(balances.prefix(page.limit))
            answer.nextHolder = balances.count > page.limit ? balances[page.limit].owner : nil
            // What a contract said contradicts only what is still claimed, and says nothing about the past.
            if block == nil { answer.take(try ConflictRows.about(token.token, contract, reading)) }
            return answer
        }
    }

    // MARK: Contracts

    package func contracts(
        of chain: ChainID,
        _ page: PageRequest<Address>
    ) throws -> Page<ContractSummary, Address> {
        try list(chain) { reading in
            let from = try page.position.map { try reading.id(of: $0) ?? .max } ?? 0
            let rows = try reading.contracts(from: from, limit: page.limit + 1)
            return Page(
                items: Array(rows.prefix(page.limit)),
                next: rows.count > page.limit ? rows[page.limit].contract : nil,
                isTruncated: false,
                standing: try reading.standing(of: nil)
            )
        }
    }

    package func contract(
        _ contract: Address,
        on chain: ChainID
    ) throws -> (summary: ContractSummary, standing: Standing)? {
        try list(chain) { reading in
            let standing = try reading.standing(of: contract)
            if let id = try reading.id(of: contract),
                let held = try reading.contracts(from: id, limit: 1).first, held.contract == contract
            {
                return (held, standing)
            }
            guard reading.isScope(contract) else { return nil }
            let none = ContractSummary(contract: contract, transfers: 0, hasUnique: false, hasCounted: false)
            return (none, standing)
        }
    }
}

extension ListReading {
    fileprivate func contracts(from id: AddressID, limit: Int) throws -> [ContractSummary] {
        var out: [ContractSummary] = []
        let cursor = try rows(ListSQL.contracts, [chain, id, limit])
        while let row = try cursor.next() {
            let id: AddressID = row[0]
            let kinds = try first(ListSQL.hasUnique, [chain, id])
            out.append(
                ContractSummary(
                    contract: try Self.address(row, 1),
                    transfers: Self.number(row, 2),
                    hasUnique: kinds?[0] ?? false,
                    hasCounted: kinds?[1] ?? false,
                    facts: try ContractRows.facts(of: id, self)
                )
            )
        }
        return out
    }

    /// Balances of one token in order of the holders' numbers.
    fileprivate func balances(
        of token: U256,
        _ contract: AddressID,
        from owner: AddressID,
        limit: Int
    ) throws -> [TokenHolders.Balance] {
        var out: [TokenHolders.Balance] = []
        let cursor = try rows(ListSQL.balances, [chain, contract, Self.key(token), owner, limit])
        while let row = try cursor.next() {
            out.append(TokenHolders.Balance(owner: try Self.address(row, 0), amount: try Self.sum(row, 1)))
        }
        return out
    }

    func isCounted(_ token: U256, _ contract: AddressID) throws -> Bool {
        try first(ListSQL.supply, [chain, contract, Self.key(token)]) != nil
    }

    /// Balances at a past block, from the token's movements; in order of addresses, nil when there was no movement.
    fileprivate func balances(
        of token: U256,
        _ contract: AddressID,
        at block: BlockNumber
    ) throws -> [TokenHolders.Balance]? {
        var sums = BalanceSums()
        let cursor = try rows(ListSQL.movementsAt, [chain, contract, Self.key(token), Int64(block)])
        var isEmpty = true
        while let row = try cursor.next() {
            try sums.add(row)
            isEmpty = false
        }
        return isEmpty ? nil : sums.balances
    }

    /// The unique ledger's answer, now or at a past block.
    func unique(
        _ token: TokenID,
        _ contract: AddressID,
        at block: BlockNumber? = nil,
        limits: ListLimits
    ) throws -> TokenOwner.Unique? {
        let key = Self.key(token.token)
        let single: Row?
        if let block {
            let upTo = Int64(block)
            let counted = try first(
                ListSQL.movementsUpTo,
                [chain, contract, key, upTo, limits.movementsMax + 1]
            )
            guard (counted?[0] as Int? ?? 0) <= limits.movementsMax else {
                throw ListingError.tooMuchHistory(
                    "the token moved more than \(limits.movementsMax) times up to that block"
                )
            }
            single = try first(ListSQL.newestTransferAt, [chain, contract, key, upTo])
        } else {
            single = try first(ListSQL.owner, [chain, contract, key])
        }
        var own = try single.map {
            TokenOwner.Unique(owner: try Self.address($0, 3), place: Self.place($0, from: 0), isRange: false)
        }
        if let block, let opening = try openings.deciding(contract, token.token, at: block, over: own?.place) {
            own = TokenOwner.Unique(owner: try address(of: opening.owner), place: opening.place, isRange: false)
        }
        let ranges =
            if let block {
                try rows(ListSQL.rangesNewestFirstAt, [chain, contract, key, Int64(block)])
            } else {
                try rows(ListSQL.rangesNewestFirst, [chain, contract, key])
            }
        var steps = 0
        while let range = try ranges.next() {
            let place = Self.place(range, from: 0, ordinal: false)
            if let own, own.place > place { return own }
            if range[2] {
                return TokenOwner.Unique(owner: try address(of: range[3]), place: place, isRange: true)
            }
            steps += 1
            guard steps < limits.rangeStepsMax else {
                throw ListingError.tooMuchHistory("the contract has more than \(limits.rangeStepsMax) ranges")
            }
        }
        return own
    }
}
