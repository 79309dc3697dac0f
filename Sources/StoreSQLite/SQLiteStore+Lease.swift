package import Ethereum
import GRDB
import Glibc
package import Tokens

/// Leases: one instance writes a chain, the others wait; part of the chain's row, so that every commit renews.
///
/// `models` names these functions: acquiring is part of ``SQLiteStore/opening(_:holder:)``, renewing of every commit.
extension SQLiteStore {
    /// Refuses while another holder's lease runs.
    ///
    /// In the transaction that then takes the chain over.
    func acquiringLease(_ row: ChainTable.Row, holder: ID128) throws {
        #if MUTANTS
            if Mutant.is(.leaseIgnored) { return }
        #endif
        guard row.version.holder != holder, let lease = row.lease, remaining(of: lease) > .zero else { return }
        throw LedgerError.held(by: seen(lease))
    }

    /// The columns of a lease that begins now, for an UPDATE of the chain's row.
    var leaseColumns: String {
        "lease_boot = ?, lease_until = ?, lease_process = ?, lease_birth = ?, lease_work = NULL"
    }

    var leaseArguments: StatementArguments {
        [lease.boot, lease.now() + lease.milliseconds, Int64(getpid()), ProcessBirth.own]
    }

    package func renewingLease(of chain: ChainID, as version: ChainVersion) throws {
        try writing { db in
            try db.execute(
                sql: "UPDATE chain SET \(leaseColumns) WHERE chain_id = ? AND epoch = ? AND holder = ?",
                arguments: leaseArguments + [
                    String(chain), Int64(bitPattern: version.epoch), ChainTable.bytes(version.holder),
                ]
            )
            guard db.changesCount == 1 else { throw try lost(chain, db) }
        }
    }

    package func releasingLease(of chain: ChainID, as version: ChainVersion) throws {
        try writing { db in
            try db.execute(
                sql:
                    "UPDATE chain SET lease_until = 0, lease_work = NULL WHERE chain_id = ? AND epoch = ? AND holder = ?",
                arguments: [String(chain), Int64(bitPattern: version.epoch), ChainTable.bytes(version.holder)]
            )
        }
    }

    /// Says what takes long, for those who look meanwhile.
    func noting(_ work: String, of chain: ChainID, as version: ChainVersion) throws {
        try writing { db in
            try db.execute(
                sql: """
                    UPDATE chain SET \(leaseColumns), lease_work = ?
                    WHERE chain_id = ? AND epoch = ? AND holder = ?
                    """,
                arguments: leaseArguments + [
                    work, String(chain), Int64(bitPattern: version.epoch), ChainTable.bytes(version.holder),
                ]
            )
            guard db.changesCount == 1 else { throw try lost(chain, db) }
        }
    }

    func lost(_ chain: ChainID, _ db: Database) throws -> any Error {
        guard let row = try ChainTable.row(of: chain, db) else { return StoreError.unknownChain(chain) }
        return LedgerError.stale(current: row.version)
    }

    /// The holder as others see it; nil where nobody holds the chain.
    func holder(of row: ChainTable.Row) -> LeaseHolder? {
        row.lease.flatMap { remaining(of: $0) > .zero ? seen($0) : nil }
    }

    private func seen(_ lease: ChainTable.Lease) -> LeaseHolder {
        LeaseHolder(process: lease.process, remaining: remaining(of: lease), work: lease.work)
    }

    /// Another start of the machine than the lease's, or a process that has ended: its holder is gone.
    private func remaining(of lease: ChainTable.Lease) -> Duration {
        guard lease.boot == self.lease.boot, !self.lease.isGone(lease.process, lease.birth) else { return .zero }
        return .milliseconds(max(0, lease.until - self.lease.now()))
    }
}
