/// The shipped backfill against a bare C program that writes the same tables, and each of its halves alone.
enum BackfillBench {
    static func judge(_ judge: inout Judge) throws {
        let url = try judge.node(judge.size)
        let floorSize = judge.size + ["--database", database]
        var least = try judge.interleaved(
            [
                ("append", ["append"] + floorSize),
                ("floor", ["floor"] + floorSize),
                ("ingest", ["ingest", "--url", url, "--database", database]),
                ("null", ["null", "--url", url]),
            ],
            rounds: number("rounds", 3)
        )
        least["scan"] = try Part.run(["scan"])
        func value(_ part: String, _ key: String = "seconds") -> Double { least[part]?[key] ?? .nan }
        judge.verdicts.judge(
            "floor / bare append",
            value("floor") / value("append"),
            .atMost(3.2),
            why: "else the floor is too slow to be one"
        )
        judge.verdicts.judge("end to end L1 / floor", value("ingest") / value("floor"), .atMost(1.25))
        judge.verdicts.judge(
            "fetch and decode into nothing, rate / floor's",
            value("floor") / value("null"),
            .atLeast(4)
        )
        judge.verdicts.judge("scanner / Foundation's decoder", value("scan", "ratio"), .atLeast(20))
        judge.verdicts.judge("peak memory, MiB", value("ingest", "peakMiB"), .atMost(150))
    }
}
