import Ethereum
import Foundation
import HTTPTypes
import LiveReads
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// What live reads refuse, what they cannot find out, and how they say that they are unwell.
struct LiveProblemsTests {
    private static let contract = "contracts/\(World.contract.hex)"

    private static let refused: [(path: String, body: String?, status: Int, says: String)] = [
        ("/v1/live/chains/5/\(contract)/stats", nil, 404, "/health"),
        ("/v1/live/chains/atlantis/\(contract)/stats", nil, 404, "atlantis"),
        ("contracts/0x12/tokens/1/owner", nil, 400, "0x12"), ("\(contract)/tokens/-1/owner", nil, 400, "-1"),
        ("\(contract)/tokens/1/owner?fast=1", nil, 400, "fast"), ("\(contract)/owners", nil, 404, "docs/live.md"),
        ("\(contract)/owners", "", 400, "tokenIds"), ("\(contract)/owners", "[]", 400, "tokenIds"),
        ("\(contract)/owners", #"{"tokenIds": []}"#, 400, "from 1 to 100"),
        ("\(contract)/owners", #"{"tokenIds": [\#((1...101).map(String.init).joined(separator: ","))]}"#, 400, "101"),
        ("\(contract)/owners", #"{"tokenIds": ["\#(U256.max.decimal)0"]}"#, 400, "2^256-1"),
        ("\(contract)/owners", #"{"tokenIds": [9007199254740992]}"#, 400, "2^53"),
        ("\(contract)/owners", #"{"tokenIds": [-1]}"#, 400, "tokenIds"),
        ("\(contract)/owners", #"{"tokenIds": [1.5]}"#, 400, "tokenIds"),
        ("\(contract)/owners", #"{"tokenIds": "# + String(repeating: "[", count: 60_000), 400, "tokenIds"),
        ("\(contract)/owners", #"{"tokenIds": [""# + String(repeating: "1", count: 65_536), 400, "65536"),
        ("wallets/\(World.alice.hex)/balance", nil, 400, "contract"),
        ("wallets/\(World.alice.hex)/balance?contract=\(World.multi.hex)&id=x", nil, 400, "token id"),
        ("wallets/\(World.alice.hex)/tokens?limit=101", nil, 400, "limit"),
    ]

    @Test(arguments: refused)
    func `what cannot be asked is refused, with what is wrong`(
        path: String,
        body: String?,
        status: Int,
        says: String
    ) async throws {
        try await LiveWorld.with { world in
            let answer = try await world.get(path, body: body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.text.contains(says), "\(answer.text)")
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(world.contracts.requests == 0)
        }
    }

    private static let unread: [(CallOutcome, ChainError?, Int, String)] = [
        (.unavailable, nil, 502, "chain-unreadable"), (.outOfResource, nil, 502, "chain-unreadable"),
        (.statePruned, nil, 502, "chain-unreadable"), (.noData, nil, 422, "no-answer"),
        (.returned([1]), nil, 422, "no-answer"), (.reverted, .unavailable("down"), 502, "chain-unreadable"),
        (.reverted, .inconsistent("two heads"), 502, "chain-unreadable"),
        (.reverted, .wrongChain("chain 5"), 502, "chain-unreadable"),
    ]

    @Test(arguments: unread)
    func `what could not be read and is not known is an error, never an owner of nobody`(
        outcome: CallOutcome,
        fault: ChainError?,
        status: Int,
        type: String
    ) async throws {
        try await LiveWorld.with { world in
            world.contracts.set { state in
                state.outcomes[LiveWorld.owner(77)] = outcome
                state.fault = fault
            }
            for path in ["\(Self.contract)/tokens/77/owner", "\(Self.contract)/owners"] {
                let body = path.hasSuffix("owners") ? #"{"tokenIds": ["77"]}"# : nil
                let answer = try await world.get(path, body: body)
                #expect(answer.status == status && answer.string("type")?.hasSuffix(type) == true, "\(answer.text)")
                #expect(!answer.text.contains("\"owner\"") && !answer.text.contains("absent"))
            }
        }
    }

    @Test func `a chain that does not answer in time is a 504 that says to ask again`() async throws {
        var limits = LiveLimits()
        limits.deadline = .milliseconds(100)
        try await LiveWorld.with(limits: limits) { world in
            world.contracts.set { $0.hanging = [LiveWorld.owner(77)] }
            let answer = try await world.get("\(Self.contract)/tokens/77/owner")
            #expect(answer.status == 504 && answer.string("type")?.hasSuffix("chain-timeout") == true)
            #expect(answer.headers[.retryAfter] == "2")
        }
    }

    @Test func `the 65th request at once is told to come again, and the others are answered`() async throws {
        try await LiveWorld.with { world in
            world.contracts.set { $0.isHeld = true }
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for token in 0..<64 {
                    group.addTask { try await world.get("\(Self.contract)/tokens/\(100 + token)/owner").status }
                }
                for _ in 0..<5_000 where world.contracts.requests < 64 { try await Task.sleep(for: .milliseconds(1)) }
                let refused = try await world.get("\(Self.contract)/tokens/1/owner")
                #expect(refused.status == 503 && refused.headers[.retryAfter] == "1")
                world.contracts.set { $0.isHeld = false }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [Int](repeating: 200, count: 64))
            #expect(try await world.get("\(Self.contract)/tokens/1/owner").status == 200)
        }
    }

    // MARK: Health

    private static func endpoint(_ state: String) -> EndpointStatus {
        var endpoint = EndpointStatus(label: "node-\(state)", operator: "op", head: 6)
        endpoint.breakers = [.init("head", "closed"), .init("call", state)]
        return endpoint
    }

    @Test(arguments: [
        (["closed"], "ok", 200), (["halfOpen"], "ok", 200), (["closed", "open"], "degraded", 200),
        (["open"], "down", 503), ([], "down", 503),
    ])
    func `health tells each endpoint's breakers, and ready whether any can be asked`(
        states: [String],
        status: String,
        ready: Int
    ) async throws {
        try await LiveWorld.with(endpoints: states.map(Self.endpoint)) { world in
            let health = try await world.get("/health")
            #expect(health.status == 200 && health.string("status") == status)
            let chain = health.list("chains").first
            let endpoints = chain?["endpoints"] as? [[String: Any]] ?? []
            #expect(endpoints.map { $0["endpoint"] as? String } == states.map { "node-\($0)" })
            for state in states { #expect(health.text.contains(#"{"class":"call","state":"\#(state)"}"#)) }
            #expect(try await world.get("/ready").status == ready)
        }
    }

    @Test func `metrics count what became of the questions`() async throws {
        try await LiveWorld.with { world in
            for token in [1, 1, 5] { _ = try await world.get("\(Self.contract)/tokens/\(token)/owner") }
            let lines = Set(try await world.get("/metrics").text.split(separator: "\n").map(String.init))
            for line in [
                #"holdfast_live_answers_total{chain="321",result="live"} 1"#,
                #"holdfast_live_answers_total{chain="321",result="cached"} 1"#,
                #"holdfast_live_answers_total{chain="321",result="stale"} 0"#,
                #"holdfast_live_answers_total{chain="321",result="failed"} 1"#,
                #"holdfast_live_failures_total{chain="321",reason="unavailable"} 1"#,
                #"holdfast_live_entries{chain="321"} 1"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }
}
