import ArgumentParser
import ChainClient
import ChainSync
import StoreSQLite
import Tokens
import Ethereum
import Foundation
import Logging

/// `holdfast sync`: back-fill to a block, follow nothing, exit.
struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a chain once, up to a block, into the database.",
        discussion: """
            May be stopped and started again at any time: what is read is never read again, and the result is the same. \
            Ends with 0 when everything up to the block is read.
            """
    )

    @OptionGroup var settings: SyncSettings
    @OptionGroup var database: DatabaseOptions

    @Option(name: .customLong(OptionTable.toBlock.name), help: OptionTable.toBlock.argumentHelp)
    var toBlock: String?

    @Flag(name: .customLong("dry-run"), help: "Print the requests and the time to expect; write nothing.")
    var dryRun = false

    func run() async throws {
        let goalText = toBlock ?? Environment.value(OptionTable.toBlock) ?? "latest"
        if Int(goalText) == nil, goalText != "latest", goalText != "finalized" {
            throw Failure.usage("--to-block \(goalText): a block number, latest or finalized")
        }
        let path = try database.path()
        let chosen = try settings.chainSettings()
        let logger = Wiring.logger()
        if dryRun { return try await estimate(chosen, goalText, path, logger) }
        let store = try SQLiteStore(path: path, optionalIndexes: settings.optionalIndexes())
        try await HTTPTransport.withHTTPTransport { transport in
            let wiring = try await Wiring.make(chosen, store: store, transport: transport, logger: logger)
            let goal = try await goal(goalText, wiring.engine.chain, wiring.confirmations)
            let work = Task { try await wiring.run(until: .block(goal)) }
            let progress = Task { await Progress(status: wiring.engine.status).run() }
            defer { progress.cancel() }
            try await Signals.ending(work)
            progress.cancel()
            await progress.value
            try report(wiring, goal)
            try wiring.store.close()
        }
    }

    private func estimate(_ chosen: ChainSettings, _ goalText: String, _ path: String, _ logger: Logger) async throws {
        try await HTTPTransport.withHTTPTransport { transport in
            let (chain, identity, _) = try await Wiring.connect(chosen, nil, transport, logger)
            let options = chosen.options(for: ChainPresets.preset(for: identity.chainID))
            let last = try await goal(goalText, chain, options.confirmations)
            let dry = DryRun(chain: chain, identity: identity, settings: chosen, path: path, last: last)
            print(try await dry.report(json: database.json))
        }
    }

    private func goal(_ text: String, _ chain: any Chain, _ depth: UInt64) async throws -> BlockNumber {
        let head = try await chain.head()
        switch text {
        case "latest":
            return head.number
        case "finalized":
            if let header = try await chain.finalized() { return header.number }
            return head.number > depth ? head.number - depth : 0
        default:
            let block = try Parse.block(text, for: "--to-block")
            guard block <= head.number else {
                throw Failure.usage("--to-block \(block) is beyond the chain's head, block \(head.number)")
            }
            return block
        }
    }

    private func report(_ wiring: Wiring, _ goal: BlockNumber) throws {
        let status = wiring.engine.status.snapshot
        guard let chain = try wiring.store.chains().first(where: { $0.identity == wiring.state.identity }) else {
            return
        }
        if database.json {
            print(
                #"{"chainId":\#(chain.identity.chainID),"block":\#(goal),"rowsWritten":\#(status.rowsWritten),"#
                    + #""transfers":\#(chain.counters.transfersProcessed),"tokens":\#(chain.counters.tokensDiscovered)}"#
            )
        } else {
            print(
                "chain \(chain.identity.chainID): complete to block \(goal); \(status.rowsWritten) new rows, "
                    + "\(chain.counters.transfersProcessed) transfers, \(chain.counters.tokensDiscovered) tokens"
            )
        }
    }
}
