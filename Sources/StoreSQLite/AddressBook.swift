import Ethereum
import GRDB
import Tokens

/// Addresses to small numbers and back.
///
/// Interning makes rows a third smaller; the memory for it is bounded.
///
/// The cache grows to 65,536 buckets of four; an address that falls out is looked up again. After a transaction that was
/// rolled back it must be forgotten, because numbers given in it were never stored.
final class AddressBook {
    private struct Entry {
        var address: Address
        var id: AddressID
    }

    /// A small ledger, or one transaction of a short-lived process, needs no eight megabytes.
    private static let bucketsAtFirst = 256
    private static let bucketsMax = 65_536
    private static let ways = 4
    private var buckets = AddressBook.bucketsAtFirst
    /// Entries written since the cache last grew.
    private var written = 0
    private var entries: ContiguousArray<Entry>
    private var turn: UInt8 = 0
    private let select: KeptStatement
    private let insert: KeptStatement
    private let reverse: KeptStatement

    init(_ db: Database) throws {
        entries = Self.blank(Self.bucketsAtFirst)
        select = try KeptStatement(db, "SELECT id FROM address WHERE bytes = ?1")
        insert = try KeptStatement(db, "INSERT INTO address(bytes) VALUES(?1)")
        reverse = try KeptStatement(db, "SELECT bytes FROM address WHERE id = ?1")
    }

    private static func blank(_ buckets: Int) -> ContiguousArray<Entry> {
        ContiguousArray(repeating: Entry(address: .zero, id: zeroAddressID), count: buckets * ways)
    }

    func forget() {
        for index in entries.indices { entries[index] = Entry(address: .zero, id: zeroAddressID) }
    }

    /// Eight times as large, and empty: what is needed is looked up once more.
    private func growIfCrowded() {
        guard written > buckets * Self.ways / 2, buckets < Self.bucketsMax else { return }
        buckets = min(Self.bucketsMax, buckets * 8)
        entries = Self.blank(buckets)
        written = 0
    }

    /// The address's number; a new one is given when it has none.
    func id(of address: Address, _ db: Database) throws -> AddressID {
        if address == .zero { return zeroAddressID }
        let base = bucket(of: address) * Self.ways
        for way in base..<base + Self.ways where entries[way].address == address { return entries[way].id }
        select.bind(1, address)
        let id: AddressID
        if try select.step(db) {
            id = select.int(0)
            select.reset()
        } else {
            insert.bind(1, address)
            try insert.run(db)
            id = db.lastInsertedRowID
        }
        turn &+= 1
        entries[base + Int(turn) % Self.ways] = Entry(address: address, id: id)
        written &+= 1
        growIfCrowded()
        return id
    }

    /// The address of a number; nil only in a damaged database.
    func address(of id: AddressID, _ db: Database) throws -> Address? {
        reverse.bind(1, id)
        defer { reverse.reset() }
        return try reverse.step(db) ? reverse.address(0) : nil
    }

    private func bucket(of address: Address) -> Int {
        let folded = (address.high ^ address.middle &* 0x9e37_79b9_7f4a_7c15) ^ UInt64(address.low) << 21
        return Int(truncatingIfNeeded: (folded &* 0xd6e8_feb8_6659_fd93) >> 40) % buckets
    }
}
