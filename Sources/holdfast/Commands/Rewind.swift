import ArgumentParser
import ChainClient
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// `holdfast rewind`: an operator undoes blocks, after it was shown that they can be read again.
struct Rewind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Undo everything above a block, or take the last such rewind back.",
        discussion: """
            Refuses unless an endpoint shows that it still serves the logs of the undone blocks; --force skips that. \
            What is undone is kept until it is covered again: `rewind --undo` restores it if nothing was committed since.
            """
    )

    @Option(name: OptionTable.rewindTo.flag, help: OptionTable.rewindTo.argumentHelp)
    var toBlock: String?
    @Flag(name: OptionTable.force.flag, help: OptionTable.force.argumentHelp)
    var force = false
    @Flag(name: OptionTable.undo.flag, help: OptionTable.undo.argumentHelp)
    var undo = false
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        var generator = SystemRandomNumberGenerator()
        let id = ID128.random(using: &generator)
        if undo {
            guard toBlock == nil, rpc.isEmpty, !force else {
                throw Failure.usage("--undo takes neither --to-block nor --rpc nor --force")
            }
            let tip = try store.undoingRewind(of: chainID, id: id)
            return print(
                isJSON ? #"{"block":\#(tip.number)}"# : "restored: the tip is block \(tip.number) again"
            )
        }
        guard let text = toBlock else { throw Failure.usage("say where to: --to-block N, or --undo") }
        let block = try Parse.block(text, for: "--to-block")
        if !force { try await showReadable(above: block, chainID, store) }
        let done = try store.rewinding(to: block, of: chainID, id: id)
        if isJSON { return print(#"{"block":\#(done.to.number),"rowsUndone":\#(done.rows)}"#) }
        print(
            "rewound to block \(done.to.number): \(done.rows) rows undone; "
                + "`holdfast rewind --undo` restores them until something new is committed"
        )
    }

    /// Shows that some endpoint still serves the first undone block that had rows, with the same rows.
    private func showReadable(above block: BlockNumber, _ chainID: ChainID, _ store: SQLiteStore) async throws {
        let state = try store.reading(chainID)
        guard let tip = state.tip, block < tip.number else {
            throw Failure.usage("--to-block \(block) is not below the tip")
        }
        let given = try Parse.endpoints(OptionTable.rpc.given(rpc))
        let endpoints = given.isEmpty ? try Wiring.kept(chainID, store) : given
        guard !endpoints.isEmpty else {
            throw Failure.usage("no endpoint to show that the logs can be read again: give --rpc, or --force")
        }
        let logger = Wiring.logger()
        let (held, last) = try store.firstRows(above: block, of: chainID)
        try await HTTPTransport.withHTTPTransport { transport in
            var options = RPCOptions()
            options.chainID = chainID
            let node = RPCChain(endpoints: endpoints, transport: transport, options: options, logger: logger)
            let range = (held ?? block + 1)...(last ?? tip.number)
            let first = range.lowerBound...min(range.upperBound, range.lowerBound + 99)
            let own = Set(state.scopes.flatMap(\.rule.eventSets)).sorted().flatMap(\.ownTopics)
            let filter = LogFilter(topics0: EventSet.topics + own)
            do {
                let answer = try await node.logs(in: first, matching: filter)
                if held != nil, answer.page.logs.isEmpty {
                    throw Failure.work(
                        "the endpoint has no logs in blocks \(first.lowerBound) to \(first.upperBound), where the "
                            + "database holds some: it has pruned them. Use another endpoint, or --force"
                    )
                }
            } catch let error as ChainError {
                throw Failure.noEndpoint("the undone logs cannot be shown to be readable: \(error.message); or --force")
            }
        }
    }
}
