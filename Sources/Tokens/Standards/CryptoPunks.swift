package import Ethereum

/// CryptoPunks (2017), older than ERC-721: three events of its own say who owns a punk.
///
/// | event | indexed | meaning |
/// |---|---|---|
/// | `Assign(to, punk)` | to | claimed, or given out by the deployer, until all were |
/// | `PunkTransfer(from, to, punk)` | from, to | given away |
/// | `PunkBought(punk, value, from, to)` | punk, from, to | sold |
///
/// `Transfer(from, to, 1)`, in the form of ERC-20, stands beside each of the last two and moves nothing by itself.
///
/// The contract has a fault: where a bid is accepted it clears the bid before it reports it, so that `PunkBought` names
/// nobody as the buyer and nothing as the price (larvalabs/cryptopunks#19). The `Transfer` right before it names the buyer.
///
/// An assignment does not say who had the punk: the sender is nobody, as of a mint, also where the deployer assigned one
/// again. Ownership does not ask for senders; the later assignment wins.
package enum CryptoPunks {
    /// Keccak-256 of `Assign(address,uint256)`.
    package static let assign = Hash32(
        w0: 0x8a0e_37b7_3a0d_9c82,
        w1: 0xe205_d4d1_a3ff_3d0b,
        w2: 0x57ce_5f4d_7bcc_f6ba,
        w3: 0xc033_36dc_101c_b7ba
    )
    /// Keccak-256 of `PunkTransfer(address,address,uint256)`.
    package static let punkTransfer = Hash32(
        w0: 0x05af_636b_70da_6819,
        w1: 0x000c_49f8_5b21_fa82,
        w2: 0x081c_6320_69bb_626f,
        w3: 0x3093_2034_0991_07d8
    )
    /// Keccak-256 of `PunkBought(uint256,uint256,address,address)`.
    package static let punkBought = Hash32(
        w0: 0x58e5_d5a5_25e3_b40b,
        w1: 0xc15a_baa3_8b58_8267,
        w2: 0x8db1_ee68_befd_2f60,
        w3: 0xbafe_3a7f_d06d_b9e3
    )

    static let topics = [assign, punkTransfer, punkBought]

    /// Appends what the log at `index` moves; false where its contract is not read by this rule.
    ///
    /// - Parameter transaction: the logs of the same transaction, in order of their indices.
    static func decode(
        _ index: Int,
        of transaction: Range<Int>,
        in page: borrowing LogPage,
        _ data: Span<UInt8>,
        by rules: ContractRules,
        into out: inout DecodedLogs
    ) -> Bool {
        guard rules.rule(of: page.logs[index].address) == .cryptoPunks else { return false }
        append(index, of: transaction, in: page, data, into: &out)
        return true
    }

    /// A log that cannot be read, or whose buyer nobody names, is kept as malformed; it is never a burn.
    private static func append(
        _ index: Int,
        of transaction: Range<Int>,
        in page: borrowing LogPage,
        _ data: Span<UInt8>,
        into out: inout DecodedLogs
    ) {
        let log = page.logs[index]
        let (topicCount, from, to): (UInt8, Hash32, Hash32) =
            switch log.topic0 {
            case assign: (2, .zero, log.topic1)
            case punkTransfer: (3, log.topic1, log.topic2)
            default: (4, log.topic2, log.topic3)
            }
        guard log.topicCount == topicCount else { return out.keep(log, data, reason: .unknownShape) }
        // The punk; or the price of a sale, which moves nothing but has to be there.
        guard log.dataCount >= 32, let word = try? ABI.word(in: data, at: 0) else {
            return out.keep(log, data, reason: .badData)
        }
        guard Address.isClean(from), Address.isClean(to) else {
            return out.keep(log, data, reason: .dirtyAddress)
        }
        var flags: TransferFlags = log.dataCount == 32 ? [] : .extraData
        var receiver = Address(truncating: to)
        if log.topic0 == punkBought, receiver == .zero {
            guard let buyer = buyer(before: index, of: transaction, in: page, from: from) else {
                return out.keep(log, data, reason: .missingNeighbour)
            }
            receiver = buyer
            flags.insert(.receiverBefore)
        }
        out.transfers.append(
            Transfer(
                place: Place(block: log.blockNumber, logIndex: log.logIndex),
                contract: log.address,
                token: (log.topic0 == punkBought ? log.topic1 : word).number,
                from: Address(truncating: from),
                to: receiver,
                operator: Address(truncating: from),
                amount: .one,
                transactionHash: log.transactionHash,
                transactionIndex: log.transactionIndex,
                kind: .cryptoPunk,
                flags: flags
            )
        )
    }

    /// Whom the contract's `Transfer(from, to, 1)` names that stands right before a log in the same transaction.
    private static func buyer(
        before index: Int,
        of transaction: Range<Int>,
        in page: borrowing LogPage,
        from seller: Hash32
    ) -> Address? {
        guard index > transaction.lowerBound else { return nil }
        let (log, before) = (page.logs[index], page.logs[index - 1])
        guard log.logIndex > 0, before.logIndex == log.logIndex - 1, before.address == log.address,
            before.topic0 == ERC721.transfer, before.topicCount == 3, before.topic1 == seller,
            Address.isClean(before.topic2), before.topic2 != .zero, before.dataCount == 32
        else { return nil }
        let data = page.data.span.extracting(before.dataOffset..<before.dataOffset + 32)
        guard let amount = try? ABI.word(in: data, at: 0), amount.number == .one else { return nil }
        return Address(truncating: before.topic2)
    }
}
