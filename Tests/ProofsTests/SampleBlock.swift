/// A block with a receipt of every type, sealed as a chain would seal it.
import Ethereum
import Proofs

struct SampleBlock {
    var header: FullHeader
    var hash: Hash32
    var transactionCount: Int
    var receipts: BlockReceipts

    static func word(_ number: UInt64) -> Hash32 { Keccak256.hash(Hash32(w0: 0, w1: 0, w2: 0, w3: number)) }
    static func address(_ number: UInt64) -> Address { Address(truncating: word(number)) }

    /// Legacy, 1 to 4, an unknown type, deposits of three forks, a failed transaction, logs of 0 to 4 topics.
    static let receipts: [Receipt] = [
        receipt(0, logs: 2), receipt(1, logs: 0), receipt(2, logs: 3), receipt(3, logs: 1), receipt(4, logs: 2),
        receipt(0x6A, logs: 1), receipt(0x7E, logs: 1),
        receipt(0x7E, logs: 0, deposit: Receipt.Deposit(nonce: 7, version: nil)),
        receipt(0x7E, logs: 1, deposit: Receipt.Deposit(nonce: 300, version: 1)), receipt(2, logs: 0, succeeded: false),
    ]

    private static func receipt(
        _ type: UInt8,
        logs: Int,
        succeeded: Bool = true,
        deposit: Receipt.Deposit? = nil
    ) -> Receipt {
        let entries = (0..<logs).map { place in
            let seed = UInt64(type) * 100 + UInt64(place)
            return Receipt.Entry(
                address: address(seed),
                topics: (0..<UInt64(place + Int(type)) % 5).map { word(seed &+ $0 &+ 1_000) },
                data: Array(repeating: UInt8(truncatingIfNeeded: seed), count: place * 31)
            )
        }
        return Receipt(
            type: type,
            outcome: .status(succeeded: succeeded),
            cumulativeGasUsed: 0,
            logs: entries,
            deposit: deposit
        )
    }

    init(_ receipts: [Receipt] = SampleBlock.receipts, headerBloom: Bloom? = nil) {
        var header = FullHeader(number: 20_000_000, parentHash: Self.word(1), timestamp: 1_717_281_407)
        header.beneficiary = Self.address(2)
        header.stateRoot = Self.word(3)
        header.transactionsRoot = Self.word(4)
        header.gasLimit = 30_000_000
        header.gasUsed = 21_000 * UInt64(receipts.count)
        header.extraData = [1, 2, 3]
        header.mixHash = Self.word(5)
        header.baseFeePerGas = U256(7)
        header.withdrawalsRoot = Self.word(6)
        header.blobGasUsed = 0
        header.excessBlobGas = 0
        header.parentBeaconBlockRoot = Self.word(7)
        header.requestsHash = Self.word(8)
        var sealed = BlockReceipts(receipts)
        for index in sealed.rows.indices {
            sealed.rows[index].cumulativeGasUsed = 21_000 * UInt64(index + 1)
            sealed.rows[index].transaction.hash = Self.word(UInt64(100 + index))
        }
        header.logsBloom = headerBloom ?? sealed.rows.reduce(Bloom()) { $0.union($1.bloom) }
        header.receiptsRoot = sealed.root
        self.header = header
        hash = header.computedHash ?? .zero
        for index in sealed.page.logs.indices {
            sealed.page.logs[index].blockHash = hash
            sealed.page.logs[index].blockNumber = header.number
            // Numbers that a node got wrong; the proof numbers by itself.
            sealed.page.logs[index].logIndex = 7
        }
        sealed.blockHash = receipts.isEmpty ? nil : hash
        self.receipts = sealed
        transactionCount = receipts.count
    }

    var verdict: ReceiptsVerdict {
        ReceiptsProof.verdict(on: receipts, header: header, hash: hash, transactionCount: transactionCount)
    }
}
