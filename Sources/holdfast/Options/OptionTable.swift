import ArgumentParser

/// Every option, once: flag, environment variable, key in the YAML file, default, unit and help all come from here.
enum OptionTable {
    struct Row: Sendable {
        /// `--name`, `HOLDFAST_NAME` and the key `name`.
        var name: String
        var value: String
        var help: String
        /// As shown; nil where there is none.
        var standard: String?

        var environment: String {
            "HOLDFAST_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
        }

        var argumentHelp: ArgumentHelp {
            let standard = standard.map { " (default: \($0))" } ?? ""
            return ArgumentHelp(stringLiteral: "\(help)\(standard) [\(environment)]")
        }
    }

    static let database = Row(
        name: "database",
        value: "URL",
        help: "sqlite:PATH, made with mode 0600 when it is not there.",
        standard: "sqlite:holdfast.db"
    )
    static let rpc = Row(
        name: "rpc",
        value: "URL",
        help: "A JSON-RPC endpoint, http or https; repeat it for several. Left out: those kept in the database."
    )
    static let chain = Row(
        name: "chain",
        value: "NAME|ID",
        help: "A preset (kcc, ethereum, polygon, …) or a chain id. Left out: what the endpoint says."
    )
    static let contract = Row(
        name: "contract",
        value: "0x…",
        help: "Follow this contract; repeat it for several. Left out: every NFT contract."
    )
    static let fromBlock = Row(
        name: "from-block",
        value: "N",
        help: "The first block to read.",
        standard: "0"
    )
    static let toBlock = Row(
        name: "to-block",
        value: "N|latest|finalized",
        help: "Where to stop.",
        standard: "latest"
    )
    static let confirmations = Row(
        name: "confirmations",
        value: "BLOCKS",
        help: "Blocks behind the head that count as final where the chain has no `finalized` tag.",
        standard: "by chain, else 20"
    )
    static let pollInterval = Row(
        name: "poll-interval",
        value: "SECONDS",
        help: "Pause between two looks at the head.",
        standard: "by chain, else 1"
    )
    static let index = Row(
        name: "index",
        value: "NAME",
        help: "Also build an optional index: wallets, for what a wallet held at past blocks, and its transfers."
    )
    static let config = Row(
        name: "config",
        value: "FILE",
        help: "A YAML file with chains and endpoints; see docs/configuration.md."
    )
    static let port = Row(
        name: "port",
        value: "PORT",
        help: "Where the API and the page are served; 0 takes a free port.",
        standard: "3002"
    )
    static let host = Row(name: "host", value: "ADDRESS", help: "The address to listen on.", standard: "127.0.0.1")
    static let json = Row(name: "json", value: "", help: "Machine-readable output.")

    static let all = [
        database, rpc, chain, contract, fromBlock, toBlock, confirmations, pollInterval, index, config, port, host,
        json,
    ]
}
