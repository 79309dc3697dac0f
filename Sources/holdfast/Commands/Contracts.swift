import ArgumentParser
import Ethereum
import StoreSQLite
import Tokens

/// `holdfast contracts`: which contracts a chain is read for; a running instance takes changes up by itself.
struct Contracts: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow, drop or list contracts.",
        subcommands: [Add.self, Remove.self, List.self]
    )

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follow a contract; its history is read by the next sync, or at once by a running instance."
        )

        @Argument(help: "The contract's address.") var contract: String
        @Option(name: OptionTable.fromBlock.flag, help: OptionTable.fromBlock.argumentHelp)
        var fromBlock: String?
        @Option(name: OptionTable.readAs.flag, help: OptionTable.readAs.argumentHelp)
        var readAs: String?
        @OptionGroup var chain: ChainOption
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let address = try Parse.address(contract, for: "contract")
            let first = try OptionTable.fromBlock.given(fromBlock).map { try Parse.block($0, for: "--from-block") } ?? 0
            let store = try database.open()
            var generator = SystemRandomNumberGenerator()
            let chainID = try chain.resolve(in: store)
            let rule = try readAs.map(Parse.rule) ?? SpecialContracts.of(chainID).first { $0.address == address }?.rule
            try store.addContract(
                address,
                from: first,
                readBy: rule,
                to: chainID,
                id: .random(using: &generator)
            )
            // An older scope may begin earlier, and goes on to.
            let scopes = try store.chains().first { $0.identity.chainID == chainID }?.scopes ?? []
            let kept = scopes.first { $0.scope.contract == address }?.scope.firstBlock ?? first
            if try output.isJSON() {
                print(#"{"contract":"\#(address.checksummed)","firstBlock":\#(kept),"active":true}"#)
            } else {
                print("\(address.checksummed) is followed from block \(kept)")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop following a contract; what was read of it stays."
        )

        @Argument(help: "The contract's address.") var contract: String
        @OptionGroup var chain: ChainOption
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let address = try Parse.address(contract, for: "contract")
            let store = try database.open()
            var generator = SystemRandomNumberGenerator()
            try store.removeContract(address, from: chain.resolve(in: store), id: .random(using: &generator))
            if try output.isJSON() {
                print(#"{"contract":"\#(address.checksummed)","active":false}"#)
            } else {
                print("\(address.checksummed) is not followed any more")
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what is followed and how far it is read.")

        @OptionGroup var chain: ChainOption
        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let store = try database.open()
            let id = try chain.resolve(in: store)
            guard let summary = try store.chains().first(where: { $0.identity.chainID == id }) else { return }
            let isJSON = try output.isJSON()
            for scope in summary.scopes {
                let level = scope.evidence.map { "L\($0.level)" }
                let facts = try scope.scope.contract.flatMap { try store.contract($0, on: id)?.summary.facts }
                if isJSON {
                    let contract = scope.scope.contract.map { "\"\($0.checksummed)\"" } ?? "null"
                    print(
                        #"{"contract":\#(contract),"firstBlock":\#(scope.scope.firstBlock),"#
                            + #""readAs":"\#(scope.scope.rule.name)","#
                            + #""active":\#(scope.scope.isActive),"coveredBlocks":\#(scope.coveredBlocks),"#
                            + #""evidence":\#(level.map { "\"\($0)\"" } ?? "null"),"#
                            + #""name":\#(JSONText.quoted(facts?.name)),"#
                            + #""symbol":\#(JSONText.quoted(facts?.symbol))}"#
                    )
                } else {
                    let name = scope.scope.contract?.checksummed ?? "whole chain"
                    let rule = scope.scope.rule == .byShape ? "" : "  as \(scope.scope.rule.name)"
                    print(
                        "\(name)  from block \(scope.scope.firstBlock)  \(scope.coveredBlocks) blocks read  "
                            + "\(level ?? "-")\(rule)\(scope.scope.isActive ? "" : "  (dropped)")"
                            + (facts?.name.map { "  calls itself \(JSONText.quoted($0))" } ?? "")
                    )
                }
            }
        }
    }
}
