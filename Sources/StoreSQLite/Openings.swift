import Ethereum
import GRDB
import Tokens

/// The owners that published snapshots read, for who asks about a past block or has to fall back to them.
///
/// Today's holdings have them as rows already. One look at a table that has a row for each snapshot; where there is none,
/// nothing more is asked.
struct Openings {
    struct Entry {
        var generation: Int64
        var block: BlockRef
        /// Whether events are read up to the block: then they decide wherever there is one.
        var isSettled: Bool { settledFrom != nil }
        /// From where they are read.
        var settledFrom: BlockNumber?
        /// Whether tokens are known to be missing, or only some ids were asked for.
        var isPartial: Bool
    }

    private let db: Database
    private let chain: Int64
    private let entries: [AddressID: Entry]

    init(_ db: Database, chain: Int64) throws {
        self.db = db
        self.chain = chain
        var entries: [AddressID: Entry] = [:]
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT contract, published, published_block, published_hash, settled,
                      source = \(SnapshotPlan.Source.given.rawValue), supply, read,
                      EXISTS(SELECT 1 FROM snapshot_failure f WHERE f.snapshot = snapshot.id)
                    FROM snapshot WHERE chain = ? AND published IS NOT NULL
                    """
            ),
            arguments: [chain]
        )
        while let row = try rows.next() {
            entries[row[0]] = Entry(
                generation: row[1],
                block: BlockRef(number: ListReading.number(row, 2), hash: try ListReading.hash(row, 3)),
                settledFrom: row[4] as Int64 == 0 ? nil : ListReading.number(row, 4) - 1,
                isPartial: try row[5] as Bool? == true || row[8] as Bool
                    || !row.hasNull(atIndex: 6) && ListReading.token(row, 6) > U256(ListReading.number(row, 7))
            )
        }
        self.entries = entries
    }

    var contracts: [AddressID] { entries.keys.sorted() }

    subscript(contract: AddressID) -> Entry? { entries[contract] }

    /// What decides about a token at a block: its newest transfer up to there, or what a snapshot read.
    ///
    /// - Parameter newest: the place of that transfer; nil where there is none.
    /// - Returns: nil where the transfer decides, or nothing is known.
    func deciding(
        _ contract: AddressID,
        _ token: U256,
        at block: BlockNumber?,
        over newest: Place?
    ) throws -> (owner: AddressID, place: Place)? {
        guard let entry = entries[contract], entry.block.number <= block ?? .max else { return nil }
        let place = Place.opening(after: entry.block.number)
        if let newest, entry.isSettled || place < newest { return nil }
        let owner = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT owner FROM opening WHERE chain = ? AND contract = ? AND generation = ? AND token = ?"
            ),
            arguments: [chain, contract, entry.generation, ListReading.key(token)]
        )
        return owner.map { ($0, place) }
    }
}
