import Ethereum
import Foundation
import HTTPTypes
import NIOCore
import StoreSQLite
import Synchronization
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// Health, readiness, status and the page for people.
struct StatusTests {
    @Test func `status shows the store, and over it what a running engine knows`() async throws {
        try await World.with(World.ledger()) { world in
            let answer = try await world.get("/v1/status")
            let hash = TestLedger.hash(3).hex
            #expect(
                answer.text
                    == #"{"chains":[{"chainId":321,"name":"kcc","head":{"number":3},"#
                    + #""checkpoint":{"number":3,"hash":"\#(hash)"},"finalized":{"number":2},"#
                    + #""tip":{"number":3,"hash":"\#(hash)"},"lagBlocks":0,"state":"idle","reason":null,"rewinds":0,"#
                    + #""holder":null,"leaseEpoch":1,"#
                    + #""counters":{"transfersProcessed":9,"tokensDiscovered":5,"tokensEnriched":0,"errorCount":0},"#
                    + #""audit":{"checked":0,"agreed":0,"different":0,"unanswered":0,"rate":null,"conflicts":0,"#
                    + #""rowsRepaired":null},"#
                    + #""backfill":null,"endpoints":[],"scopes":[{"contract":null,"firstBlock":0,"coveredBlocks":4,"#
                    + #""evidence":"L1"}]}]}"#
            )
        }
        let live = LiveStatus(
            state: "backfill",
            reason: "the endpoint answers <slowly>",
            head: 103,
            finalized: 90,
            blocksLeft: 100,
            blocksTotal: 104,
            commits: 1
        )
        try await World.with(World.ledger(), live: { [321: live] }) { world in
            let chain = try #require(try await world.get("/v1/status").list("chains").first)
            #expect((chain["head"] as? [String: Int]) == ["number": 103])
            #expect((chain["finalized"] as? [String: Int]) == ["number": 90])
            #expect(chain["lagBlocks"] as? Int == 100)
            #expect(chain["state"] as? String == "backfill")
            #expect(chain["reason"] as? String == "the endpoint answers <slowly>")
            #expect((chain["backfill"] as? [String: Int]) == ["blocksLeft": 100, "blocksTotal": 104])
        }
    }

    @Test func `an empty database is healthy and not ready`() async throws {
        let ledger = try TestLedger()
        try await World.with(ledger) { world in
            #expect(try await world.get("/healthz").status == 200)
            let ready = try await world.get("/readyz")
            #expect(ready.status == 503)
            #expect(ready.flag("ready") == false)
            let status = try await world.get("/v1/status")
            #expect(status.text.contains(#""checkpoint":null"#))
        }
    }

    @Test func `readiness is progress: lag, a block, a standstill`() async throws {
        let live = Mutex(LiveStatus(state: "tail", head: 3, commits: 1))
        let ledger = try World.ledger()
        try await World.with(ledger, live: { live.withLock { [321: $0] } }) { world in
            #expect(try await world.get("/readyz").status == 200)
            live.withLock { $0.head = 3 + ProgressWatch.lagBlocksMax + 1 }
            let behind = try await world.get("/readyz")
            #expect(behind.status == 503)
            #expect(behind.text.contains("51 blocks behind the head"))
            live.withLock { $0 = LiveStatus(state: "blocked", reason: "deep reorg", head: 3, commits: 1) }
            #expect(try await world.get("/readyz").text.contains(#""why":"blocked: deep reorg""#))
        }
        let watch = ProgressWatch(live: { [:] })
        let summary = try #require(try ledger.store.chains().first)
        let now = ContinuousClock.now
        let waiting = ChainStatus(summary, live: LiveStatus(state: "tail", reason: "no endpoint", head: 3, commits: 1))
        #expect(watch.verdicts([waiting], now: now).first?.why == nil)
        let later = now + ProgressWatch.stillMax + .seconds(1)
        #expect(watch.verdicts([waiting], now: later).first?.why == "no progress for 121 s: no endpoint")
        // A chain on which nothing happens, and nothing is wrong, stays ready as long as it is looked at.
        var looked = LiveStatus(state: "tail", head: 3, commits: 1)
        looked.looks = 120
        let quiet = ChainStatus(summary, live: looked)
        #expect(watch.verdicts([quiet], now: later).first?.why == nil)
        let moved = ChainStatus(summary, live: LiveStatus(state: "tail", reason: "no endpoint", head: 3, commits: 2))
        #expect(watch.verdicts([moved], now: later).first?.why == nil)
    }

    @Test
    func `S-40: a chain that has been silent for three hours is ready and called silent; a loop that hangs is not`()
        throws
    {
        let watch = ProgressWatch(live: { [:] })
        let ledger = try World.ledger()
        let summary = try #require(try ledger.store.chains().first)
        var live = LiveStatus(state: "tail", head: 3, commits: 1)
        let start = ContinuousClock.now
        #expect(watch.verdicts([ChainStatus(summary, live: live)], now: start).first?.why == nil)
        for minute in 1...180 {
            live.looks += 60
            live.silentFor = minute >= 5 ? .seconds(60 * minute) : nil
            let status = ChainStatus(summary, live: live)
            let verdict = try #require(watch.verdicts([status], now: start + .seconds(60 * minute)).first)
            #expect(verdict.why == nil, "minute \(minute)")
            #expect(verdict.note == (minute < 5 ? nil : "chain silent: no block after 3 for \(60 * minute) s"))
            #expect(status.reason == verdict.note)
        }
        // The same stillness, and nobody looks.
        let later = start + .seconds(60 * 180 + 121)
        let verdict = try #require(watch.verdicts([ChainStatus(summary, live: live)], now: later).first)
        #expect(verdict.why == "unhealthy loop: no look at the head for 121 s")
        // Fifty thousand blocks at once: behind, and no longer silent.
        (live.head, live.silentFor, live.looks) = (50_003, nil, live.looks + 1)
        let behind = try #require(watch.verdicts([ChainStatus(summary, live: live)], now: later).first)
        #expect(behind.why == "50000 blocks behind the head" && behind.note == nil)
    }

    @Test func `the page is one file whose scripts run only with the nonce of its answer`() async throws {
        try await World.with(World.ledger()) { world in
            let page = try await world.get("/")
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(page.headers[.contentSecurityPolicy])
            let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first?.prefix { $0 != "'" })
            #expect(nonce.count == 24)
            #expect(page.text.contains("<script nonce=\"\(nonce)\">"))
            #expect(!page.text.contains("innerHTML"))
            #expect(!page.text.contains("http://") && !page.text.contains("https://"))
            #expect(try await world.get("/").headers[.contentSecurityPolicy] != policy)
        }
    }
}
