package import Ethereum

/// What ``ReceiptsProof`` found out about a block's receipts.
package struct ReceiptsVerdict: Sendable {
    /// A check that failed, with its first place; rows count from 0 in the order given.
    package enum Failure: Sendable, Hashable {
        /// The header's fields do not hash to the block's hash; nil: they have no encoding.
        case headerHash(computed: Hash32?)
        /// The receipts' trie has another root than the header says.
        case receiptsRoot(computed: Hash32)
        /// There is not one receipt for each transaction of the block.
        case count(receipts: Int, transactions: Int)
        /// The receipt in this row is not of the transaction that stands there: one is missing, twice or displaced.
        case transactionIndex(row: Int)
        /// The receipts, or a log in this row, say that they are of another block.
        case otherBlock(row: Int)
        /// The cumulative gas is less than that of the receipt before.
        case cumulativeGas(row: Int)
        /// The receipt's bloom is not that of its logs.
        case receiptBloom(row: Int)
        /// The header's bloom is not that of the block's logs.
        case headerBloom

        /// Whether the failing value is itself under the header's hash once the root and that hash hold.
        ///
        /// Then the chain committed to it, and no endpoint could have sent anything else.
        fileprivate var isUnderTheHash: Bool {
            switch self {
            case .cumulativeGas, .receiptBloom, .headerBloom: true
            case .headerHash, .receiptsRoot, .count, .transactionIndex, .otherBlock: false
            }
        }
    }

    package enum Conclusion: Sendable, Hashable {
        /// Every check holds: these are all the logs of the block with that hash.
        case proved
        /// The root and the header's hash hold, but the chain's own blooms or gas break the rules.
        ///
        /// The logs are proved complete all the same, and the deviation is a property of the chain.
        case provedWithDeviations
        /// One answer cannot tell a lying endpoint from a chain whose headers have other rules: where other endpoints
        /// pass, this one lied; where the same checks fail on all of them, it is the chain (rpc-quirks, rule 10).
        case unproved
    }

    /// Empty when everything holds; at most one of each kind, in the order of the cases.
    package let failures: [Failure]
    /// The block's logs, numbered from 0 and stamped with the header's time; nil where they are not proved complete.
    ///
    /// Transaction hashes are as the node gave them: a receipt does not commit to its transaction's hash.
    package let logs: LogPage?

    init(failures: [Failure], logs: @autoclosure () -> LogPage) {
        self.failures = failures
        self.logs = failures.allSatisfy(\.isUnderTheHash) ? logs() : nil
    }

    package var conclusion: Conclusion {
        if failures.isEmpty { return .proved }
        return logs == nil ? .unproved : .provedWithDeviations
    }
}
