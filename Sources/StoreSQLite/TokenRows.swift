import Ethereum
import GRDB
import Tokens

/// Where a list of one contract's tokens gets its rows: today's holdings, or those of a past block token by token.
///
/// Every token that ever moved has a row in today's tables, so these name the candidates; a row that nothing moved since
/// is the past's answer too, and only the others are looked up among the transfers.
struct TokenRows {
    let reading: ListReading
    let contract: AddressID
    /// Whose tokens; nil: everybody's.
    let wallet: AddressID?
    /// nil: now.
    let block: BlockNumber?
    /// Transfers of one token that may be passed.
    let movementsMax: Int

    /// Reads the next row; takes what it reads beyond that from the budget.
    typealias Next<Row> = (_ budget: inout Int) throws -> Row?

    /// A counted token and how much of it there is, or of it is the wallet's; nil when it was not there at that block.
    struct Counted {
        var token: U256
        var amount: SignedSum?
    }

    // MARK: Unique tokens

    /// The ids of `ids` that have rows of their own.
    /// - Parameter onlyReceived: ids that the wallet never got are left out.
    func uniques(in ids: ClosedRange<U256>, onlyReceived: Bool) throws -> Next<UniqueWalk.Row> {
        guard let wallet, onlyReceived else { return try today(ListSQL.singles, ids, []) }
        guard let block else { return try today(ListSQL.singlesOfOwner, ids, [wallet]) }
        var candidates = Candidates(from: ids.lowerBound, through: ids.upperBound)
        return { budget in
            let next =
                [ListSQL.nextReceivedToken] + (reading.openings[contract] == nil ? [] : [ListSQL.nextOpeningToken])
            guard let token = try candidates.next({ try least(next, $0, wallet) }) else {
                return nil
            }
            let row = try reading.first(ListSQL.owner, [reading.chain, contract, ListReading.key(token)])
            let held = try row.map {
                UniqueRuns.Single(
                    token: token,
                    owner: try ListReading.address($0, 3),
                    place: ListReading.place($0, from: 0)
                )
            }
            return UniqueWalk.Row(token: token, single: try held.flatMap { try single($0, at: block, &budget) })
        }
    }

    private func today(
        _ sql: String,
        _ ids: ClosedRange<U256>,
        _ more: StatementArguments
    ) throws -> Next<UniqueWalk.Row> {
        var arguments: StatementArguments = [
            reading.chain, contract, ListReading.key(ids.lowerBound), ListReading.key(ids.upperBound),
        ]
        arguments += more
        let rows = try reading.rows(sql, arguments)
        return { budget in
            guard let row = try rows.next() else { return nil }
            let held = UniqueRuns.Single(
                token: try ListReading.token(row, 0),
                owner: try ListReading.address(row, 1),
                place: ListReading.place(row, from: 2)
            )
            return UniqueWalk.Row(
                token: held.token,
                single: try block.map { try single(held, at: $0, &budget) } ?? held
            )
        }
    }

    /// What a token's row said at a block; nil when no transfer had named the token yet.
    private func single(
        _ today: UniqueRuns.Single,
        at block: BlockNumber,
        _ budget: inout Int
    ) throws -> UniqueRuns.Single? {
        guard today.place.block > block else { return today }
        let rows = try reading.rows(
            ListSQL.movementsNewestFirstAt,
            [reading.chain, contract, ListReading.key(today.token), Int64(block)]
        )
        // An id may have counted movements besides: they are passed.
        for _ in 0..<movementsMax {
            guard let row = try rows.next() else { return try opening(today.token, at: block, over: nil) }
            budget -= 1
            if row[3] {
                let place = ListReading.place(row, from: 0)
                return try opening(today.token, at: block, over: place)
                    ?? UniqueRuns.Single(token: today.token, owner: try ListReading.address(row, 4), place: place)
            }
        }
        throw tooMuchHistory
    }

    /// What a snapshot read, where that decides.
    private func opening(_ token: U256, at block: BlockNumber, over newest: Place?) throws -> UniqueRuns.Single? {
        guard let found = try reading.openings.deciding(contract, token, at: block, over: newest) else { return nil }
        return UniqueRuns.Single(token: token, owner: try reading.address(of: found.owner), place: found.place)
    }

