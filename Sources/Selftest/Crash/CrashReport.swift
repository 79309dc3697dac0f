import Foundation

/// What a child process passed before it ended, told by itself line by line.
struct CrashReport: Sendable {
    /// One operation.
    struct Step: Sendable {
        var kind: CrashPoint.Kind
        var ordinal: Int
        /// The statement; the file, offset and length of a write.
        var detail: String
        /// Its transaction, from 0; nil outside of any that writes.
        var transaction: Int?
    }

    /// What one transaction did, as far as it came.
    struct Transaction: Sendable {
        var rewinds = false
        /// It swaps the chain's revision for the next.
        var isRevision = false
        var isCommitted = false
        /// It was on the disk when it was told.
        var isDurable = false
        /// One that `ChainUpdate`s come in.
        var isUpdate = false
    }

    private(set) var steps: [Step] = []
    private(set) var transactions: [Transaction] = []
    /// Whether all secondary indexes were built before the transaction of that number began.
    private(set) var liveFrom: Int?
    /// Writes that the loss of power took; nil where nobody died.
    private(set) var dropped: Int?

    init(path: String) throws {
        var current: Int?
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, let ordinal = Int(parts[1]) else { continue }
            if parts[0] == "died" { dropped = Int(parts[2]) }
            guard let kind = CrashPoint.Kind(rawValue: parts[0]) else { continue }
            if kind == .begin {
                current = transactions.count
                transactions.append(Transaction())
            }
            let isOutside = kind == .request || kind == .answer
            steps.append(Step(kind: kind, ordinal: ordinal, detail: parts[2], transaction: isOutside ? nil : current))
            if let open = current { note(kind, parts[2], in: open) }
            if kind == .committed { current = nil }
        }
    }

    private mutating func note(_ kind: CrashPoint.Kind, _ detail: String, in index: Int) {
        switch kind {
        case .statement:
            if detail.hasPrefix("INSERT INTO orphaned_") { transactions[index].rewinds = true }
            if detail.hasPrefix("CREATE INDEX IF NOT EXISTS block_untimed") { liveFrom = index + 1 }
            if detail.hasPrefix("UPDATE chain SET"), detail.contains("revision = ?, commit_id = ?") {
                transactions[index].isUpdate = true
            }
            if transactions[index].isUpdate || detail.hasPrefix("INSERT INTO chain(")
                || detail.hasPrefix("UPDATE chain SET") && detail.contains("revision = revision + 1")
            {
                transactions[index].isRevision = true
            }
        case .committed:
            transactions[index].isCommitted = true
            transactions[index].isDurable = detail.hasPrefix("0 bytes")
        default:
            break
        }
    }

    func count(_ kind: CrashPoint.Kind) -> Int { steps.count { $0.kind == kind } }

    /// The revisions that the file may have: all that were told, and perhaps the one whose COMMIT was under way.
    ///
    /// After a loss of power only what was told while it was on the disk has to be there.
    func revisions(after effect: CrashPoint.Effect) -> ClosedRange<Int> {
        let told = transactions.filter { $0.isRevision && $0.isCommitted }
        let isUnderWay = transactions.last.map { $0.isRevision && !$0.isCommitted } ?? false
        let last = told.lastIndex { $0.isDurable }.map { $0 + 1 } ?? 0
        let least = effect == .lost || effect == .mixed ? last : told.count
        return least...(told.count + (isUnderWay ? 1 : 0))
    }

    /// Revisions whose COMMIT was told.
    var revisionsTold: Int { transactions.count { $0.isRevision && $0.isCommitted } }

    /// Live commits that a loss of power would have taken although they were told.
    var undurable: [Int] {
        guard let liveFrom else { return [] }
        return transactions.indices.filter {
            $0 >= liveFrom && transactions[$0].isUpdate && transactions[$0].isCommitted && !transactions[$0].isDurable
        }
    }

    var liveUpdates: Int {
        liveFrom.map { from in transactions.indices.count { $0 >= from && transactions[$0].isUpdate } } ?? 0
    }
}
