import ArgumentParser
import Ethereum
import StoreSQLite
import Tokens

/// `holdfast tokens`: what a wallet holds, page by page until the end or the limit.
struct TokensOf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "List the tokens that a wallet holds, now or at a past block.",
        discussion: """
            The last line, on stderr, says as of which block and whether that is complete; with --json it is inside. A past \
            block needs the indexes of `--index wallets`.
            """
    )

    @Argument(help: "The wallet's address.") var wallet: String
    @Option(name: OptionTable.atBlock.flag, help: OptionTable.atBlock.argumentHelp) var atBlock: String?
    @Option(name: OptionTable.limit.flag, help: OptionTable.limit.argumentHelp) var limit: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private static let limitDefault = 1_000

    func run() throws {
        let limit = try Parse.limit(limit, standard: Self.limitDefault)
        let wallet = try Parse.address(wallet, for: "wallet")
        let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let list = ListOutput(name: "tokens", isJSON: try output.isJSON(), limit: limit)
        try list.write { (position: TokenPosition?, count: Int) in
            try store.tokens(of: wallet, on: chainID, at: block, PageRequest(position: position, limit: count))
        } line: { item, isJSON in
            Self.line(item, isJSON)
        }
    }

    private static func line(_ item: HeldToken, _ isJSON: Bool) -> String {
        let standard = item.rule.standard
        if isJSON {
            return #"{"contract":"\#(item.contract.checksummed)","standard":"\#(standard)","tokenId":"\#(item.token)","#
                + #""amount":"\#(item.amount.clampedToZero)"}"#
        }
        return "\(item.contract.checksummed)  \(standard)  \(item.token)  \(item.amount.clampedToZero)"
    }
}
