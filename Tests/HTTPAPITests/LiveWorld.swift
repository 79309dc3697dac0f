import Ethereum
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LiveReads
import Logging
import NIOCore
import TestLedger
import Tokens

@testable import HTTPAPI

/// The live server over ``World``'s ledger and contracts that answer as told; the chain is three blocks ahead.
struct LiveWorld: Sendable {
    let contracts: FakeContracts
    let reader: LiveReader
    let client: any TestClientProtocol

    static let head = BlockRef(number: 6, hash: TestLedger.hash(6))

    static func with(
        endpoints: [EndpointStatus] = [EndpointStatus(label: "a", operator: "op", head: 6)],
        reason: String? = nil,
        limits: LiveLimits = LiveLimits(),
        _ body: @escaping @Sendable (LiveWorld) async throws -> Void
    ) async throws {
        let ledger = try World.ledger()
        let contracts = FakeContracts(head: head)
        contracts.set { state in
            state.outcomes[owner(1)] = .returned(World.bob.word.bytes)
            state.outcomes[owner(5)] = .unavailable
        }
        let reader = LiveReader(
            chainID: 321,
            chain: { contracts },
            ledger: ledger.store,
            limits: limits,
            // It stands still, so that ages do not depend on how busy the machine is.
            now: { .seconds(1_000) },
            wallSeconds: { 1_700_000_063 }
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = LiveServer(
            catalog: ledger.store,
            configuration: .init(host: "127.0.0.1", port: 0),
            chains: { $0 == "kcc" ? 321 : ChainID($0) },
            members: { [321: .init(reader: reader, endpoints: { endpoints }, reason: reason)] },
            logger: logger
        )
        try await server.application().test(.router) { client in
            try await body(LiveWorld(contracts: contracts, reader: reader, client: client))
        }
        withExtendedLifetime(ledger) {}
    }

    static func owner(_ token: UInt64) -> [UInt8] { ABI.call("ownerOf(uint256)", [.uint(U256(token))]) }

    /// A path below the chain's, or one from the root.
    func get(_ path: String, body: String? = nil) async throws -> World.Answer {
        let uri = path.hasPrefix("/") ? path : "/v1/live/chains/kcc/\(path)"
        let sent = body.map { ByteBuffer(string: $0) }
        return try await client.execute(uri: uri, method: body == nil ? .get : .post, body: sent) { response in
            let text = String(buffer: response.body)
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            return World.Answer(
                status: Int(response.status.code),
                headers: response.headers,
                text: text,
                json: object as? [String: Any] ?? [:]
            )
        }
    }
}
