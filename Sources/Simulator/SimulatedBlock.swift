package import Ethereum
package import Oracle
package import Proofs

/// One block of a simulated chain, sealed: its header commits to its receipts, its hash to its header.
package struct SimulatedBlock: Sendable {
    package struct Transaction: Sendable {
        package var hash: Hash32
        package var logs: [Receipt.Entry]

        package init(hash: Hash32, logs: [Receipt.Entry]) {
            self.hash = hash
            self.logs = logs
        }
    }

    package var header: FullHeader
    package var hash: Hash32
    package var transactions: [Transaction]
    /// Each transaction's filter over its logs, as its receipt carries it.
    var blooms: [Bloom]
    /// Who owns what after this block.
    package var owners: OwnerTable
    package var logCount: Int { transactions.reduce(0) { $0 + $1.logs.count } }

    package var number: BlockNumber { header.number }
    package var ref: BlockRef { BlockRef(number: header.number, hash: hash) }

    /// Gas that every transaction is said to use.
    static let gasPerTransaction: UInt64 = 50_000

    /// - Parameter bits: blooms need a Keccak for each address and topic; few of them are new.
    init(
        number: BlockNumber,
        parent: Hash32,
        timestamp: UInt64,
        salt: Hash32,
        transactions: [Transaction],
        owners: OwnerTable,
        bits: inout BloomBits
    ) {
        var header = FullHeader(number: number, parentHash: parent, timestamp: timestamp)
        header.mixHash = salt
        header.gasLimit = 30_000_000
        header.gasUsed = Self.gasPerTransaction * UInt64(transactions.count)
        header.baseFeePerGas = U256(7)
        var receipts: [Receipt] = []
        for (index, transaction) in transactions.enumerated() {
            let receipt = Receipt(
                type: 2,
                outcome: .status(succeeded: true),
                cumulativeGasUsed: Self.gasPerTransaction * UInt64(index + 1),
                logs: transaction.logs,
                bloom: bits.bloom(of: transaction.logs)
            )
            header.logsBloom.formUnion(receipt.bloom)
            receipts.append(receipt)
        }
        header.receiptsRoot = Receipt.root(of: receipts)
        self.header = header
        // Every field of the forks is set in order, so there always is an encoding.
        hash = header.computedHash ?? .zero
        self.transactions = transactions
        blooms = receipts.map(\.bloom)
        self.owners = owners
    }
}
