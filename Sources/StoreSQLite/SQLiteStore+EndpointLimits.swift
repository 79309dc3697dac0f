/// What was learnt of endpoints, kept for the next start; names and numbers whose meaning is the chain client's.
package import Ethereum
import GRDB

package struct EndpointLimit: Sendable, Hashable {
    /// The endpoint's label: nothing secret.
    package var endpoint: String
    package var name: String
    package var value: UInt64
    /// Seconds since 1970.
    package var learntAt: Int64

    package init(endpoint: String, name: String, value: UInt64, learntAt: Int64) {
        self.endpoint = endpoint
        self.name = name
        self.value = value
        self.learntAt = learntAt
    }
}

extension SQLiteStore {
    /// By endpoint and name; empty where the chain is not known.
    package func endpointLimits(of chain: ChainID) throws -> [EndpointLimit] {
        try pool.read { db in
            guard let row = try ChainTable.row(of: chain, db) else { return [] }
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT endpoint, name, value, learnt_at FROM endpoint_limit WHERE chain = ? ORDER BY endpoint, name
                    """,
                arguments: [row.id]
            )
            .map { row in
                EndpointLimit(
                    endpoint: row[0],
                    name: row[1],
                    value: UInt64(bitPattern: row[2] as Int64),
                    learntAt: row[3]
                )
            }
        }
    }

    /// Replaces what is kept of these endpoints of the chain; that of others stays.
    ///
    /// One transaction.
    package func keepEndpointLimits(
        _ limits: [EndpointLimit],
        ofEndpoints endpoints: [String],
        of chain: ChainID
    ) async throws {
        try await pool.write { db in
            guard let row = try ChainTable.row(of: chain, db) else { return }
            for endpoint in endpoints {
                try db.execute(
                    sql: "DELETE FROM endpoint_limit WHERE chain = ? AND endpoint = ?",
                    arguments: [row.id, endpoint]
                )
            }
            for limit in limits {
                try db.execute(
                    sql: "INSERT INTO endpoint_limit(chain, endpoint, name, value, learnt_at) VALUES(?, ?, ?, ?, ?)",
                    arguments: [
                        row.id, limit.endpoint, limit.name, Int64(bitPattern: limit.value), limit.learntAt,
                    ]
                )
            }
        }
    }
}
