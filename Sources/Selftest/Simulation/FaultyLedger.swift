import Ethereum
import GRDB
import Simulator
import StoreSQLite
import Synchronization
import Tokens

/// What a run found wrong first.
final class Findings: Sendable {
    private let first = Mutex<String?>(nil)

    func note(_ what: String) {
        first.withLock { if $0 == nil { $0 = what } }
    }

    var found: String? { first.withLock { $0 } }
}

/// A real store whose commits fail at times, before or after they took effect; and the invariants after each of them.
struct FaultyLedger: Ledger {
    let store: SQLiteStore
    let faults: Faults
    let findings: Findings
    let trace: Trace
    /// Compares the holdings with the oracle's at a tip; nil where the read set of events is not whole yet.
    let judge: (@Sendable (SQLiteStore, BlockRef) throws -> String?)?

    struct Failed: Error {
        var what: String
    }

    func open(_ request: ChainRequest, holder: ID128) async throws -> ChainState {
        try await store.open(request, holder: holder)
    }

    func state(of chain: ChainID) async throws -> ChainState {
        if faults.fires(.storeUnreadable) { throw DatabaseError(resultCode: .SQLITE_IOERR, message: "simulated") }
        return try await store.state(of: chain)
    }

    func apply(_ update: ChainUpdate, to chain: ChainID) async throws -> Committed {
        if faults.fires(.storeBefore) { throw Failed(what: "before the commit") }
        if faults.fires(.storeBusy) { throw DatabaseError(resultCode: .SQLITE_BUSY, message: "database is locked") }
        let before = try store.reading(chain)
        let committed: Committed
        do {
            committed = try await store.apply(update, to: chain)
        } catch {
            trace.note("refused \(error)")
            let after = try store.reading(chain)
            if after != before { findings.note("a refused update left something: \(error)") }
            throw error
        }
        trace.note(
            "commit \(committed.version.revision) +\(committed.inserted) =\(committed.repeated) -\(committed.undone)"
        )
        let after = try store.reading(chain)
        if let wrong = try check(update, before, after, committed) { findings.note(wrong) }
        if faults.fires(.storeAfter) { throw Failed(what: "after the commit") }
        return committed
    }

    func untimedBlocks(of chain: ChainID, from block: BlockNumber, limit: Int) async throws -> [BlockRef] {
        try await store.untimedBlocks(of: chain, from: block, limit: limit)
    }

    func heldBlock(of chain: ChainID, atOrBelow number: BlockNumber) async throws -> BlockRef? {
        try await store.heldBlock(of: chain, atOrBelow: number)
    }

    func buildIndexes(of chain: ChainID, as version: ChainVersion) async throws {
        try await store.buildIndexes(of: chain, as: version)
    }

    func renewLease(of chain: ChainID, as version: ChainVersion) async throws {
        try await store.renewLease(of: chain, as: version)
    }

    func releaseLease(of chain: ChainID, as version: ChainVersion) async throws {
        try await store.releaseLease(of: chain, as: version)
    }

    private func check(
        _ update: ChainUpdate,
        _ before: ChainState,
        _ after: ChainState,
        _ committed: Committed
    ) throws -> String? {
        guard after.version == committed.version, after.version.revision == before.version.revision + 1 else {
            return "revision \(before.version.revision) was followed by \(after.version.revision)"
        }
        guard before.version == update.base else { return "an update from another state was applied" }
        guard committed.checkpoint == after.checkpoint else { return "the checkpoint is not what coverage says" }
        if let tip = after.tip {
            for (key, coverage) in after.coverage {
                if let last = coverage.ranges.last, last.range.upperBound > tip.number {
                    return "scope \(key.scope) covers block \(last.range.upperBound) above the tip \(tip.number)"
                }
            }
        }
        if let keep = update.rewindTo {
            // Held hashes may be sparse: the proof is another hash at some held height that is undone.
            let undone = before.window.filter { $0.number > keep }
            guard
                undone.contains(where: { held in
                    update.blocks.contains { $0.number == held.number && $0.hash != held.hash }
                })
            else { return "a rewind to \(keep) without another hash above it" }
            if let finalized = before.finalized, keep < finalized { return "a final block was undone" }
        }
        if let judge, let tip = after.tip, after.checkpoint == tip.number, committed.version.commitID.low % 8 == 0 {
            return try judge(store, tip)
        }
        return nil
    }
}
