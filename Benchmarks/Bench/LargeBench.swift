/// Five times the chain: memory must not grow with what was read.
///
/// Asked for with `--large`: 8 GiB for the node and some minutes.
enum LargeBench {
    static func judge(_ judge: inout Judge) throws {
        let usual = try Part.run(["ingest", "--url", try judge.node(judge.size), "--database", database])
        judge.stopNode(judge.size)
        let size = ["--logs", "10000000", "--tokens", "1000000", "--wallets", "500000", "--receipts", "0"]
        let large = try Part.run(["ingest", "--url", try judge.node(size), "--database", database])
        judge.stopNode(size)
        for (name, values) in [("usual", usual), ("large", large)] {
            let rate = (values["rows"] ?? .nan) / (values["seconds"] ?? .nan)
            judge.verdicts.report(
                "\(name): \(Verdicts.text(values["seconds"] ?? .nan)) s, \(Int(rate)) rows/s, "
                    + "\(Verdicts.text(values["peakMiB"] ?? .nan)) MiB"
            )
        }
        let growth = (large["peakMiB"] ?? .nan) / (usual["peakMiB"] ?? .nan)
        judge.verdicts.judge("peak memory at 10,000,000 logs / at \(judge.data.logCount)", growth, .atMost(1.1))
    }
}
