import ArgumentParser
import ChainClient
import ChainSync
import Ethereum
import Foundation
import Tokens

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

    func contracts() throws -> [Address] {
        let texts = contract.isEmpty ? list(OptionTable.contract) : contract
        return try texts.map { try Parse.address($0, for: "--contract") }
    }

    func firstBlock() throws -> BlockNumber? {
        try (fromBlock ?? Environment.value(OptionTable.fromBlock)).map { try Parse.block($0, for: "--from-block") }
    }

    /// The chain named on the command line; nil when the endpoint decides.
    func chainID() throws -> ChainID? {
        try (chain ?? Environment.value(OptionTable.chain)).map(ChainPresets.id(named:))
    }

    /// The endpoints to ask, checked for what can be checked before anything is asked.
    func endpoints() throws -> [Endpoint] {
        var urls = rpc.isEmpty ? list(OptionTable.rpc) : rpc
        if urls.isEmpty, let id = try chainID(), let url = ChainPresets.preset(for: id).rpc { urls = [url] }
        return try urls.enumerated().map { index, url in
            guard let parts = URL(string: url), let scheme = parts.scheme, ["http", "https"].contains(scheme),
                parts.host() != nil
            else {
                throw Failure.usage(
                    "--rpc: endpoint \(index + 1) is not an http or https URL, for instance http://localhost:8545"
                )
            }
            return Endpoint(url: url, name: "rpc\(index + 1)")
        }
    }

    func options(for preset: ChainPreset) throws -> SyncOptions {
        var options = SyncOptions()
        options.confirmations = preset.confirmations
        options.pollInterval = preset.pollInterval
        if let text = confirmations ?? Environment.value(OptionTable.confirmations) {
            guard let depth = UInt64(text), depth <= 1_000_000 else {
                throw Failure.usage("--confirmations \(text): a number of blocks from 0 to 1000000")
            }
            options.confirmations = depth
        }
        if let text = pollInterval ?? Environment.value(OptionTable.pollInterval) {
            guard let seconds = Double(text), seconds >= 0.01, seconds <= 3_600 else {
                throw Failure.usage("--poll-interval \(text): seconds from 0.01 to 3600")
            }
            options.pollInterval = .milliseconds(Int64(seconds * 1_000))
        }
        return options
    }

    private func list(_ row: OptionTable.Row) -> [String] {
        Environment.value(row)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }
}
