/// `/metrics` in Prometheus' text format, and the endpoints in `/v1/status`.
import Ethereum
import Foundation
import HTTPTypes
import StoreSQLite
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

struct MetricsTests {
    private static var live: LiveStatus {
        var live = LiveStatus(state: "tail", head: 103, finalized: 90, commits: 7)
        live.rowsWritten = 12
        live.rowsRepaired = 3
        live.rewinds = .init(bounds: [1, 2, 4], counts: [3, 0, 1], count: 5, blocks: 107)
        live.repairs = [.init("blocksSplit", 2)]
        var endpoint = EndpointStatus(label: "a \"b\"\\\n (http://a)", operator: "op", head: 102)
        endpoint.breakers = [.init("head", "closed"), .init("logs", "halfOpen")]
        endpoint.isQuarantined = true
        endpoint.parkedFor = "E5"
        endpoint.inFlight = 3
        endpoint.limits = [.init("rangeOfContracts", 700)]
        var traffic = EndpointStatus.Traffic(method: "eth_getLogs", methodClass: "logs")
        (traffic.requests, traffic.successes, traffic.retries) = (10, 8, 1)
        traffic.faults = [.init("E1", 1), .init("E6", 1)]
        endpoint.traffic = [traffic]
        live.endpoints = [endpoint]
        return live
    }

    @Test func `metrics tell of every chain and endpoint, and labels are escaped`() async throws {
        try await World.with(World.ledger(), live: { [321: Self.live] }) { world in
            let answer = try await world.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = Set(answer.text.split(separator: "\n").map(String.init))
            let endpoint = #"chain="321",endpoint="a \"b\"\\\n (http://a)""#
            let logs = #"\#(endpoint),class="logs",method="eth_getLogs""#
            for line in [
                #"holdfast_chain_head_block{chain="321"} 103"#, #"holdfast_chain_tip_block{chain="321"} 3"#,
                #"holdfast_chain_checkpoint_block{chain="321"} 3"#, #"holdfast_chain_lag_blocks{chain="321"} 100"#,
                #"holdfast_chain_phase{chain="321",phase="tail"} 1"#,
                #"holdfast_chain_phase{chain="321",phase="blocked"} 0"#,
                #"holdfast_chain_rows_written_total{chain="321"} 12"#, #"holdfast_chain_commits_total{chain="321"} 7"#,
                #"holdfast_chain_rewind_depth_blocks_bucket{chain="321",le="1"} 3"#,
                #"holdfast_chain_rewind_depth_blocks_bucket{chain="321",le="4"} 4"#,
                #"holdfast_chain_rewind_depth_blocks_bucket{chain="321",le="+Inf"} 5"#,
                #"holdfast_chain_rewind_depth_blocks_sum{chain="321"} 107"#,
                #"holdfast_chain_rewind_depth_blocks_count{chain="321"} 5"#,
                #"holdfast_client_repairs_total{chain="321",repair="blocksSplit"} 2"#,
                "holdfast_endpoint_head_block{\(endpoint)} 102", "holdfast_endpoint_quarantined{\(endpoint)} 1",
                "holdfast_endpoint_in_flight{\(endpoint)} 3", "holdfast_endpoint_parked{\(endpoint),error=\"E5\"} 1",
                #"holdfast_endpoint_breaker{\#(endpoint),class="logs",state="halfOpen"} 1"#,
                #"holdfast_endpoint_breaker{\#(endpoint),class="logs",state="closed"} 0"#,
                #"holdfast_endpoint_limit{\#(endpoint),limit="rangeOfContracts"} 700"#,
                "holdfast_endpoint_requests_total{\(logs)} 10", "holdfast_endpoint_successes_total{\(logs)} 8",
                "holdfast_endpoint_retries_total{\(logs)} 1",
                #"holdfast_endpoint_faults_total{\#(logs),error="E6"} 1"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(lines.contains { $0.hasPrefix(#"holdfast_chain_lease_epoch{chain="321"} "#) })
        }
    }

    @Test func `status and metrics tell how the audit went`() async throws {
        let ledger = try World.ledger()
        let tip = try #require(ledger.state.tip)
        let totals = AuditTotals(agreed: 2, different: 1, unanswered: 4)
        try ledger.store.record(HoldingFindings(conflicts: [], audited: totals), at: tip, of: 321)
        try await World.with(ledger, live: { [321: Self.live] }) { world in
            let status = try await world.get("/v1/status").text
            #expect(
                status.contains(
                    #""audit":{"checked":7,"agreed":2,"different":1,"unanswered":4,"rate":0.666666,"conflicts":0,"#
                        + #""rowsRepaired":3}"#
                )
            )
            let lines = Set(try await world.get("/metrics").text.split(separator: "\n").map(String.init))
            for line in [
                #"holdfast_audit_holdings_total{chain="321",result="agreed"} 2"#,
                #"holdfast_audit_holdings_total{chain="321",result="different"} 1"#,
                #"holdfast_audit_holdings_total{chain="321",result="unanswered"} 4"#,
                #"holdfast_audit_rate{chain="321"} 0.666666"#, #"holdfast_chain_conflicts{chain="321"} 0"#,
                #"holdfast_chain_rows_repaired_total{chain="321"} 3"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }

    @Test func `every family is declared once, before its samples, and every line has the format's shape`() async throws
    {
        try await World.with(World.ledger(), live: { [321: Self.live] }) { world in
            let text = try await world.get("/metrics").text
            #expect(text.hasSuffix("\n"))
            var declared: [String] = []
            let sample = try Regex(#"^([a-z_]+)(\{([a-z]+="([^"\\\n]|\\\\|\\"|\\n)*",?)+\})? [0-9]+(\.[0-9]+)?$"#)
            for line in text.split(separator: "\n") {
                if line.hasPrefix("# TYPE ") {
                    let words = line.split(separator: " ")
                    #expect(words.count == 4 && !declared.contains(String(words[2])))
                    declared.append(String(words[2]))
                } else if !line.hasPrefix("# HELP ") {
                    let isSample = try sample.wholeMatch(in: line) != nil
                    #expect(isSample, "\(line)")
                    #expect(declared.last.map { line.hasPrefix($0) } == true, "\(line)")
                }
            }
            #expect(declared.count >= 20)
        }
    }

    @Test func `without an engine metrics tell what the store knows`() async throws {
        try await World.with(World.ledger()) { world in
            let text = try await world.get("/metrics").text
            #expect(text.contains(#"holdfast_chain_tip_block{chain="321"} 3"#))
            #expect(!text.contains("endpoint") && !text.contains("commits"))
        }
        try await World.with(try TestLedger()) { world in
            let text = try await world.get("/metrics").text
            #expect(text.contains("_phase{") && !text.contains("_block{"), "nothing is read yet")
        }
    }

    @Test func `status tells how each endpoint does`() async throws {
        try await World.with(World.ledger(), live: { [321: Self.live] }) { world in
            let text = try await world.get("/v1/status").text
            #expect(
                text.contains(
                    #""head":102,"breakers":[{"class":"head","state":"closed"},{"class":"logs","state":"halfOpen"}],"#
                        + #""quarantined":true,"parkedFor":"E5","limits":[{"name":"rangeOfContracts","value":700}],"#
                        + #""methods":[{"method":"eth_getLogs","class":"logs","requests":10,"successes":8,"retries":1,"#
                        + #""faults":[{"class":"E1","count":1},{"class":"E6","count":1}]}]}]"#
                )
            )
        }
    }
}
