/// The enricher over a real store, a told chain and a told web.
import Enrichment
import Ethereum
import Metadata
import StoreSQLite
import Synchronization
import TestLedger
import Testing
import Tokens

@Suite struct EnricherTests {
    private static func json(_ name: String) -> String {
        #"{"name":"\#(name)","image":"ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG/1.png"}"#
    }

    private func serving(_ pages: @escaping @Sendable (String) -> String?) -> ToldWeb {
        ToldWeb { url throws(WebFault) in
            guard let page = pages(url) else { throw .status(404, retryAfter: nil) }
            return ToldWeb.page(page, at: url)
        }
    }

    @Test func `each token's document is found where its contract says`() async throws {
        let web = serving { Self.json("at \($0)") }
        let desk = try Desk(30, counted: 3, chain: ToldChain(uri: "https://host.example/#"), web: web)
        let tally = try await desk.enrich()
        #expect(tally.changed == 33)
        for token in 1...30 as ClosedRange<UInt64> {
            let held = try desk.held(token)
            #expect(held?.state == .ok && held?.fields?.name == "at https://host.example/\(token)")
        }
        #expect(try desk.held(2, of: counted)?.state == .ok)
        let selectors = Set(desk.chain.calls.withLock { $0.map { $0.data.prefix(4).map { $0 } } })
        #expect(selectors == [[0xc8, 0x7b, 0x56, 0xdd], [0x0e, 0x89, 0x34, 0x1c]])
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test func `enriching twice writes nothing the second time`() async throws {
        let web = serving { _ in Self.json("same") }
        let desk = try Desk(20, chain: ToldChain(uri: "https://host.example/#"), web: web)
        try await desk.enrich()
        let before = try (1...20 as ClosedRange<UInt64>).map { try desk.held($0) }
        let idle = try await desk.enrich()
        #expect(idle == MetadataTally())
        let again = try await desk.enrich(all: true)
        #expect(again.unchanged == 20 && again.changed == 0)
        #expect(try (1...20 as ClosedRange<UInt64>).map { try desk.held($0) } == before)
    }

    @Test func `a document in the contract itself needs no server`() async throws {
        let web = serving { _ in nil }
        let uri = #"data:application/json;utf8,{"name":"on chain, #"}"#
        let desk = try Desk(2, chain: ToldChain(uri: uri), web: web)
        #expect(try await desk.enrich().changed == 2)
        #expect(try desk.held(2)?.fields?.name == "on chain, 2")
        #expect(desk.web.asked.withLock { $0.isEmpty })
    }

    @Test(arguments: [
        (CallOutcome.reverted, URIState.reverted), (ToldChain.string(""), .empty), (.noData, .invalid),
        (ToldChain.string("gopher://x/1"), .invalid), (ToldChain.bytes([0xFF, 0xFE, 0xFD]), .invalid),
        (.returned([1, 2, 3]), .invalid),
    ])
    func `what a contract says instead of a URI is kept as what it is, and not asked for again`(
        _ outcome: CallOutcome,
        _ state: URIState
    ) async throws {
        let desk = try Desk(1, chain: ToldChain { _ in outcome }, web: serving { _ in nil })
        try await desk.enrich()
        let held = try desk.held(1)
        #expect(held?.uri?.state == state && held?.state == .failed && held?.detail != nil)
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test(arguments: [CallOutcome.unavailable, .statePruned])
    func `F6: a contract that could not be asked is no fact, and is asked again`(_ outcome: CallOutcome) async throws {
        let desk = try Desk(1, chain: ToldChain { _ in outcome }, web: serving { _ in nil })
        let tally = try await desk.enrich()
        #expect(tally.retried == 1)
        #expect(try desk.held(1) == nil)
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 1)
    }

    @Test func `F6: an answer that costs too much is no fact either, and is tried a few times only`() async throws {
        let desk = try Desk(1, chain: ToldChain(uri: "https://a.example/#"), web: serving { _ in Self.json("x") })
        try await desk.enrich()
        let held = try desk.held(1)
        let busy = try Desk(1, chain: ToldChain { _ in .outOfResource }, web: desk.web)
        try await busy.enqueue()
        for round in 0..<20 as Range<Int64> {
            _ = try await busy.enricher(now: 1_000_000 * round).run(until: .drained(limit: nil))
        }
        #expect(busy.chain.calls.withLock { $0.count } == RetryPlan.triesMax)
        #expect(try busy.held(1) == nil && held?.state == .ok)
    }

    @Test func `one host with many tokens is kept busy, and asked for each once`() async throws {
        let web = ToldWeb { url throws(WebFault) in
            do { try await Task.sleep(for: .milliseconds(1)) } catch { throw .cancelled }
            return ToldWeb.page(Self.json("x"), at: url)
        }
        let desk = try Desk(1_000, chain: ToldChain(uri: "https://host.example/#"), web: web)
        #expect(try await desk.enrich().changed == 1_000)
        #expect(web.asked.withLock { $0.count } == 1_000)
        // Contracts are asked again only for what a full host sent back.
        #expect(desk.chain.calls.withLock { $0.count } < 2_000)
    }

    @Test func `a limit counts tokens that were looked at, not those that a busy host sent back`() async throws {
        let web = serving { _ in Self.json("x") }
        let desk = try Desk(500, chain: ToldChain(uri: "https://host.example/#"), web: web)
        #expect(try await desk.enrich(limit: 150).changed == 150)
    }

    @Test func `an endpoint that fails as a whole ends a run with an end, after some tries`() async throws {
        let desk = try Desk(2_000, chain: ToldChain(uri: "https://a.example/#"), web: serving { _ in Self.json("x") })
        desk.chain.failure.withLock { $0 = .unavailable("down") }
        await #expect(throws: ChainError.self) { try await desk.enrich() }
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 2_000)
    }

