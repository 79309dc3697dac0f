/// Options of single commands, beside those that several share or the file has.
extension OptionTable {
    static let readAs = Row(
        name: "read-as",
        value: "RULE",
        help: "By what a contract's logs are read: shape, id-in-data or cryptopunks; see docs/special-contracts.md.",
        standard: "as listed, else shape",
        reach: .command
    )
    static let toBlock = Row(
        name: "to-block",
        value: "N|latest|finalized",
        help: "Where `sync` stops.",
        standard: "latest",
        reach: .environment
    )
    static let json = Row(name: "json", help: "Machine-readable output.", reach: .environment)

    static let rewindTo = Row(
        name: "to-block",
        value: "N",
        help: "The block that `rewind` goes back to.",
        reach: .command
    )
    static let dryRun = Row(
        name: "dry-run",
        help: "Print the requests and the time to expect; write nothing.",
        reach: .command
    )
    static let atBlock = Row(
        name: "at-block",
        value: "N",
        help: "Answer for this block instead of the newest.",
        reach: .command
    )
    static let ids = Row(
        name: "ids",
        value: "A-B",
        help: "The token ids that `snapshot` asks for, where the contract does not enumerate them.",
        reach: .command
    )
    static let batch = Row(
        name: "batch",
        value: "N",
        help: "The most tokens that `snapshot` asks for together, up to 1000; halved where a batch fails.",
        standard: "100",
        reach: .command
    )
    static let rate = Row(
        name: "rate",
        value: "N",
        help: "The most tokens a second that `snapshot` asks for; without it, as fast as the endpoints allow.",
        reach: .command
    )
    static let retryFailed = Row(
        name: "retry-failed",
        help: "Ask again for what a published snapshot could not read.",
        reach: .command
    )
    static let wallet = Row(
        name: "wallet",
        value: "0x…",
        help: "Transfers sent or received by this wallet; needs `--index wallets`.",
        reach: .command
    )
    static let why = Row(name: "why", help: "Show the event that decided.", reach: .command)
    static let rarity = Row(
        name: "rarity",
        help: "Show the tokens by rarity instead of the traits.",
        reach: .command
    )
    static let limit = Row(
        name: "limit",
        value: "N",
        help: "How many at most.",
        standard: "1000, of `transfers` 20",
        reach: .command
    )
    static let format = Row(
        name: "format",
        value: "jsonl|csv",
        help: "What an export's lines are.",
        standard: "jsonl",
        reach: .command
    )
    static let force = Row(
        name: "force",
        help: "Rewind even if no endpoint shows that the logs can be read again.",
        reach: .command
    )
    static let undo = Row(name: "undo", help: "Restore what the last rewind undid.", reach: .command)
    static let exitAfter = Row(
        name: "exit-after",
        value: "SECONDS",
        help: "End after so many seconds.",
        reach: .command
    )

    static let seeds = Row(
        name: "seeds",
        value: "N",
        help: "Simulated worlds that `selftest` runs; 0: none. `--full`: 5000.",
        standard: "300",
        reach: .environment
    )
    static let crashes = Row(
        name: "crashes",
        value: "N",
        help: "Processes that `selftest` kills at a point, evenly chosen; 0: none. `--full`: at every point.",
        standard: "100",
        reach: .command
    )
    static let killSeconds = Row(
        name: "kill-seconds",
        value: "SECONDS",
        help: "How long `selftest` kills at random moments; 0: not at all. `--full`: 600.",
        standard: "10",
        reach: .command
    )
    static let full = Row(name: "full", help: "Everything that `selftest` has.", reach: .command)
    static let sample = Row(
        name: "sample",
        value: "N",
        help: "How many holdings `verify` draws at random, from 1 to 1000000.",
        standard: "200",
        reach: .command
    )
    static let threshold = Row(
        name: "threshold",
        value: "SHARE",
        help: "The least share of equal answers with which `verify` passes, above 0 and at most 1.",
        standard: "0.99",
        reach: .command
    )
    static let everyHolding = Row(
        name: "all",
        help: "Check every holding instead of a sample.",
        reach: .command
    )

    static let allowPrivateMetadata = Row(
        name: "allow-private-metadata",
        help: "Fetch metadata from private addresses and any port too; for local development only.",
        reach: .environment
    )
    static let ipfsGateway = Row(
        name: "ipfs-gateway",
        value: "URL",
        help: "An IPFS gateway; repeat it for several. `{cid}` in it stands for the CID as a host's name.",
        standard: "https://ipfs.io, https://{cid}.ipfs.dweb.link",
        reach: .environment
    )
    static let metadataBatch = Row(
        name: "metadata-batch",
        value: "N",
        help: "Tokens whose contracts are asked together, from 1 to 1000.",
        standard: "100",
        reach: .environment
    )
    static let everyToken = Row(
        name: "all",
        help: "Ask again for tokens whose metadata is held too.",
        reach: .command
    )
}
