import Ethereum
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import StoreSQLite
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// A server over a test ledger, asked without a socket.
struct World: Sendable {
    let ledger: TestLedger
    let client: any TestClientProtocol
    /// nil: nobody looks tokens up.
    var wishes: MetadataWishes?

    static let contract = TestLedger.address(1)
    static let multi = TestLedger.address(2)
    static let ranged = TestLedger.address(3)
    static let alice = TestLedger.address(100)
    static let bob = TestLedger.address(101)

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var text: String
        /// The document; `[:]` where it is none.
        var json: [String: Any]

        func list(_ name: String) -> [[String: Any]] { json[name] as? [[String: Any]] ?? [] }
        func string(_ name: String) -> String? { json[name] as? String }
        func flag(_ name: String) -> Bool? { json[name] as? Bool }
    }

    static func with(
        _ ledger: TestLedger,
        live: @escaping @Sendable () -> [ChainID: LiveStatus] = { [:] },
        enriches: Bool = false,
        _ body: @escaping @Sendable (World) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        var server = APIServer(
            catalog: ledger.store,
            chains: { $0 == "kcc" ? 321 : ChainID($0) },
            names: { $0 == 321 ? "kcc" : nil },
            live: live,
            logger: logger
        )
        if enriches { server.news = ledger.store }
        let wishes = server.wishes()
        try await server.application(wishes: wishes).test(.router) { client in
            try await body(World(ledger: ledger, client: client, wishes: wishes))
        }
    }

    func get(
        _ path: String,
        method: HTTPRequest.Method = .get,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await client.execute(uri: path, method: method, headers: headers) { response in
            let text = String(buffer: response.body)
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            return Answer(
                status: Int(response.status.code),
                headers: response.headers,
                text: text,
                json: object as? [String: Any] ?? [:]
            )
        }
    }

    /// One ERC-721, one ERC-1155 and one ERC-2309 contract over blocks 1 to 3; block 2 is final.
    static func ledger(indexes: Set<OptionalIndex> = [.wallets]) throws -> TestLedger {
        let ledger = try TestLedger(indexes: indexes)
        ledger.at(1)
        ledger.move(U256(1), of: contract, to: alice)
        ledger.move(U256(2), of: contract, to: alice)
        ledger.move(U256(9), of: multi, to: alice, amount: U256(10))
        ledger.moveRange(U256(1)...U256(30), of: ranged, to: bob)
        try ledger.commit(finalized: 0)
        ledger.at(2)
        ledger.move(U256(1), of: contract, from: alice, to: bob)
        ledger.move(U256(9), of: multi, from: alice, to: bob, amount: U256(4))
        try ledger.commit(finalized: 2)
        ledger.at(3)
        ledger.move(U256(2), of: contract, from: alice, to: .zero)
        ledger.move(U256(7), of: ranged, from: bob, to: alice)
        // A contract that gives away what nobody received.
        ledger.move(U256(8), of: multi, from: bob, to: alice, amount: U256(3))
        try ledger.commit()
        try ledger.buildIndexes()
        return ledger
    }
}
