/// A chain with ten ERC-20 transfers for each NFT log: what the filter saves.
///
/// Reported, not judged: how much a node's own filter costs is not ours.
enum FungibleBench {
    /// A tenth of the chain, so that with its ERC-20 transfers it fills as much memory as the whole without.
    private static let perLog = 10

    static func judge(_ judge: inout Judge) throws {
        let logs = judge.data.logCount / Self.perLog
        let size = ["--logs", "\(logs)", "--erc20", "\(Self.perLog)", "--receipts", "0"]
        let url = try judge.node(size)
        let common = ["--url", url, "--database", database]
        let least = try judge.interleaved(
            [
                ("end to end", ["ingest"] + common),
                ("e2e, all", ["ingest", "--wide"] + common),
                ("null", ["null"] + common),
                ("null, all", ["null", "--wide"] + common),
            ],
            rounds: number("rounds", 3)
        )
        func rate(_ part: String) -> Double { Double(logs) / (least[part]?["seconds"] ?? .nan) }
        func line(_ what: String, _ narrow: String, _ wide: String) {
            let times = Verdicts.text(rate(narrow) / rate(wide))
            judge.verdicts.report(
                "\(what): \(Int(rate(narrow))) NFT logs/s asked for four topics, \(Int(rate(wide))) with every ERC-20 "
                    + "transfer on the wire (\(Int(rate(wide) * Double(Self.perLog + 1))) logs/s): \(times) times"
            )
        }
        line("end to end", "end to end", "e2e, all")
        line("fetch and decode into nothing", "null", "null, all")
        judge.stopNode(size)
    }
}
