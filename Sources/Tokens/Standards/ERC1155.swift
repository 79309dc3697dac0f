package import Ethereum

/// ERC-1155 `TransferSingle` and `TransferBatch`.
///
/// Each position of a batch is a movement of its own, equal ids too.
///
/// Early drafts indexed nothing; a log with one topic and all words in its data is decoded and flagged as presumed.
package enum ERC1155 {
    /// Keccak-256 of `TransferSingle(address,address,address,uint256,uint256)`.
    package static let transferSingle = Hash32(
        w0: 0xc3d5_8168_c5ae_7397,
        w1: 0x731d_063d_5bbf_3d65,
        w2: 0x7854_4273_43f4_c083,
        w3: 0x240f_7aac_aa2d_0f62
    )
    /// Keccak-256 of `TransferBatch(address,address,address,uint256[],uint256[])`.
    package static let transferBatch = Hash32(
        w0: 0x4a39_dc06_d4c0_dbc6,
        w1: 0x4b70_af90_fd69_8a23,
        w2: 0x3a51_8aa5_d07e_595d,
        w3: 0x983b_8c05_26c8_f7fb
    )

    /// Appends what a single transfer moves.
    static func decodeSingle(_ log: Log, _ data: Span<UInt8>, into out: inout DecodedLogs) -> Bool {
        guard let parties = parties(log, data, into: &out) else { return true }
        do throws(ABIError) {
            let token = try ABI.number(in: data, at: parties.head)
            let amount = try ABI.number(in: data, at: parties.head + 32)
            let flags: TransferFlags = log.dataCount == parties.head + 64 ? [] : .extraData
            append(log, parties, token: token, amount: amount, kind: .erc1155Single, flags: flags, into: &out)
        } catch {
            out.keep(log, data, reason: .badData)
        }
        return true
    }

    /// Appends one transfer for each position of a batch, or none at all.
    static func decodeBatch(_ log: Log, _ data: Span<UInt8>, into out: inout DecodedLogs) -> Bool {
        guard let parties = parties(log, data, into: &out) else { return true }
        let before = out.transfers.count
        do throws(ABIError) {
            let pairs = try ABI.pairs(in: data, at: parties.head)
            if pairs.count == 0 { out.keep(log, data, reason: .emptyBatch) }
            for position in 0..<pairs.count {
                let token = try pairs.id(position, in: data)
                let amount = try pairs.amount(position, in: data)
                append(
                    log,
                    parties,
                    ordinal: UInt32(position),
                    token: token,
                    amount: amount,
                    kind: .erc1155Batch,
                    flags: [],
                    into: &out
                )
            }
        } catch {
            out.transfers.removeSubrange(before...)
            if case .unequalLengths = error {
                out.keep(log, data, reason: .unequalLengths)
            } else {
                out.keep(log, data, reason: .badData)
            }
        }
        return true
    }

    private struct Parties {
        var `operator`: Address
        var from: Address
        var to: Address
        /// Bytes of data before the arguments that are never indexed.
        var head: Int
        var flags: TransferFlags
    }

    private static func parties(_ log: Log, _ data: Span<UInt8>, into out: inout DecodedLogs) -> Parties? {
        var words = (log.topic1, log.topic2, log.topic3)
        let unindexed = log.topicCount == 1
        if unindexed {
            do throws(ABIError) {
                words.0 = try ABI.word(in: data, at: 0)
                words.1 = try ABI.word(in: data, at: 32)
                words.2 = try ABI.word(in: data, at: 64)
            } catch {
                out.keep(log, data, reason: .badData)
                return nil
            }
        } else if log.topicCount != 4 {
            out.keep(log, data, reason: .unknownShape)
            return nil
        }
        guard Address.isClean(words.0), Address.isClean(words.1), Address.isClean(words.2) else {
            out.keep(log, data, reason: .dirtyAddress)
            return nil
        }
        return Parties(
            operator: Address(truncating: words.0),
            from: Address(truncating: words.1),
            to: Address(truncating: words.2),
            head: unindexed ? 96 : 0,
            flags: unindexed ? .presumed : []
        )
    }

    @inline(__always)
    private static func append(
        _ log: Log,
        _ parties: Parties,
        ordinal: UInt32 = 0,
        token: U256,
        amount: U256,
        kind: TransferKind,
        flags: TransferFlags,
        into out: inout DecodedLogs
    ) {
        #if MUTANTS
            let ordinal = Mutant.is(.batchWithoutOrdinals) ? 0 : ordinal
        #endif
        out.transfers.append(
            Transfer(
                place: Place(block: log.blockNumber, logIndex: log.logIndex, ordinal: ordinal),
                contract: log.address,
                token: token,
                from: parties.from,
                to: parties.to,
                operator: parties.operator,
                amount: amount,
                transactionHash: log.transactionHash,
                transactionIndex: log.transactionIndex,
                kind: kind,
                flags: flags.union(parties.flags)
            )
        )
    }
}
