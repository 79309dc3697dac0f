package import Ethereum

/// The store's small number for an address.
///
/// The zero address is always ``zeroAddressID``.
package typealias AddressID = Int64

/// The number of the zero address in every store.
package let zeroAddressID: AddressID = 0

/// A unique token's newest transfer among those folded.
package struct OwnerChange: Sendable, Hashable {
    package var contract: AddressID
    package var token: U256
    package var owner: AddressID
    package var place: Place
}

/// What a counted balance changes by.
package struct BalanceChange: Sendable, Hashable {
    package var contract: AddressID
    package var token: U256
    package var owner: AddressID
    package var delta: SignedSum
}

/// What a counted token's supply changes by, and by how many movements it is known.
package struct SupplyChange: Sendable, Hashable {
    package var contract: AddressID
    package var token: U256
    /// Minted minus burned.
    package var delta: SignedSum
    /// Movements added, or taken away when negative.
    ///
    /// A token with none left is not known any more.
    package var movements: Int64
}

/// What a contract's digest and number of rows change by.
package struct ContractChange: Sendable, Hashable {
    package var contract: AddressID
    package var rows: Int64
    package var digest: Digest128
}

/// The fold: transfers in, changes to holdings out.
///
/// Pure; every store calls it, and nothing else computes holdings.
///
/// Unique tokens keep the transfer with the greatest place, counted ones the exact signed sum; both do not care about
/// order, so transfers may come in any. Only rows that are new may be added, and each once. Undoing is the same sum with
/// the sign turned; a unique token's owner then has to be looked up among the transfers that are left.
package struct HoldingFold: Sendable {
    private var owners: FlatMap<TokenKey, OwnerValue>
    private var balances: FlatMap<BalanceKey, SignedSum>
    private var supplies: FlatMap<TokenKey, SupplyValue>
    private var contracts: FlatMap<ContractKey, ContractValue>
    /// A contract whose sums overflowed; nothing of the fold may be written then.
    package private(set) var overflowed: AddressID?

    /// - Parameter seed: random; keeps hostile ids from meeting in one slot.
    package init(seed: UInt64) {
        owners = FlatMap(capacity: 32_768, seed: seed)
        balances = FlatMap(capacity: 8_192, seed: seed)
        supplies = FlatMap(capacity: 4_096, seed: seed)
        contracts = FlatMap(capacity: 256, seed: seed)
    }

    /// Adds one transfer, or takes it away again.
    package mutating func fold(
        _ transfer: Transfer,
        contract: AddressID,
        from: AddressID,
        to: AddressID,
        undo: Bool = false
    ) {
        note(contract, digest: TransferDigest.of(transfer), undo: undo)
        let token = TokenKey(contract: contract, token: transfer.token)
        switch transfer.kind.rule {
        case .unique:
            let place = transfer.place
            let position = owners.position(of: token, initial: OwnerValue(owner: to, place: place))
            owners.update(position) { value in
                if value.place < place { value = OwnerValue(owner: to, place: place) }
            }
        case .counted:
            count(token, from: from, to: to, amount: transfer.amount, undo: undo)
        }
    }

    /// Adds a range's row to its contract's digest; the holdings of ranges are never derived.
    package mutating func fold(_ range: RangeTransfer, contract: AddressID, undo: Bool = false) {
        note(contract, digest: TransferDigest.of(range), undo: undo)
    }

    private mutating func note(_ contract: AddressID, digest: Digest128, undo: Bool) {
        let position = contracts.position(of: ContractKey(contract: contract), initial: ContractValue())
        contracts.update(position) { value in
            if undo {
                value.rows -= 1
                value.digest.subtract(digest)
            } else {
                value.rows += 1
                value.digest.add(digest)
            }
        }
    }

    private mutating func count(
        _ token: TokenKey,
        from: AddressID,
        to: AddressID,
        amount: U256,
        undo: Bool
    ) {
        let supply = supplies.position(of: token, initial: SupplyValue())
        supplies.update(supply) { $0.movements += undo ? -1 : 1 }
        #if MUTANTS
            if undo, Mutant.is(.undoForgetsSums) { return }
            if !undo, from == zeroAddressID, Mutant.is(.mintCountsTwice) {
                add(amount, to: BalanceKey(token: token, owner: to), negative: false)
            }
            if from == to, Mutant.is(.selfTransferCounted) {
                add(amount, to: BalanceKey(token: token, owner: to), negative: undo)
            }
        #endif
        // A transfer to oneself is one delta of nothing; a transfer of nothing makes no row.
        guard from != to, amount != .zero else { return }
        if from == zeroAddressID {
            add(amount, toSupply: supply, contract: token.contract, negative: undo)
        } else {
            add(amount, to: BalanceKey(token: token, owner: from), negative: !undo)
        }
        if to == zeroAddressID {
            add(amount, toSupply: supply, contract: token.contract, negative: !undo)
        } else {
            add(amount, to: BalanceKey(token: token, owner: to), negative: undo)
        }
    }

    private mutating func add(_ amount: U256, toSupply position: Int, contract: AddressID, negative: Bool) {
        supplies.update(position) { value in
            do throws(SumOverflow) {
                if negative { try value.delta.subtract(amount) } else { try value.delta.add(amount) }
            } catch {
                overflowed = contract
            }
        }
    }

    private mutating func add(_ amount: U256, to key: BalanceKey, negative: Bool) {
        let position = balances.position(of: key, initial: .zero)
        balances.update(position) { value in
            do throws(SumOverflow) {
                if negative { try value.subtract(amount) } else { try value.add(amount) }
            } catch {
                overflowed = key.token.contract
            }
        }
    }

    /// The unique tokens met and the newest of their folded transfers, in key order.
    ///
    /// Empties that part of the fold.
    package mutating func takeOwners() -> ContiguousArray<OwnerChange> {
        var out: ContiguousArray<OwnerChange> = []
        var entries = owners.drain()
        out.reserveCapacity(entries.count)
        entries.sort { $0.key < $1.key }
        for entry in entries {
            out.append(
                OwnerChange(
                    contract: entry.key.contract,
                    token: entry.key.token,
                    owner: entry.value.owner,
                    place: entry.value.place
                )
            )
        }
        return out
    }

    /// The balances that change, in key order; deltas of zero are left out.
    ///
    /// Empties that part of the fold.
    package mutating func takeBalances() -> ContiguousArray<BalanceChange> {
        var out: ContiguousArray<BalanceChange> = []
        var entries = balances.drain()
        out.reserveCapacity(entries.count)
        entries.sort { $0.key < $1.key }
        for entry in entries where !entry.value.isZero {
            out.append(
                BalanceChange(
                    contract: entry.key.token.contract,
                    token: entry.key.token.token,
                    owner: entry.key.owner,
                    delta: entry.value
                )
            )
        }
        return out
    }

    /// The counted tokens met, in key order.
    ///
    /// Empties that part of the fold.
    package mutating func takeSupplies() -> ContiguousArray<SupplyChange> {
        var out: ContiguousArray<SupplyChange> = []
        var entries = supplies.drain()
        out.reserveCapacity(entries.count)
        entries.sort { $0.key < $1.key }
        for entry in entries {
            out.append(
                SupplyChange(
                    contract: entry.key.contract,
                    token: entry.key.token,
                    delta: entry.value.delta,
                    movements: entry.value.movements
                )
            )
        }
        return out
    }

    /// The contracts met, in key order.
    ///
    /// Empties that part of the fold.
    package mutating func takeContracts() -> ContiguousArray<ContractChange> {
        var out: ContiguousArray<ContractChange> = []
        var entries = contracts.drain()
        entries.sort { $0.key.contract < $1.key.contract }
        for entry in entries {
            out.append(
                ContractChange(contract: entry.key.contract, rows: entry.value.rows, digest: entry.value.digest)
            )
        }
        return out
    }
}

