/// A small chain behind a scripted transport, a clock that never waits, and words to build them with.
import ChainClient
import Ethereum
import Logging
import Synchronization

// MARK: Time and chance

/// Sleeping takes no time: the clock jumps.
final class JumpingClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let time = Mutex(Duration.zero)
    var now: Instant { Instant(offset: time.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline.offset) }
        await Task.yield()
    }

    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}

struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func seeded(_ seed: UInt64) -> @Sendable () -> UInt64 {
    let generator = Mutex(SplitMix64(state: seed))
    return { generator.withLock { $0.next() } }
}

/// A value that the tasks of a test share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
}

// MARK: What was asked

/// One request as it left, read with plain string search: the tests must not trust the code they test.
struct Asked: Sendable, Hashable {
    var text: String
    var id: String { field("\"id\":", until: ",") ?? "" }
    var method: String { field("\"method\":\"", until: "\"") ?? "" }
    var params: String { field("\"params\":[", until: "]}") ?? "" }
    var from: UInt64? { number("\"fromBlock\":\"0x") }
    var to: UInt64? { number("\"toBlock\":\"0x") }
    var block: UInt64? { params.hasPrefix("\"0x") ? number("\"params\":[\"0x") : nil }
    var hash: String? {
        field("\"blockHash\":\"", until: "\"") ?? (params.count > 66 ? String(params.dropFirst().prefix(66)) : nil)
    }
    var width: UInt64 { (to ?? 0) - (from ?? 0) + 1 }

    func field(_ start: String, until end: String) -> String? {
        guard let first = text.firstRange(of: start) else { return nil }
        let rest = text[first.upperBound...]
        guard let last = rest.firstRange(of: end) else { return nil }
        return String(rest[..<last.lowerBound])
    }

    private func number(_ start: String) -> UInt64? {
        field(start, until: "\"").flatMap { UInt64($0, radix: 16) }
    }
}

extension TransportReply {
    static func json(_ text: String, status: Int = 200) -> TransportReply {
        TransportReply(status: status, body: Array(text.utf8))
    }
}

/// Answers each body with a closure; keeps all that was asked.
final class ScriptedTransport: Transport {
    typealias Script = @Sendable (Endpoint, Asked) throws(TransportError) -> TransportReply

    private let script: Script
    private let log = Mutex<[(endpoint: String, asked: Asked)]>([])

    init(_ script: @escaping Script) { self.script = script }

    var asked: [Asked] { log.withLock { $0.map(\.asked) } }
    func asked(of endpoint: String) -> [Asked] { log.withLock { $0.filter { $0.endpoint == endpoint }.map(\.asked) } }
    func count(_ method: String) -> Int { asked.count { $0.method == method } }

    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        let asked = Asked(text: String(decoding: body, as: UTF8.self))
        log.withLock { $0.append((endpoint.name, asked)) }
        await Task.yield()
        let reply = try script(endpoint, asked)
        guard allowance.admits(reply.body.count) else { throw .overReservation }
        return reply
    }
}

// MARK: A chain

func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

func word(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 64 - digits.count) + digits
}

let topicA = Hash32(w0: 0, w1: 0, w2: 0, w3: 0xAAAA)
let topicB = Hash32(w0: 0, w1: 0, w2: 0, w3: 0xBBBB)
let contractA = Address(high: 0, middle: 0, low: 0xA)
let contractB = Address(high: 0, middle: 0, low: 0xB)

/// Header and logs of a block as JSON; the hash of block n on fork f is f · 2^32 + n.
struct FakeChain: Sendable {
    var chainID: UInt64 = 321
    var head: UInt64 = 100_000
    var fork: UInt64 = 1
    var genesis: UInt64 = 7

    func hash(_ number: UInt64) -> UInt64 { number == 0 ? genesis << 32 : fork << 32 | number }

    func header(_ number: UInt64) -> String {
        guard number <= head else { return "null" }
        let parent = number == 0 ? word(0) : word(hash(number - 1))
        return """
            {"number":"\(hex(number))","hash":"\(word(hash(number)))","parentHash":"\(parent)","timestamp":"\(hex(number * 3))"}
            """
    }

