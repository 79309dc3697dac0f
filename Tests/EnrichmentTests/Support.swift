/// A chain that answers what it is told, a web of a few pages, and a ledger in a file.
import Enrichment
import Ethereum
import Logging
import Metadata
import StoreSQLite
import Synchronization
import TestLedger
import Tokens

let contract = TestLedger.address(1)
let counted = TestLedger.address(2)
let wallet = TestLedger.address(9)

/// Contracts whose answers are a function; everything else of a chain is not asked.
final class ToldChain: Chain {
    let answer: @Sendable (ContractCall) -> CallOutcome
    let calls = Mutex<[ContractCall]>([])
    let failure = Mutex<ChainError?>(nil)
    /// Events about metadata, the ranges that were asked for, and what is said instead of events.
    let logs = Mutex<[(block: BlockNumber, contract: Address, event: Event)]>([])
    let asked = Mutex<[ClosedRange<BlockNumber>]>([])
    let logFailure = Mutex<ChainError?>(nil)

    enum Event { case metadataUpdate(UInt64) }

    init(_ answer: @escaping @Sendable (ContractCall) -> CallOutcome) { self.answer = answer }

    /// Each token's URI is this, with its number in place of `#`.
    convenience init(uri: String) {
        self.init { call in
            let id = U256(bytes: call.data.suffix(32)) ?? .zero
            return ToldChain.string(uri.replacing("#", with: id.decimal))
        }
    }

    static func string(_ text: String) -> CallOutcome { bytes(Array(text.utf8)) }

    static func bytes(_ bytes: [UInt8]) -> CallOutcome {
        let padding = [UInt8](repeating: 0, count: -bytes.count & 31)
        return .returned(U256(32).bytes + U256(UInt64(bytes.count)).bytes + bytes + padding)
    }

    func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        if let failure = failure.withLock({ $0 }) { throw failure }
        self.calls.withLock { $0 += calls }
        return calls.map(answer)
    }

    func identity() async throws(ChainError) -> ChainIdentity { throw .unavailable("not asked") }
    func head() async throws(ChainError) -> Header { throw .unavailable("not asked") }
    func finalized() async throws(ChainError) -> Header? { nil }
    func header(number: BlockNumber) async throws(ChainError) -> Header? { nil }
    func header(number: BlockNumber, beside: BlockRef) async throws(ChainError) -> Header? { nil }
    func header(hash: Hash32) async throws(ChainError) -> Header? { nil }
    func headers(numbers: [BlockNumber]) async throws(ChainError) -> [Header] { [] }
    func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter,
        beside: BlockRef?
    ) async throws(ChainError) -> RangeAnswer {
        if let failure = logFailure.withLock({ $0 }) { throw failure }
        asked.withLock { $0.append(range) }
        var page = LogPage()
        for (block, contract, event) in logs.withLock({ $0 }) where range.contains(block) {
            guard case .metadataUpdate(let token) = event else { continue }
            page.append(MetadataSignal.topics[0], U256(token).bytes, of: contract, in: block)
        }
        let last = range.upperBound
        let (hash, parent) = (TestLedger.hash(last), TestLedger.hash(last - 1))
        let anchor = Header(number: last, hash: hash, parentHash: parent, timestamp: 0)
        return RangeAnswer(range: range, anchor: anchor, page: page)
    }
    func logs(of block: Header, matching filter: LogFilter) async throws(ChainError) -> LogPage { LogPage() }
    var pagesInFlight: Int { 1 }
}

/// Pages by URL, and how each is answered.
final class ToldWeb: Web {
    let asked = Mutex<[String]>([])
    let inFlight = Mutex<[String: (now: Int, most: Int)]>([:])
    private let answer: @Sendable (String) async throws(WebFault) -> WebAnswer

    init(_ answer: @escaping @Sendable (String) async throws(WebFault) -> WebAnswer) { self.answer = answer }

    static func page(_ text: String, at url: String) -> WebAnswer {
        WebAnswer(status: 200, mediaType: "application/json", body: Array(text.utf8), url: url)
    }

    func fetch(_ url: String) async throws(WebFault) -> WebAnswer {
        asked.withLock { $0.append(url) }
        let host = (try? WebURL(url).host.text) ?? ""
        inFlight.withLock { hosts in
            let now = (hosts[host]?.now ?? 0) + 1
            hosts[host] = (now, max(now, hosts[host]?.most ?? 0))
        }
        defer { inFlight.withLock { $0[host]?.now -= 1 } }
        return try await answer(url)
    }
}

/// A ledger with tokens, and enrichers over it.
struct Desk {
    let ledger: TestLedger
    let chain: ToldChain
    let web: ToldWeb

    /// Tokens 1…count of one contract; of another as many counted ones as asked for.
    init(_ count: UInt64, counted: UInt64 = 0, chain: ToldChain, web: ToldWeb) throws {
        ledger = try TestLedger()
        ledger.at(5)
        for token in 0..<count { ledger.move(U256(token + 1), of: contract, to: wallet) }
        for token in 0..<counted {
            ledger.move(U256(token + 1), of: TestLedger.address(2), to: wallet, amount: U256(2))
        }
        try ledger.commit()
        (self.chain, self.web) = (chain, web)
    }

    func enqueue(all: Bool = false) async throws {
        var position: MetadataPosition?
        repeat {
            position = try await ledger.store.enqueueMetadata(of: 321, contract: nil, after: position, all: all).next
        } while position != nil
    }

    func enricher(
        now: Int64 = 1_000,
        _ change: (inout Enricher<ContinuousClock>.Options) -> Void = { _ in }
    )
        throws -> Enricher<ContinuousClock>
    {
        var options = Enricher<ContinuousClock>.Options()
        options.commitInterval = .milliseconds(5)
        options.pollInterval = .milliseconds(5)
        change(&options)
        return Enricher(
            chain: chain,
            store: ledger.store,
            documents: DocumentReader(web: web, gateways: try Gateways(["https://one.gate", "https://two.gate"])),
            chainID: 321,
            options: options,
            clock: ContinuousClock(),
            wallSeconds: { now },
            random: { UInt64.random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @discardableResult
    func enrich(all: Bool = false, now: Int64 = 1_000, limit: Int? = nil) async throws -> MetadataTally {
        try await enqueue(all: all)
        return try await enricher(now: now).run(until: .drained(limit: limit))
    }

    func held(_ token: UInt64, of contract: Address = contract) throws -> TokenMetadata? {
        try ledger.store.metadata(of: TokenID(contract: contract, token: U256(token)), on: 321)
    }
}

extension LogPage {
    fileprivate mutating func append(_ topic: Hash32, _ bytes: [UInt8], of contract: Address, in block: BlockNumber) {
        logs.append(
            Log(
                blockNumber: block,
                blockHash: TestLedger.hash(block),
                transactionHash: TestLedger.hash(block, 1),
                transactionIndex: 0,
                logIndex: UInt32(logs.count),
                address: contract,
                topicCount: 1,
                topic0: topic,
                topic1: .zero,
                topic2: .zero,
                topic3: .zero,
                dataOffset: data.count,
                dataCount: bytes.count,
                blockTimestamp: 0
            )
        )
        data += bytes
    }
}
