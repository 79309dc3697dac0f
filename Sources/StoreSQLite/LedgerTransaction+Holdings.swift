import Ethereum
import GRDB
import Tokens

/// What the fold of new rows changes, written in key order.
extension LedgerTransaction {
    /// Writes what the fold of the new rows changes, in key order.
    mutating func writeHoldings() throws {
        try refuseOverflow()
        for change in fold.takeOwners() { try write(change) }
        tokensDiscovered -= statements.existing.take()
        try writeCounted()
    }

    private mutating func write(_ change: OwnerChange) throws {
        let statement = statements.upsertOwner
        statement.bind(1, chain)
        statement.bind(2, change.contract)
        statement.bind(3, key: change.token)
        statement.bind(4, change.owner)
        statement.bind(5, change.place.block)
        statement.bind(6, change.place.logIndex)
        statement.bind(7, change.place.ordinal)
        try statement.run(db)
        tokensDiscovered += 1
    }

    mutating func writeCounted() throws {
        for change in fold.takeBalances() { try write(change) }
        for change in fold.takeSupplies() { try write(change) }
        for change in fold.takeContracts() { try write(change) }
    }

    func refuseOverflow() throws {
        guard let contract = fold.overflowed else { return }
        throw LedgerError.overflow(contract: try statements.addresses.address(of: contract, db) ?? .zero)
    }

    private func write(_ change: BalanceChange) throws {
        let select = statements.selectBalance
        select.bind(1, chain)
        select.bind(2, change.contract)
        select.bind(3, key: change.token)
        select.bind(4, change.owner)
        var sum = change.delta
        let exists = try select.step(db)
        if exists {
            guard let old = SignedSum(shortestBytes: select.bytes(0)) else { throw damaged("balance") }
            select.reset()
            try add(old, to: &sum, contract: change.contract)
        }
        if sum.isZero {
            let delete = statements.deleteBalance
            delete.bind(1, chain)
            delete.bind(2, change.contract)
            delete.bind(3, key: change.token)
            delete.bind(4, change.owner)
            try delete.run(db)
        } else {
            let upsert = statements.upsertBalance
            upsert.bind(1, chain)
            upsert.bind(2, change.contract)
            upsert.bind(3, key: change.token)
            upsert.bind(4, change.owner)
            upsert.bind(5, sum)
            try upsert.run(db)
        }
    }

    private mutating func write(_ change: SupplyChange) throws {
        let select = statements.selectSupply
        select.bind(1, chain)
        select.bind(2, change.contract)
        select.bind(3, key: change.token)
        var sum = change.delta
        var movements = change.movements
        let exists = try select.step(db)
        if exists {
            guard let old = SignedSum(shortestBytes: select.bytes(0)) else { throw damaged("supply") }
            movements += select.int(1)
            select.reset()
            try add(old, to: &sum, contract: change.contract)
        }
        if movements == 0 {
            let delete = statements.deleteSupply
            delete.bind(1, chain)
            delete.bind(2, change.contract)
            delete.bind(3, key: change.token)
            try delete.run(db)
            if exists { tokensDiscovered -= 1 }
        } else {
            let upsert = statements.upsertSupply
            upsert.bind(1, chain)
            upsert.bind(2, change.contract)
            upsert.bind(3, key: change.token)
            upsert.bind(4, sum)
            upsert.bind(5, movements)
            try upsert.run(db)
            if !exists { tokensDiscovered += 1 }
        }
    }

    private func write(_ change: ContractChange) throws {
        let select = statements.selectContract
        select.bind(1, chain)
        select.bind(2, change.contract)
        var rows = change.rows
        var digest = change.digest
        if try select.step(db) {
            rows += select.int(0)
            digest.add(Digest128(high: select.uint64(1), low: select.uint64(2)))
            select.reset()
        }
        // A contract that a snapshot read is held without a single row, too.
        if rows == 0, openings[change.contract] == nil {
            statements.deleteContract.bind(1, chain)
            statements.deleteContract.bind(2, change.contract)
            try statements.deleteContract.run(db)
        } else {
            let upsert = statements.upsertContract
            upsert.bind(1, chain)
            upsert.bind(2, change.contract)
            upsert.bind(3, rows)
            upsert.bind(4, digest.high)
            upsert.bind(5, digest.low)
            try upsert.run(db)
        }
    }

    private func add(_ old: SignedSum, to sum: inout SignedSum, contract: AddressID) throws {
        do throws(SumOverflow) {
            try sum.add(old)
        } catch {
            throw LedgerError.overflow(contract: try statements.addresses.address(of: contract, db) ?? .zero)
        }
    }
}
