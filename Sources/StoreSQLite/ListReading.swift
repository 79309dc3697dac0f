import Ethereum
import GRDB
import Tokens

/// One reading of lists: a snapshot of the database, the chain's row in it, and how rows become values.
struct ListReading {
    let db: Database
    let row: ChainTable.Row
    let openings: Openings
    private let state: ChainState

    /// - Throws: ``ListingError/unknownChain(_:)``
    init(_ db: Database, _ chain: ChainID) throws {
        guard let row = try ChainTable.row(of: chain, db) else { throw ListingError.unknownChain(chain) }
        self.db = db
        self.row = row
        openings = try Openings(db, chain: row.id)
        state = try ListReading.state(row, db)
    }

    var chain: Int64 { row.id }

    /// Scopes and coverage without the window's thousand hashes, which no list needs.
    private static func state(_ row: ChainTable.Row, _ db: Database) throws -> ChainState {
        ChainState(
            identity: row.identity,
            version: row.version,
            tip: row.tip,
            finalized: row.finalized,
            rewinds: row.rewinds,
            scopes: try ChainTable.scopes(of: row.id, db),
            eventSets: try ChainTable.eventSets(of: row.id, db),
            coverage: try ChainTable.coverage(of: row.id, db),
            window: [],
            isIndexed: try Schema.isIndexed(db)
        )
    }

    /// Lists over the secondary indexes would scan whole tables while a first backfill runs without them.
    func requireIndexes() throws {
        guard state.isIndexed else { throw ListingError.notIndexed }
    }

    /// What a wallet did is found by indexes that only who asks for them has.
    /// - Throws: ``ListingError/walletsNotIndexed``
    func requireWalletIndexes() throws {
        guard try Schema.has(.wallets, db) else { throw ListingError.walletsNotIndexed }
    }

    /// Whether the first backfill is over.
    var isIndexed: Bool { state.isIndexed }

    /// How far answers about a contract (nil: about everything) can be trusted, now or at a past block.
    /// - Throws: ``ListingError/notCovered(block:reached:)`` for a past block that is not completely read, and
    ///   ``ListingError/notIndexed`` while the first backfill goes on.
    func standing(of contract: Address?, at block: BlockNumber?) throws -> Standing {
        guard let block else { return try standing(of: contract) }
        let standing = try standing(of: contract, past: block)
        try requireIndexes()
        return standing
    }

    /// How far answers about a contract (nil: about everything) can be trusted now.
    func standing(of contract: Address?) throws -> Standing {
        let reached = state.reach(of: contract)
        // Events above a snapshot are all there; what the snapshot left out is not.
        var isWhole = true
        if let contract, let id = try id(of: contract), let entry = openings[id], !entry.isSettled {
            isWhole = !entry.isPartial
        }
        return Standing(
            chain: row.identity.chainID,
            revision: row.version.revision,
            block: row.tip?.number,
            hash: row.tip?.hash,
            isFinal: isFinal(row.tip?.number),
            isComplete: isWhole && reached != nil && reached == row.tip?.number
        )
    }

    /// The same for a past block.
    /// - Throws: ``ListingError/notCovered(block:reached:)``
    private func standing(of contract: Address?, past block: BlockNumber) throws -> Standing {
        let reached = state.reach(of: contract)
        guard let reached, block <= reached, block >= state.origin(of: contract) ?? 0 else {
            throw ListingError.notCovered(block: block, reached: reached)
        }
        let bytes = try first("SELECT hash FROM block WHERE chain = ? AND number = ?", [chain, Int64(block)])
        return Standing(
            chain: row.identity.chainID,
            revision: row.version.revision,
            block: block,
            hash: bytes.flatMap { $0[0] as Data_? }.flatMap { Hash32(bytes: $0) },
            isFinal: isFinal(block),
            isComplete: true
        )
    }

    private func isFinal(_ block: BlockNumber?) -> Bool {
        guard let block, let final = [row.finalized, row.settled].compactMap(\.self).max() else { return false }
        return block <= final
    }

