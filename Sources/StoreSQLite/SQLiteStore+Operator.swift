package import Ethereum
import GRDB
package import Tokens

/// What an operator changes by hand: contracts followed, rewinds. Each is one transaction that makes a new version, so
/// that a running engine drops its memory and goes on from what is written here.
extension SQLiteStore {
    /// Follows a contract from `firstBlock`; one that was followed before goes on with what was read then.
    ///
    /// - Parameter rule: by what its logs are read from now on; nil leaves it as it is. What is new for the rule is read
    ///   from the scope's first block on.
    package func addContract(
        _ contract: Address,
        from firstBlock: BlockNumber,
        readBy rule: ReadingRule? = nil,
        to chain: ChainID,
        id: ID128
    ) throws {
        try changing(chain, id: id) { row, db in
            let address = try writer.statements(db).addresses.id(of: contract, db)
            try db.execute(
                sql: """
                    INSERT INTO scope(chain, contract, first_block, followed_from, active) VALUES(?, ?, ?, ?, 1)
                    ON CONFLICT DO UPDATE SET active = 1, first_block = min(first_block, excluded.first_block)
                    """,
                arguments: [
                    row.id, address, Int64(bitPattern: firstBlock), row.tip.map { Int64(bitPattern: $0.number) },
                ]
            )
            try Self.wantWalk(row.id, db)
            if let rule { try ChainTable.set(rule, of: contract, chain: row.id, db) }
        }
    }

    /// Has what is held searched for tokens that nobody looked at: some came into it, or into sight, without a transfer.
    static func wantWalk(_ chain: Int64, _ db: Database) throws {
        try db.execute(sql: "UPDATE metadata_cursor SET wants_walk = 1 WHERE chain = ?", arguments: [chain])
    }

    /// Stops following a contract.
    ///
    /// What was read stays and is not kept up any more.
    package func removeContract(_ contract: Address, from chain: ChainID, id: ID128) throws {
        try changing(chain, id: id) { row, db in
            try db.execute(
                sql: """
                    UPDATE scope SET active = 0
                    WHERE chain = ? AND contract = (SELECT id FROM address WHERE bytes = ?)
                    """,
                arguments: [row.id, Blob.data(contract.bytes)]
            )
            guard db.changesCount == 1 else { throw StoreError.notFollowed(contract) }
        }
    }

    /// The first and last block above `block` that hold rows; nil where none does.
    package func firstRows(above block: BlockNumber, of chain: ChainID) throws -> (BlockNumber?, BlockNumber?) {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            let found = try Row.fetchOne(
                db,
                sql: "SELECT min(block) AS first, max(block) AS last FROM transfer WHERE chain = ? AND block > ?",
                arguments: [row.id, Int64(bitPattern: block)]
            )
            let (first, last): (Int64?, Int64?) = (found?["first"], found?["last"])
            return (first.map { UInt64(bitPattern: $0) }, last.map { UInt64(bitPattern: $0) })
        }
    }

    /// Undoes everything above the newest held block at or below `block`.
    ///
    /// - Returns: that block, and how many rows were undone. They are kept until they are covered again or restored.
    package func rewinding(to block: BlockNumber, of chain: ChainID, id: ID128) throws -> (to: BlockRef, rows: Int) {
        let (state, base) = try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            guard let held = try ChainTable.heldBlock(of: row, atOrBelow: block, db) else {
                throw LedgerError.tooDeep("no block at or below \(block) is held")
            }
            return (try ChainTable.state(of: row, db), held)
        }
        guard let tip = state.tip, base.number < tip.number else {
            throw LedgerError.tooDeep("block \(block) is not below the tip")
        }
        var update = ChainUpdate(base: state.version, commitID: id)
        update.rewindTo = base.number
        update.isByOperator = true
        update.tip = base
        return (base, try applying(update, to: chain).undone)
    }

    /// Restores what the last operator's rewind undid, if nothing was committed since.
    package func undoingRewind(of chain: ChainID, id: ID128) throws -> BlockRef {
        let (update, number) = try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            guard
                let last = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT * FROM rewind WHERE chain = ? AND by_operator = 1 AND pending = 1 AND revision = ?
                        """,
                    arguments: [row.id, Int64(bitPattern: row.version.revision)]
                )
            else { throw StoreError.nothingToUndo }
            return (try restoring(last, row, id: id, db), last["number"] as Int64)
        }
        _ = try applying(update, to: chain)
        try pool.write { db in
            guard let row = try ChainTable.row(of: chain, db) else { return }
            for table in LedgerTransaction.orphanTables {
                try db.execute(
                    sql: "DELETE FROM \(table.orphans) WHERE chain = ? AND rewind = ?",
                    arguments: [row.id, number]
                )
            }
            try db.execute(
                sql: "UPDATE rewind SET pending = 0 WHERE chain = ? AND number = ?",
                arguments: [row.id, number]
            )
        }
        guard let tip = update.tip else { throw StoreError.nothingToUndo }
        return tip
    }

    /// The update that brings the orphans back, with the coverage that was cut.
    private func restoring(
        _ rewind: Row,
        _ row: ChainTable.Row,
        id: ID128,
        _ db: Database
    ) throws -> ChainUpdate {
        var update = ChainUpdate(base: row.version, commitID: id)
        update.isByOperator = true
        let number: Int64 = rewind["number"]
        update.rows = try OrphanRows(db: db, chain: row.id, rewind: number).read()
        update.blocks = try OrphanRows(db: db, chain: row.id, rewind: number).blocks()
        if let tip: Int64 = rewind["old_tip_number"], let bytes: Data_ = rewind["old_tip_hash"],
            let hash = Hash32(bytes: bytes)
        {
            update.tip = BlockRef(number: UInt64(bitPattern: tip), hash: hash)
        }
        let coverage: String = rewind["coverage"]
        for line in coverage.split(separator: "\n") {
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count == 5, let eventSet = EventSet(rawValue: UInt8(truncatingIfNeeded: numbers[1])),
                numbers[2] <= numbers[3]
            else { continue }
            update.covered.append(
                .init(
                    key: CoverageKey(scope: Int64(numbers[0]), eventSet: eventSet),
                    range: numbers[2]...numbers[3],
                    evidence: Evidence(rawValue: UInt8(truncatingIfNeeded: numbers[4]))
                )
            )
        }
        return update
    }

    private func changing(
        _ chain: ChainID,
        id: ID128,
        _ body: (ChainTable.Row, Database) throws -> Void
    ) throws {
        try writing { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            try body(row, db)
            try db.execute(
                sql: "UPDATE chain SET revision = revision + 1, commit_id = ? WHERE id = ?",
                arguments: [ChainTable.bytes(id), row.id]
            )
            try refreshCheckpoint(of: row.id, chainID: chain, db)
        }
    }
}
