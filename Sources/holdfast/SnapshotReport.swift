import Ethereum
import Tokens

/// How a snapshot ended, for a person and for a script.
struct SnapshotReport {
    var job: SnapshotJob
    var failures: [SnapshotFailure]

    /// Lines of failures that a person is shown.
    private static let shownMax = 20

    /// Whether everything that was asked for is visible now.
    ///
    /// A contract that says that it has more tokens than were found has some beyond the ids that were asked for.
    var isWhole: Bool { job.phase == .published && failures.isEmpty && job.reason == nil && !isShort }

    private var isShort: Bool {
        guard job.ids == nil, let supply = job.plan?.supply else { return false }
        return supply > U256(UInt64(job.counts.read + job.counts.failed))
    }

    var text: String {
        let counts = job.counts
        var text =
            switch job.phase {
            case .failed: "failed: \(job.reason ?? "no reason was kept")"
            case .published: "published: \(counts.read) read, \(counts.absent) absent, \(counts.failed) failed"
            case .running:
                "not published: \(counts.read) read, \(counts.absent) absent, \(counts.failed) not answered yet"
            }
        if isShort, let supply = job.plan?.supply {
            text += " · the contract says that it has \(supply.decimal): give the others with --ids"
        }
        if job.phase != .failed, let block = job.block { text += " · as of block \(block.number)" }
        if job.phase == .published, let reason = job.reason { text += "\nwhat failed was not read again: \(reason)" }
        guard job.phase != .failed, !failures.isEmpty else { return text }
        for failure in failures.prefix(Self.shownMax) {
            text += "\n  \(Self.name(failure.item)): \(failure.reason.text), asked \(failure.tries) times"
        }
        if failures.count > Self.shownMax {
            text += "\n  … and \(failures.count - Self.shownMax) more (--json lists them all)"
        }
        return text + "\nask for these again with --retry-failed"
    }

    private static func name(_ item: SnapshotItem) -> String {
        switch item {
        case .token(let id): "token \(id)"
        case .index(let index): "the token at index \(index)"
        }
    }

    var json: String {
        let listed = failures.map { failure in
            let item =
                switch failure.item {
                case .token(let id): #""tokenId":"\#(id)""#
                case .index(let index): #""index":"\#(index)""#
                }
            return #"{\#(item),"reason":\#(JSONText.quoted(failure.reason.text)),"tries":\#(failure.tries)}"#
        }
        let block = job.block.map { #"{"blockNumber":\#($0.number),"blockHash":"\#($0.hash)"}"# } ?? "null"
        let fields = [
            #""chainId":\#(job.chain)"#, #""contract":"\#(job.contract.checksummed)""#, #""state":"\#(state)""#,
            #""asOf":\#(block)"#, #""read":\#(job.counts.read)"#, #""absent":\#(job.counts.absent)"#,
            #""failed":\#(job.counts.failed)"#, #""reason":\#(JSONText.quoted(job.reason))"#,
            #""failures":[\#(listed.joined(separator: ","))]"#,
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private var state: String {
        switch job.phase {
        case .running: "running"
        case .published: "published"
        case .failed: "failed"
        }
    }
}
