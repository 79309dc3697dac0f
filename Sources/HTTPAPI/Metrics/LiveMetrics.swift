import Ethereum
import LiveReads

/// What live reads show in `/metrics`.
struct LiveMetrics {
    private let chains: [(name: String, counts: LiveCounts)]

    init(_ chains: [(ChainID, LiveCounts)]) { self.chains = chains.map { (String($0), $1) } }

    func text() -> String {
        var out = PrometheusText()
        out.family("holdfast_live_answers_total", .counter, "Questions to contracts, by what came of them.") { family in
            for (chain, counts) in chains {
                family.sample(["chain": chain, "result": "live"], counts.live)
                family.sample(["chain": chain, "result": "cached"], counts.cached)
                family.sample(["chain": chain, "result": "stale"], counts.stale)
                family.sample(["chain": chain, "result": "failed"], counts.failed)
            }
        }
        out.family("holdfast_live_failures_total", .counter, "Reads that failed, by reason.") { family in
            for (chain, counts) in chains {
                for kind in LiveFailure.Kind.allCases {
                    family.sample(["chain": chain, "reason": kind.rawValue], counts.failures[kind] ?? 0)
                }
            }
        }
        out.family("holdfast_live_joined_total", .counter, "Questions that waited for an equal one.") { family in
            for (chain, counts) in chains { family.sample(["chain": chain], counts.joined) }
        }
        out.family("holdfast_live_voided_total", .counter, "Kept answers that a transfer or a reorg made void.") {
            for (chain, counts) in chains { $0.sample(["chain": chain], counts.voided) }
        }
        out.family("holdfast_live_entries", .gauge, "Answers kept.") { family in
            for (chain, counts) in chains { family.sample(["chain": chain], counts.entries) }
        }
        return out.text
    }
}
