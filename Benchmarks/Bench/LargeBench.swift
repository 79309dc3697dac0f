/// Five times the chain: memory must not grow with what was read.
///
/// Asked for with `--large`: 8 GiB for the node and some minutes.
enum LargeBench {
    private static let times = 5

    static func judge(_ judge: inout Judge) throws {
        let usual = try Part.run(["ingest", "--url", try judge.node(judge.size), "--database", database])
        judge.stopNode(judge.size)
        let data = judge.data
        let size = [
            "--logs", "\(data.logCount * times)", "--tokens", "\(data.tokenCount * times)",
            "--wallets", "\(data.walletCount * times)", "--receipts", "0",
        ]
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
        judge.verdicts.judge("peak memory at \(data.logCount * times) logs / at \(data.logCount)", growth, .atMost(1.1))
    }
}
