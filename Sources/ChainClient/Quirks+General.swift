/// The rest of the table: nets for texts nobody has seen yet, limits on use, missing blocks, contract calls.

extension Quirk {
    /// What eRPC's normaliser catches everything else with (§2b, end).
    // swift-format-ignore
    static let rangeNet: [Quirk] = [
        Quirk("net-addresses", "eRPC error_normalizer.go",
              anyOf: ["specify less number of address", "filters. the current limit is"], means: .tooManyResults,
              reads: .addresses),
        Quirk("net-range", "eRPC error_normalizer.go",
              anyOf: [
                "max block range", "max range", "range too large", "range is too large", "too large, max is",
                "exceeds the range", "limit the query to", "range limit exceeded",
              ],
              means: .rangeCap),
        Quirk("net-results", "eRPC error_normalizer.go",
              anyOf: [
                "logs over more", "exceeds max results", "query exceeds limit", "too many results", "try paginating",
              ],
              means: .tooManyResults),
        Quirk("net-size", "eRPC error_normalizer.go",
              anyOf: ["response too large", "is too big", "exceeded max limit of"], means: .responseTooLarge),
    ]

    /// Money first, then speed (§4): a quota that is gone for the month must not be retried.
    // swift-format-ignore
    static let limits: [Quirk] = [
        Quirk("quota", "eRPC, Infura, Alchemy", in: .any,
              anyOf: [
                "reached the free tier", "monthly capacity limit", "limit for your current plan", "/billing",
                "daily request count exceeded", "upgrade your plan", "payment required", "quota exceeded",
              ],
              means: .quotaOrAuth),
        Quirk("key", "several", in: .any,
              anyOf: ["invalid api key", "invalid apikey", "must be authenticated", "invalid project id", "unauthorized"],
              means: .quotaOrAuth),
        Quirk("quicknode-rate", "QuickNode, alloy's list", in: .any, codes: [-32007, -32009, -32012], means: .rateLimited),
        Quirk("cloudflare-rate", "Cloudflare, LlamaRPC", in: .any, anyOf: ["code: 1015", "error 1015"],
              means: .rateLimited),
        Quirk("cloudflare-code", "Cloudflare", in: .any, codes: [-32055], means: .rateLimited),
        Quirk("json-429", "Alchemy, inside HTTP 200", in: .any, codes: [429], means: .rateLimited),
        Quirk("rate-text", "eRPC error_normalizer.go", in: .any,
              anyOf: [
                "rate limit", "too many requests", "too many concurrent", "has exceeded", "exceeded the quota",
                "reached the quota", "under too much load", "no server available", "request limit reached",
                "credits limited to", "rate exceeded", "request limit exceeded", "requests limit exceeded",
              ],
              means: .rateLimited),
        Quirk("not-offered", "several", in: .any,
              anyOf: [
                "not whitelisted", "not in your plan", "not available on your plan", "method not found",
                "does not exist/is not available", "method not supported", "unsupported method",
              ],
              means: .unsupported),
        Quirk("batch-size", "several", in: .batch, "batch", anyOf: ["too large", "limit", "exceed", "too many", "size"],
              means: .responseTooLarge),
        Quirk("batch-unsupported", "small chains", in: .batch, "batch", anyOf: ["not supported", "not allowed", "disabled"],
              means: .unsupported),
    ]

    /// Texts so short that longer ones contain them: "rate limit exceeded" and "monthly capacity limit exceeded" are told
    /// apart above.
    // swift-format-ignore
    static let vague: [Quirk] = [
        Quirk("bsc-disabled", "BSC dataseed: off even for one block", codes: [-32005], "limit exceeded",
              means: .rangeCap),
    ]

    /// Blocks that are not there yet, any more, or under this name (§7, §8, §11).
    // swift-format-ignore
    static let blocks: [Quirk] = [
        Quirk("pruned", "geth, bor#109, PublicNode", in: .any,
              anyOf: [
                "missing trie node", "state not available", "historical state", "pruned", "history is not available",
                "not available before block",
              ],
              means: .historyPruned),
        Quirk("tag-unknown", "iotex-core#4942, rskj", in: .any,
              anyOf: ["malformed blocknumber", "not a supported commitment", "invalid block tag"], means: .unsupported),
        Quirk("tag-empty", "geth, erigon", in: .any,
              anyOf: ["safe block not found", "finalized block not found", "finalized block is not available"],
              means: .behindHead),
        Quirk("not-canonical", "geth", in: .any, anyOf: ["not currently canonical", "is not canonical"], means: .reorgSignal),
        Quirk("behind", "geth, cosmos chains", in: .any,
              anyOf: [
                "header not found", "unknown block", "block not found", "height is not available", "beyond head",
                "height must be less than or equal",
              ],
              means: .behindHead),
    ]

    /// What contract calls say (§13).
    // swift-format-ignore
    static let calls: [Quirk] = [
        Quirk("call-resource", "geth and others", in: .call,
              anyOf: [
                "out of gas", "gas uint64 overflow", "intrinsic gas", "gas required exceeds allowance",
                "execution timeout", "evm timeout",
              ],
              means: .callResource),
        Quirk("call-reverted", "graph-node call_helper.rs, eRPC", in: .call,
              anyOf: [
                "revert", "vm exception", "vm execution error", "bad instruction", "bad jump destination",
                "invalid opcode", "stack underflow", "stack limit", "evm error:",
              ],
              means: .reverted),
    ]
}
