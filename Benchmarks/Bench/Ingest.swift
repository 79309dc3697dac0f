import ChainClient
import ChainSync
import Ethereum
import Foundation
import Logging
import StoreSQLite
import Synchronization
import Tokens

/// The shipped path, end to end: HTTP, scanner, decoder, engine, store.
///
/// One process, so that its peak memory is its own.
enum Ingest {
    /// - Parameter wide: asks for the older forms of events too, and so for every ERC-20 transfer.
    static func run(
        url: String,
        database: String,
        wide: Bool,
        commitRows: Int,
        evidence: EvidenceLevel
    ) async throws -> Part.Values {
        let start = ContinuousClock.now
        var options = SyncOptions()
        options.commitRows = commitRows
        let sets: [EventSet] = wide ? [.indexed, .unindexed] : [.indexed]
        let rows = try await withEngine(
            url: url,
            database: database,
            eventSets: sets,
            options: options,
            evidence: evidence
        ) { engine, state in
            let head = try await engine.chain.head()
            try await engine.run(state, until: .block(head.number))
            return Double(engine.status.snapshot.rowsWritten)
        }
        return ["seconds": start.duration(to: .now).seconds, "rows": rows, "peakMiB": peakMiB()]
    }

    /// The engine as the program wires it, over a new database.
    static func withEngine<Result>(
        url: String,
        database: String,
        eventSets: [EventSet] = [.indexed],
        options: SyncOptions = SyncOptions(),
        evidence: EvidenceLevel = .anchored,
        _ body: (SyncEngine<ContinuousClock>, ChainState) async throws -> Result
    ) async throws -> Result {
        for suffix in ["", "-wal", "-shm"] { unlink(database + suffix) }
        return try await HTTPTransport.withHTTPTransport { transport in
            let chain = chain(url, transport, evidence)
            let store = try SQLiteStore(path: database)
            let state = try await store.open(
                ChainRequest(
                    identity: try await chain.identity(),
                    contracts: [],
                    firstBlock: nil,
                    eventSets: eventSets
                ),
                holder: ID128(high: 1, low: 1)
            )
            let engine = SyncEngine(
                chain: chain,
                ledger: store,
                status: SyncStatus(),
                options: options,
                clock: ContinuousClock(),
                random: { .random(in: 0 ... .max) },
                logger: quiet
            )
            let result = try await body(engine, state)
            try store.close()
            return result
        }
    }

    /// Fetch, scan and decode, and throw the result away.
    static func null(url: String, wide: Bool) async throws -> Part.Values {
        let start = ContinuousClock.now
        let rows = Mutex(0)
        try await HTTPTransport.withHTTPTransport { transport in
            let chain = chain(url, transport)
            let head = try await chain.head().number
            let filter = LogFilter(topics0: EventSet.topics, topicCountMin: wide ? 1 : 4)
            let next = Mutex<UInt64>(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        while true {
                            let width = chain.blocksPerPage(for: filter)
                            let first = next.withLock { value in
                                defer { value += width }
                                return value
                            }
                            guard first <= head else { return }
                            var range = first...min(head, first + width - 1)
                            while true {
                                let answer = try await chain.logs(in: range, matching: filter)
                                var decoded = DecodedLogs()
                                TokenStandards.decode(answer.page, by: .none, into: &decoded)
                                rows.withLock { $0 += decoded.rowCount }
                                guard answer.range.upperBound < range.upperBound else { break }
                                range = (answer.range.upperBound + 1)...range.upperBound
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return [
            "seconds": start.duration(to: .now).seconds, "rows": Double(rows.withLock { $0 }), "peakMiB": peakMiB(),
        ]
    }

    private static var quiet: Logger {
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        return logger
    }

    static func chain(
        _ url: String,
        _ transport: HTTPTransport,
        _ evidence: EvidenceLevel = .anchored
    ) -> RPCChain {
        var options = RPCOptions()
        options.evidence = evidence
        return RPCChain(
            endpoints: [Endpoint(url: url, name: "bench")],
            transport: transport,
            options: options,
            logger: quiet
        )
    }

    static func peakMiB() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Double(line.split(separator: " ").dropFirst().first ?? "0") ?? 0) / 1024
    }
}
