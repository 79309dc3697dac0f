import ArgumentParser
import Ethereum
import Foundation
import HTTPAPI
import StoreSQLite
import Tokens

/// `holdfast traits`: what a collection's tokens have and how many have it, or the tokens by rarity.
struct Traits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a collection's traits with their counts, or its tokens by rarity.",
        discussion: """
            Counts held tokens of which `holdfast enrich` found the document. Rarity is information content as the \
            OpenRarity method defines it; docs/metadata.md has the formula. The last line, on stderr, says of how many \
            tokens and as of which block; with --json it is inside, in the API's fields.
            """
    )

    @Argument(help: "The contract's address.") var contract: String
    @Flag(name: OptionTable.rarity.flag, help: OptionTable.rarity.argumentHelp) var rarity = false
    @Option(name: OptionTable.limit.flag, help: OptionTable.limit.argumentHelp) var limit: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private static let limitDefault = 1_000

    func run() throws {
        let limit = try Parse.limit(limit, standard: Self.limitDefault)
        let address = try Parse.address(contract, for: "contract")
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        guard try store.contract(address, on: chainID) != nil else {
            throw Failure.work("no NFT event of the contract \(address.checksummed) was found")
        }
        if rarity {
            let report = try Collected(limit: limit) { (position: RarityPosition?, count: Int) in
                try store.ranking(of: address, on: chainID, PageRequest(position: position, limit: count))
            }
            let table = TraitTable(tokens: report.tally.tokens)
            show(report, address, isJSON, name: "ranking", lines: table.lines(report.items), json: Self.json)
        } else {
            let report = try Collected(limit: limit) { (position: TraitPosition?, count: Int) in
                try store.traits(of: address, on: chainID, PageRequest(position: position, limit: count))
            }
            let table = TraitTable(tokens: report.tally.tokens)
            show(report, address, isJSON, name: "traits", lines: table.lines(report.items)) {
                Self.json($0, of: report.tally.tokens)
            }
        }
    }

    private func show<Item>(
        _ report: Collected<Item>,
        _ address: Address,
        _ isJSON: Bool,
        name: String,
        lines: [String],
        json: (Item) -> String
    ) {
        guard isJSON else {
            for line in lines { print(line) }
            FileHandle.standardError.write(Data((report.text + "\n").utf8))
            return
        }
        print(
            #"{"contract":"\#(address.checksummed)","entropy":\#(JSONWriter.decimal(report.tally.entropy)),"#
                + #""tokens":\#(report.tally.tokens),"unknownTokens":\#(report.tally.unknown),"\#(name)":["#
                + report.items.map(json).joined(separator: ",\n")
                + #"],"asOf":\#(report.standing.json),"complete":\#(report.standing.isComplete),"#
                + #""all":\#(report.isAll),"changed":\#(report.isChanged)}"#
        )
    }

    private static func json(_ trait: TraitCount, of tokens: Int) -> String {
        let value = trait.value.kind == .string ? JSONText.quoted(trait.value.text) : trait.value.text
        return #"{"traitType":\#(JSONText.quoted(trait.type.isEmpty ? nil : trait.type)),"value":\#(value),"#
            + #""count":\#(trait.count),"share":\#(JSONWriter.text(share: Double(trait.count) / Double(max(1, tokens))))}"#
    }

    private static func json(_ rarity: TokenRarity) -> String {
        #"{"tokenId":"\#(rarity.token)","rank":\#(rarity.rank),"score":\#(JSONWriter.decimal(rarity.score)),"#
            + #""bits":\#(JSONWriter.decimal(rarity.bits))}"#
    }
}

/// The pages of one question about a collection, up to a limit.
private struct Collected<Item: Sendable> {
    var items: [Item] = []
    var tally = CollectionTally(tokens: 0, unknown: 0, entropy: 0)
    var standing: Standing
    var isAll: Bool
    /// Whether pages are from different states.
    var isChanged = false

    private static var pageMax: Int { 1_000 }

    init<Position>(
        limit: Int,
        _ page: (Position?, Int) throws -> CollectionPage<Item, Position>
    ) throws {
        var read = try page(nil, min(limit, Self.pageMax))
        let first = read.standing.revision
        items = read.items
        while let next = read.next, items.count < limit {
            read = try page(next, min(limit - items.count, Self.pageMax))
            items += read.items
            isChanged = isChanged || read.standing.revision != first
        }
        if let tally = read.tally { self.tally = tally }
        standing = read.standing
        isAll = read.next == nil
    }

    var text: String {
        var notes = ["\(tally.tokens) tokens counted", standing.text]
        if tally.unknown > 0 { notes.insert("\(tally.unknown) more without a document yet", at: 1) }
        if !isAll { notes.append("more than --limit") }
        if isChanged { notes.append("the data changed while it was listed") }
        return notes.joined(separator: "; ")
    }
}
