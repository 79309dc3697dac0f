package import Ethereum
import Oracle
import Proofs

/// Makes up token events, and tells the owner table at the same moment what they mean.
///
/// Events are written from the standards' texts and not with the indexer's decoders. A few accounts and ids, so that
/// they meet often; some ids at the end of 256 bits.
struct EventMaker: Sendable {
    private let options: SimulatedChain.Options
    static let accounts = (1...6).map { EventMaker.address(0xacc0_0000 + UInt32($0)) }
    /// ERC-721 alone; 721 with ranges; 1155; both ledgers in one contract.
    static let plain = EventMaker.address(0xc721_0001)
    static let ranges = EventMaker.address(0xc721_0002)
    static let counted = EventMaker.address(0xc115_0001)
    static let mixed = EventMaker.address(0xc115_0002)
    static let kitties = EventMaker.address(0xc0de_0001)
    static let fungible = EventMaker.address(0xc020_0001)
    static let hostile = EventMaker.address(0xbad0_0001)

    fileprivate static func address(_ tail: UInt32) -> Address {
        Address(high: UInt64(tail) &* 0x9E37_79B9_7F4A_7C15, middle: 0x1111_2222_3333_4444, low: tail)
    }

    private let ids: [U256]
    private static let hugeIDs = [
        U256(w0: 0, w1: 0, w2: 1, w3: 0), U256(w0: .max, w1: .max, w2: .max, w3: .max - 1), U256.max,
    ]

    static let transfer = ABI.topic("Transfer(address,address,uint256)")
    static let single = ABI.topic("TransferSingle(address,address,address,uint256,uint256)")
    static let batch = ABI.topic("TransferBatch(address,address,address,uint256[],uint256[])")
    static let consecutive = ABI.topic("ConsecutiveTransfer(uint256,uint256,address,address)")
    static let approval = ABI.topic("ApprovalForAll(address,address,bool)")

    init(_ options: SimulatedChain.Options) {
        self.options = options
        ids = (0..<options.smallIDs).map { U256($0) } + (options.usesHugeNumbers ? Self.hugeIDs : [])
    }

    /// The logs of one event of life; mostly one.
    func next(_ random: inout SplitMix64, _ owners: inout OwnerTable) -> [Receipt.Entry] {
        if random.happens(options.malformedPerMille) { return [malformed(&random)] }
        if random.happens(options.noisePerMille) { return [noise(&random)] }
        switch random.pick(0...9) {
        case 0...2: return [unique(Self.plain, &random, &owners)]
        case 3: return [unique(Self.ranges, &random, &owners)]
        case 4: return [range(&random, &owners)]
        case 5: return [countedSingle(Self.counted, &random, &owners)]
        case 6: return [countedBatch(random.happens(700) ? Self.counted : Self.mixed, &random, &owners)]
        case 7: return [unique(Self.mixed, &random, &owners)]
        case 8: return [countedSingle(Self.mixed, &random, &owners)]
        default: return [options.usesUnindexedForms ? unindexed(&random, &owners) : noise(&random)]
        }
    }

    // MARK: Unique tokens

    /// A mint, a transfer, a burn, a transfer to oneself; now and then from somebody who never had it.
    private func unique(
        _ contract: Address,
        _ random: inout SplitMix64,
        _ owners: inout OwnerTable
    ) -> Receipt.Entry {
        let (id, from, to) = uniqueMove(contract, &random, &owners)
        return Receipt.Entry(
            address: contract,
            topics: [Self.transfer, from.word, to.word, id.word],
            data: random.happens(30) ? [1, 2, 3] : []
        )
    }

    private func uniqueMove(
        _ contract: Address,
        _ random: inout SplitMix64,
        _ owners: inout OwnerTable
    ) -> (id: U256, from: Address, to: Address) {
        let id = random.pick(ids)
        let held = owners.owner(contract.hex, id.natural).flatMap { try? Address(hex: $0) } ?? .zero
        let from = random.happens(50) ? random.pick(Self.accounts) : held
        var to = random.pick(Self.accounts)
        if random.happens(120) { to = .zero }
        if random.happens(60) { to = from }
        owners.give(contract.hex, id.natural, to: to.hex)
        return (id, from, to)
    }

    /// As CryptoKitties writes it: nothing indexed; or one of three.
    private func unindexed(_ random: inout SplitMix64, _ owners: inout OwnerTable) -> Receipt.Entry {
        if random.happens(200) { return countedSingle(Self.kitties, &random, &owners, isDraft: true) }
        let (id, from, to) = uniqueMove(Self.kitties, &random, &owners)
        if random.happens(200) {
            return Receipt.Entry(
                address: Self.kitties,
                topics: [Self.transfer, from.word],
                data: ABI.encode([.address(to), .uint(id)])
            )
        }
        return Receipt.Entry(
            address: Self.kitties,
            topics: [Self.transfer],
            data: ABI.encode([.address(from), .address(to), .uint(id)])
        )
    }

