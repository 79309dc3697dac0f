/// What looking closer costs: every header and its bloom (L2), and the receipts of every block (L3), over the anchor alone.
enum EvidenceBench {
    /// Blocks whose receipts the node has rendered.
    private static let proved = 20_000

    static func judge(_ judge: inout Judge) throws {
        let whole = try judge.node(judge.size)
        let slice = try judge.node(["--logs", "\(proved * Dataset.logsPerBlock)", "--receipts", "\(proved)"])
        func part(_ name: String, _ url: String, _ level: String) -> (name: String, arguments: [String]) {
            (name, ["ingest", "--url", url, "--database", database, "--evidence", level])
        }
        let least = try judge.interleaved(
            [
                part("L1", whole, "L1"), part("L2", whole, "L2"),
                part("L1, slice", slice, "L1"), part("L3, slice", slice, "L3"),
            ],
            rounds: number("rounds", 3)
        )
        func seconds(_ part: String) -> Double { least[part]?["seconds"] ?? .nan }
        judge.verdicts.judge("every header and bloom, L2 / L1", seconds("L2") / seconds("L1"), .atMost(1.15))
        judge.verdicts.judge(
            "every block's receipts proved, L3 / L1 (20,000 blocks)",
            seconds("L3, slice") / seconds("L1, slice"),
            .atMost(3)
        )
    }
}
