/// What was learnt of endpoints comes back as it was kept, chain by chain.
import Ethereum
import Foundation
import Testing
import Tokens

@testable import StoreSQLite

@Suite struct EndpointLimitTests {
    @Test func `limits come back after a restart, replaced as a whole, and only of their chain`() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("limits-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("a.db").path
        let limits = [
            EndpointLimit(endpoint: "a (http://a)", name: "batchSize", value: 3, learntAt: 17),
            EndpointLimit(endpoint: "a (http://a)", name: "rangeOfContracts", value: .max, learntAt: -1),
            EndpointLimit(endpoint: "b (http://b)", name: "batchSize", value: 0, learntAt: 18),
        ]
        let store = try SQLiteStore(path: path)
        for chain in [1, 2] as [ChainID] {
            let identity = ChainIdentity(chainID: chain, genesis: Hash32(w0: 1, w1: 2, w2: 3, w3: 4))
            _ = try await store.open(
                ChainRequest(identity: identity, contracts: [], firstBlock: nil, eventSets: [.indexed]),
                holder: ID128(high: 1, low: chain)
            )
        }
        let names = ["a (http://a)", "b (http://b)"]
        let old = EndpointLimit(endpoint: "a (http://a)", name: "x", value: 1, learntAt: 1)
        let other = EndpointLimit(endpoint: "other", name: "requestsToday", value: 7, learntAt: 1)
        try await store.keepEndpointLimits([old, other], ofEndpoints: [old.endpoint, other.endpoint], of: 1)
        try await store.keepEndpointLimits(limits, ofEndpoints: names, of: 1)
        // A chain that is not held has no endpoints either.
        try await store.keepEndpointLimits(limits, ofEndpoints: names, of: 9)
        try store.close()

        let again = try SQLiteStore(path: path)
        // An endpoint that is not used in this run keeps what was spent of its day.
        #expect(try again.endpointLimits(of: 1) == limits + [other])
        for other in [2, 9] as [ChainID] { #expect(try again.endpointLimits(of: other).isEmpty) }
        try again.close()
    }
}