    /// Whether a contract's rows are kept up.
    func serves(_ contract: Address) -> Bool { state.isServed(contract) }

    /// Whether an active scope names the contract.
    func isScope(_ contract: Address) -> Bool {
        state.scopes.contains { $0.isActive && $0.contract == contract }
    }

    /// Whether a block that once was the tip still stands.
    ///
    /// Each such block's hash is held until it is too deep for a rewind by itself; one that is missing above that was undone.
    func isOnChain(_ block: BlockRef) throws -> Bool {
        guard let tip = row.tip, block.number <= tip.number else { return false }
        if block == tip { return true }
        let held = try first(
            "SELECT hash FROM block WHERE chain = ?1 AND number = ?2",
            [chain, Int64(bitPattern: block.number)]
        )
        guard let held else { return tip.number - block.number >= SQLiteStore.hashesKept }
        return try Self.hash(held, 0) == block.hash
    }

    // MARK: Statements

    func rows(_ sql: String, _ arguments: StatementArguments) throws -> RowCursor {
        try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func first(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func id(of address: Address) throws -> AddressID? {
        try first(ListSQL.address, [Blob.data(address.bytes)])?[0]
    }

    func address(of id: AddressID) throws -> Address {
        guard let bytes: Data_ = try first(ListSQL.addressBytes, [id])?[0], let address = Address(bytes: bytes) else {
            throw Self.damaged("address")
        }
        return address
    }

    // MARK: Values

    static func key(_ token: U256) -> Data_ { Blob.data(Blob.orderedKey(token)) }

    static func token(_ row: Row, _ column: Int) throws -> U256 {
        let bytes: Data_ = row[column]
        guard let token = Blob.number(orderedKey: bytes) else { throw damaged("token") }
        return token
    }

    static func address(_ row: Row, _ column: Int) throws -> Address {
        let bytes: Data_ = row[column]
        guard let address = Address(bytes: bytes) else { throw damaged("address") }
        return address
    }

    static func sum(_ row: Row, _ column: Int) throws -> SignedSum {
        let bytes: Data_ = row[column]
        guard let sum = SignedSum(shortestBytes: bytes) else { throw damaged("amount") }
        return sum
    }

    static func amount(_ row: Row, _ column: Int) throws -> U256 {
        let bytes: Data_ = row[column]
        guard let amount = U256(bytes: bytes) else { throw damaged("amount") }
        return amount
    }

    static func hash(_ row: Row, _ column: Int) throws -> Hash32 {
        let bytes: Data_ = row[column]
        guard let hash = Hash32(bytes: bytes) else { throw damaged("hash") }
        return hash
    }

    static func number(_ row: Row, _ column: Int) -> UInt64 {
        let value: Int64 = row[column]
        return UInt64(bitPattern: value)
    }

    static func small(_ row: Row, _ column: Int) -> UInt32 {
        let value: Int64 = row[column]
        return UInt32(truncatingIfNeeded: value)
    }

    static func place(_ row: Row, from column: Int, ordinal: Bool = true) -> Place {
        Place(
            block: number(row, column),
            logIndex: small(row, column + 1),
            ordinal: ordinal ? small(row, column + 2) : 0
        )
    }

    static func damaged(_ what: String) -> DatabaseError {
        DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a stored \(what) has a value that was never written")
    }
}

/// How much one page or one look-up may read.
struct ListLimits: Sendable {
    /// Ranges that an inline look-up passes before it gives up: about half a millisecond.
    var rangeStepsInline = 1_000
    /// Ranges that a look-up on a queue passes.
    var rangeStepsMax = 100_000
    /// Newest ranges of one contract that a list looks at; beyond, it is truncated and says so.
    var rangesMax = 1_000
    /// Rows read for one page of tokens beyond the ones shown: sold ids inside a range, other wallets' ranges.
    var rowsMax = 20_000
    /// Places read from an index, or transfers passed, for one page of a contract's or a wallet's transfers.
    var placesMax = 100_000
    /// Transfers of one token that an answer about the past adds up.
    var movementsMax = 100_000
}
