import Ethereum
import GRDB
import Tokens

/// Holdings as they were at one block that the ledger still holds, read from today's tables where nothing moved since.
struct PinnedHoldings {
    let reading: ListReading
    let block: BlockRef
    private let isServed: (Address) -> Bool

    /// Ranges of one contract that a sweep or a draw looks at, newest first; beyond, older ones are left out.
    static let rangesMax = 10_000

    /// - Throws: ``ListingError`` where the block is not completely read or not the one held, or indexes are missing.
    init(_ db: Database, _ chain: ChainID, at block: BlockRef, contract: Address?) throws {
        reading = try ListReading(db, chain)
        try reading.requireIndexes()
        let standing = try reading.standing(of: contract, at: block.number)
        guard standing.hash == block.hash else { throw ListingError.replaced(block: block.number) }
        self.block = block
        isServed = reading.serves
    }

    var number: Int64 { Int64(bitPattern: block.number) }

    /// The contract's number and address where it is followed, from a row of ``HoldingSQL/contracts``.
    func contract(_ row: Row) throws -> (id: AddressID, address: Address)? {
        let address = try ListReading.address(row, 1)
        return isServed(address) ? (row[0], address) : nil
    }

    func contract(_ id: AddressID) throws -> Address? {
        let address = try reading.address(of: id)
        return isServed(address) ? address : nil
    }

    // MARK: Unique

    /// The newest transfer of a token by itself; nil where it only ever moved in ranges.
    func single(_ contract: AddressID, _ token: U256) throws -> (owner: Address, place: Place)? {
        let arguments: StatementArguments = [reading.chain, contract, ListReading.key(token)]
        if let row = try reading.first(ListSQL.owner, arguments) {
            let place = ListReading.place(row, from: 0)
            if place.block <= block.number { return (try ListReading.address(row, 3), place) }
        }
        let row = try reading.first(ListSQL.newestTransferAt, arguments + [number])
        let newest = row.map { ListReading.place($0, from: 0) }
        if let opening = try reading.openings.deciding(contract, token, at: block.number, over: newest) {
            return (try reading.address(of: opening.owner), opening.place)
        }
        guard let row, let newest else { return nil }
        return (try ListReading.address(row, 3), newest)
    }

    func ranges(_ contract: AddressID, _ address: Address) throws -> RangeOwnership {
        var ranges: [RangeTransfer] = []
        let rows = try reading.rows(ListSQL.ranges, [reading.chain, contract, Self.rangesMax, number])
        while let row = try rows.next() {
            ranges.append(
                RangeTransfer(
                    place: ListReading.place(row, from: 0, ordinal: false),
                    contract: address,
                    first: try ListReading.token(row, 2),
                    last: try ListReading.token(row, 3),
                    from: .zero,
                    to: try ListReading.address(row, 4),
                    transactionHash: .zero,
                    transactionIndex: 0
                )
            )
        }
        return RangeOwnership(ranges)
    }

    /// Who owns a unique token: the later of its own newest transfer and the newest range over it.
    func owner(
        _ contract: AddressID,
        _ token: U256,
        in ranges: RangeOwnership
    ) throws -> (owner: Address, isRange: Bool)? {
        let single = try single(contract, token)
        guard let segment = ranges.segment(covering: token) else { return single.map { ($0.owner, false) } }
        if let single, single.place > segment.place { return (single.owner, false) }
        return (segment.owner, true)
    }

    // MARK: Counted

    /// Whether today's balances of a token are also those of the block.
    func isUnmoved(_ contract: AddressID, _ token: U256) throws -> Bool {
        try reading.first(ListSQL.movesAfter, [reading.chain, contract, ListReading.key(token), number]) == nil
    }

    /// All balances of a token at the block, from its transfers.
    ///
    /// O(transfers of the token); for tokens that moved since.
    func balances(_ contract: AddressID, _ token: U256) throws -> [TokenHolders.Balance] {
        var sums = BalanceSums()
        let arguments: StatementArguments = [reading.chain, contract, ListReading.key(token), number]
        let rows = try reading.rows(ListSQL.movementsAt, arguments)
        while let row = try rows.next() { try sums.add(row) }
        return sums.balances
    }

    /// What one account has of a token; zero where nothing.
    func balance(_ contract: AddressID, _ token: U256, of account: AddressID) throws -> SignedSum {
        if try isUnmoved(contract, token) {
            let arguments: StatementArguments = [reading.chain, contract, ListReading.key(token), account]
            return try reading.first(HoldingSQL.balance, arguments).map { try ListReading.sum($0, 0) } ?? .zero
        }
        let address = try reading.address(of: account)
        return try balances(contract, token).first { $0.owner == address }?.amount ?? .zero
    }
}
