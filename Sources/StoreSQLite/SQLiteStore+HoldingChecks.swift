package import Ethereum
import GRDB
package import Tokens

/// Holdings to compare with the contracts, and the contradictions that were found.
extension SQLiteStore: HoldingChecks {
    /// A ledger of at most so many rows for each holding wanted is read wholly for an even sample: 50,000 for 200, some
    /// tens of milliseconds.
    static let rowsReadWhole: UInt64 = 250
    private static let pageOfSample = 4_096
    private static let idsOfSegmentInSample: UInt64 = 256

    package func sample(
        _ count: Int,
        of chain: ChainID,
        contract: Address?,
        at block: BlockRef,
        using generator: inout some RandomNumberGenerator
    ) throws -> [ClaimedHolding] {
        let readWhole = Self.rowsReadWhole * UInt64(count)
        return try sample(count, of: chain, contract: contract, at: block, readWhole: readWhole, using: &generator)
    }

    /// - Parameter readWhole: rows up to which all is read; small in tests of the other way.
    package func sample<Generator: RandomNumberGenerator>(
        _ count: Int,
        of chain: ChainID,
        contract: Address?,
        at block: BlockRef,
        readWhole: UInt64,
        using generator: inout Generator
    ) throws -> [ClaimedHolding] {
        let (drawn, state) = try pool.read { db in
            let pinned = try PinnedHoldings(db, chain, at: block, contract: contract)
            let id = try contract.flatMap(pinned.reading.id)
            if contract != nil, id == nil { return ([ClaimedHolding](), generator) }
            let rows = try rows(of: id, pinned, db)
            if rows <= readWhole {
                var generator = generator
                return (try reservoir(count, pinned, contract, &generator), generator)
            }
            var draw = HoldingDraw(pinned, generator)
            guard let contract, let id else { return (try draw.fromChain(count, transfers: rows), draw.generator) }
            guard pinned.reading.serves(contract) else { return ([], draw.generator) }
            return (try draw.fromContract(count, id, contract, rows: rows), draw.generator)
        }
        generator = state
        return drawn
    }

    private func rows(of contract: AddressID?, _ pinned: PinnedHoldings, _ db: Database) throws -> UInt64 {
        guard let contract else {
            let sql = "SELECT transfers_processed FROM chain WHERE id = ?"
            return try pinned.reading.first(sql, [pinned.reading.chain]).map { ListReading.number($0, 0) } ?? 0
        }
        let row = try pinned.reading.first(HoldingSQL.rows, [pinned.reading.chain, contract])
        return row.map { ListReading.number($0, 0) } ?? 0
    }

    /// An even sample of all, in one pass: each later one takes a place with the chance that is its due.
    private func reservoir(
        _ count: Int,
        _ pinned: PinnedHoldings,
        _ contract: Address?,
        _ generator: inout some RandomNumberGenerator
    ) throws -> [ClaimedHolding] {
        var kept: [ClaimedHolding] = []
        var seen = 0
        var position: SweepPosition?
        repeat {
            var sweep = HoldingSweep(
                pinned,
                contract: contract,
                idsMax: Self.idsOfSegmentInSample,
                limit: Self.pageOfSample
            )
            try sweep.run(from: position)
            for item in sweep.items {
                seen += 1
                if kept.count < count {
                    kept.append(item)
                } else {
                    let place = Int.random(in: 0..<seen, using: &generator)
                    if place < count { kept[place] = item }
                }
            }
            position = sweep.next
        } while position != nil
        return kept
    }

    package func holdings(
        of chain: ChainID,
        contract: Address?,
        at block: BlockRef,
        _ page: PageRequest<SweepPosition>
    ) throws -> (items: [ClaimedHolding], next: SweepPosition?) {
        try pool.read { db in
            let pinned = try PinnedHoldings(db, chain, at: block, contract: contract)
            var sweep = HoldingSweep(
                pinned,
                contract: contract,
                idsMax: HoldingLine.runIDsMax,
                limit: page.limit
            )
            try sweep.run(from: page.position)
            return (sweep.items, sweep.next)
        }
    }

    package func unheld(_ places: [Place], of chain: ChainID) throws -> Set<Place> {
        guard !places.isEmpty else { return [] }
        return try pool.read { db in
            let reading = try ListReading(db, chain)
            let sql = """
                SELECT EXISTS(SELECT 1 FROM transfer
                  WHERE chain = ?1 AND block = ?2 AND log_index = ?3 AND ordinal = ?4)
                  OR (?4 = 0 AND EXISTS(SELECT 1 FROM token_range WHERE chain = ?1 AND block = ?2 AND log_index = ?3))
                """
            return Set(
                try places.filter { place in
                    let arguments: StatementArguments = [
                        reading.chain, Int64(bitPattern: place.block), Int64(place.logIndex), Int64(place.ordinal),
                    ]
                    let isHeld: Bool = try reading.first(sql, arguments)?[0] ?? false
                    return !isHeld
                }
            )
        }
    }

    // MARK: Contradictions

    package func conflicts(of chain: ChainID, limit: Int) throws -> [OwnershipConflict] {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            return try ConflictRows.all(reading, limit: limit)
        }
    }

    package func conflicts(about token: TokenID, on chain: ChainID) throws -> [OwnershipConflict] {
        try pool.read { db in
            let reading = try ListReading(db, chain)
            guard let contract = try reading.id(of: token.contract) else { return [] }
            return try ConflictRows.about(token.token, contract, reading)
        }
    }

    package func record(_ findings: HoldingFindings, at block: BlockRef, of chain: ChainID) throws {
        guard !findings.isEmpty else { return }
        try writing { db in
            let reading = try ListReading(db, chain)
            guard try hash(of: block.number, chain: reading.chain, db) == block.hash else {
                throw ListingError.replaced(block: block.number)
            }
            for holding in findings.settled { try ConflictRows.remove(holding, reading) }
            for conflict in findings.conflicts { try ConflictRows.insert(conflict, reading) }
            guard let audited = findings.audited else { return }
            try db.execute(
                sql: """
                    UPDATE chain SET audit_agreed = audit_agreed + ?, audit_different = audit_different + ?,
                      audit_unanswered = audit_unanswered + ? WHERE id = ?
                    """,
                arguments: [
                    Int64(audited.agreed), Int64(audited.different), Int64(audited.unanswered), reading.chain,
                ]
            )
        }
    }
}
