import Ethereum
package import Tokens

extension JSONWriter {
    /// A refresh, as far as it is; times are seconds since 1970.
    package mutating func fields(_ job: RefreshJob) {
        field("id", "\(job.id)")
        field("chainId", job.chain)
        field("wallet", job.wallet.checksummed)
        field("state", job.phase.name)
        field("reason", job.reason)
        key("asOf")
        if let block = job.block {
            object { json in
                json.field("blockNumber", block.number)
                json.field("blockHash", "\(block.hash)")
            }
        } else {
            null()
        }
        let counts = job.counts
        field("checked", UInt64(clamping: counts.checked))
        field("matched", UInt64(clamping: counts.matched))
        field("added", UInt64(clamping: counts.added))
        field("removed", UInt64(clamping: counts.removed))
        field("conflicts", UInt64(clamping: counts.conflicts))
        field("failedCount", UInt64(clamping: counts.failed))
        key("failed")
        array(of: job.failures) { json, failure in
            json.object { json in
                json.field("contract", failure.contract.checksummed)
                json.field("tokenId", failure.token?.decimal)
                json.field("reason", failure.reason)
            }
        }
        field("attempts", UInt64(clamping: job.attempts))
        field("requestedAt", UInt64(clamping: job.requestedAt))
        field("finishedAt", job.finishedAt.map { UInt64(clamping: $0) })
    }
}

extension RefreshJob.Phase {
    /// As answers and scripts name it.
    package var name: String {
        switch self {
        case .queued: "queued"
        case .checking, .explaining: "running"
        case .done: "done"
        case .failed: "failed"
        }
    }
}
