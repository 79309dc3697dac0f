/// The fold does not care about order, takes itself back, and equals a plain sum.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct HoldingFoldTests {
    private struct Result: Equatable {
        var owners: [OwnerChange]
        var balances: [BalanceChange]
        var supplies: [SupplyChange]
        var contracts: [ContractChange]
    }

    private func add(_ transfers: [Transfer], to fold: inout HoldingFold, undo: Bool = false) {
        for transfer in transfers {
            fold.fold(
                transfer,
                contract: Int64(transfer.contract.low),
                from: Int64(transfer.from.low),
                to: Int64(transfer.to.low),
                undo: undo
            )
        }
    }

    private func taken(_ fold: inout HoldingFold) -> Result {
        Result(
            owners: Array(fold.takeOwners()),
            balances: Array(fold.takeBalances()),
            supplies: Array(fold.takeSupplies()),
            contracts: Array(fold.takeContracts())
        )
    }

    private func result(_ transfers: [Transfer], seed: UInt64 = 1) -> Result {
        var fold = HoldingFold(seed: seed)
        add(transfers, to: &fold)
        return taken(&fold)
    }

    @Test(arguments: 0..<UInt64(40)) func `shuffled transfers give the same changes`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let transfers = random.transfers(120)
        let first = result(transfers)
        #expect(result(transfers.shuffled(using: &random), seed: random.next()) == first)
        #expect(result(transfers.reversed(), seed: random.next()) == first)
    }

    @Test(arguments: 0..<UInt64(40)) func `folding and undoing leaves nothing`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let transfers = random.transfers(120)
        var fold = HoldingFold(seed: seed)
        add(transfers, to: &fold)
        add(transfers.shuffled(using: &random), to: &fold, undo: true)
        let left = taken(&fold)
        #expect(left.balances.isEmpty)
        #expect(left.supplies.allSatisfy { $0.delta.isZero && $0.movements == 0 })
        #expect(left.contracts.allSatisfy { $0.rows == 0 && $0.digest == .zero })
        #expect(!left.contracts.isEmpty)
    }

    @Test(arguments: 0..<UInt64(40)) func `the changes equal a plain sum`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let transfers = random.transfers(120)
        let result = result(transfers)
        var balances: [String: SignedSum] = [:]
        var supplies: [String: SignedSum] = [:]
        var movements: [String: Int64] = [:]
        var owners: [String: Transfer] = [:]
        for move in transfers {
            let key = "\(move.contract) \(move.token)"
            if move.kind == .erc721 {
                if owners[key].map({ $0.place < move.place }) ?? true { owners[key] = move }
                continue
            }
            movements[key, default: 0] += 1
            supplies[key, default: .zero] = supplies[key] ?? .zero
            if move.from == .zero { try supplies[key, default: .zero].add(move.amount) }
            if move.to == .zero { try supplies[key, default: .zero].subtract(move.amount) }
            try balances["\(key) \(move.from.low)", default: .zero].subtract(move.amount)
            try balances["\(key) \(move.to.low)", default: .zero].add(move.amount)
        }
        balances = balances.filter { !$0.value.isZero && !$0.key.hasSuffix(" 0") }
        #expect(result.balances.count == balances.count)
        for change in result.balances {
            let contract = account(UInt32(truncatingIfNeeded: change.contract))
            #expect(balances["\(contract) \(change.token) \(change.owner)"] == change.delta)
        }
        #expect(result.supplies.count == supplies.count)
        for change in result.supplies {
            let key = "\(account(UInt32(truncatingIfNeeded: change.contract))) \(change.token)"
            #expect(supplies[key] == change.delta)
            #expect(movements[key] == change.movements)
        }
        #expect(result.owners.count == owners.count)
        for change in result.owners {
            let key = "\(account(UInt32(truncatingIfNeeded: change.contract))) \(change.token)"
            #expect(owners[key]?.place == change.place)
            #expect(owners[key].map { Int64($0.to.low) } == change.owner)
        }
    }

    @Test func `the place decides by block, then log, then position`() {
        func at(_ block: UInt64, _ log: UInt32, _ ordinal: UInt32, to owner: UInt32) -> Transfer {
            var random = SplitMix64(seed: 1)
            var move = random.transfer(at: Place(block: block, logIndex: log, ordinal: ordinal))
            move.kind = .erc721
            (move.contract, move.token, move.from, move.to) = (account(1), .one, .zero, account(owner))
            return move
        }
        let moves = [at(1, 9, 9, to: 1), at(2, 0, 9, to: 2), at(2, 1, 0, to: 3), at(2, 1, 1, to: 4)]
        for count in 1...4 {
            let owner = result(Array(moves.prefix(count).reversed())).owners.first?.owner
            #expect(owner == Int64(count))
        }
    }

    @Test func `changes come in the order of keys`() {
        var random = SplitMix64(seed: 7)
        let result = result(random.transfers(400))
        let owners = result.owners.map { ($0.contract, $0.token) }
        #expect(zip(owners, owners.dropFirst()).allSatisfy { $0 < $1 })
        let balances = result.balances.map { ($0.contract, $0.token, $0.owner) }
        #expect(zip(balances, balances.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `many keys do not meet`() {
        var fold = HoldingFold(seed: 3)
        var random = SplitMix64(seed: 3)
        for index in 0..<UInt64(40_000) {
            var move = random.transfer(at: Place(block: index, logIndex: 0))
            move.kind = .erc721
            move.token = U256(w0: index << 40, w1: 0, w2: 0, w3: 0)
            fold.fold(move, contract: 1, from: 0, to: Int64(index))
        }
        let owners = fold.takeOwners()
        #expect(owners.count == 40_000)
        #expect(owners.allSatisfy { $0.owner == Int64($0.token.w0 >> 40) })
        #expect(fold.takeOwners().isEmpty)
    }
}
