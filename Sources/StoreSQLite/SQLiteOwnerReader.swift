import Ethereum
import GRDB
import Tokens

/// Looks up owners inline: a read-only connection of its own, its statements kept, no transaction opened by hand.
///
/// The answers of one look-up come from one snapshot because its first statement is left unfinished until the last one
/// is done: SQLite ends a read transaction with the last active statement.
///
/// Unchecked: everything mutable is touched inside `queue.unsafeRead`, which runs one closure at a time.
final class SQLiteOwnerReader: OwnerReader, @unchecked Sendable {
    private let queue: DatabaseQueue
    private let limits: ListLimits
    private var kept: Kept?

    /// KiB of page cache for each reader; the system's own cache holds the rest.
    private static let cacheKiB = 4_096
    /// Contracts whose standing is remembered until the next commit.
    private static let standingsMax = 1_024

    init(path: String, limits: ListLimits = ListLimits()) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        configuration.label = "holdfast.owner"
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA cache_size = -\(Self.cacheKiB)") }
        queue = try DatabaseQueue(path: path, configuration: configuration)
        self.limits = limits
    }

    package func owner(of token: TokenID, on chain: ChainID) throws -> TokenOwner? {
        try queue.unsafeRead { db in
            let kept = try self.kept ?? Kept(db)
            self.kept = kept
            // Held open to the end: this is what makes the statements below see one state.
            guard try kept.version.step(db) else { throw ListReading.damaged("version") }
            defer { kept.version.reset() }
            let version = kept.version.int(0)
            if version != kept.seen {
                kept.standings.removeAll(keepingCapacity: true)
                kept.seen = version
            }
            return try look(up: token, on: chain, kept, db)
        }
    }

    private func look(up token: TokenID, on chain: ChainID, _ kept: Kept, _ db: Database) throws -> TokenOwner? {
        let known = try known(token.contract, on: chain, kept, db)
        var answer = TokenOwner(token: token, standing: known.standing)
        guard let contract = known.contract else { return answer }
        answer.unique = try single(token.token, contract, known.chain, kept, db)
        if answer.unique?.place.isOpening == true { answer.observedAt = known.opening }
        if known.hasRanges {
            guard try range(over: token.token, contract, known.chain, kept, &answer, db) else { return nil }
        }
        if known.hasCounted { try balances(token.token, contract, known.chain, kept, &answer, db) }
        if known.hasConflicts {
            answer.take(try ConflictRows.about(token.token, contract, ListReading(db, chain)))
        }
        return answer
    }

    private func single(
        _ token: U256,
        _ contract: AddressID,
        _ chain: Int64,
        _ kept: Kept,
        _ db: Database
    ) throws -> TokenOwner.Unique? {
        let statement = kept.owner
        statement.bind(1, chain)
        statement.bind(2, contract)
        statement.bind(3, key: token)
        guard try statement.step(db) else { return nil }
        defer { statement.reset() }
        guard let owner = Self.address(statement.bytes(3)) else { throw ListReading.damaged("owner") }
        return TokenOwner.Unique(
            owner: owner,
            place: Place(
                block: statement.uint64(0),
                logIndex: UInt32(truncatingIfNeeded: statement.int(1)),
                ordinal: UInt32(truncatingIfNeeded: statement.int(2))
            ),
            isRange: false
        )
    }

    /// Puts the newest covering range in place of the token's own row where it is newer; false when out of steps.
    private func range(
        over token: U256,
        _ contract: AddressID,
        _ chain: Int64,
        _ kept: Kept,
        _ answer: inout TokenOwner,
        _ db: Database
    ) throws -> Bool {
        let statement = kept.ranges
        statement.bind(1, chain)
        statement.bind(2, contract)
        statement.bind(3, key: token)
        defer { statement.reset() }
        var steps = 0
        while try statement.step(db) {
            let place = Place(block: statement.uint64(0), logIndex: UInt32(truncatingIfNeeded: statement.int(1)))
            if let own = answer.unique, own.place > place { return true }
            if statement.int(2) == 1 {
                let bytes = kept.addressBytes
                bytes.bind(1, statement.int(3))
                defer { bytes.reset() }
                guard try bytes.step(db), let owner = bytes.address(0) else { throw ListReading.damaged("address") }
                answer.unique = TokenOwner.Unique(owner: owner, place: place, isRange: true)
                answer.observedAt = nil
                return true
            }
            steps += 1
            guard steps < limits.rangeStepsInline else { return false }
        }
        return true
    }

    private func balances(
        _ token: U256,
        _ contract: AddressID,
        _ chain: Int64,
        _ kept: Kept,
        _ answer: inout TokenOwner,
        _ db: Database
    ) throws {
        let supply = kept.supply
        supply.bind(1, chain)
        supply.bind(2, contract)
        supply.bind(3, key: token)
        answer.isCounted = try supply.step(db)
        guard answer.isCounted else { return }
        supply.reset()
        let statement = kept.balances
        statement.bind(1, chain)
        statement.bind(2, contract)
        statement.bind(3, key: token)
        statement.bind(4, Int64(0))
        statement.bind(5, Int64(TokenOwner.countedMax + 1))
        defer { statement.reset() }
        while try statement.step(db) {
            guard let owner = statement.address(0), let amount = SignedSum(shortestBytes: statement.bytes(1)) else {
                throw ListReading.damaged("balance")
            }
            guard answer.counted.count < TokenOwner.countedMax else {
                answer.nextHolder = owner
                return
            }
            answer.counted.append(TokenHolders.Balance(owner: owner, amount: amount))
        }
    }

    /// Spelt out for arrays: the generic initializer costs as much as the look-up's last page.
    private static func address(_ bytes: [UInt8]) -> Address? {
        guard bytes.count == 20 else { return nil }
        var high: UInt64 = 0
        var middle: UInt64 = 0
        var low: UInt32 = 0
        for index in 0..<8 {
            high = high << 8 | UInt64(bytes[index])
            middle = middle << 8 | UInt64(bytes[index + 8])
        }
        for index in 16..<20 { low = low << 8 | UInt32(bytes[index]) }
        return Address(high: high, middle: middle, low: low)
    }

    // MARK: What stays the same between commits

    /// The contract's number and standing: read once after each commit, of whichever process.
    private func known(_ contract: Address, on chain: ChainID, _ kept: Kept, _ db: Database) throws -> Known {
        let key = Kept.Key(chain: chain, contract: contract)
        if let known = kept.standings[key] { return known }
        let reading = try ListReading(db, chain)
        let id = try reading.id(of: contract)
        let kinds = try id.flatMap { try reading.first(ListSQL.hasRangesAndCounted, [reading.chain, $0]) }
        let known = Known(
            chain: reading.chain,
            contract: id,
            hasRanges: kinds?[0] ?? false,
            hasCounted: kinds?[1] ?? false,
            hasConflicts: try id.map { try ConflictRows.has($0, reading) } ?? false,
            opening: id.flatMap { reading.openings[$0]?.block },
            standing: try reading.standing(of: contract)
        )
        if kept.standings.count >= Self.standingsMax { kept.standings.removeAll(keepingCapacity: true) }
        kept.standings[key] = known
        return known
    }

    private struct Known {
        var chain: Int64
        var contract: AddressID?
        var hasRanges: Bool
        var hasCounted: Bool
        var hasConflicts: Bool
        var opening: BlockRef?
        var standing: Standing
    }

    private final class Kept {
        struct Key: Hashable {
            var chain: ChainID
            var contract: Address
        }

        /// Changes whenever another connection commits; read inside the snapshot that it describes.
        let version: KeptStatement
        let owner: KeptStatement
        let ranges: KeptStatement
        let addressBytes: KeptStatement
        let supply: KeptStatement
        let balances: KeptStatement
        var seen: Int64 = -1
        var standings: [Key: Known] = [:]

        init(_ db: Database) throws {
            version = try KeptStatement(db, "PRAGMA data_version")
            owner = try KeptStatement(db, ListSQL.owner)
            ranges = try KeptStatement(db, ListSQL.rangesNewestFirst)
            addressBytes = try KeptStatement(db, ListSQL.addressBytes)
            supply = try KeptStatement(db, ListSQL.supply)
            balances = try KeptStatement(db, ListSQL.balances)
        }
    }
}
