import ArgumentParser
import ChainClient
import Ethereum
import Foundation
import Logging

/// `holdfast doctor`: what an endpoint can do and where it lies, before it is relied on.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Examine endpoints: chain, head, finality, log range, filters, archive depth.",
        discussion: "About twenty requests for each endpoint. Exit code 69 when none can be used."
    )

    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let endpoints = try Parse.endpoints(OptionTable.rpc.given(rpc))
        guard !endpoints.isEmpty else { throw Failure.usage("no endpoint: give one with --rpc URL") }
        let json = try output.isJSON()
        let logger = Wiring.logger(level: .critical)
        var usable = 0
        try await HTTPTransport.withHTTPTransport { transport in
            let chain = RPCChain(endpoints: endpoints, transport: transport, logger: logger)
            for index in endpoints.indices {
                let findings = await chain.probe(index, wallSeconds: Int64(Date().timeIntervalSince1970))
                if case .found = findings.identity { usable += 1 }
                print(json ? DoctorReport(findings).json : DoctorReport(findings).text)
            }
        }
        guard usable > 0 else { throw Failure.noEndpoint("no endpoint can be used") }
    }
}

/// The findings of one endpoint in words and as JSON.
struct DoctorReport {
    private let rows: [(key: String, name: String, value: String)]
    private let endpoint: String

    init(_ findings: ProbeFindings) {
        endpoint = findings.endpoint
        func text<Value>(_ finding: ProbeFindings.Finding<Value>, _ say: (Value) -> String) -> String {
            switch finding {
            case .found(let value): say(value)
            case .failed(let kind, let text): "not known: \(kind.code) \(text)"
            }
        }
        rows = [
            ("client", "client", text(findings.clientVersion) { $0 }),
            ("chainId", "chain id", text(findings.identity) { "\($0.chainID)" }),
            ("genesis", "first block", text(findings.identity) { "\($0.genesis)" }),
            ("head", "head", text(findings.head) { "\($0.number)" }),
            ("headAgeSeconds", "head's age", findings.headAgeSeconds.map { "\($0) s" } ?? "not known"),
            (
                "finalized", "finalized tag",
                text(findings.finalized) {
                    $0.map { "works, block \($0.number)" } ?? "does not work: confirmations count"
                },
            ),
            (
                "logRange", "log range",
                text(findings.logRange) {
                    "\($0.answered) blocks answered" + ($0.refusedAbove.map { ", \($0) refused" } ?? "")
                }
            ),
            ("topicFilter", "topic filter", text(findings.topicFilterHonoured) { $0 ? "honoured" : "IGNORED" }),
            (
                "blockHashLogs", "logs by block hash",
                text(findings.blockHashLogsSafe) { $0 ? "safe" : "unsafe: [] for unknown blocks; guarded" }
            ),
            ("batches", "batches", text(findings.batches) { $0 ? "work" : "do not work" }),
            ("earliestLogs", "earliest logs", text(findings.earliestLogs) { "block \($0)" }),
        ]
    }

    var text: String {
        ([endpoint] + rows.map { "  \($0.name.padding(toLength: 20, withPad: " ", startingAt: 0))\($0.value)" })
            .joined(separator: "\n")
    }

    var json: String {
        let object = Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.value) } + [("endpoint", endpoint)])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? String(decoding: encoder.encode(object), as: UTF8.self)) ?? "{}"
    }
}
