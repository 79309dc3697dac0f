package import Ethereum
package import Tokens

/// Rows that the chain has and the ledger has not, to be put in.
package struct Repair: Sendable {
    package private(set) var rows = DecodedLogs()
    /// All rows are of this block or ones before it.
    let block: BlockRef
    /// The rewinds of the state in which they were missing.
    let rewinds: UInt64

    /// Rows put in at once, as many as a commit of history has; what is left out is found again.
    static let rowsMax = 20_000

    init(block: BlockRef, rewinds: UInt64) {
        self.block = block
        self.rewinds = rewinds
    }

    var isEmpty: Bool { rows.rowCount == 0 }

    mutating func add(_ rows: DecodedLogs) {
        guard self.rows.rowCount + rows.rowCount <= Self.rowsMax || isEmpty else { return }
        self.rows.append(rows)
    }

    /// The update that puts the rows in; nil where the state is not the one that they were missing in any more.
    ///
    /// Coverage stays as it is: the blocks were read before, and one that is now held with another hash aborts the update.
    package func update(of state: ChainState, commitID: ID128) -> ChainUpdate? {
        #if MUTANTS
            let rewinds = Mutant.is(.undoneStateRepaired) ? state.rewinds : rewinds
        #endif
        guard state.rewinds == rewinds, let tip = state.tip, tip.number >= block.number else { return nil }
        var update = ChainUpdate(base: state.version, commitID: commitID)
        update.rows = rows
        update.blocks = [BlockRecord(number: block.number, hash: block.hash, timestamp: nil, role: [])]
        return update
    }
}

extension Repair {
    /// Times the state is read anew: a running instance commits every few seconds at most.
    private static let triesMax = 10

    /// Puts the rows in as an operator's change, so that a running instance goes on from it.
    ///
    /// May be repeated: rows that are held already change nothing.
    /// - Returns: how many were new; nil: the chain was reorganised since they were found missing, or others wrote each time.
    package func put(
        into ledger: any Ledger,
        _ chain: ChainID,
        random: @Sendable () -> UInt64
    ) async throws -> Int? {
        for _ in 0..<Self.triesMax {
            let state = try await ledger.state(of: chain)
            guard var update = update(of: state, commitID: ID128(high: random(), low: random())) else { return nil }
            update.isByOperator = true
            do {
                return try await ledger.apply(update, to: chain).inserted
            } catch LedgerError.stale {
                continue
            }
        }
        return nil
    }
}
