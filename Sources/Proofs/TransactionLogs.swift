/// Which logs of a page one transaction made: what a block's logs are numbered by.
package import Ethereum

package struct TransactionLogs: Sendable, Hashable {
    package var hash: Hash32
    /// The transaction's place in its block.
    package var index: UInt32
    /// Places in ``LogPage/logs``.
    package var logs: Range<Int>

    package init(hash: Hash32, index: UInt32, logs: Range<Int>) {
        self.hash = hash
        self.index = index
        self.logs = logs
    }
}

extension LogPage {
    /// The block's logs transaction by transaction, numbered from 0, whatever numbers they had.
    ///
    /// - Precondition: every stretch lies inside ``logs``.
    package func numbered(by transactions: some Sequence<TransactionLogs>) -> LogPage {
        var out = LogPage(data: data)
        out.logs.reserveCapacity(logs.count)
        for transaction in transactions {
            for place in transaction.logs {
                var log = logs[place]
                log.logIndex = UInt32(out.logs.count)
                log.transactionIndex = transaction.index
                log.transactionHash = transaction.hash
                out.logs.append(log)
            }
        }
        return out
    }
}
