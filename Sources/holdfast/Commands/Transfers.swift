import ArgumentParser
import Ethereum
import StoreSQLite
import Tokens

/// `holdfast transfers`: the newest transfers of a chain, a token, a contract or a wallet.
struct Transfers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List transfers, newest first: of a token, a contract, a wallet, or of the whole chain.",
        discussion: """
            The last line, on stderr, says as of which block and whether that is complete; with --json it is inside.
            """
    )

    @Argument(help: "The contract's address.") var contract: String?
    @Argument(help: "The token id. Left out: the whole contract.") var token: String?
    @Option(name: OptionTable.wallet.flag, help: OptionTable.wallet.argumentHelp) var wallet: String?
    @Option(name: OptionTable.limit.flag, help: OptionTable.limit.argumentHelp) var limit: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private static let limitDefault = 20

    func run() throws {
        let limit = try Parse.limit(limit, standard: Self.limitDefault)
        let subject = try subject()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let list = ListOutput(name: "transfers", isJSON: try output.isJSON(), limit: limit)
        try list.write { (position: Place?, count: Int) in
            try store.transfers(of: subject, on: chainID, PageRequest(position: position, limit: count))
        } line: { item, isJSON in
            Self.line(item, isJSON)
        }
    }

    private func subject() throws -> TransferSubject {
        let contract = try contract.map { try Parse.address($0, for: "contract") }
        switch (wallet, contract, token) {
        case (nil, nil, _): return .chain
        case (nil, let contract?, nil): return .contract(contract)
        case (nil, let contract?, let token?):
            return .token(TokenID(contract: contract, token: try Parse.tokenID(token)))
        case (let wallet?, nil, _): return .wallet(try Parse.address(wallet, for: "--wallet"))
        default: throw Failure.usage("give --wallet or a contract, not both")
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
