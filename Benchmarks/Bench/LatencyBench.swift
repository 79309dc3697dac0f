/// A node 50 ms away: with its pages in flight, a backfill should hardly notice.
enum LatencyBench {
    static func judge(_ judge: inout Judge) throws {
        let url = try judge.node(judge.size)
        let least = try judge.interleaved(
            [
                ("near", ["ingest", "--url", url, "--database", database]),
                ("50 ms away", ["ingest", "--url", "\(url)/50", "--database", database]),
                ("null near", ["null", "--url", url]),
                ("null 50 ms", ["null", "--url", "\(url)/50"]),
            ],
            rounds: number("rounds", 3)
        )
        func seconds(_ part: String) -> Double { least[part]?["seconds"] ?? .nan }
        let rate = seconds("near") / seconds("50 ms away")
        judge.verdicts.judge("end to end with 50 ms latency, rate / without", rate, .atLeast(0.8))
        judge.verdicts.report(
            "fetch and decode into nothing, the same: \(Verdicts.text(seconds("null near") / seconds("null 50 ms")))"
        )
    }
}
