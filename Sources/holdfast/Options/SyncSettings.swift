import ArgumentParser
import ChainClient
import Ethereum
import StoreSQLite

/// What `sync` and `run` take: endpoints, chain, contracts, range.
struct SyncSettings: ParsableArguments {
    @Option(name: .customLong(OptionTable.rpc.name), help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []

    @Option(name: .customLong(OptionTable.chain.name), help: OptionTable.chain.argumentHelp)
    var chain: String?

    @Option(name: .customLong(OptionTable.contract.name), help: OptionTable.contract.argumentHelp)
    var contract: [String] = []

    @Option(name: .customLong(OptionTable.fromBlock.name), help: OptionTable.fromBlock.argumentHelp)
    var fromBlock: String?

    @Option(name: .customLong(OptionTable.confirmations.name), help: OptionTable.confirmations.argumentHelp)
    var confirmations: String?

    @Option(name: .customLong(OptionTable.pollInterval.name), help: OptionTable.pollInterval.argumentHelp)
    var pollInterval: String?

    @Option(name: .customLong(OptionTable.index.name), help: OptionTable.index.argumentHelp)
    var index: [String] = []

    /// The optional indexes to build: by flags, else the environment, else the file.
    func optionalIndexes(file: Set<OptionalIndex> = []) throws -> Set<OptionalIndex> {
        let named = index.isEmpty ? Environment.list(OptionTable.index) : index
        return named.isEmpty ? file : Set(try named.map { try Parse.optionalIndex($0, for: "--index") })
    }

    /// What flags and environment say of the one chain they can name.
    func chainSettings() throws -> ChainSettings {
        let chainID = try (chain ?? Environment.value(OptionTable.chain)).map(ChainPresets.id(named:))
        var urls = rpc.isEmpty ? Environment.list(OptionTable.rpc) : rpc
        if urls.isEmpty, let chainID, let url = ChainPresets.preset(for: chainID).rpc { urls = [url] }
        let named = contract.isEmpty ? Environment.list(OptionTable.contract) : contract
        return ChainSettings(
            name: nil,
            chainID: chainID,
            endpoints: try urls.enumerated().map { index, url in
                Endpoint(url: try Parse.url(url, for: "--rpc"), name: "rpc\(index + 1)")
            },
            contracts: try named.map { try Parse.address($0, for: "--contract") },
            firstBlock: try (fromBlock ?? Environment.value(OptionTable.fromBlock)).map {
                try Parse.block($0, for: "--from-block")
            },
            confirmations: try (confirmations ?? Environment.value(OptionTable.confirmations)).map {
                try Parse.confirmations($0, for: "--confirmations")
            },
            pollInterval: try (pollInterval ?? Environment.value(OptionTable.pollInterval)).map {
                try Parse.interval($0, for: "--poll-interval")
            }
        )
    }
}
