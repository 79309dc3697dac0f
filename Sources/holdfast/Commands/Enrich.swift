import ArgumentParser
import ChainClient
import Egress
import Enrichment
import Ethereum
import Foundation
import Logging
import Metadata
import StoreSQLite
import Tokens

/// `holdfast enrich`: what each token is, from its contract and from wherever that points to.
struct Enrich: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch the metadata of held tokens.",
        discussion: """
            Asks each contract where its tokens' metadata is (tokenURI, uri), in the state of the newest block that is held, \
            and fetches it: https, http, ipfs, ipns, ar, data and JSON in the contract itself. Only public addresses are \
            gone to. What fails is tried again later, up to eight times; a document that is held stays until a newer one \
            comes. Several may run at once, and end when nothing is due.
            """
    )

    @Option(name: OptionTable.limit.flag, help: "How many tokens at most; left out: all.")
    var limit: String?
    @Flag(name: OptionTable.everyToken.flag, help: OptionTable.everyToken.argumentHelp)
    var all = false
    @Option(name: OptionTable.contract.flag, help: "Only tokens of this contract.")
    var contract: String?
    @Option(name: OptionTable.ipfsGateway.flag, help: OptionTable.ipfsGateway.argumentHelp)
    var ipfsGateway: [String] = []
    @Flag(name: OptionTable.allowPrivateMetadata.flag, help: OptionTable.allowPrivateMetadata.argumentHelp)
    var allowPrivateMetadata = false
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let limit = try self.limit.map { try Parse.limit($0, standard: .max) }
        let only = try contract.map { try Parse.address($0, for: "--contract") }
        let isPrivate = try allowPrivateMetadata || Environment.flag(OptionTable.allowPrivateMetadata)
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let settings = ChainSettings(
            name: nil,
            chainID: chainID,
            endpoints: try Parse.endpoints(OptionTable.rpc.given(rpc)),
            contracts: [],
            evidence: nil
        )
        let logger = Wiring.logger()
        let made = try await enqueue(store, chainID, only)
        let progress = EnrichProgress(jobs: try await store.metadataBacklog(of: chainID).jobs)
        let tally = try await HTTPTransport.withHTTPTransport { transport in
            let (node, _) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
            return try await EnrichmentWork.with(
                gateways: OptionTable.ipfsGateway.given(ipfsGateway),
                allowPrivate: isPrivate,
                logger
            ) { work in
                let enricher = work.enricher(node, store, chainID, contract: only)
                return try await Signals.ending {
                    try await enricher.run(until: .drained(limit: limit)) { progress.show($0) }
                }
            }
        }
        progress.end()
        let left = try await store.metadataBacklog(of: chainID)
        print(Self.report(tally ?? MetadataTally(), made: made, left: left, isJSON))
    }

    /// Makes jobs of what has none yet.
    private func enqueue(_ store: SQLiteStore, _ chainID: ChainID, _ only: Address?) async throws -> Int {
        var (made, position): (Int, MetadataPosition?) = (0, nil)
        repeat {
            let step = try await store.enqueueMetadata(of: chainID, contract: only, after: position, all: all)
            made += step.made
            position = step.next
        } while position != nil
        return made
    }

    static func report(
        _ tally: MetadataTally,
        made: Int,
        left: (jobs: Int, nextDue: Int64?),
        _ isJSON: Bool
    ) -> String {
        if isJSON {
            return #"{"queued":\#(made),"changed":\#(tally.changed),"unchanged":\#(tally.unchanged),"#
                + #""failed":\#(tally.failed),"refused":\#(tally.refused),"late":\#(tally.late),"left":\#(left.jobs)}"#
        }
        var text =
            "\(tally.changed) changed, \(tally.unchanged) unchanged, \(tally.failed) failed, \(tally.refused) refused"
        if left.jobs > 0 {
            text += "; \(left.jobs) wait to be tried again"
            if let due = left.nextDue {
                text += ", the next in \(max(0, due - Int64(Date().timeIntervalSince1970))) s: run it again then"
            }
        }
        return text
    }
}
