import Ethereum
import Proofs

/// Works out what a bench block's header commits to: receipts, their root and their bloom.
///
/// Unchecked: each sealer is used by one thread at a time.
final class BlockSealer: @unchecked Sendable {
    /// A block whose parent is not known yet.
    struct Draft {
        var number: BlockNumber
        var items: [Dataset.Item]
        /// One for each item.
        var receipts: [Receipt]
        /// Without the parent's hash.
        var header: FullHeader
        var hash = Hash32.zero
    }

    static let gasPerTransaction: UInt64 = 60_000

    /// Contracts, wallets and tokens return block after block; their bits are hashed once.
    private var addresses: [Address: Bloom.Bits] = [:]
    private var topics: [Hash32: Bloom.Bits] = [:]

    func draft(_ number: BlockNumber, _ items: [Dataset.Item], of data: Dataset) -> Draft {
        var header = FullHeader(number: number, parentHash: .zero, timestamp: 1_600_000_000 + number * 12)
        var receipts: [Receipt] = []
        receipts.reserveCapacity(items.count)
        for item in items {
            let logs = data.entries(of: item)
            let bloom = bloom(of: logs)
            header.logsBloom.formUnion(bloom)
            header.gasUsed += Self.gasPerTransaction
            receipts.append(
                Receipt(
                    outcome: .status(succeeded: true),
                    cumulativeGasUsed: header.gasUsed,
                    logs: logs,
                    bloom: bloom
                )
            )
        }
        header.gasLimit = 30_000_000
        header.receiptsRoot = Receipt.root(of: receipts)
        return Draft(number: number, items: items, receipts: receipts, header: header)
    }

    private func bloom(of logs: [Receipt.Entry]) -> Bloom {
        var bloom = Bloom()
        for log in logs {
            if addresses[log.address] == nil { addresses[log.address] = Bloom.Bits(log.address) }
            if let bits = addresses[log.address] { bloom.insert(bits) }
            for topic in log.topics {
                if let bits = topics[topic] {
                    bloom.insert(bits)
                } else {
                    let bits = Bloom.Bits(topic)
                    topics[topic] = bits
                    bloom.insert(bits)
                }
            }
        }
        return bloom
    }
}
