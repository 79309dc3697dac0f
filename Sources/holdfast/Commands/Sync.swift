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
            Ends with 0 when everything up to the block is read, and when it was told to stop by SIGTERM or SIGINT; \
            what it prints says which.
            """
    )

    @OptionGroup var settings: SyncSettings
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(name: OptionTable.toBlock.flag, help: OptionTable.toBlock.argumentHelp)
    var toBlock: String?

    @Flag(name: OptionTable.dryRun.flag, help: OptionTable.dryRun.argumentHelp)
    var dryRun = false

    func run() async throws {
        let goalText = OptionTable.toBlock.given(toBlock) ?? "latest"
        if Int(goalText) == nil, goalText != "latest", goalText != "finalized" {
            throw Failure.usage("--to-block \(goalText): a block number, latest or finalized")
        }
        let path = try database.path()
        let chosen = try settings.chainSettings()
        let json = try output.isJSON()
        let logger = Wiring.logger()
        let indexes = try settings.optionalIndexes()
        let waits = try settings.waits()
        let isDry = dryRun
        let done: Void? = try await Signals.ending {
            if isDry { return try await Self.estimate(chosen, goalText, path, json, logger) }
            let store = try SQLiteStore(path: path, lease: .standard(), optionalIndexes: indexes)
            try await Self.read(chosen, goalText, store, waits: waits, json, logger)
            try store.close()
        }
        if done == nil {
            print(json ? #"{"block":null,"complete":false}"# : "stopped before anything was read; not complete")
        }
    }

    private static func read(
        _ chosen: ChainSettings,
        _ goalText: String,
        _ store: SQLiteStore,
        waits: Bool,
        _ json: Bool,
        _ logger: Logger
    ) async throws {
        try await HTTPTransport.withHTTPTransport { transport in
            try await read(chosen, goalText, store, over: transport, waits: waits, json, logger)
        }
    }

    /// Reads up to a block, however often another instance comes between.
    static func read(
        _ chosen: ChainSettings,
        _ goalText: String,
        _ store: SQLiteStore,
        over transport: any Transport,
        waits: Bool,
        _ json: Bool,
        _ logger: Logger
    ) async throws {
        while true {
            let wiring = try await Wiring.make(
                chosen,
                store: store,
                transport: transport,
                bytes: ByteBudget(),
                standby: Standby(waits: waits, logger: logger),
                logger: logger
            )
            defer { wiring.keeper.end() }
            do {
                return try await read(wiring, goalText, json)
            } catch SyncError.superseded where waits {
                logger.warning("another instance has taken the chain over; standing by")
            }
        }
    }

    private static func read(_ wiring: Wiring, _ goalText: String, _ json: Bool) async throws {
        let goal = try await goal(goalText, wiring.engine.chain, wiring.confirmations)
        let progress = Task {
            await Progress(chain: wiring.state.identity.chainID, status: wiring.engine.status).run()
        }
        defer { progress.cancel() }
        var isStopped = false
        do {
            try await wiring.run(until: .block(goal))
        } catch let error where Signals.isStop(error) {
            isStopped = true
        }
        progress.cancel()
        await progress.value
        try report(wiring, goal, isStopped: isStopped, json)
    }

    private static func estimate(
        _ chosen: ChainSettings,
        _ goalText: String,
        _ path: String,
        _ json: Bool,
        _ logger: Logger
    ) async throws {
        let store = FileManager.default.fileExists(atPath: path) ? try SQLiteStore(reading: path) : nil
        try await HTTPTransport.withHTTPTransport { transport in
            let (chain, identity) = try await Wiring.connect(chosen, store, transport, ByteBudget(), logger)
            let options = chosen.options(for: ChainPresets.preset(for: identity.chainID))
            let last = try await goal(goalText, chain, options.confirmations)
            let dry = DryRun(chain: chain, identity: identity, settings: chosen, store: store, last: last)
            print(try await dry.report(json: json))
        }
        try store?.close()
    }

    private static func goal(_ text: String, _ chain: any Chain, _ depth: UInt64) async throws -> BlockNumber {
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

    /// Says how far it came: to the goal only if it did.
    private static func report(_ wiring: Wiring, _ goal: BlockNumber, isStopped: Bool, _ json: Bool) throws {
        let status = wiring.engine.status.snapshot
        guard let chain = try wiring.store.chains().first(where: { $0.identity == wiring.state.identity }) else {
            return
        }
        let isComplete = !isStopped || chain.checkpoint.map { $0 >= goal } ?? false
        let block = isComplete ? goal : chain.checkpoint
        if json {
            print(
                #"{"chainId":\#(chain.identity.chainID),"block":\#(block.map(String.init) ?? "null"),"#
                    + #""complete":\#(isComplete),"rowsWritten":\#(status.rowsWritten),"#
                    + #""transfers":\#(chain.counters.transfersProcessed),"tokens":\#(chain.counters.tokensDiscovered)}"#
            )
        } else {
            let place = block.map { "at block \($0)" } ?? "before the first block was complete"
            let reached = isComplete ? "complete to block \(goal)" : "stopped \(place), not complete"
            print(
                "chain \(chain.identity.chainID): \(reached); \(status.rowsWritten) new rows, "
                    + "\(chain.counters.transfersProcessed) transfers, \(chain.counters.tokensDiscovered) tokens"
            )
        }
    }
}
