package import Ethereum
import Synchronization

/// A JSON-RPC endpoint over a simulated chain: bytes in, bytes out, with geth's semantics.
///
/// The same object serves a deterministic run and a loopback server. What nodes differ in is its ``Profile``; what goes
/// wrong is in ``Faults``.
package final class SimulatedNode: Sendable {
    /// How this node differs from others, for as long as it lives.
    package struct Profile: Sendable {
        package var clientVersion = "Simulated/v1"
        package var hasFinalizedTag = true
        /// Gives `[]` for the logs of a hash that it does not know, instead of an error.
        package var answersUnknownHashEmpty = false
        package var servesLogsByHash = true
        package var servesBatches = true
        package var servesReceipts = true
        /// Takes a filter's trailing nulls for nothing, so that logs with fewer topics come as well.
        package var ignoresTrailingNulls = false
        /// Cuts a range at its head in silence, as old nodes do, instead of refusing it.
        package var clampsAtHead = false
        /// Answers `eth_call`: the contracts say what they are and where their tokens' documents are.
        package var runsContracts = false

        package init() {}
    }

    /// What an operator or a reorg changes while it runs.
    package struct Condition: Sendable {
        /// The branch it serves; nil: the canonical one.
        package var branch: Hash32?
        /// Blocks by which it is behind.
        package var lag: UInt64 = 0
        /// Blocks a range of logs may have; nil: any number.
        package var rangeCap: UInt64?
        /// Which of the known texts refuses a wider one.
        package var capSpelling = 0
        /// Logs an answer may have; nil: any number.
        package var resultsCap: Int?
        /// Logs an answer about one block may have, and bytes an answer with a block's receipts; nil: any number.
        package var blockLogsCap: Int?
        package var receiptsBytesCap: Int?
        /// What each of several nodes behind this URL is behind, one of which answers each body; empty: one node, ``lag``.
        package var backends: [UInt64] = []
        /// Heights for which a header is `null`, so many times, though the head was announced.
        package var missing: [BlockNumber: Int] = [:]
        /// The chain that is behind this URL instead; nil: the right one.
        package var otherChain: SharedChain?

        package init() {}
    }

    package struct Reply: Sendable, Equatable {
        package var status: Int
        package var retryAfter: String?
        package var body: [UInt8]

        package init(status: Int = 200, retryAfter: String? = nil, body: [UInt8]) {
            self.status = status
            self.retryAfter = retryAfter
            self.body = body
        }
    }

    let shared: SharedChain
    package let profile: Profile
    package let faults: Faults
    private let mutable: Mutex<Condition>
    private let requests = Mutex(0)
    private let watcher = Mutex<(@Sendable (String) -> Void)?>(nil)

    package init(_ shared: SharedChain, profile: Profile = Profile(), faults: Faults = Faults()) {
        self.shared = shared
        self.profile = profile
        self.faults = faults
        mutable = Mutex(Condition())
    }

    package var condition: Condition {
        get { mutable.withLock { $0 } }
        set { mutable.withLock { $0 = newValue } }
    }

    /// Runs `body` with the method of every request before the node looks at its chain: to change the world just then.
    package func beforeEachAnswer(_ body: (@Sendable (_ method: String) -> Void)?) {
        watcher.withLock { $0 = body }
    }

    /// Requests answered so far, each of a batch counted.
    package var requestCount: Int { requests.withLock { $0 } }

    /// What the node answers to a body, whatever it is.
    package func answer(_ body: [UInt8]) -> Reply {
        guard let text = RequestText(body) else {
            return Reply(status: 400, body: Array(NodeAnswer.error(-32700, "parse error").envelope("null").utf8))
        }
        if faults.fires(.rateLimitedInBody) {
            return Reply(body: Array(NodeAnswer.error(-32005, "rate limit exceeded").envelope(id(text)).utf8))
        }
        if let watcher = watcher.withLock({ $0 }) {
            for request in text.items ?? [text] { if let method = request["method"]?.text { watcher(method) } }
        }
        let view = view
        guard let batch = text.items else { return Reply(body: Array(one(text, view).utf8)) }
        guard profile.servesBatches, !batch.isEmpty else {
            return Reply(
                body: Array(NodeAnswer.error(-32600, "batch requests are not supported").envelope("null").utf8)
            )
        }
        let answers = batch.map { one($0, view) }.joined(separator: ",")
        return Reply(body: Array("[\(answers)]".utf8))
    }

    private func one(_ request: RequestText, _ view: View) -> String {
        requests.withLock { $0 += 1 }
        guard let method = request["method"]?.text else {
            return NodeAnswer.error(-32600, "invalid request").envelope(id(request))
        }
        let id = faults.fires(.wrongID) ? "9007199254740991" : id(request)
        if faults.fires(.unknownText) {
            return NodeAnswer.error(-32000, "the hamster needs a rest").envelope(id)
        }
        return answer(method, request["params"]?.items ?? [], view).envelope(id)
    }

    private func id(_ request: RequestText) -> String {
        switch request["id"] {
        case .number(let text): text
        case .string(let text): "\"\(text)\""
        default: "null"
        }
    }

    /// The chain as this node sees it for the length of one body.
    struct View: Sendable {
        var chain: SimulatedChain
        var path: [Hash32]
        var condition: Condition

        func block(at number: BlockNumber) -> SimulatedBlock? {
            number < UInt64(path.count) ? chain.block(path[Int(number)]) : nil
        }

        var head: BlockNumber { BlockNumber(path.count - 1) }
    }

    private var view: View {
        let condition = condition
        let chain = (condition.otherChain ?? shared).chain
        var path = condition.branch.map { chain.lineage(of: $0) } ?? chain.canonical
        let backends = condition.backends
        let lag = backends.isEmpty ? condition.lag : backends[faults.pick(0...backends.count - 1)]
        path.removeLast(min(Int(lag), path.count - 1))
        return View(chain: chain, path: path, condition: condition)
    }

    private func answer(_ method: String, _ params: [RequestText], _ view: View) -> NodeAnswer {
        switch method {
        case "eth_chainId": .text(Hex.quantity(view.chain.options.chainID))
        case "net_version": .text("\(view.chain.options.chainID)")
        case "web3_clientVersion": .text(profile.clientVersion)
        case "eth_syncing": .raw("false")
        case "eth_blockNumber": .text(Hex.quantity(view.head))
        case "eth_getBlockByNumber": blockByNumber(params.first?.text ?? "", view)
        case "eth_getBlockByHash": blockByHash(params.first?.text ?? "", view)
        case "eth_getLogs": logs(params.first ?? .null, view)
        case "eth_getBlockReceipts" where profile.servesReceipts: receipts(params.first?.text ?? "", view)
        case "eth_getTransactionReceipt" where profile.servesReceipts: receipt(params.first?.text ?? "", view)
        case "eth_getCode" where profile.runsContracts: code(params.first?.text ?? "", at: params.last ?? .null, view)
        case "eth_getCode": code(params.first?.text ?? "")
        case "eth_call" where profile.runsContracts: call(params.first ?? .null, at: params.last ?? .null, view)
        default: .error(-32601, "the method \(method) does not exist/is not available")
        }
    }
}

/// A result or an error, before it gets its id.
enum NodeAnswer: Sendable {
    case raw(String)
    case text(String)
    case error(Int, String)

    static let null = NodeAnswer.raw("null")

    func envelope(_ id: String) -> String {
        switch self {
        case .raw(let value): "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\(value)}"
        case .text(let text): "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":\"\(text)\"}"
        case .error(let code, let message):
            "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"error\":{\"code\":\(code),\"message\":\"\(message)\"}}"
        }
    }
}
