import Ethereum
import GRDB
import Tokens

/// Addresses to small numbers and back.
///
/// Interning makes rows a third smaller; the memory for it is bounded.
///
/// The cache has 65,536 buckets of four; an address that falls out is looked up again. After a transaction that was
/// rolled back it must be forgotten, because numbers given in it were never stored.
final class AddressBook {
    private struct Entry {
        var address: Address
        var id: AddressID
    }

    private static let buckets = 65_536
    private static let ways = 4
    private var entries: ContiguousArray<Entry>
    private var turn: UInt8 = 0
    private let select: KeptStatement
    private let insert: KeptStatement
    private let reverse: KeptStatement

    init(_ db: Database) throws {
        entries = ContiguousArray(repeating: Entry(address: .zero, id: zeroAddressID), count: Self.buckets * Self.ways)
        select = try KeptStatement(db, "SELECT id FROM address WHERE bytes = ?1")
        insert = try KeptStatement(db, "INSERT INTO address(bytes) VALUES(?1)")
        reverse = try KeptStatement(db, "SELECT bytes FROM address WHERE id = ?1")
    }

    func forget() {
        for index in entries.indices { entries[index] = Entry(address: .zero, id: zeroAddressID) }
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
        return Int(truncatingIfNeeded: (folded &* 0xd6e8_feb8_6659_fd93) >> 40) % Self.buckets
    }
}
