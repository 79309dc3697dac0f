/// What `/metrics` shows: where every chain stands, and how its endpoints do.
import Ethereum
import Tokens

struct Metrics {
    var chains: [ChainStatus]

    func text() -> String {
        var out = PrometheusText()
        blocks(&out)
        work(&out)
        audit(&out)
        health(&out)
        traffic(&out)
        return out.text
    }

    // MARK: Chains

    private func blocks(_ out: inout PrometheusText) {
        gauge("head_block", "The newest block that is known of.", &out) { $0.head }
        gauge("tip_block", "The newest block whose transfers are held.", &out) { $0.summary.tip?.number }
        gauge("checkpoint_block", "Everything up to this block is held.", &out) { $0.summary.checkpoint }
        gauge("finalized_block", "No block up to this one is undone.", &out) {
            [$0.live?.finalized, $0.summary.finalized].compactMap(\.self).max()
        }
        gauge("lag_blocks", "How far the checkpoint is behind the head.", &out) { $0.lagBlocks }
        gauge("lease_epoch", "Rises with each instance that takes the chain over.", &out) { $0.summary.version.epoch }
        gauge("transfers", "Transfers held.", &out) { $0.summary.counters.transfersProcessed }
        gauge("tokens", "Tokens known.", &out) { $0.summary.counters.tokensDiscovered }
        gauge("malformed_logs", "Logs that no standard explains.", &out) { $0.summary.counters.errorCount }
        out.family("holdfast_chain_phase", .gauge, "1 for what the chain's engine does at present.") { family in
            for chain in chains {
                for phase in ["backfill", "tail", "blocked", "maintenance", "idle"] {
                    family.sample(["chain": Self.name(chain), "phase": phase], phase == chain.state)
                }
            }
        }
    }

    private func gauge(
        _ name: String,
        _ help: String,
        _ out: inout PrometheusText,
        _ value: (ChainStatus) -> UInt64?
    ) {
        out.family("holdfast_chain_\(name)", .gauge, help) { family in
            for chain in chains { family.sample(["chain": Self.name(chain)], value(chain)) }
        }
    }

    private func work(_ out: inout PrometheusText) {
        out.family("holdfast_chain_rows_written_total", .counter, "Rows written by this process.") { family in
            for chain in chains { family.sample(["chain": Self.name(chain)], chain.live?.rowsWritten) }
        }
        out.family("holdfast_chain_commits_total", .counter, "Commits by this process.") { family in
            for chain in chains { family.sample(["chain": Self.name(chain)], chain.live?.commits) }
        }
        out.family("holdfast_chain_rewind_depth_blocks", .histogram, "Blocks undone by each rewind.") { family in
            for chain in chains {
                guard let rewinds = chain.live?.rewinds else { continue }
                var sum: UInt64 = 0
                for (bound, count) in zip(rewinds.bounds, rewinds.counts) {
                    sum += count
                    family.sample(["chain": Self.name(chain), "le": "\(bound)"], sum, suffix: "_bucket")
                }
                family.sample(["chain": Self.name(chain), "le": "+Inf"], rewinds.count, suffix: "_bucket")
                family.sample(["chain": Self.name(chain)], rewinds.blocks, suffix: "_sum")
                family.sample(["chain": Self.name(chain)], rewinds.count, suffix: "_count")
            }
        }
        out.family("holdfast_client_repairs_total", .counter, "Things set right in answers, by kind.") { family in
            for chain in chains {
                for repair in chain.live?.repairs ?? [] {
                    family.sample(["chain": Self.name(chain), "repair": repair.name], repair.value)
                }
            }
        }
    }

