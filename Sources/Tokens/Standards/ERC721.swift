package import Ethereum

/// ERC-721 `Transfer`, in the forms in which it is met; told from the ERC-20 event of the same topic by its shape.
///
/// | topics | data | meaning |
/// |---|---|---|
/// | 4 | any | ERC-721; data is extra and flagged |
/// | 3 | any | ERC-20: not ours; of contracts with the rule ``ReadingRule/idInData`` an ERC-721 whose id is the data |
/// | 2 | 64 bytes | other indexing, three words in all: presumed |
/// | 1 | 96 bytes | nothing indexed (CryptoKitties): presumed |
package enum ERC721 {
    /// Keccak-256 of `Transfer(address,address,uint256)`.
    package static let transfer = Hash32(
        w0: 0xddf2_52ad_1be2_c89b,
        w1: 0x69c2_b068_fc37_8daa,
        w2: 0x952b_a7f1_63c4_a116,
        w3: 0x28f5_5a4d_f523_b3ef
    )

    /// Appends what `log` moves; false when it is none of ours.
    static func decode(
        _ log: Log,
        _ data: Span<UInt8>,
        by rules: ContractRules,
        into out: inout DecodedLogs
    ) -> Bool {
        switch (log.topicCount, log.dataCount) {
        case (4, _):
            append(
                log,
                from: log.topic1,
                to: log.topic2,
                token: log.topic3,
                kind: .erc721,
                flags: log.dataCount == 0 ? [] : .extraData,
                data,
                into: &out
            )
            return true
        case (3, _):
            guard rules.rule(of: log.address) == .idInData else { return false }
            appendIDInData(log, data, into: &out)
            return true
        case (2, 64), (1, 96):
            do {
                let words = log.topicCount == 2 ? 1 : 0
                let from = log.topicCount == 2 ? log.topic1 : try ABI.word(in: data, at: 0)
                let to = try ABI.word(in: data, at: 32 * (1 - words))
                let token = try ABI.word(in: data, at: 32 * (2 - words))
                append(log, from: from, to: to, token: token, kind: .unindexed721, flags: .presumed, data, into: &out)
            } catch {
                out.keep(log, data, reason: .badData)
            }
            return true
        default:
            out.keep(log, data, reason: .unknownShape)
            return true
        }
    }

    private static func appendIDInData(_ log: Log, _ data: Span<UInt8>, into out: inout DecodedLogs) {
        guard let token = try? ABI.word(in: data, at: 0) else { return out.keep(log, data, reason: .badData) }
        append(
            log,
            from: log.topic1,
            to: log.topic2,
            token: token,
            kind: .unindexed721,
            flags: log.dataCount == 32 ? [] : .extraData,
            data,
            into: &out
        )
    }

    @inline(__always)
    private static func append(
        _ log: Log,
        from: Hash32,
        to: Hash32,
        token: Hash32,
        kind: TransferKind,
        flags: TransferFlags,
        _ data: Span<UInt8>,
        into out: inout DecodedLogs
    ) {
        guard Address.isClean(from), Address.isClean(to) else {
            return out.keep(log, data, reason: .dirtyAddress)
        }
        out.transfers.append(
            Transfer(
                place: Place(block: log.blockNumber, logIndex: log.logIndex),
                contract: log.address,
                token: token.number,
                from: Address(truncating: from),
                to: Address(truncating: to),
                operator: Address(truncating: from),
                amount: .one,
                transactionHash: log.transactionHash,
                transactionIndex: log.transactionIndex,
                kind: kind,
                flags: flags
            )
        )
    }
}
