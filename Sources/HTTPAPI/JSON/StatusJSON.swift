package import Ethereum
import NIOCore
package import Tokens

/// What an engine in this process knows of a chain: newer than the database, and why it waits.
package struct LiveStatus: Sendable {
    /// `backfill`, `tail`, `blocked`, `maintenance` or `idle`.
    package var state: String
    /// Why it is blocked, or what it waits for.
    package var reason: String?
    package var head: BlockNumber?
    package var finalized: BlockNumber?
    /// Blocks a backfill still has to read, and had at its start.
    package var blocksLeft: UInt64
    package var blocksTotal: UInt64
    /// Commits since the engine started: what tells progress from mere running.
    package var commits: UInt64
    package var rowsWritten: UInt64 = 0
    /// Rows that an audit found to be missing and that were put in.
    package var rowsRepaired: UInt64 = 0
    /// Looks at the head that were answered since the engine started: what tells a silent chain from a loop that hangs.
    package var looks: UInt64 = 0
    /// How long the head has not moved, once that is unusual; nil: it moves.
    package var silentFor: Duration?
    package var rewinds: Rewinds?
    package var endpoints: [EndpointStatus] = []
    /// Things set right in answers, by kind.
    package var repairs: [EndpointStatus.Named<UInt64>] = []

    /// How deep the rewinds since the start were.
    package struct Rewinds: Sendable {
        /// Rewinds that undid at most so many blocks, and more than the bound before.
        package var bounds: [UInt64]
        package var counts: [UInt64]
        /// All of them, also those deeper than every bound.
        package var count: UInt64
        /// Blocks undone by all together.
        package var blocks: UInt64

        package init(bounds: [UInt64], counts: [UInt64], count: UInt64, blocks: UInt64) {
            self.bounds = bounds
            self.counts = counts
            self.count = count
            self.blocks = blocks
        }
    }

    package init(
        state: String,
        reason: String? = nil,
        head: BlockNumber? = nil,
        finalized: BlockNumber? = nil,
        blocksLeft: UInt64 = 0,
        blocksTotal: UInt64 = 0,
        commits: UInt64 = 0
    ) {
        self.state = state
        self.reason = reason
        self.head = head
        self.finalized = finalized
        self.blocksLeft = blocksLeft
        self.blocksTotal = blocksTotal
        self.commits = commits
    }
}

/// One chain's line in `status --json`, `/v1/status` and `/readyz`: what the store holds and what the engine knows.
package struct ChainStatus: Sendable {
    package var summary: ChainSummary
    package var name: String?
    package var live: LiveStatus?
    /// What the store remembers of endpoints, where no engine runs here.
    package var kept: [EndpointStatus] = []

    package init(_ summary: ChainSummary, name: String? = nil, live: LiveStatus? = nil) {
        self.summary = summary
        self.name = name
        self.live = live
    }

    package var head: BlockNumber? {
        [live?.head, summary.tip?.number].compactMap(\.self).max()
    }

    /// How many blocks the checkpoint is behind the head; nil while neither is known.
    package var lagBlocks: UInt64? {
        guard let head else { return nil }
        guard let checkpoint = summary.checkpoint else { return head + 1 }
        return head > checkpoint ? head - checkpoint : 0
    }

    /// Why it is blocked, what it waits for, or that the chain itself is silent.
    package var reason: String? { live?.reason ?? silence }

    /// That the chain makes no blocks, which is nothing that we could mend; nil: it makes some.
    package var silence: String? {
        guard let live, let still = live.silentFor, let head = live.head else { return nil }
        return "chain silent: no block after \(head) for \(still.components.seconds) s"
    }

    package var state: String {
        if let live { return live.state }
        if summary.holder?.work != nil { return "maintenance" }
        return summary.checkpoint != nil && summary.checkpoint == summary.tip?.number ? "idle" : "backfill"
    }
}

/// The shape of `status --json` and `/v1/status`.
///
/// Absent values are null: readers need not tell "not there" from "not known".
package struct StatusJSON: Sendable {
    package var chains: [ChainStatus]

    package init(_ chains: [ChainStatus]) { self.chains = chains }

    package func text() -> String { String(buffer: document()) }

    func document() -> ByteBuffer {
        JSONWriter.document { json in
            json.field("chains", each: chains) { json, chain in
                json.object { Self.write(chain, &$0) }
            }
        }
    }

    private static func write(_ chain: ChainStatus, _ json: inout JSONWriter) {
        let summary = chain.summary
        json.field("chainId", summary.identity.chainID)
        json.field("name", chain.name)
        block("head", chain.head, nil, &json)
        if let checkpoint = summary.checkpoint {
            json.field("checkpoint") {
                $0.field("number", checkpoint)
                $0.field("hash", summary.checkpointHash?.hex)
            }
        } else {
            json.field("checkpoint", nil as String?)
        }
        block("finalized", [chain.live?.finalized, summary.finalized].compactMap(\.self).max(), nil, &json)
        block("tip", summary.tip?.number, summary.tip?.hash, &json)
        json.field("lagBlocks", chain.lagBlocks)
        json.field("state", chain.state)
        json.field("reason", chain.reason)
        json.field("rewinds", summary.rewinds)
        if let holder = summary.holder {
            json.field("holder") {
                $0.field("process", UInt64(max(0, holder.process)))
                $0.field("work", holder.work)
            }
        } else {
            json.field("holder", nil as String?)
        }
        json.field("leaseEpoch", summary.version.epoch)
        json.field("counters") { json in
            json.field("transfersProcessed", summary.counters.transfersProcessed)
            json.field("tokensDiscovered", summary.counters.tokensDiscovered)
            json.field("tokensEnriched", summary.counters.tokensEnriched)
            json.field("errorCount", summary.counters.errorCount)
        }
        json.field("audit") { json in
            json.field("checked", summary.audit.checked)
            json.field("agreed", summary.audit.agreed)
            json.field("different", summary.audit.different)
            json.field("unanswered", summary.audit.unanswered)
            json.field("rate", share: summary.audit.rate)
            json.field("conflicts", summary.conflicts)
            json.field("rowsRepaired", chain.live?.rowsRepaired)
        }
        if let live = chain.live, live.state == "backfill", live.blocksTotal > 0 {
            json.field("backfill") {
                $0.field("blocksLeft", live.blocksLeft)
                $0.field("blocksTotal", live.blocksTotal)
            }
        } else {
            json.field("backfill", nil as String?)
        }
        json.field("endpoints", each: chain.live?.endpoints ?? chain.kept) { json, endpoint in
            json.object { EndpointStatus.write(endpoint, &$0) }
        }
        json.field("scopes", each: summary.scopes.filter(\.scope.isActive)) { json, scope in
            json.object { json in
                json.field("contract", scope.scope.contract?.checksummed)
                json.field("firstBlock", scope.scope.firstBlock)
                json.field("coveredBlocks", scope.coveredBlocks)
                json.field("evidence", scope.evidence.map { "L\($0.level)" })
            }
        }
    }

    private static func block(_ name: StaticString, _ number: BlockNumber?, _ hash: Hash32?, _ json: inout JSONWriter) {
        guard let number else { return json.field(name, nil as String?) }
        json.field(name) { json in
            json.field("number", number)
            if let hash { json.field("hash", hash.hex) }
        }
    }
}
