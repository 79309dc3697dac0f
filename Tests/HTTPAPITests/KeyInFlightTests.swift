/// Two requests with one key at the same moment.
import Dispatch
import Ethereum
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

@Suite(.timeLimit(.minutes(2))) struct KeyInFlightTests {
    private struct Said: Sendable {
        var status: Int
        var text: String
        var location: String?
        var retryAfter: String?
    }

    private static func ask(_ client: any TestClientProtocol, _ key: String) async throws -> Said {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let path = "/v1/chains/321/wallets/\(World.alice)/refresh"
        return try await client.execute(uri: path, method: .post, headers: [name: key]) { response in
            Said(
                status: Int(response.status.code),
                text: String(buffer: response.body),
                location: response.headers[.location],
                retryAfter: response.headers[.retryAfter]
            )
        }
    }

    @Test func `a key whose request is being answered gets 409 and when to come again, then the same job`() async throws
    {
        let ledger = try World.ledger()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var server = APIServer(catalog: ledger.store, logger: logger)
        server.refreshes = ledger.store
        // Somebody else writes the database, so that the first request has to wait for a moment.
        let (held, over) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let path = ledger.path
        Thread.detachNewThread {
            let other = try? DatabaseQueue(path: path)
            try? other?.inTransaction(.immediate) { _ in
                held.signal()
                over.wait()
                return .rollback
            }
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                held.wait()
                continuation.resume()
            }
        }
        try await server.application().test(.router) { client in
            // Whichever comes first waits for the database; the others are told at once.
            let said = try await withThrowingTaskGroup(of: Said.self) { group in
                for _ in 0..<3 { group.addTask { try await Self.ask(client, "k1") } }
                var said: [Said] = []
                while let answer = try await group.next() {
                    said.append(answer)
                    if said.count == 2 { over.signal() }
                }
                return said
            }
            #expect(said.map(\.status) == [409, 409, 202])
            #expect(said[0].retryAfter == "1" && said[0].text.contains("idempotency-key-in-flight"))
            let again = try await Self.ask(client, "k1")
            #expect(again.status == 202 && again.location == said[2].location)
        }
    }
}
