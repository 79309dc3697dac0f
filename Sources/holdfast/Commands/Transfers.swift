import ArgumentParser
import Ethereum
import StoreSQLite
import Tokens

/// `holdfast transfers`: the newest transfers of a chain or of one token.
struct Transfers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List transfers, newest first: of a token, or of the whole chain.",
        discussion: """
            The last line, on stderr, says as of which block and whether that is complete; with --json it is inside.
            """
    )

    @Argument(help: "The contract's address.") var contract: String?
    @Argument(help: "The token id.") var token: String?
    @Option(name: OptionTable.limit.flag, help: OptionTable.limit.argumentHelp) var limit: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private static let limitDefault = 20

    func run() throws {
        let limit = try Parse.limit(limit, standard: Self.limitDefault)
        var id: TokenID?
        if let contract {
            guard let token else { throw Failure.usage("give a contract and a token id, or neither") }
            id = TokenID(contract: try Parse.address(contract, for: "contract"), token: try Parse.tokenID(token))
        }
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let list = ListOutput(name: "transfers", isJSON: try output.isJSON(), limit: limit)
        try list.write { (position: Place?, count: Int) in
            try store.transfers(of: chainID, token: id, PageRequest(position: position, limit: count))
        } line: { item, isJSON in
            Self.line(item, isJSON)
        }
    }

    private static func line(_ item: TransferLine, _ isJSON: Bool) -> String {
        let transfer = item.transfer
        let last = item.tokenTo.map { "-\($0)" } ?? ""
        if isJSON {
            return #"{"blockNumber":\#(transfer.place.block),"logIndex":\#(transfer.place.logIndex),"#
                + #""contract":"\#(transfer.contract.checksummed)","tokenId":"\#(transfer.token)","#
                + #""tokenIdTo":\#(item.tokenTo.map { "\"\($0)\"" } ?? "null"),"from":"\#(transfer.from.checksummed)","#
                + #""to":"\#(transfer.to.checksummed)","amount":"\#(transfer.amount)","#
                + #""transactionHash":"\#(transfer.transactionHash)"}"#
        }
        return "block \(transfer.place.block)  \(transfer.contract.checksummed)  \(transfer.token)\(last)  "
            + "\(transfer.from.checksummed) → \(transfer.to.checksummed)  \(transfer.amount)"
    }
}
