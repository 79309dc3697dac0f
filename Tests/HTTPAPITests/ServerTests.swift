import Ethereum
import Foundation
import FoundationNetworking
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// The server as a process sees it: a port, an orderly end, and a clear error when the port is taken.
struct ServerTests {
    private static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// Set once, seen by all.
    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    private func serving(
        _ ledger: TestLedger,
        port: Int = 0,
        _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var server = APIServer(catalog: ledger.store, configuration: .init(port: port), logger: Self.quiet)
        server.onListening = { continuation.yield($0) }
        let started = server
        let work = Task {
            defer { continuation.finish() }
            try await started.run()
        }
        if let taken = await ports.first(where: { _ in true }) { try await body(taken) }
        work.cancel()
        try await work.value
    }

    @Test(.timeLimit(.minutes(1)))
    func `port 0 takes a free one and says which, and cancelling ends it without an error`()
        async throws
    {
        let ledger = try World.ledger()
        try await serving(ledger) { port in
            #expect(port > 0)
            let url = try #require(URL(string: "http://127.0.0.1:\(port)/healthz"))
            let (body, _) = try await URLSession.shared.data(from: url)
            #expect(body == Data(#"{"status":"ok"}"#.utf8))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a fixed answer has the bytes it was given and the headers of every other`() async throws {
        var server = APIServer(catalog: try World.ledger().store, logger: Self.quiet)
        server.fixedAnswers = ["/fixed": Array(#"{"a":1}"#.utf8)]
        try await server.application().test(.router) { client in
            try await client.execute(uri: "/fixed", method: .get) { response in
                #expect(response.status == .ok)
                #expect(String(buffer: response.body) == #"{"a":1}"#)
                #expect(response.headers[.contentType] == "application/json")
                #expect(response.headers[.xContentTypeOptions] == "nosniff")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a port in use is an error`() async throws {
        let ledger = try World.ledger()
        try await serving(ledger) { port in
            var refusal: (any Error)?
            do {
                try await serving(ledger, port: port) { _ in }
            } catch {
                refusal = error
            }
            #expect(refusal.map { "\($0)" }?.contains("in use") == true)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `answers over a socket are those of the router, asked many at once while the data changes`() async throws {
        let ledger = try World.ledger()
        let server = APIServer(catalog: ledger.store, logger: Self.quiet)
        let path = "/v1/chains/321/contracts/\(World.ranged.hex)/tokens/"
        try await server.application().test(.live) { client in
            for id in 1...30 {
                let body = try await client.execute(uri: path + "\(id)", method: .get) { String(buffer: $0.body) }
                let owner = (id == 7 ? World.alice : World.bob).checksummed
                #expect(body.contains(#""owner":"\#(owner)""#))
            }
        }
    }

    @Test func `the inline look-ups never mix two states`() async throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.move(U256(1), of: World.contract, to: TestLedger.address(1_001))
        try ledger.commit()
        let reads = Reads(ledger.store)
        let token = TokenID(contract: World.contract, token: U256(1))
        let isDone = Flag()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var seen = 0
                    while !isDone.isSet {
                        let answer = try await reads.owner(of: token, on: 321)
                        let block = answer.standing.block ?? 0
                        // Block n gives the token to wallet 1000 + n.
                        #expect(answer.unique?.owner == TestLedger.address(1_000 + block))
                        #expect(answer.unique?.place.block == block)
                        seen += 1
                        await Task.yield()
                    }
                    return seen
                }
            }
            for block: UInt64 in 2...150 {
                ledger.at(block)
                ledger.move(
                    U256(1),
                    of: World.contract,
                    from: TestLedger.address(999 + block),
                    to: TestLedger.address(1_000 + block)
                )
                try ledger.commit()
                await Task.yield()
            }
            isDone.set()
            for try await seen in group { #expect(seen > 0) }
        }
    }
}
