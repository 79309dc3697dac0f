/// Scenarios by id: what contracts, reorgs and reveals do to what is known of tokens.
import Enrichment
import Ethereum
import Logging
import Metadata
import StoreSQLite
import Synchronization
import TestLedger
import Testing
import Tokens

@Suite(.timeLimit(.minutes(3))) struct TokenScenarioTests {
    private static func naming(_ name: String) -> ToldWeb {
        ToldWeb { url throws(WebFault) in ToldWeb.page(#"{"name":"\#(name)"}"#, at: url) }
    }

    // MARK: S-17

    @Test func `S-17: what is known of a token whose mint was undone is not shown`() async throws {
        let desk = try Desk(2, chain: ToldChain(uri: "https://host.example/#"), web: Self.naming("first"))
        desk.ledger.at(7)
        desk.ledger.move(U256(9), of: contract, to: wallet)
        try desk.ledger.commit()
        try await desk.enrich()
        #expect(try desk.held(9)?.fields?.name == "first")
        try desk.ledger.rewind(to: 6)
        #expect(try desk.held(9) == nil)
        #expect(try desk.held(1)?.fields?.name == "first")
        var names: [String?] = []
        try desk.ledger.store.metadata(of: 321) { names.append($0.fields?.name) }
        #expect(names == ["first", "first"])
        // The contract is asked about it in the state that is left, where there is no such token.
        let tally = try await desk.enrich()
        #expect(tally.changed + tally.unchanged >= 1)
        #expect(try desk.held(9) == nil)
    }

    @Test func `S-17: a document that comes after its token's mint was undone is not taken`() async throws {
        let began = Gate()
        let goOn = Gate()
        let web = ToldWeb { url throws(WebFault) in
            if url.hasSuffix("/9") {
                began.open()
                await goOn.wait()
            }
            return ToldWeb.page(#"{"name":"late"}"#, at: url)
        }
        let desk = try Desk(0, chain: ToldChain(uri: "https://host.example/#"), web: web)
        desk.ledger.at(7)
        desk.ledger.move(U256(9), of: contract, to: wallet)
        try desk.ledger.commit()
        try await desk.enqueue()
        let enricher = try desk.enricher()
        let run = Task { try await enricher.run(until: .drained(limit: 1)) }
        await began.wait()
        try desk.ledger.rewind(to: 6)
        goOn.open()
        _ = try await run.value
        #expect(try desk.held(9) == nil)
        // Minted again on the other branch it is a token like any other.
        desk.ledger.at(7)
        desk.ledger.move(U256(9), of: contract, to: wallet)
        try desk.ledger.commit()
        try await desk.enrich()
        #expect(try desk.held(9)?.fields?.name == "late")
        #expect(try desk.held(9)?.version == 1)
    }

    // MARK: V20

    @Test func `V20: while a contract's code is gone its tokens keep what was found; re-created it is believed again`()
        async throws
    {
        let isGone = Mutex(false)
        let page = Mutex("before")
        let chain = ToldChain { call in
            if isGone.withLock({ $0 }) { return .noData }
            let id = U256(bytes: call.data.suffix(32)) ?? .zero
            return ToldChain.string("https://host.example/\(id.decimal)")
        }
        let web = ToldWeb { url throws(WebFault) in
            ToldWeb.page(#"{"name":"\#(page.withLock { $0 })"}"#, at: url)
        }
        let desk = try Desk(1, chain: chain, web: web)
        try await desk.enrich()
        isGone.withLock { $0 = true }
        try await desk.enrich(all: true)
        let gone = try desk.held(1)
        #expect(gone?.uri?.state == .invalid && gone?.fields?.name == "before" && gone?.version == 1)
        isGone.withLock { $0 = false }
        page.withLock { $0 = "after" }
        try await desk.enrich(all: true)
        let again = try desk.held(1)
        #expect(again?.uri?.state == .ok && again?.state == .ok)
        #expect(again?.fields?.name == "after" && again?.version == 2)
    }

    // MARK: U-11, U-12

    @Test func `U-11: a token that was burned keeps its last document, and its contract is not asked for ever`()
        async throws
    {
        let isBurned = Mutex(false)
        let chain = ToldChain { _ in
            isBurned.withLock { $0 } ? .reverted : ToldChain.string("https://host.example/1")
        }
        let desk = try Desk(1, chain: chain, web: Self.naming("alive"))
        try await desk.enrich()
        isBurned.withLock { $0 = true }
        desk.ledger.at(8)
        desk.ledger.move(.one, of: contract, from: wallet, to: .zero)
        try desk.ledger.commit()
        try await desk.enrich(all: true)
        #expect(try desk.held(1)?.fields?.name == "alive")
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test func `U-11, U-12: a token that reverts or says nothing is asked once, and has its state`() async throws {
        let chain = ToldChain { call in call.data.last == 1 ? .reverted : ToldChain.string("") }
        let desk = try Desk(2, chain: chain, web: Self.naming("none"))
        try await desk.enrich()
        #expect(try desk.held(1)?.uri?.state == .reverted)
        #expect(try desk.held(2)?.uri?.state == .empty)
        #expect(chain.calls.withLock { $0.count } == 2)
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
        #expect(desk.web.asked.withLock { $0.isEmpty })
    }

    // MARK: U-14

    @Test func `U-14: before a reveal one request serves all that wait for the same place, each with its own id`()
        async throws
    {
        let web = ToldWeb { url throws(WebFault) in
            ToldWeb.page(#"{"name":"Hidden {id}","image":"https://host.example/x.png"}"#, at: url)
        }
        let desk = try Desk(1_000, chain: ToldChain(uri: "https://host.example/hidden.json"), web: web)
        let tally = try await desk.enrich()
        #expect(tally.changed == 1_000)
        #expect(web.asked.withLock { $0.count } <= 25)
        for token in [1, 17, 1_000] as [UInt64] {
            #expect(try desk.held(token)?.fields?.name == "Hidden \(IDTemplate.hex(U256(token)))")
        }
    }

    @Test func `U-14: nobody joins a request that has begun, whose answer may be older than the news`() async throws {
        let (first, second) = (Gate(), Gate())
        let count = Mutex(0)
        let web = ToldWeb { url throws(WebFault) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 1 {
                first.open()
                await second.wait()
                return ToldWeb.page(#"{"name":"old"}"#, at: url)
            }
            second.open()
            return ToldWeb.page(#"{"name":"new"}"#, at: url)
        }
        let desk = try Desk(20, chain: ToldChain(uri: "https://host.example/hidden.json"), web: web)
        try await desk.enqueue()
        let tally = try await desk.enricher { $0.batch = 10 }.run(until: .drained(limit: nil))
        #expect(tally.changed == 20 && count.withLock { $0 } == 2)
        let names = try (1...20 as ClosedRange<UInt64>).map { try desk.held($0)?.fields?.name }
        #expect(names.filter { $0 == "old" }.count == 10 && names.filter { $0 == "new" }.count == 10)
    }

    @Test func `U-14: a place that fails fails for all that share it, and is one failure of its host`() async throws {
        let web = ToldWeb { _ throws(WebFault) in throw .status(500, retryAfter: nil) }
        let desk = try Desk(100, chain: ToldChain(uri: "https://host.example/hidden.json"), web: web)
        let tally = try await desk.enrich()
        // Sixty-four share a request, and then the others.
        #expect(tally.failed == 100 && web.asked.withLock { $0.count } == 2)
        #expect(try (1...100 as ClosedRange<UInt64>).allSatisfy { try desk.held($0)?.state == .failed })
    }

    @Test func `U-14: a great document with an id in it is read for a few at a time`() async throws {
        let filler = [String](repeating: #""\#(String(repeating: "x", count: 9_000))""#, count: 100).joined(
            separator: ","
        )
        let web = ToldWeb { url throws(WebFault) in
            ToldWeb.page(#"{"name":"{id}","filler":[\#(filler)]}"#, at: url)
        }
        let desk = try Desk(40, chain: ToldChain(uri: "https://host.example/great.json"), web: web)
        let tally = try await desk.enrich()
        #expect(tally.changed == 40)
        let asked = web.asked.withLock { $0.count }
        #expect(asked >= 5 && asked < 40)
        #expect(try desk.held(40)?.fields?.name == IDTemplate.hex(U256(40)))
    }
}

extension TokenScenarioTests {
    @Test func `a busy host's tokens among the others' are no reason to wait`() async throws {
        let (others, fetched) = (Gate(), Count())
        let web = ToldWeb { url throws(WebFault) in
            if url.contains("hangs.example") {
                await others.wait()
            } else if fetched.add() == 300 {
                others.open()
            }
            return ToldWeb.page("{}", at: url)
        }
        let chain = ToldChain { call in
            let id = U256(bytes: call.data.suffix(32))?.uint64 ?? 0
            return ToldChain.string("https://\(id % 10 == 0 ? "hangs" : "host\(id % 30)").example/\(id)")
        }
        // A tenth at a host that has room for eighteen; the others have room for all that they get.
        let desk = try Desk(333, chain: chain, web: web)
        try await desk.enqueue()
        // No wait ends before all the others' documents were there.
        let clock = GatedClock(others)
        var options = Enricher<GatedClock>.Options()
        options.batch = 20
        let enricher = Enricher(
            chain: desk.chain,
            store: desk.ledger.store,
            documents: DocumentReader(web: web, gateways: try Gateways([])),
            chainID: 321,
            options: options,
            clock: clock,
            wallSeconds: { 1_000 },
            random: { UInt64.random(in: 0 ... .max) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let tally = try await enricher.run(until: .drained(limit: nil))
        #expect(tally.changed == 333)
    }
}

final class Count: Sendable {
    private let count = Mutex(0)
    func add() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Time stands still for everybody until a gate is open; then each wait ends at once, at its time.
struct GatedClock: Clock {
    private let gate: Gate
    private let time = Time()

    private final class Time: Sendable {
        let now = Mutex(ContinuousClock.now)
    }

    init(_ gate: Gate) { self.gate = gate }

    var now: ContinuousClock.Instant { time.now.withLock { $0 } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        await gate.wait()
        try Task.checkCancellation()
        time.now.withLock { $0 = max($0, deadline) }
    }
}

/// Opens once, and lets everybody through from then on.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
