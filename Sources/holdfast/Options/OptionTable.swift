import ArgumentParser

/// Every option, once: flag, environment variable, key in the YAML file, default, help and docs/options.md come from here.
enum OptionTable {
    struct Row: Sendable {
        /// `--name` and, for settings, `HOLDFAST_NAME`.
        var name: String
        /// What the value is, as help shows it; empty for a flag.
        var value = ""
        var help: String
        /// As shown, and as used where it is a value; nil where there is none.
        var standard: String?
        var reach: Reach
    }

    /// Where an option may be given beside the command line.
    enum Reach: Sendable, Equatable {
        /// The environment and a key at the file's top, of the option's name.
        case file
        /// The environment and this key of a chain in the file.
        case chain(key: String)
        /// The environment alone.
        case environment
        /// Nowhere: it belongs to one question or one act, and must not be in force unseen.
        case command
    }

    static let database = Row(
        name: "database",
        value: "URL",
        help: "sqlite:PATH, made with mode 0600 when it is not there.",
        standard: "sqlite:holdfast.db",
        reach: .file
    )
    static let port = Row(
        name: "port",
        value: "PORT",
        help: "Where the API and the page are served; 0 takes a free port.",
        standard: "3002",
        reach: .file
    )
    static let livePort = Row(
        name: "live-port",
        value: "PORT",
        help: "Where live reads are served (role live); 0 takes a free port. Given alone it adds the role.",
        standard: "3003",
        reach: .file
    )
    static let roles = Row(
        name: "roles",
        value: "ROLE,…",
        help: """
            What `run` does: sync follows the chains, enrich finds out what tokens are, api answers from the database, live \
            asks contracts. Without sync and enrich the database is only read.
            """,
        standard: "sync,enrich,api",
        reach: .file
    )
    static let host = Row(
        name: "host",
        value: "ADDRESS",
        help: "The address to listen on.",
        standard: "127.0.0.1",
        reach: .file
    )
    static let index = Row(
        name: "index",
        value: "NAME",
        help: "Also build an optional index: wallets, for what a wallet held at past blocks, and its transfers.",
        reach: .file
    )
    static let rpc = Row(
        name: "rpc",
        value: "URL",
        help: """
            A JSON-RPC endpoint, http or https; repeat it for several. Left out: those kept in the database, else the \
            preset's.
            """,
        reach: .chain(key: "endpoints")
    )
    static let chain = Row(
        name: "chain",
        value: "NAME|ID",
        help: "A preset (kcc, ethereum, polygon, …) or a chain id. Left out: what the endpoint says.",
        reach: .chain(key: "chain")
    )
    static let contract = Row(
        name: "contract",
        value: "0x…",
        help: "Follow this contract; repeat it for several. Left out: every NFT contract.",
        reach: .chain(key: "contracts")
    )
    static let fromBlock = Row(
        name: "from-block",
        value: "N",
        help: "The first block to read.",
        standard: "0",
        reach: .chain(key: "from-block")
    )
    static let confirmations = Row(
        name: "confirmations",
        value: "BLOCKS",
        help: "Blocks behind the head that count as final where the chain has no `finalized` tag.",
        standard: "by chain, else 20",
        reach: .chain(key: "confirmations")
    )
    static let pollInterval = Row(
        name: "poll-interval",
        value: "SECONDS",
        help: "Pause between two looks at the head.",
        standard: "by chain, else 1",
        reach: .chain(key: "poll-interval")
    )
    static let evidence = Row(
        name: "evidence",
        value: "L0…L4",
        help: """
            How far answers are checked: L0 not, L1 bound to block hashes, L2 every header read and linked, blooms and \
            suspicious blocks proved, L3 every block proved by its receipts, L4 agreed by two operators.
            """,
        standard: "L2",
        reach: .chain(key: "evidence")
    )
    static let audit = Row(
        name: "audit",
        value: "HOLDINGS",
        help: "How many holdings `run` compares with their contracts each minute, from 0 (none) to 6000.",
        standard: "10",
        reach: .chain(key: "audit")
    )
    static let enrich = Row(
        name: "enrich",
        value: "none|requested|listed|all",
        help: """
            Whose metadata `run` looks up: nobody's, of tokens that the API is asked for, of contracts that are followed by \
            name as well, or of every token.
            """,
        standard: "listed",
        reach: .chain(key: "enrich")
    )
    static let marketplace = Row(
        name: "marketplace",
        value: "0x…",
        help: "A marketplace's wallet: what it holds is on sale there; repeat it for several, at most 16.",
        reach: .chain(key: "marketplaces")
    )
    static let noWait = Row(
        name: "no-wait",
        help: "End with exit code 75 where another instance holds the chain, instead of standing by.",
        reach: .environment
    )
    static let config = Row(
        name: "config",
        value: "FILE",
        help: "A YAML file with chains and endpoints; see docs/configuration.md.",
        reach: .environment
    )
    static let all = [
        database, port, livePort, host, roles, index, rpc, chain, contract, fromBlock, confirmations, pollInterval,
        evidence, audit, enrich, marketplace, noWait,
        config,
        toBlock,
        json,
        rewindTo, dryRun, atBlock, why, rarity, limit, format, force, undo, exitAfter, wallet, sample, threshold,
        everyHolding,
        everyToken, allowPrivateMetadata, ipfsGateway, metadataBatch, readAs,
        ids, batch, rate, retryFailed,
        seeds, crashes, killSeconds, full,
    ]

    /// The keys at the file's top that are options.
    static let fileKeys = all.filter { $0.reach == .file }.map(\.name)
    /// The keys of a chain in the file.
    static let chainKeys = all.compactMap { row -> String? in if case .chain(let key) = row.reach { key } else { nil } }
}

extension OptionTable.Row {
    /// The environment variable; nil where none is read.
    var environment: String? {
        guard reach != .command else { return nil }
        return "HOLDFAST_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// The place of its key in the YAML file; nil where it has none.
    var key: String? {
        switch reach {
        case .file: name
        case .chain(let key): "chains.NAME.\(key)"
        case .environment, .command: nil
        }
    }

    var flag: NameSpecification { .customLong(name) }

    var argumentHelp: ArgumentHelp {
        let standard = standard.map { " (default: \($0))" } ?? ""
        let variable = environment.map { " [\($0)]" } ?? ""
        return ArgumentHelp("\(help)\(standard)\(variable)", valueName: value.isEmpty ? nil : value)
    }

    /// What the command line says, else the environment.
    func given(_ flag: String?) -> String? { flag ?? Environment.value(self) }

    func given(_ flags: [String]) -> [String] { flags.isEmpty ? Environment.list(self) : flags }
}

extension OptionTable {
    /// docs/options.md.
    static var markdown: String {
        let head = """
            # Options

            Made by `holdfast options --markdown`; a test compares. `holdfast COMMAND --help` says which command takes what.
            The command line wins over the environment, that over the file, that over the default. In the environment lists
            are separated by commas, and a flag is `1` or `0`.

            | option | environment | key in the file | default | |
            |---|---|---|---|---|

            """
        let lines = all.map { row in
            let value = row.value.isEmpty ? "" : " " + row.value.replacing("|", with: "\\|")
            let cells = [
                "`--\(row.name)\(value)`", row.environment.map { "`\($0)`" } ?? "–", row.key.map { "`\($0)`" } ?? "–",
                row.standard ?? "–", row.help,
            ]
            return "| \(cells.joined(separator: " | ")) |\n"
        }
        return head + lines.joined()
    }
}
