import ArgumentParser
import Ethereum
import StoreSQLite
import Tokens

/// `holdfast tokens`: what a wallet holds, page by page until the end or the limit.
struct TokensOf: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "List the tokens that a wallet holds, now or at a past block."
    )

    @Argument(help: "The wallet's address.") var wallet: String
    @Option(name: .customLong("at-block"), help: "What it held at this block; needs `--index wallets`.")
    var atBlock: String?

    @Option(name: .customLong("limit"), help: "How many at most (default: 1000).") var limit: Int = 1_000
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions

    func run() throws {
        guard limit > 0 else { throw Failure.usage("--limit \(limit): a number above 0") }
        let wallet = try Parse.address(wallet, for: "wallet")
        let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        var position: TokenPosition?
        var left = limit
        repeat {
            let page = try store.tokens(
                of: wallet,
                on: chainID,
                at: block,
                PageRequest(position: position, limit: min(left, 100))
            )
            for item in page.items { print(line(item)) }
            if page.isTruncated { print("… and more, held by overlapping ranges that are too many to list") }
            left -= page.items.count
            position = page.next
        } while position != nil && left > 0
    }

    private func line(_ item: HeldToken) -> String {
        let standard = item.rule.standard
        if database.json {
            return #"{"contract":"\#(item.contract.checksummed)","standard":"\#(standard)","tokenId":"\#(item.token)","#
                + #""amount":"\#(item.amount.clampedToZero)"}"#
        }
        return "\(item.contract.checksummed)  \(standard)  \(item.token)  \(item.amount.clampedToZero)"
    }
}

/// `holdfast transfers`: the newest transfers of a chain, a token, a contract or a wallet.
struct Transfers: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List transfers, newest first: of a token, a contract, a wallet, or of the whole chain."
    )

    @Argument(help: "The contract's address.") var contract: String?
    @Argument(help: "The token id. Left out: the whole contract.") var token: String?
    @Option(name: .customLong("wallet"), help: "Sent or received by this wallet; needs `--index wallets`.")
    var wallet: String?
    @Option(name: .customLong("limit"), help: "How many at most (default: 20).") var limit: Int = 20
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions

    func run() throws {
        guard limit > 0 else { throw Failure.usage("--limit \(limit): a number above 0") }
        let subject = try subject()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        var position: Place?
        var left = limit
        repeat {
            let page = try store.transfers(
                of: subject,
                on: chainID,
                PageRequest(position: position, limit: min(left, 100))
            )
            for item in page.items { print(line(item)) }
            left -= page.items.count
            position = page.next
        } while position != nil && left > 0
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

    private func line(_ item: TransferLine) -> String {
        let transfer = item.transfer
        let last = item.tokenTo.map { "-\($0)" } ?? ""
        if database.json {
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
