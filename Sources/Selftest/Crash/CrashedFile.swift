import Ethereum
import Foundation
import GRDB
import Oracle
import Simulator
import StoreSQLite
import Tokens

/// What a dead process left, judged on a copy before anything may mend it.
struct CrashedFile {
    let path: String

    /// Copies the database with its journals, without the shared memory, which no start reads; and lets SQLite recover the
    /// copy, as it does at every start.
    init(copying original: String, to path: String) throws {
        self.path = path
        let files = FileManager.default
        for suffix in ["", "-wal", "-journal"] where files.fileExists(atPath: original + suffix) {
            try files.copyItem(atPath: original + suffix, toPath: path + suffix)
        }
        guard isBegun else { return }
        _ = try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
    }

    /// Whether anything at all was written.
    var isBegun: Bool {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        return size ?? 0 > 0
    }

    /// The store that answers from it; nil where the schema is not whole, which is said and not guessed.
    func whole() throws -> SQLiteStore? {
        do { return try SQLiteStore(reading: path) } catch StoreError.older { return nil }
    }

    /// What of a sync is wrong in it; nil: every invariant holds at this instant.
    ///
    /// - Parameter chain: with all its branches.
    /// - Parameter revisions: those that the process was told of, and perhaps one more; see ``CrashReport``.
    func judge(_ chain: SimulatedChain, revisions: ClosedRange<Int>) throws -> String? {
        guard isBegun else { return revisions.contains(0) ? nil : "the file is gone" }
        if let wrong = try damage() { return wrong }
        guard let store = try whole() else {
            return revisions.contains(0)
                ? nil : "revision \(revisions.lowerBound) was told, and the schema is not whole"
        }
        defer { try? store.close() }
        guard let held = try row() else {
            return revisions.contains(0) ? nil : "revision \(revisions.lowerBound) was told, and no chain is held"
        }
        guard revisions.contains(held.revision) else {
            return "revision \(held.revision) is held; \(revisions) were told"
        }
        guard let tip = held.tip else { return try rows() == 0 ? nil : "rows without a tip" }
        guard let block = chain.block(tip.hash), block.number == tip.number else {
            return "the tip \(tip) is no block of any branch"
        }
        if let wrong = try Verdict.inconsistency(path, Array(chain.lineage(of: tip.hash)[...Int(tip.number)])) {
            return wrong
        }
        if let reached = held.covered, reached > tip.number { return "block \(reached) is covered, above the tip" }
        let refolded = try Verdict.queue(path).read(Refold.owners)
        if let wrong = try Verdict.difference(store, chain.options.chainID, refolded, only: []) {
            return "the holdings are not the fold of the transfers: \(wrong)"
        }
        guard held.checkpoint == tip.number else { return nil }
        return try Verdict.difference(store, chain.options.chainID, block.owners, only: [])
            .map { "complete to block \(tip.number), but \($0)" }
    }

    /// What SQLite itself finds wrong.
    func damage() throws -> String? {
        let found = try Verdict.queue(path).read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
        return found == ["ok"] ? nil : "integrity check: \(found.prefix(3))"
    }

    /// Of the chain's row.
    struct Held {
        var revision: Int
        var commit: String
        var tip: BlockRef?
        var checkpoint: BlockNumber?
        /// The highest block of any coverage.
        var covered: BlockNumber?
        /// Whether its holder gave the lease back.
        var isGivenBack: Bool
    }

    private func row() throws -> Held? {
        try Verdict.queue(path).read { db in
            let sql =
                "SELECT *, (SELECT max(last) FROM coverage) AS covered, lower(hex(commit_id)) AS \"commit\" FROM chain"
            guard let row = try Row.fetchOne(db, sql: sql) else { return nil }
            let (number, hash): (Int64?, Data?) = (row["tip_number"], row["tip_hash"])
            let (checkpoint, covered): (Int64?, Int64?) = (row["checkpoint"], row["covered"])
            let tip = hash.flatMap { Hash32(bytes: $0) }.flatMap { hash in
                number.map { BlockRef(number: UInt64($0), hash: hash) }
            }
            return Held(
                revision: row["revision"],
                commit: row["commit"],
                tip: tip,
                checkpoint: checkpoint.map(UInt64.init),
                covered: covered.map(UInt64.init),
                isGivenBack: (row["lease_until"] as Int64) == 0
            )
        }
    }

    /// The chain's row; nil before there is one, whatever is missing for it.
    func rowIfWhole() throws -> Held? {
        guard isBegun, let store = try whole() else { return nil }
        try store.close()
        return try row()
    }

    private func rows() throws -> Int {
        try Verdict.queue(path).read { db in
            try Int.fetchOne(db, sql: "SELECT (SELECT count(*) FROM transfer) + (SELECT count(*) FROM owner)") ?? 0
        }
    }
}
