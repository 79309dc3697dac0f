import Ethereum
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
