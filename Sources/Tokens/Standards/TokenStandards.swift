package import Ethereum

/// The registry: which topics are asked for, and which standard reads a log.
///
/// A new standard is one file and one line here. What a single contract does otherwise than its events' shape says is a
/// ``ReadingRule``, and the contract a line in ``SpecialContracts``.
package enum TokenStandards {
    /// Decodes the logs of one answer, in the order they stand, transaction by transaction.
    ///
    /// Logs of other topics and ERC-20 transfers are counted as ignored; what has a topic of ours and cannot be applied
    /// lands in ``DecodedLogs/malformed``. Nothing is thrown: a hostile log is data, not an error.
    /// - Parameter rules: the chain's; looked at only for logs that one of them could change.
    /// - Cost: one pass; no allocation per log besides the growth of `out`.
    package static func decode(
        _ page: borrowing LogPage,
        by rules: ContractRules,
        into out: inout DecodedLogs
    ) {
        let count = page.logs.count
        var start = 0
        while start < count {
            let block = page.logs[start].blockNumber
            let index = page.logs[start].transactionIndex
            var end = start + 1
            while end < count, page.logs[end].transactionIndex == index, page.logs[end].blockNumber == block {
                end += 1
            }
            for log in start..<end { decode(log, of: start..<end, in: page, by: rules, into: &out) }
            start = end
        }
    }

    /// Decodes one log.
    ///
    /// `transaction` are the neighbours: some contracts say with one event what the next one means.
    @inline(__always)
    private static func decode(
        _ index: Int,
        of transaction: Range<Int>,
        in page: borrowing LogPage,
        by rules: ContractRules,
        into out: inout DecodedLogs
    ) {
        let log = page.logs[index]
        let data = page.data.span.extracting(log.dataOffset..<log.dataOffset + log.dataCount)
        let known =
            switch log.topic0 {
            case ERC721.transfer: ERC721.decode(log, data, by: rules, into: &out)
            case ERC1155.transferSingle: ERC1155.decodeSingle(log, data, into: &out)
            case ERC1155.transferBatch: ERC1155.decodeBatch(log, data, into: &out)
            case ERC2309.consecutiveTransfer: ERC2309.decode(log, data, into: &out)
            case CryptoPunks.assign, CryptoPunks.punkTransfer, CryptoPunks.punkBought:
                CryptoPunks.decode(index, of: transaction, in: page, data, by: rules, into: &out)
            default: false
            }
        if known {
            out.note(blockOf: log)
        } else {
            out.ignored += 1
        }
    }
}
