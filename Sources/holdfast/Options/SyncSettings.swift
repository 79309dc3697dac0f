import ArgumentParser
import ChainClient
import Ethereum
import StoreSQLite

/// What `sync` and `run` take: endpoints, chain, contracts, range.
struct SyncSettings: ParsableArguments {
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []

    @Option(name: OptionTable.chain.flag, help: OptionTable.chain.argumentHelp)
    var chain: String?

    @Option(name: OptionTable.contract.flag, help: OptionTable.contract.argumentHelp)
    var contract: [String] = []

    @Option(name: OptionTable.fromBlock.flag, help: OptionTable.fromBlock.argumentHelp)
    var fromBlock: String?

    @Option(name: OptionTable.confirmations.flag, help: OptionTable.confirmations.argumentHelp)
    var confirmations: String?

    @Option(name: OptionTable.pollInterval.flag, help: OptionTable.pollInterval.argumentHelp)
    var pollInterval: String?

    @Option(name: OptionTable.evidence.flag, help: OptionTable.evidence.argumentHelp)
    var evidence: String?

    @Flag(name: OptionTable.noWait.flag, help: OptionTable.noWait.argumentHelp)
    var noWait = false

    /// Whether to stand by while another instance holds the chain.
    func waits() throws -> Bool { try !(noWait || Environment.flag(OptionTable.noWait)) }

    @Option(name: OptionTable.index.flag, help: OptionTable.index.argumentHelp)
    var index: [String] = []

    /// The optional indexes to build: by flags, else the environment, else the file.
    func optionalIndexes(file: Set<OptionalIndex> = []) throws -> Set<OptionalIndex> {
        let named = OptionTable.index.given(index)
        return named.isEmpty ? file : Set(try named.map { try Parse.optionalIndex($0, for: "--index") })
    }

    /// What flags and environment say of the one chain they can name.
    func chainSettings() throws -> ChainSettings {
        ChainSettings(
            name: nil,
            chainID: try OptionTable.chain.given(chain).map(ChainPresets.id(named:)),
            endpoints: try Parse.endpoints(OptionTable.rpc.given(rpc)),
            contracts: try OptionTable.contract.given(contract).map { try Parse.address($0, for: "--contract") },
            firstBlock: try OptionTable.fromBlock.given(fromBlock).map { try Parse.block($0, for: "--from-block") },
            confirmations: try OptionTable.confirmations.given(confirmations).map {
                try Parse.confirmations($0, for: "--confirmations")
            },
            pollInterval: try OptionTable.pollInterval.given(pollInterval).map {
                try Parse.interval($0, for: "--poll-interval")
            },
            evidence: try OptionTable.evidence.given(evidence).map { try Parse.evidence($0, for: "--evidence") }
        )
    }

    /// The options that were given here, and that a file with chains would leave without effect.
    var given: [String] {
        let lists = [(OptionTable.rpc, rpc), (OptionTable.contract, contract)]
        let values = [
            (OptionTable.chain, chain), (OptionTable.fromBlock, fromBlock), (OptionTable.confirmations, confirmations),
            (OptionTable.pollInterval, pollInterval), (OptionTable.evidence, evidence),
        ]
        return lists.filter { !$0.given($1).isEmpty }.map { "--\($0.0.name)" }
            + values.filter { $0.given($1) != nil }.map { "--\($0.0.name)" }
    }
}
