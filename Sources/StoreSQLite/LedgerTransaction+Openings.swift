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
        // A scope that is active goes on to read the history that it wants; one that was dropped starts where this ends.
        // None starts later: what moved in between would be in neither.
        try db.execute(
            sql: """
                INSERT INTO scope(chain, contract, first_block, followed_from, active) VALUES(?1, ?2, ?3, ?4, 1)
                ON CONFLICT DO UPDATE SET
                  first_block = CASE active WHEN 1 THEN min(first_block, excluded.first_block) ELSE excluded.first_block END,
                  active = 1
                """,
            arguments: [
                chain, contract, Int64(bitPattern: block.number + 1), Int64(bitPattern: block.number),
            ]
        )
        try noteChange(of: contract)
        // No commit has a transfer of these tokens: who looks for new ones passes through all again.
        try db.execute(sql: "UPDATE metadata_cursor SET wants_walk = 1 WHERE chain = ?", arguments: [chain])
        openings = try Openings(db, chain: chain)
        return (block, row[4])
    }

    /// A contract's kept count is of its transfers and its traits, of which a snapshot changes none: it is counted again.
    private func noteChange(of contract: AddressID) throws {
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
    mutating func settle(_ contract: AddressID) throws {
        try giveWay(contract)
        // Ranges up to the block decide now and in the past; a transfer that is undone gives the token back to them.
        try db.execute(
            sql: """
                DELETE FROM opening WHERE chain = ?1 AND contract = ?2 AND generation = ?3 AND EXISTS(
                  SELECT 1 FROM token_range r WHERE r.chain = ?1 AND r.contract = ?2 AND r.block <= ?4
                    AND r.first <= opening.token AND r.last >= opening.token)
                """,
            arguments: [
                chain, contract, openings[contract]?.generation,
                openings[contract].map { Int64(bitPattern: $0.block.number) },
            ]
        )
        try db.execute(
            sql: "UPDATE snapshot SET settled = 1 WHERE chain = ? AND contract = ?",
            arguments: [chain, contract]
        )
        openings = try Openings(db, chain: chain)
    }

    /// Takes what was published of a contract out again: the block it was read at is not part of what is held any more.
    mutating func drop(_ contract: AddressID) throws {
        try giveWay(contract)
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
    private mutating func giveWay(_ contract: AddressID) throws {
        let newest = """
            FROM transfer t WHERE t.chain = owner.chain AND t.contract = owner.contract AND t.token = owner.token
              AND t.kind IN \(KindSQL.unique) AND t.block < 1 << 62
            """
        try db.execute(
            sql: """
                UPDATE owner SET (owner, block, log_index, ordinal, source) = (
                  SELECT t.recipient, t.block, t.log_index, t.ordinal, 0 \(newest)
                  ORDER BY t.block DESC, t.log_index DESC, t.ordinal DESC LIMIT 1)
                WHERE chain = ? AND contract = ? AND source = 1 AND EXISTS(SELECT 1 \(newest))
                """,
            arguments: [chain, contract]
        )
        // Who owns an id of a range is decided when somebody asks; a range after the block may be undone again.
        try db.execute(
            sql: """
                DELETE FROM owner WHERE chain = ? AND contract = ? AND source = 1 AND EXISTS(
                  SELECT 1 FROM token_range r WHERE r.chain = owner.chain AND r.contract = owner.contract
                    AND r.block <= owner.block AND r.first <= owner.token AND r.last >= owner.token)
                """,
            arguments: [chain, contract]
        )
        tokensDiscovered -= Int64(db.changesCount)
        try noteChange(of: contract)
    }

    /// Settles each snapshot whose contract's events are read up to its block by now.
    ///
    /// Waits for the indexes: without them each look-up would pass the whole chain.
    mutating func settle(_ coverage: [CoverageKey: Coverage], _ db: Database) throws {
        for contract in openings.contracts {
            guard let entry = openings[contract], !entry.isSettled, try Schema.isIndexed(db),
                let address = try statements.addresses.address(of: contract, db)
            else { continue }
            let start = ChainState.historyStart(
                of: address,
                upTo: entry.block.number,
                scopes: try ChainTable.scopes(of: chain, db),
                eventSets: try ChainTable.eventSets(of: chain, db),
                coverage: coverage
            )
            if start != nil { try settle(contract) }
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
