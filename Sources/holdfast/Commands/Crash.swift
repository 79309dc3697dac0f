import ArgumentParser
import ChainClient
import Selftest
import StoreSQLite

/// `holdfast crash`: a sync or a migration that dies at one point; `selftest` starts it, and nobody else should.
struct Crash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sync, or migrate, and die on the way; for `selftest`.",
        shouldDisplay: false
    )

    @Option(help: "The file to write.")
    var database: String
    @Option(help: "BLOCK@URL: sync to a block; repeated, one after the other. None: open the database and end.")
    var step: [String] = []
    @Option(help: "KIND:ORDINAL:EFFECT:SEED; left out: die nowhere.")
    var point: String?
    @Option(help: "A file that gets a line for every point that is passed.")
    var report: String

    func run() async throws {
        let place = point.flatMap { CrashPoint(text: $0) }
        guard (place == nil) == (point == nil) else { throw Failure.usage("--point: KIND:ORDINAL:EFFECT:SEED") }
        guard CrashPoint.install(place, report: report) else { throw Failure.work("no points at \(report)") }
        let store = try SQLiteStore(path: database, lease: .standard())
        let steps = try step.map(Self.parse)
        let logger = Wiring.logger()
        try await HTTPTransport.withHTTPTransport { transport in
            for (block, url) in steps {
                let settings = ChainSettings(endpoints: [Endpoint(url: url)], contracts: [])
                let mortal = MortalTransport(transport)
                try await Sync.read(settings, block, store, over: mortal, waits: false, false, logger)
            }
        }
        try store.close()
    }

    private static func parse(_ step: String) throws -> (block: String, url: String) {
        let parts = step.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else { throw Failure.usage("--step \(step): BLOCK@URL") }
        return (String(parts[0]), String(parts[1]))
    }
}
