import ArgumentParser
import ChainClient
import Enrichment
import Ethereum
import Foundation
import Logging
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
            comes. Contracts are asked what they call themselves, too. Several may run at once, and end when nothing is due.
            """
    )

    @Option(name: OptionTable.limit.flag, help: "How many tokens at most; left out: all.")
    var limit: String?
    @Flag(name: OptionTable.everyToken.flag, help: OptionTable.everyToken.argumentHelp)
    var all = false
    @Option(name: OptionTable.contract.flag, help: "Only tokens of this contract.")
    var contract: String?
    @OptionGroup var enrichment: EnrichmentOptions
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let limit = try self.limit.map { try Parse.limit($0, standard: .max) }
        let only = try contract.map { try Parse.address($0, for: "--contract") }
        let fetching = try enrichment.prepared()
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
        let isAll = all
        let tally = try await HTTPTransport.withHTTPTransport { transport in
            let (node, _) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
            return try await EnrichmentWork.with(fetching, logger) { work in
                let enricher = work.enricher(node, store, chainID, contract: only)
                let reader = Wiring.contractReader(node, store, chainID, only, logger: logger)
                return try await Signals.ending {
                    let contracts = try await Self.heard(by: reader, all: isAll, logger)
                    let tokens = try await enricher.run(until: .drained(limit: limit)) { progress.show($0) }
                    return (tokens: tokens, contracts: contracts)
                }
            }
        }
        progress.end()
        let left = try await store.metadataBacklog(of: chainID)
        print(
            Self.report(
                tally?.tokens ?? MetadataTally(),
                contracts: tally?.contracts ?? ContractTally(),
                made: made,
                left: left,
                isJSON
            )
        )
    }

    /// What contracts say of themselves; where they cannot be asked, tokens are looked at all the same.
    private static func heard(by reader: ContractReader, all: Bool, _ logger: Logger) async throws -> ContractTally {
        do {
            return try await reader.run(all: all)
        } catch let error as ChainError where error != .cancelled {
            logger.warning("contracts could not be asked what they are", metadata: ["reason": "\(error)"])
            return ContractTally()
        }
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
        contracts: ContractTally,
        made: Int,
        left: (jobs: Int, nextDue: Int64?),
        _ isJSON: Bool
    ) -> String {
        if isJSON {
            return #"{"queued":\#(made),"changed":\#(tally.changed),"unchanged":\#(tally.unchanged),"#
                + #""failed":\#(tally.failed),"refused":\#(tally.refused),"late":\#(tally.late),"left":\#(left.jobs),"#
                + #""contracts":{"changed":\#(contracts.changed),"unchanged":\#(contracts.unchanged),"#
                + #""failed":\#(contracts.failed),"unheard":\#(contracts.unheard)}}"#
        }
        var text =
            "\(tally.changed) changed, \(tally.unchanged) unchanged, \(tally.failed) failed, \(tally.refused) refused"
        if contracts != ContractTally() {
            let missed = contracts.failed + contracts.unheard
            text += "; of contracts themselves \(contracts.changed) changed, \(contracts.unchanged) unchanged"
            if missed > 0 { text += ", \(missed) not heard" }
        }
        if left.jobs > 0 {
            text += "; \(left.jobs) wait to be tried again"
            if let due = left.nextDue {
                text += ", the next in \(max(0, due - Int64(Date().timeIntervalSince1970))) s: run it again then"
            }
        }
        return text
    }
}
