import Foundation

/// Runs the benches, prints the ratios, and says whether each holds.
///
/// Exit code 1 when one does not.
struct Judge {
    /// One bench: a name for `--only` and what it does.
    typealias Bench = (name: String, judge: (inout Judge) throws -> Void)

    /// In the order in which they run; a new one is one line here.
    private static let benches: [Bench] = [
        ("backfill", BackfillBench.judge),
        ("latency", LatencyBench.judge),
        ("erc20", FungibleBench.judge),
        ("evidence", EvidenceBench.judge),
        ("commit", CommitBench.judge),
        ("reorg", ReorgBench.judge),
        ("freshness", FreshnessBench.judge),
        ("owner", OwnerBench.judge),
        ("enrich", EnrichBench.judge),
        ("refresh", RefreshBench.judge),
        ("snapshot", SnapshotBench.judge),
    ]

    let data: Dataset
    var verdicts = Verdicts()
    private var servers: [String: Part] = [:]

    private init(_ data: Dataset) { self.data = data }

    static func run(_ data: Dataset) throws -> Int32 {
        var judge = Judge(data)
        defer { for server in judge.servers.values { server.stop() } }
        let only = option("only").map { $0.split(separator: ",").map(String.init) }
        let wanted = benches + (flag("large") ? [("large", LargeBench.judge)] : [])
        for bench in wanted where only?.contains(bench.name) ?? true {
            print("\(bench.name):")
            try bench.judge(&judge)
        }
        return judge.verdicts.isMissed ? 1 : 0
    }

    /// The address of a node that serves a chain of this size; started when first asked for, and kept.
    mutating func node(_ size: [String]) throws -> String {
        let key = size.joined(separator: " ")
        if let server = servers[key] { return server.url }
        var server = try Part.start(["serve"] + size)
        server.url = try server.firstLine()
        servers[key] = server
        return server.url
    }

    /// Frees the memory of a node that no later bench needs.
    mutating func stopNode(_ size: [String]) {
        servers.removeValue(forKey: size.joined(separator: " "))?.stop()
    }

    /// The options that make ``data`` again in another process.
    var size: [String] {
        [
            "--logs", "\(data.logCount)", "--tokens", "\(data.tokenCount)", "--wallets", "\(data.walletCount)",
        ]
    }

    /// Runs parts turn by turn, so that noise meets all of them, and keeps the fastest run of each.
    func interleaved(_ parts: [(name: String, arguments: [String])], rounds: Int) throws -> [String: Part.Values] {
        var least: [String: Part.Values] = [:]
        var spread: [String: [Double]] = [:]
        for _ in 0..<rounds {
            for part in parts {
                let values = try Part.run(part.arguments)
                let seconds = values["seconds"] ?? .infinity
                spread[part.name, default: []].append(seconds)
                if seconds < least[part.name]?["seconds"] ?? .infinity { least[part.name] = values }
            }
        }
        for part in parts {
            let all = (spread[part.name] ?? []).map { Verdicts.text($0) }.joined(separator: " ")
            let rest = (least[part.name] ?? [:]).filter { $0.key != "seconds" }.sorted { $0.key < $1.key }
                .map { "\($0.key) \(Verdicts.text($0.value))" }.joined(separator: ", ")
            verdicts.report("\(part.name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(all) s; \(rest)")
        }
        return least
    }
}