    // MARK: Counted tokens

    /// The counted tokens from an id on.
    func counted(from: U256) throws -> Next<Counted> {
        if let wallet, let block { return movedCounted(from: from, by: wallet, at: block) }
        var arguments: StatementArguments = [reading.chain, contract, ListReading.key(from)]
        if let wallet { arguments += [wallet] }
        let rows = try reading.rows(wallet == nil ? ListSQL.supplies : ListSQL.balancesOfOwner, arguments)
        return { budget in
            guard let row = try rows.next() else { return nil }
            let today = Counted(token: try ListReading.token(row, 0), amount: try ListReading.sum(row, 1))
            return try block.map { try supply(today, at: $0, &budget) } ?? today
        }
    }

    /// The supply of a token at a block: what was minted less what was burned.
    private func supply(_ today: Counted, at block: BlockNumber, _ budget: inout Int) throws -> Counted {
        budget -= 1
        let token: StatementArguments = [reading.chain, contract, ListReading.key(today.token), Int64(block)]
        guard try reading.first(ListSQL.movesAfter, token) != nil else { return today }
        var sum: SignedSum?
        let rows = try reading.rows(ListSQL.supplyMovementsAt, token)
        var passed = 0
        while let row = try rows.next() {
            passed += 1
            guard passed <= movementsMax else { throw tooMuchHistory }
            budget -= 1
            guard row[0] else { continue }
            var minted = sum ?? .zero
            let amount = try ListReading.amount(row, 3)
            let (isMint, isBurn): (Bool, Bool) = (row[1], row[2])
            if isMint, !isBurn { try minted.add(amount) }
            if isBurn, !isMint { try minted.subtract(amount) }
            sum = minted
        }
        return Counted(token: today.token, amount: sum)
    }

    /// The counted tokens that a wallet ever moved, with its balance at a block.
    private func movedCounted(from: U256, by wallet: AddressID, at block: BlockNumber) -> Next<Counted> {
        var candidates = Candidates(from: from, through: .max)
        let next = [ListSQL.nextReceivedToken, ListSQL.nextSentToken]
        return { budget in
            guard let token = try candidates.next({ try least(next, $0, wallet) }) else { return nil }
            budget -= 1
            let key = ListReading.key(token)
            guard try reading.first(ListSQL.supply, [reading.chain, contract, key]) != nil else {
                return Counted(token: token, amount: nil)
            }
            var sum = SignedSum.zero
            var passed = 0
            for (sql, isReceived) in [(ListSQL.receivedAt, true), (ListSQL.sentAt, false)] {
                let rows = try reading.rows(sql, [reading.chain, contract, key, Int64(block), wallet])
                while let row = try rows.next() {
                    passed += 1
                    guard passed <= movementsMax else { throw tooMuchHistory }
                    budget -= 1
                    guard row[0] else { continue }
                    let amount = try ListReading.amount(row, 1)
                    if isReceived { try sum.add(amount) } else { try sum.subtract(amount) }
                }
            }
            return Counted(token: token, amount: sum.isZero ? nil : sum)
        }
    }

    // MARK: Candidates

    /// Steps from id to id by look-ups, so that a thousand transfers of one token cost no more than one.
    private struct Candidates {
        private var from: U256?
        private let last: U256

        init(from: U256, through last: U256) {
            self.from = from
            self.last = last
        }

        mutating func next(_ find: (ClosedRange<U256>) throws -> U256?) throws -> U256? {
            guard let start = from, start <= last, let token = try find(start...last) else {
                from = nil
                return nil
            }
            from = token == .max ? nil : token.addingReportingOverflow(.one).partialValue
            return token
        }
    }

    /// The least id that one of the statements finds.
    private func least(_ statements: [String], _ ids: ClosedRange<U256>, _ wallet: AddressID) throws -> U256? {
        let arguments: StatementArguments = [
            reading.chain, contract, ListReading.key(ids.lowerBound), ListReading.key(ids.upperBound), wallet,
        ]
        return try statements.compactMap { sql in
            try reading.first(sql, arguments).map { try ListReading.token($0, 0) }
        }.min()
    }

    private var tooMuchHistory: ListingError {
        .tooMuchHistory("a token moved more than \(movementsMax) times up to that block")
    }
}
