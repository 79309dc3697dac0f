import ArgumentParser
import StoreSQLite
import Ethereum
import Tokens

/// `holdfast owner`: who holds a token, now or at a past block, and by which event.
struct Owner: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell who holds a token.",
        discussion: "Answers from the database alone. For ERC-1155 tokens every holder is listed with the amount."
    )

    @Argument(help: "The contract's address.")
    var contract: String

    @Argument(help: "The token id, decimal or 0x.")
    var token: String

    @Option(name: .customLong("at-block"), help: "Answer for this block instead of the newest.")
    var atBlock: String?

    @Flag(name: .customLong("why"), help: "Show the event that decided.")
    var why = false

    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions

    func run() throws {
        let id = TokenID(
            contract: try Parse.address(contract, for: "contract"),
            token: try Parse.tokenID(token)
        )
        let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
        let store = try database.open()
        let answer = try store.holders(of: id, on: chain.resolve(in: store), at: block)
        print(database.json ? json(answer) : text(answer))
    }

    private func text(_ answer: TokenHolders) -> String {
        var lines: [String] = []
        if let unique = answer.unique {
            lines.append(unique.owner == .zero ? "nobody: burned" : unique.owner.checksummed)
            if why {
                let kind = unique.isRange ? "range transfer (ERC-2309)" : "transfer"
                lines.append(
                    "  by the \(kind) in block \(unique.place.block), log \(unique.place.logIndex), transaction "
                        + "\(unique.transactionHash)"
                )
            }
        }
        for balance in answer.counted {
            lines.append(
                "\(balance.owner.checksummed) \(balance.amount.clampedToZero)"
                    + (balance.amount.isNegative ? " (inconsistent: the events sum to \(balance.amount))" : "")
            )
        }
        if lines.isEmpty { lines.append("nobody: no event names this token") }
        let block = answer.asOf.block.map { "as of block \($0.number)" } ?? "as of no block"
        lines.append(answer.asOf.isComplete ? "\(block), complete" : "\(block), NOT complete yet")
        return lines.joined(separator: "\n")
    }

    private func json(_ answer: TokenHolders) -> String {
        let owners = answer.counted.map {
            #"{"owner":"\#($0.owner.checksummed)","amount":"\#($0.amount.clampedToZero)","#
                + #""inconsistent":\#($0.amount.isNegative)}"#
        }
        var fields = [
            #""contract":"\#(answer.token.contract.checksummed)""#,
            #""tokenId":"\#(answer.token.token)""#,
            #""owner":\#(answer.unique.map { $0.owner == .zero ? "null" : "\"\($0.owner.checksummed)\"" } ?? "null")"#,
            #""owners":[\#(owners.joined(separator: ","))]"#,
            #""complete":\#(answer.asOf.isComplete)"#,
        ]
        if let block = answer.asOf.block {
            fields.append(#""asOf":{"blockNumber":\#(block.number),"blockHash":"\#(block.hash)"}"#)
        } else {
            fields.append(#""asOf":null"#)
        }
        if why, let unique = answer.unique {
            fields.append(
                #""why":{"blockNumber":\#(unique.place.block),"logIndex":\#(unique.place.logIndex),"#
                    + #""transactionHash":"\#(unique.transactionHash)","range":\#(unique.isRange)}"#
            )
        }
        return "{\(fields.joined(separator: ","))}"
    }
}