    private func audit(_ out: inout PrometheusText) {
        out.family("holdfast_audit_holdings_total", .counter, "Holdings that the audit checked, by result.") { family in
            for chain in chains {
                let (name, audit) = (Self.name(chain), chain.summary.audit)
                family.sample(["chain": name, "result": "agreed"], audit.agreed)
                family.sample(["chain": name, "result": "different"], audit.different)
                family.sample(["chain": name, "result": "unanswered"], audit.unanswered)
            }
        }
        out.family("holdfast_audit_rate", .gauge, "The share that agreed of those answered.") { family in
            for chain in chains { family.sample(["chain": Self.name(chain)], share: chain.summary.audit.rate) }
        }
        gauge("conflicts", "Holdings that their contracts contradict.", &out) { $0.summary.conflicts }
        out.family("holdfast_chain_rows_repaired_total", .counter, "Missed rows put in by this process.") { family in
            for chain in chains { family.sample(["chain": Self.name(chain)], chain.live?.rowsRepaired) }
        }
    }

    /// The number, not the preset's name: it is never changed.
    private static func name(_ chain: ChainStatus) -> String { String(chain.summary.identity.chainID) }

    // MARK: Endpoints

    private func each(_ body: (String, EndpointStatus) -> Void) {
        for chain in chains {
            for endpoint in chain.live?.endpoints ?? [] { body(Self.name(chain), endpoint) }
        }
    }

    private func health(_ out: inout PrometheusText) {
        out.family("holdfast_endpoint_head_block", .gauge, "The newest block seen at the endpoint.") { family in
            each { family.sample(["chain": $0, "endpoint": $1.label], $1.head) }
        }
        out.family("holdfast_endpoint_in_flight", .gauge, "Calls under way at the endpoint.") { family in
            each { family.sample(["chain": $0, "endpoint": $1.label], $1.inFlight) }
        }
        out.family("holdfast_endpoint_breaker", .gauge, "1 for the state the breaker is in.") { family in
            each { chain, endpoint in
                for breaker in endpoint.breakers {
                    for state in ["closed", "open", "halfOpen"] {
                        family.sample(
                            ["chain": chain, "endpoint": endpoint.label, "class": breaker.name, "state": state],
                            state == breaker.value
                        )
                    }
                }
            }
        }
        out.family("holdfast_endpoint_quarantined", .gauge, "1 while put away for wrong data.") { family in
            each { family.sample(["chain": $0, "endpoint": $1.label], $1.isQuarantined) }
        }
        out.family("holdfast_endpoint_parked", .gauge, "1 while put away for this class of error.") { family in
            each { chain, endpoint in
                guard let error = endpoint.parkedFor else { return }
                family.sample(["chain": chain, "endpoint": endpoint.label, "error": error], true)
            }
        }
        out.family("holdfast_endpoint_limit", .gauge, "What was learnt of the endpoint's limits.") { family in
            each { chain, endpoint in
                for limit in endpoint.limits {
                    family.sample(["chain": chain, "endpoint": endpoint.label, "limit": limit.name], limit.value)
                }
            }
        }
    }

    private func traffic(_ out: inout PrometheusText) {
        count("requests", "Bodies sent; a batch is one.", &out) { $0.requests }
        count("successes", "Bodies answered usably.", &out) { $0.successes }
        count("retries", "Tries at an endpoint that had failed the same call.", &out) { $0.retries }
        out.family("holdfast_endpoint_faults_total", .counter, "Useless answers, by class of error.") { family in
            each { chain, endpoint in
                for traffic in endpoint.traffic {
                    for fault in traffic.faults {
                        family.sample(
                            [
                                "chain": chain, "endpoint": endpoint.label, "class": traffic.methodClass,
                                "method": traffic.method, "error": fault.name,
                            ],
                            fault.value
                        )
                    }
                }
            }
        }
    }

    private func count(
        _ name: String,
        _ help: String,
        _ out: inout PrometheusText,
        _ value: (EndpointStatus.Traffic) -> UInt64
    ) {
        out.family("holdfast_endpoint_\(name)_total", .counter, help) { family in
            each { chain, endpoint in
                for traffic in endpoint.traffic {
                    family.sample(
                        [
                            "chain": chain, "endpoint": endpoint.label, "class": traffic.methodClass,
                            "method": traffic.method,
                        ],
                        value(traffic)
                    )
                }
            }
        }
    }
}