    @Test func `an endpoint that fails as a whole leaves every job for later`() async throws {
        let desk = try Desk(5, chain: ToldChain(uri: "https://a.example/#"), web: serving { _ in Self.json("x") })
        desk.chain.failure.withLock { $0 = .unavailable("down") }
        #expect(try await desk.enrich().retried == 5)
        desk.chain.failure.withLock { $0 = nil }
        #expect(try await desk.enrich(now: 2_000).changed == 5)
    }

    @Test func `a token that fails costs the others nothing and is tried at most eight times`() async throws {
        let web = serving { $0.hasSuffix("/3") ? nil : Self.json("x") }
        let desk = try Desk(5, chain: ToldChain(uri: "https://host.example/#"), web: web)
        var now: Int64 = 1_000
        try await desk.enrich(now: now)
        #expect(try [1, 2, 4, 5].allSatisfy { try desk.held($0)?.state == .ok })
        for _ in 0..<20 {
            now += 1_000_000
            _ = try await desk.enricher(now: now).run(until: .drained(limit: nil))
        }
        #expect(desk.web.asked.withLock { $0.count { $0.hasSuffix("/3") } } == RetryPlan.triesMax)
        #expect(try desk.held(3)?.detail == "the server says 404")
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test func `a host that hangs is left alone soon, and the others go on`() async throws {
        let web = ToldWeb { url throws(WebFault) in
            guard url.contains("dead.example") else { return ToldWeb.page(Self.json("x"), at: url) }
            do { try await Task.sleep(for: .milliseconds(30)) } catch { throw .cancelled }
            throw .timedOut
        }
        let chain = ToldChain { call in
            let id = U256(bytes: call.data.suffix(32))?.uint64 ?? 0
            return ToldChain.string("https://\(id % 4 == 0 ? "dead" : "host\(id % 4)").example/\(id)")
        }
        let desk = try Desk(400, chain: chain, web: web)
        let tally = try await desk.enrich()
        #expect(tally.changed >= 300)
        #expect(try (1...400 as ClosedRange<UInt64>).count { try desk.held($0)?.state == .ok } == 300)
        // Five failures put the host away; what was in flight then ends too.
        #expect(web.asked.withLock { $0.count { $0.contains("dead.example") } } <= 8)
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 100)
        #expect(web.inFlight.withLock { $0.values.allSatisfy { $0.most <= 2 } })
    }

    @Test func `where one gateway fails another is asked, and a lying one is found out`() async throws {
        let content = Array(#"{"name":"true"}"#.utf8)
        // CIDv1, raw, sha2-256 of the content.
        let cid = "bafkreicl2rgbivdk2r4vhgfxmo3o5xv4na333k2gpcv7l7mulfaxxv5lsi"
        let web = ToldWeb { url throws(WebFault) in
            url.contains("one.gate")
                ? ToldWeb.page(#"{"name":"lie"}"#, at: url)
                : WebAnswer(status: 200, mediaType: nil, body: content, url: url)
        }
        let desk = try Desk(4, chain: ToldChain(uri: "ipfs://\(cid)"), web: web)
        try await desk.enrich()
        let names = try Set((1...4 as ClosedRange<UInt64>).map { try desk.held($0)?.fields?.name })
        #expect(names == ["true"])
        #expect(web.asked.withLock { $0.contains { $0.contains("two.gate") } })
    }

    @Test func `a host that wants the id in decimal gets it after a 404`() async throws {
        let web = serving { $0 == "https://host.example/7.json" ? Self.json("seven") : nil }
        let desk = try Desk(7, chain: ToldChain(uri: "https://host.example/{id}.json"), web: web)
        try await desk.enrich()
        #expect(try desk.held(7)?.fields?.name == "seven")
    }

    @Test func `a limit is kept, and what is cancelled leaves its jobs free`() async throws {
        let desk = try Desk(50, chain: ToldChain(uri: "https://host.example/#"), web: serving { _ in Self.json("x") })
        #expect(try await desk.enrich(limit: 7).changed == 7)
        let slow = ToldWeb { _ throws(WebFault) in
            do { try await Task.sleep(for: .seconds(60)) } catch { throw .cancelled }
            throw .timedOut
        }
        let stuck = try Desk(10, chain: desk.chain, web: slow)
        try await stuck.enqueue()
        let work = Task { [enricher = try stuck.enricher()] in try await enricher.run(until: .forever) }
        while slow.asked.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
        work.cancel()
        _ = try await work.value
        let free = try await stuck.ledger.store.claimMetadata(
            of: 321,
            contract: nil,
            as: ID128(high: 1, low: 2),
            now: 1_000,
            until: 1_100,
            limit: 100,
            avoiding: [],
            rotation: 0
        )
        #expect(free.count == 10)
    }

    @Test func `two enrichers share a queue and do nothing twice`() async throws {
        let web = ToldWeb { url throws(WebFault) in
            do { try await Task.sleep(for: .milliseconds(1)) } catch { throw .cancelled }
            return ToldWeb.page(Self.json("x"), at: url)
        }
        let chain = ToldChain { call in
            let id = U256(bytes: call.data.suffix(32))?.uint64 ?? 0
            return ToldChain.string("https://host\(id % 8).example/\(id)")
        }
        let desk = try Desk(300, chain: chain, web: web)
        try await desk.enqueue()
        let (one, two) = (try desk.enricher(), try desk.enricher())
        async let first = one.run(until: .drained(limit: nil))
        async let second = two.run(until: .drained(limit: nil))
        let (left, right) = (try await first, try await second)
        #expect(left.changed + right.changed == 300 && left.late + right.late == 0)
        #expect(web.asked.withLock { Set($0).count == 300 && $0.count == 300 })
    }
}