private struct TokenKey: FlatKey, Comparable {
    var contract: AddressID
    var token: U256

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        let first = mix(token.w3 ^ seed, token.w2 ^ 0x9e37_79b9_7f4a_7c15)
        let second = mix(token.w1 ^ seed, token.w0 ^ UInt64(bitPattern: contract) &* 0xd6e8_feb8_6659_fd93)
        return mix(first ^ seed, second ^ 0xa076_1d64_78bd_642f)
    }

    @inline(__always)
    static func < (left: TokenKey, right: TokenKey) -> Bool {
        left.contract != right.contract ? left.contract < right.contract : left.token < right.token
    }
}

private struct BalanceKey: FlatKey, Comparable {
    var token: TokenKey
    var owner: AddressID

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        mix(token.hash(seed: seed) ^ seed, UInt64(bitPattern: owner) ^ 0xe703_7ed1_a0b4_28db)
    }

    @inline(__always)
    static func < (left: BalanceKey, right: BalanceKey) -> Bool {
        left.token != right.token ? left.token < right.token : left.owner < right.owner
    }
}

private struct ContractKey: FlatKey {
    var contract: AddressID

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 { mix(UInt64(bitPattern: contract) ^ seed, 0x9e37_79b9_7f4a_7c15) }
}

private struct OwnerValue: Sendable {
    var owner: AddressID
    var place: Place
}

private struct SupplyValue: Sendable {
    var delta = SignedSum.zero
    var movements: Int64 = 0
}

private struct ContractValue: Sendable {
    var rows: Int64 = 0
    var digest = Digest128.zero
}
