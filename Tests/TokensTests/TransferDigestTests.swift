/// The digest sees every column, no order, and takes itself back.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct TransferDigestTests {
    @Test func `every column changes the digest`() {
        var random = SplitMix64(seed: 5)
        let base = random.transfer(at: Place(block: 5, logIndex: 6, ordinal: 7))
        let changes: [(inout Transfer) -> Void] = [
            { $0.place.block += 1 }, { $0.place.logIndex += 1 }, { $0.place.ordinal += 1 },
            { $0.contract = account(999) }, { $0.token = U256(w0: 1, w1: 2, w2: 3, w3: 4) },
            { $0.from = account(999) }, { $0.to = account(999) }, { $0.operator = account(999) },
            { $0.amount = U256(w0: 9, w1: 2, w2: 3, w3: 4) }, { $0.transactionHash = hash(999) },
            { $0.transactionIndex += 1 }, { $0.kind = .unindexed721 }, { $0.flags = .presumed },
            { ($0.from, $0.to) = (account(77), account(78)) }, { ($0.from, $0.to) = (account(78), account(77)) },
        ]
        var digests: Set<Digest128> = [TransferDigest.of(base)]
        for change in changes {
            var copy = base
            change(&copy)
            digests.insert(TransferDigest.of(copy))
        }
        #expect(digests.count == changes.count + 1)
    }

    @Test func `every column of a range changes the digest`() {
        let base = range(U256(5), through: U256(9), to: 1, at: 3)
        let changes: [(inout RangeTransfer) -> Void] = [
            { $0.place.block += 1 }, { $0.place.logIndex += 1 }, { $0.contract = account(999) },
            { $0.first = U256(6) }, { $0.last = .max }, { $0.from = account(999) }, { $0.to = account(999) },
            { $0.transactionHash = hash(999) }, { $0.transactionIndex += 1 },
        ]
        var digests: Set<Digest128> = [TransferDigest.of(base)]
        for change in changes {
            var copy = base
            change(&copy)
            digests.insert(TransferDigest.of(copy))
        }
        #expect(digests.count == changes.count + 1)
    }

    @Test(arguments: 0..<UInt64(20)) func `a sum of digests is the same in any order and comes back to nothing`(
        seed: UInt64
    ) {
        var random = SplitMix64(seed: seed)
        let transfers = random.transfers(100)
        var (first, second) = (Digest128.zero, Digest128.zero)
        for transfer in transfers { first.add(TransferDigest.of(transfer)) }
        for transfer in transfers.shuffled(using: &random) { second.add(TransferDigest.of(transfer)) }
        #expect(first == second)
        for transfer in transfers.shuffled(using: &random) { first.subtract(TransferDigest.of(transfer)) }
        #expect(first == .zero)
    }
}