    func log(
        _ number: UInt64,
        index: UInt64 = 0,
        tx: UInt64 = 0,
        address: UInt64 = 0xA,
        topic: UInt64 = 0xAAAA,
        data: String = "0x"
    ) -> String {
        """
        {"address":"0x\(word(address).suffix(40))","topics":["\(word(topic))"],"data":"\(data)",\
        "blockNumber":"\(hex(number))","blockHash":"\(word(hash(number)))","transactionHash":"\(word(tx + 1))",\
        "transactionIndex":"\(hex(tx))","logIndex":"\(hex(index))","removed":false}
        """
    }

    /// What an honest node says; one log in every hundredth block.
    func answer(_ asked: Asked) -> String {
        switch asked.method {
        case "eth_chainId": return "\"\(hex(chainID))\""
        case "eth_getBlockByNumber":
            if asked.params.hasPrefix("\"latest\"") { return header(head) }
            if asked.params.hasPrefix("\"finalized\"") { return header(head > 20 ? head - 20 : 0) }
            return header(asked.block ?? .max)
        case "eth_getBlockByHash":
            let number = asked.hash.flatMap { UInt64($0.suffix(16), radix: 16) } ?? 0
            return number >> 32 == fork && number & 0xFFFF_FFFF <= head ? header(number & 0xFFFF_FFFF) : "null"
        case "eth_getLogs":
            if let hash = asked.hash.flatMap({ UInt64($0.suffix(16), radix: 16) }), asked.from == nil {
                return "[\(log(hash & 0xFFFF_FFFF))]"
            }
            guard let from = asked.from, let to = asked.to, from <= to else { return "[]" }
            return "[\((from...to).filter { $0 % 100 == 0 }.map { log($0) }.joined(separator: ","))]"
        default: return "null"
        }
    }

    func reply(_ asked: Asked) -> TransportReply {
        .json("{\"jsonrpc\":\"2.0\",\"id\":\(asked.id),\"result\":\(answer(asked))}")
    }
}

func failure(_ asked: Asked, code: Int = -32000, _ message: String, status: Int = 200) -> TransportReply {
    .json(
        "{\"jsonrpc\":\"2.0\",\"id\":\(asked.id),\"error\":{\"code\":\(code),\"message\":\"\(message)\"}}",
        status: status
    )
}

func result(_ asked: Asked, _ value: String) -> TransportReply {
    .json("{\"jsonrpc\":\"2.0\",\"id\":\(asked.id),\"result\":\(value)}")
}

extension RPCChain {
    /// A client over a script, with one endpoint for each name.
    convenience init(
        _ names: String...,
        clock: JumpingClock = JumpingClock(),
        options: RPCOptions = RPCOptions(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        over transport: ScriptedTransport
    ) {
        self.init(
            endpoints: names.map { Endpoint(url: "http://\($0).test:8545/v2/s3cr3tk3y", name: $0) },
            transport: transport,
            options: options,
            clock: clock,
            random: seeded(1),
            logger: logger
        )
    }
}

let filterA = LogFilter(topics0: [topicA])

/// Keeps log lines as text.
struct LineHandler: LogHandler {
    var lines: Shared<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    init(lines: Shared<[String]>) { self.lines = lines }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}

func isInconsistent(_ error: any Error) -> Bool {
    if case ChainError.inconsistent = error { true } else { false }
}
func isReorged(_ error: any Error) -> Bool { if case ChainError.reorged = error { true } else { false } }
func isUnservable(_ error: any Error) -> Bool { if case ChainError.unservable = error { true } else { false } }

/// A client over one honest chain whose answers to `eth_getLogs` are scripted.
func client(
    _ names: String...,
    chain: FakeChain = FakeChain(),
    options: RPCOptions = RPCOptions(),
    logs: @escaping @Sendable (Endpoint, Asked) throws(TransportError) -> TransportReply?
) -> (RPCChain, ScriptedTransport) {
    let transport = ScriptedTransport { endpoint, asked throws(TransportError) in
        if asked.method == "eth_getLogs", let reply = try logs(endpoint, asked) { return reply }
        return chain.reply(asked)
    }
    let endpoints = (names.isEmpty ? ["a"] : names).map { Endpoint(url: "http://\($0).test", name: $0) }
    return (
        RPCChain(
            endpoints: endpoints,
            transport: transport,
            options: options,
            clock: JumpingClock(),
            random: seeded(2),
            logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        ),
        transport
    )
}
