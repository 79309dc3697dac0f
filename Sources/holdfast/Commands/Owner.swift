import ArgumentParser
import StoreSQLite
import Ethereum
import Tokens

/// `holdfast owner`: who holds a token, now or at a past block, and by which event; the look-up that the API uses.
struct Owner: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell who holds a token.",
        discussion: """
            Answers from the database alone. For ERC-1155 tokens holders are listed with the amount, up to --limit. A \
            past block costs as much as the token has transfers, and is refused beyond a bound.
            """
    )

    @Argument(help: "The contract's address.")
    var contract: String

    @Argument(help: "The token id, decimal or 0x.")
    var token: String

    @Option(name: OptionTable.atBlock.flag, help: OptionTable.atBlock.argumentHelp)
    var atBlock: String?

    @Flag(name: OptionTable.why.flag, help: OptionTable.why.argumentHelp)
    var why = false

    @Option(name: OptionTable.limit.flag, help: OptionTable.limit.argumentHelp)
    var limit: String?

    @Option(name: OptionTable.marketplace.flag, help: OptionTable.marketplace.argumentHelp)
    var marketplace: [String] = []

    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private static let limitDefault = 1_000

    func run() throws {
        let id = TokenID(
            contract: try Parse.address(contract, for: "contract"),
            token: try Parse.tokenID(token)
        )
        let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
        let limit = try Parse.limit(limit, standard: Self.limitDefault)
        let marketplaces = try Parse.marketplaces(
            OptionTable.marketplace.given(marketplace),
            for: "--marketplace"
        )
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        let answer = try store.owners(of: id, on: chainID, at: block, PageRequest(position: nil, limit: limit))
        var transaction: Hash32?
        if why, let unique = answer.unique, !unique.place.isOpening {
            transaction = try Self.transaction(of: id, unique.place, chainID, store)
        }
        print(isJSON ? json(answer, transaction, marketplaces) : text(answer, transaction, marketplaces))
    }

    /// The transaction of the event at a place; nil while the indexes that find it are not built.
    private static func transaction(
        of token: TokenID,
        _ place: Place,
        _ chain: ChainID,
        _ store: SQLiteStore
    ) throws -> Hash32? {
        // Pages start below a place: the next log's begins with this one's few transfers of the token.
        let above = Place(block: place.block, logIndex: place.logIndex &+ 1)
        do {
            let page = try store.transfers(of: .token(token), on: chain, PageRequest(position: above, limit: 100))
            return page.items.first { $0.transfer.place == place }?.transfer.transactionHash
        } catch ListingError.notIndexed {
            return nil
        }
    }

    private func sentence(_ conflict: OwnershipConflict) -> String {
        let observed =
            switch conflict.observed {
            case .nothing: "that there is none"
            case .owner(let owner): owner.checksummed
            case .amount(let amount): "\(amount) of \(conflict.claimed.owner.checksummed)"
            case .malformed: "nothing that can be read"
            }
        return "CONFLICT: at block \(conflict.block.number) the contract itself said \(observed)"
    }

    private func text(_ answer: TokenOwner, _ transaction: Hash32?, _ marketplaces: Set<Address>) -> String {
        var lines: [String] = []
        if let unique = answer.unique {
            let sale = marketplaces.contains(unique.owner) ? " (a marketplace: on sale)" : ""
            lines.append(unique.owner == .zero ? "nobody: burned" : unique.owner.checksummed + sale)
            if why, let block = answer.observedAt {
                lines.append("  as the contract itself said in block \(block.number) (snapshot); no event since")
            } else if why {
                let kind = unique.isRange ? "range transfer (ERC-2309)" : "transfer"
                lines.append(
                    "  by the \(kind) in block \(unique.place.block), log \(unique.place.logIndex)"
                        + (transaction.map { ", transaction \($0)" } ?? "")
                )
            }
        }
        for balance in answer.counted {
            lines.append(
                "\(balance.owner.checksummed) \(balance.amount.clampedToZero)"
                    + (marketplaces.contains(balance.owner) ? " (a marketplace: on sale)" : "")
                    + (balance.amount.isNegative ? " (inconsistent: the events sum to \(balance.amount))" : "")
            )
        }
        if answer.nextHolder != nil { lines.append("… and more holders than --limit") }
        if lines.isEmpty {
            lines.append(answer.isCounted ? "nobody: nothing is left" : "nobody: no event names this token")
        }
        if let conflict = answer.conflict { lines.append(sentence(conflict)) }
        lines.append(answer.standing.text)
        return lines.joined(separator: "\n")
    }

    private func json(_ answer: TokenOwner, _ transaction: Hash32?, _ marketplaces: Set<Address>) -> String {
        let owners = answer.counted.map {
            #"{"owner":"\#($0.owner.checksummed)","amount":"\#($0.amount.clampedToZero)","#
                + #""inconsistent":\#($0.amount.isNegative)"#
                + (marketplaces.isEmpty ? "}" : #","onSale":\#(marketplaces.contains($0.owner))}"#)
        }
        var fields = [
            #""contract":"\#(answer.token.contract.checksummed)""#,
            #""tokenId":"\#(answer.token.token)""#,
            #""owner":\#(answer.unique.map { $0.owner == .zero ? "null" : "\"\($0.owner.checksummed)\"" } ?? "null")"#,
            #""owners":[\#(owners.joined(separator: ","))]"#,
            #""allOwners":\#(answer.nextHolder == nil)"#,
            #""complete":\#(answer.standing.isComplete)"#,
            #""asOf":\#(answer.standing.json)"#,
            #""ownership":"\#(answer.ownership)""#,
        ]
        if let block = answer.observedAt, answer.conflict == nil {
            fields.append(#""observedAt":{"blockNumber":\#(block.number),"blockHash":"\#(block.hash)"}"#)
        }
        if let conflict = answer.conflict {
            if case .owner(let owner) = conflict.observed { fields.append(#""observedOwner":"\#(owner.checksummed)""#) }
            fields.append(
                #""observedAt":{"blockNumber":\#(conflict.block.number),"blockHash":"\#(conflict.block.hash)"}"#
            )
        }
        if !marketplaces.isEmpty, let unique = answer.unique {
            fields.append(#""onSale":\#(marketplaces.contains(unique.owner))"#)
        }
        if why, let unique = answer.unique, !unique.place.isOpening {
            fields.append(
                #""why":{"blockNumber":\#(unique.place.block),"logIndex":\#(unique.place.logIndex),"#
                    + #""transactionHash":\#(transaction.map { "\"\($0)\"" } ?? "null"),"range":\#(unique.isRange)}"#
            )
        }
        return "{\(fields.joined(separator: ","))}"
    }
}