    private func range(_ random: inout SplitMix64, _ owners: inout OwnerTable) -> Receipt.Entry {
        let first = U256(UInt64(random.pick(0...12)))
        var last = U256(first.w3 + UInt64(random.pick(0...8)))
        if random.happens(150), options.usesHugeNumbers {
            last = U256(first.w3 + UInt64(random.pick(9_997...20_000)))
        }
        if random.happens(40), options.usesHugeNumbers { last = .max }
        let to = random.happens(150) ? Address.zero : random.pick(Self.accounts)
        owners.give(Self.ranges.hex, first.natural, through: last.natural, to: to.hex)
        return Receipt.Entry(
            address: Self.ranges,
            topics: [Self.consecutive, first.word, random.pick(Self.accounts).word, to.word],
            data: last.bytes
        )
    }

    // MARK: Counted tokens

    private func countedSingle(
        _ contract: Address,
        _ random: inout SplitMix64,
        _ owners: inout OwnerTable,
        isDraft: Bool = false
    ) -> Receipt.Entry {
        var (from, to) = parties(&random)
        let (id, amount) = (random.pick(ids), amount(&random))
        if !options.overdraws, owners.balance(contract.hex, id.natural, of: from.hex) < amount.natural { from = .zero }
        owners.move(contract.hex, id.natural, amount.natural, from: from.hex, to: to.hex)
        let mover = random.pick(Self.accounts)
        guard isDraft else {
            return Receipt.Entry(
                address: contract,
                topics: [Self.single, mover.word, from.word, to.word],
                data: ABI.encode([.uint(id), .uint(amount)])
            )
        }
        return Receipt.Entry(
            address: contract,
            topics: [Self.single],
            data: ABI.encode([.address(mover), .address(from), .address(to), .uint(id), .uint(amount)])
        )
    }

    /// Up to four positions, equal ids among them.
    private func countedBatch(
        _ contract: Address,
        _ random: inout SplitMix64,
        _ owners: inout OwnerTable
    ) -> Receipt.Entry {
        var (from, to) = parties(&random)
        if !options.overdraws { from = .zero }
        var (ids, amounts): ([ABI.Value], [ABI.Value]) = ([], [])
        for _ in 0..<random.pick(1...4) {
            let (id, amount) = (self.ids[random.pick(0...3)], amount(&random))
            owners.move(contract.hex, id.natural, amount.natural, from: from.hex, to: to.hex)
            ids.append(.uint(id))
            amounts.append(.uint(amount))
        }
        return Receipt.Entry(
            address: contract,
            topics: [Self.batch, random.pick(Self.accounts).word, from.word, to.word],
            data: ABI.encode([.array(ids), .array(amounts)])
        )
    }

    /// Mostly mints, so that sums are mostly positive; from and to may be the same, and both nobody.
    private func parties(_ random: inout SplitMix64) -> (from: Address, to: Address) {
        let from = random.happens(550) ? Address.zero : random.pick(Self.accounts)
        let to = random.happens(120) ? Address.zero : random.pick(Self.accounts)
        return (from, random.happens(50) ? from : to)
    }

    private func amount(_ random: inout SplitMix64) -> U256 {
        if random.happens(80) { return .zero }
        if random.happens(30), options.usesHugeNumbers { return .max }
        return U256(UInt64(random.pick(1...300)))
    }

    // MARK: What moves nothing

    /// Fungible tokens and other events.
    private func noise(_ random: inout SplitMix64) -> Receipt.Entry {
        let (from, to) = (random.pick(Self.accounts), random.pick(Self.accounts))
        if random.happens(300) {
            return Receipt.Entry(
                address: Self.plain,
                topics: [Self.approval, from.word, to.word],
                data: ABI.encode([.bool(true)])
            )
        }
        return Receipt.Entry(
            address: Self.fungible,
            topics: [Self.transfer, from.word, to.word],
            data: ABI.encode([.uint(U256(random.next()))])
        )
    }

    private func malformed(_ random: inout SplitMix64) -> Receipt.Entry {
        let (from, to) = (random.pick(Self.accounts), random.pick(Self.accounts))
        let dirty = Hash32(w0: 1, w1: from.word.w1, w2: from.word.w2, w3: from.word.w3)
        let one = ABI.Value.uint(.one)
        switch random.pick(0...5) {
        case 0: return entry([Self.transfer, dirty, to.word, U256.one.word], [])
        case 1:
            return entry(
                [Self.batch, from.word, from.word, to.word],
                ABI.encode([.array([one, one]), .array([one])])
            )
        case 2: return entry([Self.batch, from.word, from.word, to.word], ABI.encode([.array([]), .array([])]))
        case 3: return entry([Self.single, from.word, from.word, to.word], [7])
        case 4: return entry([Self.transfer, from.word], [])
        default: return entry([Self.consecutive, U256(9).word, from.word, to.word], U256.one.bytes)
        }
    }

    private func entry(_ topics: [Hash32], _ data: [UInt8]) -> Receipt.Entry {
        Receipt.Entry(address: Self.hostile, topics: topics, data: data)
    }
}

extension U256 {
    /// The same number for the owner table, which knows nothing of ours.
    var natural: Natural { Natural(words: [w0, w1, w2, w3]) }
}

/// The contracts of a simulated chain, for whoever follows only some of them.
package enum DemoContracts {
    package static let all: [Address] = [
        EventMaker.plain, EventMaker.ranges, EventMaker.counted, EventMaker.mixed, EventMaker.kitties,
        EventMaker.hostile,
    ]
}

/// The wallets of a simulated chain, for whoever wants to look into one.
package enum DemoWallets {
    package static let first = EventMaker.address(0xacc0_0001)
}
