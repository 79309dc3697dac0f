package import Ethereum
import GRDB
package import Tokens

/// Opening a chain for writing: its row, its scopes, and the take-over.
extension SQLiteStore {
    package func opening(_ request: ChainRequest, holder: ID128) throws -> ChainState {
        try writing { db in
            let row = try row(for: request, holder: holder, db)
            for eventSet in request.eventSets {
                try db.execute(
                    sql: "INSERT INTO event_set(chain, event_set) VALUES(?, ?) ON CONFLICT DO NOTHING",
                    arguments: [row.id, eventSet.rawValue]
                )
            }
            try makeScopes(for: request, chain: row.id, db)
            for special in request.specialContracts where special.rule != .byShape {
                try ChainTable.set(special.rule, of: special.address, chain: row.id, db)
            }
            try refreshCheckpoint(of: row.id, chainID: request.identity.chainID, db)
            guard let opened = try ChainTable.row(of: request.identity.chainID, db) else {
                throw StoreError.unknownChain(request.identity.chainID)
            }
            var state = try ChainTable.state(of: opened, db, optional: optionalIndexes)
            if row.version.holder != holder, let lease = row.lease {
                state.predecessor = Predecessor(process: lease.process, version: row.version)
            }
            return state
        }
    }

    /// The chain's row as it was before it was taken over, or as it was made.
    private func row(for request: ChainRequest, holder: ID128, _ db: Database) throws -> ChainTable.Row {
        let identity = request.identity
        if let row = try ChainTable.row(of: identity.chainID, db) {
            guard row.identity == identity else {
                throw LedgerError.otherChain(stored: row.identity, found: identity)
            }
            try acquiringLease(row, holder: holder)
            try db.execute(
                sql: """
                    UPDATE chain SET \(leaseColumns), revision = revision + 1, commit_id = ?, epoch = epoch + 1, holder = ?
                    WHERE id = ?
                    """,
                arguments: leaseArguments + [ChainTable.bytes(holder), ChainTable.bytes(holder), row.id]
            )
            return row
        }
        try db.execute(
            sql: """
                INSERT INTO chain(
                  lease_boot, lease_until, lease_process, lease_birth, chain_id, genesis, revision, commit_id, epoch, holder)
                VALUES(?, ?, ?, ?, ?, ?, 1, ?, 1, ?)
                """,
            arguments: leaseArguments + [
                String(identity.chainID), Blob.data(identity.genesis.bytes), ChainTable.bytes(holder),
                ChainTable.bytes(holder),
            ]
        )
        guard let row = try ChainTable.row(of: identity.chainID, db) else {
            throw StoreError.unknownChain(identity.chainID)
        }
        return row
    }

    private func makeScopes(for request: ChainRequest, chain: Int64, _ db: Database) throws {
        let held = try ChainTable.scopes(of: chain, db)
        if request.contracts.isEmpty {
            // Without a contract named, what the database follows goes on; a new one follows the whole chain.
            if held.isEmpty { try makeScope(nil, chain: chain, first: request.firstBlock ?? 0, db) }
            if let first = request.firstBlock {
                try db.execute(
                    sql: "UPDATE scope SET first_block = min(first_block, ?) WHERE chain = ? AND contract IS NULL",
                    arguments: [Int64(bitPattern: first), chain]
                )
            }
            if held.contains(where: { $0.contract == nil }) || held.isEmpty {
                // One that a later release lists is read from where the whole chain is.
                let first = request.firstBlock ?? held.first { $0.contract == nil }?.firstBlock ?? 0
                for special in request.specialContracts where !held.contains(where: { $0.contract == special.address })
                {
                    let id = try writer.statements(db).addresses.id(of: special.address, db)
                    try makeScope(id, chain: chain, first: first, db)
                }
            }
            return
        }
        for contract in request.contracts {
            let known = held.first { $0.contract == contract }
            let id = try writer.statements(db).addresses.id(of: contract, db)
            try makeScope(id, chain: chain, first: request.firstBlock ?? known?.firstBlock ?? 0, db)
        }
    }

    /// Makes a scope, or takes one up again; a smaller first block opens the range below the old one.
    private func makeScope(_ contract: AddressID?, chain: Int64, first: BlockNumber, _ db: Database) throws {
        let isNew =
            try Row.fetchOne(
                db,
                sql: "SELECT 1 FROM scope WHERE chain = ? AND contract IS ? AND active = 1",
                arguments: [chain, contract]
            ) == nil
        if isNew { try Self.wantWalk(chain, db) }
        try db.execute(
            sql: """
                INSERT INTO scope(chain, contract, first_block, active) VALUES(?, ?, ?, 1)
                ON CONFLICT DO UPDATE SET active = 1, first_block = min(first_block, excluded.first_block)
                """,
            arguments: [chain, contract, Int64(bitPattern: first)]
        )
    }

    func refreshCheckpoint(of chain: Int64, chainID: ChainID, _ db: Database) throws {
        guard let row = try ChainTable.row(of: chainID, db) else { return }
        let state = try ChainTable.state(of: row, db)
        try db.execute(
            sql: "UPDATE chain SET checkpoint = ? WHERE id = ?",
            arguments: [state.checkpoint.map { Int64(bitPattern: $0) }, chain]
        )
    }

    package func reading(_ chain: ChainID) throws -> ChainState {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { throw StoreError.unknownChain(chain) }
            return try ChainTable.state(of: row, db, optional: optionalIndexes)
        }
    }
}
