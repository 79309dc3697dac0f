package import Ethereum

/// ERC-2309 `ConsecutiveTransfer`: any number of ids in one event, up to 2^256, kept as a range and never looped over.
package enum ERC2309 {
    /// Keccak-256 of `ConsecutiveTransfer(uint256,uint256,address,address)`.
    package static let consecutiveTransfer = Hash32(
        w0: 0xdeaa_91b6_123d_068f,
        w1: 0x5821_d0fb_0678_463d,
        w2: 0x1a8a_6079_fe8a_f5de,
        w3: 0x3ce5_e896_dcf9_133d
    )

    /// Appends the range; false never: the topic has one meaning.
    static func decode(_ log: Log, _ data: Span<UInt8>, into out: inout DecodedLogs) -> Bool {
        guard log.topicCount == 4 else {
            out.keep(log, data, reason: .unknownShape)
            return true
        }
        guard log.dataCount >= 32, let end = try? ABI.word(in: data, at: 0) else {
            out.keep(log, data, reason: .badData)
            return true
        }
        guard Address.isClean(log.topic2), Address.isClean(log.topic3) else {
            out.keep(log, data, reason: .dirtyAddress)
            return true
        }
        guard log.topic1 <= end else {
            out.keep(log, data, reason: .reversedRange)
            return true
        }
        #if MUTANTS
            let last = Mutant.is(.rangeOfOne) ? log.topic1.number : end.number
        #else
            let last = end.number
        #endif
        out.ranges.append(
            RangeTransfer(
                place: Place(block: log.blockNumber, logIndex: log.logIndex),
                contract: log.address,
                first: log.topic1.number,
                last: last,
                from: Address(truncating: log.topic2),
                to: Address(truncating: log.topic3),
                transactionHash: log.transactionHash,
                transactionIndex: log.transactionIndex
            )
        )
        return true
    }
}
