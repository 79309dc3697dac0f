/// New tokens and changed ones, from the chain's events to the documents.
import Metadata
import Enrichment
import Ethereum
import Logging
import StoreSQLite
import Synchronization
import TestLedger
import Testing
import Tokens

@Suite struct NewsReaderTests {
    private static func pages(_ name: @escaping @Sendable () -> String) -> ToldWeb {
        ToldWeb { url throws(WebFault) in ToldWeb.page(#"{"name":"\#(name())"}"#, at: url) }
    }

    private func reader(_ desk: Desk, _ scope: MetadataScope? = .everything) -> NewsReader<ContinuousClock> {
        NewsReader(
            chain: desk.chain,
            store: desk.ledger.store,
            chainID: 321,
            scope: scope,
            clock: ContinuousClock(),
            wallSeconds: { 1_000 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private func news(_ desk: Desk, _ scope: MetadataScope? = .everything) async throws {
        let reader = reader(desk, scope)
        while try await !reader.look() {}
    }

    @Test func `a token that its contract says has changed has its new document`() async throws {
        let name = Mutex("old")
        let desk = try Desk(3, chain: ToldChain(uri: "https://a.example/#"), web: Self.pages { name.withLock { $0 } })
        try desk.ledger.buildIndexes()
        try await news(desk)
        _ = try await desk.enricher().run(until: .drained(limit: nil))
        name.withLock { $0 = "new" }
        desk.ledger.at(6)
        desk.ledger.move(U256(1), of: contract, from: wallet, to: counted)
        try desk.ledger.commit()
        desk.chain.logs.withLock { $0 = [(block: 6, contract, .metadataUpdate(2))] }
        try await news(desk)
        let tally = try await desk.enricher().run(until: .drained(limit: nil))
        #expect(tally.changed == 1)
        #expect(try desk.held(2)?.fields?.name == "new" && desk.held(2)?.version == 2)
        #expect(try desk.held(3)?.fields?.name == "old")
        // Read once: only blocks behind the last are asked for.
        #expect(desk.chain.asked.withLock { $0 } == [6...6])
        try await news(desk)
        #expect(desk.chain.asked.withLock { $0.count } == 1)
    }

    @Test func `nothing of a whole chain is looked up before it is asked for`() async throws {
        let desk = try Desk(3, chain: ToldChain(uri: "https://a.example/#"), web: Self.pages { "x" })
        try desk.ledger.buildIndexes()
        try await news(desk, .listed)
        try await news(desk, nil)
        #expect(try await desk.ledger.store.metadataBacklog(of: 321).jobs == 0)
    }

    @Test func `events that nobody serves any more are passed by, others are waited for`() async throws {
        let desk = try Desk(1, chain: ToldChain(uri: "https://a.example/#"), web: Self.pages { "x" })
        try desk.ledger.buildIndexes()
        try await news(desk)
        _ = try await desk.enricher().run(until: .drained(limit: nil))
        desk.ledger.at(9)
        try desk.ledger.commit()
        desk.chain.logFailure.withLock { $0 = .unavailable("not now") }
        await #expect(throws: ChainError.self) { try await news(desk) }
        #expect(try await desk.ledger.store.signalCursor(of: 321)?.block == 5)
        desk.chain.logFailure.withLock { $0 = .unservable("pruned") }
        try await news(desk)
        #expect(try await desk.ledger.store.signalCursor(of: 321)?.block == 9)
    }
}
