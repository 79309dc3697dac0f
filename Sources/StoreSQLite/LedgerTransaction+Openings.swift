import Ethereum
import GRDB
import Tokens

/// Owners that a snapshot read: into the holdings when it is published, out of them when events decide.
///
/// They stand behind every event of the snapshot's block and before all later ones, so that the fold needs no rule of their
/// own: a later transfer wins by its place. Each of these steps is one statement over the snapshot's tokens, of which there
/// are ``SnapshotJob/tokensMax`` at most.
extension LedgerTransaction {
    /// Puts a snapshot's owners in, all at once.
    ///
    /// May be repeated: what is in stays as it is.
    /// - Returns: the block that they are of, and whether the chain calls it final.
    mutating func publish(_ id: Int64) throws -> (block: BlockRef, isFinal: Bool) {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT contract, generation, block, block_hash, is_final FROM snapshot WHERE id = ? AND chain = ?",
            arguments: [id, chain]
        )
        guard let row, !row.hasNull(atIndex: 2) else { throw damaged("snapshot") }
        let (contract, generation): (AddressID, Int64) = (row[0], row[1])
        let block = BlockRef(number: ListReading.number(row, 2), hash: try ListReading.hash(row, 3))
        if let old = openings[contract], old.generation != generation { try drop(contract) }
        try insert(BlockRecord(number: block.number, hash: block.hash, timestamp: nil, role: []))
        // What a retry read lies beside what is published until now.
        try db.execute(
            sql: "UPDATE opening SET generation = ?3 WHERE chain = ?1 AND contract = ?2 AND generation = ?3 + 1",
            arguments: [chain, contract, generation]
        )
        let before = try owners(of: contract)
        let place = Place.opening(after: block.number)
        try db.execute(
            sql: """
                INSERT INTO owner(chain, contract, token, owner, block, log_index, ordinal, source)
                SELECT chain, contract, token, owner, ?4, ?5, ?6, 1 FROM opening
                WHERE chain = ?1 AND contract = ?2 AND generation = ?3 ORDER BY token
                ON CONFLICT(chain, contract, token) DO UPDATE SET
                  owner = excluded.owner, block = excluded.block, log_index = excluded.log_index,
                  ordinal = excluded.ordinal, source = 1
                WHERE (excluded.block, excluded.log_index, excluded.ordinal) > (block, log_index, ordinal)
                """,
            arguments: [
                chain, contract, generation, Int64(bitPattern: place.block), Int64(place.logIndex),
                Int64(place.ordinal),
            ]
        )
        tokensDiscovered += try owners(of: contract) - before
        try db.execute(
            sql: """
                INSERT INTO contract(chain, contract, rows, digest_high, digest_low) VALUES(?, ?, 0, 0, 0)
                ON CONFLICT DO NOTHING
                """,
            arguments: [chain, contract]
        )
        try db.execute(
            sql: """
                UPDATE snapshot SET published = generation, published_block = block, published_hash = block_hash,
                  settled = 0 WHERE id = ?
                """,
            arguments: [id]
        )
        try follow(contract, from: block.number + 1)
        try newHolders(contract)
        try SQLiteStore.wantWalk(chain, db)
        openings = try Openings(db, chain: chain)
        return (block, row[4])
    }

    /// Follows a contract from where its snapshot ends.
    ///
    /// Not where the whole chain is followed from there or before: that scope's word about it is good, and one that begins
    /// later would take the past's answers away. A scope that is active, or whose events are held, begins where it did, or here:
    /// what lies between has to be read before the contract is complete again.
    private func follow(_ contract: AddressID, from first: BlockNumber) throws {
        let isFollowed =
            try Row.fetchOne(
                db,
                sql: "SELECT 1 FROM scope WHERE chain = ? AND contract IS NULL AND active = 1 AND first_block <= ?",
                arguments: [chain, Int64(bitPattern: first)]
            ) != nil
        guard !isFollowed else { return }
        try db.execute(
            sql: """
                INSERT INTO scope(chain, contract, first_block, followed_from, active) VALUES(?1, ?2, ?3, ?3 - 1, 1)
                ON CONFLICT DO UPDATE SET
                  first_block = CASE
                    WHEN active = 1 OR EXISTS(SELECT 1 FROM contract c WHERE c.chain = ?1 AND c.contract = ?2 AND c.rows > 0)
                    THEN min(first_block, excluded.first_block) ELSE excluded.first_block END,
                  active = 1
                """,
            arguments: [chain, contract, Int64(bitPattern: first)]
        )
    }

    /// Counts of traits that are kept belong to other holders now.
    private func newHolders(_ contract: AddressID) throws {
        try db.execute(
            sql: """
                INSERT INTO trait_revision(chain, contract, revision) VALUES(?, ?, 1)
                ON CONFLICT(chain, contract) DO UPDATE SET revision = revision + 1
                """,
            arguments: [chain, contract]
        )
    }

    private func owners(of contract: AddressID) throws -> Int64 {
        try Int64.fetchOne(
            db,
            sql: "SELECT count(*) FROM owner WHERE chain = ? AND contract = ?",
            arguments: [chain, contract]
        ) ?? 0
    }

    /// Lets events decide about a contract's tokens, now that they are read up to the snapshot's block.
    ///
    /// A token of which there is no event keeps the owner that was read: nothing says that it has another.
    ///
    /// - Parameter start: from which block on they are read.
    private mutating func settle(_ contract: AddressID, from start: BlockNumber) throws {
        try giveWay(contract)
        try newHolders(contract)
        // Ranges up to the block decide now and in the past; a transfer that is undone gives the token back to them.
        for ids in try ranges(of: contract) {
            try db.execute(
                sql: """
                    DELETE FROM opening WHERE chain = ? AND contract = ? AND generation = ? AND token BETWEEN ? AND ?
                    """,
                arguments: [chain, contract, openings[contract]?.generation, ids.first, ids.last]
            )
        }
        try db.execute(
            sql: "UPDATE snapshot SET settled = ? + 1 WHERE chain = ? AND contract = ?",
            arguments: [Int64(bitPattern: start), chain, contract]
        )
        openings = try Openings(db, chain: chain)
    }

    /// Takes what was published of a contract out again: the block it was read at is not part of what is held any more.
    mutating func drop(_ contract: AddressID) throws {
        try giveWay(contract)
        try newHolders(contract)
        try db.execute(
            sql: "DELETE FROM owner WHERE chain = ? AND contract = ? AND source = 1",
            arguments: [chain, contract]
        )
        tokensDiscovered -= Int64(db.changesCount)
        let generation = openings[contract]?.generation
        try db.execute(
            sql: "DELETE FROM opening WHERE chain = ?1 AND contract = ?2 AND generation BETWEEN ?3 AND ?3 + 1",
            arguments: [chain, contract, generation]
        )
        try db.execute(
            sql: "DELETE FROM contract WHERE chain = ? AND contract = ? AND rows = 0",
            arguments: [chain, contract]
        )
        try db.execute(
            sql: """
                UPDATE snapshot SET published = NULL, published_block = NULL, published_hash = NULL, settled = 0,
                  reason = CASE phase WHEN 1 THEN 'its block was undone by a rewind' ELSE reason END,
                  phase = CASE phase WHEN 1 THEN 2 ELSE phase END
                WHERE chain = ? AND contract = ?
                """,
            arguments: [chain, contract]
        )
        openings = try Openings(db, chain: chain)
    }

    /// Owners that were read give way to the newest event about their token, where there is one.
    ///
    /// One pass through the contract's transfers by their index, or through the chain's while there is none yet.
    private mutating func giveWay(_ contract: AddressID) throws {
        try db.execute(
            sql: """
                UPDATE owner SET owner = t.recipient, block = t.block, log_index = t.log_index, ordinal = t.ordinal, source = 0
                FROM (
                  SELECT token, recipient, block, log_index, ordinal, row_number() OVER (
                    PARTITION BY token ORDER BY block DESC, log_index DESC, ordinal DESC) AS place
                  FROM transfer WHERE chain = ?1 AND contract = ?2 AND kind IN \(KindSQL.unique)
                ) t
                WHERE owner.chain = ?1 AND owner.contract = ?2 AND owner.source = 1 AND owner.token = t.token AND t.place = 1
                """,
            arguments: [chain, contract]
        )
        // Who owns an id of a range is decided when somebody asks.
        for ids in try ranges(of: contract) {
            try db.execute(
                sql: """
                    DELETE FROM owner WHERE chain = ? AND contract = ? AND source = 1 AND token BETWEEN ? AND ?
                    """,
                arguments: [chain, contract, ids.first, ids.last]
            )
            tokensDiscovered -= Int64(db.changesCount)
        }
    }

    /// The ids of ranges up to the snapshot's block, as keys; a range after it may be undone again.
    private func ranges(of contract: AddressID) throws -> [(first: Data_, last: Data_)] {
        guard let block = openings[contract]?.block.number else { return [] }
        return try Row.fetchAll(
            db,
            sql: "SELECT first, last FROM token_range WHERE chain = ? AND contract = ? AND block <= ?",
            arguments: [chain, contract, Int64(bitPattern: block)]
        ).map { ($0[0], $0[1]) }
    }

    /// Settles each snapshot whose contract's events are read up to its block by now, again where they begin earlier now.
    ///
    /// Waits for the indexes: without them each look-up would pass the whole chain.
    mutating func settle(_ coverage: [CoverageKey: Coverage], _ db: Database) throws {
        guard !openings.contracts.isEmpty, try Schema.isIndexed(db) else { return }
        let scopes = try ChainTable.scopes(of: chain, db)
        let eventSets = try ChainTable.eventSets(of: chain, db)
        for contract in openings.contracts {
            guard let entry = openings[contract], let address = try statements.addresses.address(of: contract, db)
            else { continue }
            let start = ChainState.historyStart(
                of: address,
                upTo: entry.block.number,
                scopes: scopes,
                eventSets: eventSets,
                coverage: coverage
            )
            if let start, start != entry.settledFrom { try settle(contract, from: start) }
        }
    }

    /// Drops each snapshot of a block above `block`.
    ///
    /// A contract that was followed from there alone is followed no more: without its start it would never be complete.
    mutating func dropOpenings(above block: BlockNumber) throws {
        for contract in openings.contracts {
            guard let entry = openings[contract], entry.block.number > block else { continue }
            try drop(contract)
            try db.execute(
                sql: "UPDATE scope SET active = 0 WHERE chain = ? AND contract = ? AND first_block = ?",
                arguments: [chain, contract, Int64(bitPattern: entry.block.number + 1)]
            )
        }
    }
}
