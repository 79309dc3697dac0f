package import Ethereum

/// The hash of one row for its contract's order-free digest, which makes two instances comparable in 16 bytes.
///
/// A ``FastHash`` over these words: block, log index << 32 | ordinal, transaction index << 32 | kind << 8 | flags,
/// transaction hash (4 words), contract, from, to, operator (4 words each, as 32-byte words), token (4), amount (4).
/// A range hashes its first id as token, its last id as amount, its sender as operator, kind 5 and no flags.
package enum TransferDigest {
    package static func of(_ transfer: Transfer) -> Digest128 {
        digest(
            place: transfer.place,
            rest: UInt64(transfer.transactionIndex) << 32 | UInt64(transfer.kind.rawValue) << 8
                | UInt64(transfer.flags.rawValue),
            transaction: transfer.transactionHash,
            addresses: (transfer.contract, transfer.from, transfer.to, transfer.operator),
            numbers: (transfer.token, transfer.amount)
        )
    }

    package static func of(_ range: RangeTransfer) -> Digest128 {
        digest(
            place: range.place,
            rest: UInt64(range.transactionIndex) << 32 | UInt64(TransferKind.erc2309.rawValue) << 8,
            transaction: range.transactionHash,
            addresses: (range.contract, range.from, range.to, range.from),
            numbers: (range.first, range.last)
        )
    }

    private static func digest(
        place: Place,
        rest: UInt64,
        transaction: Hash32,
        addresses: (contract: Address, from: Address, to: Address, operator: Address),
        numbers: (token: U256, amount: U256)
    ) -> Digest128 {
        var words = InlineArray<31, UInt64>(repeating: 0)
        words[0] = place.block
        words[1] = UInt64(place.logIndex) << 32 | UInt64(place.ordinal)
        words[2] = rest
        put(transaction, at: 3, in: &words)
        put(addresses.contract.word, at: 7, in: &words)
        put(addresses.from.word, at: 11, in: &words)
        put(addresses.to.word, at: 15, in: &words)
        put(addresses.operator.word, at: 19, in: &words)
        put(numbers.token.word, at: 23, in: &words)
        put(numbers.amount.word, at: 27, in: &words)
        return FastHash.digest(words.span)
    }

    @inline(__always)
    private static func put(_ word: Hash32, at index: Int, in words: inout InlineArray<31, UInt64>) {
        words[index] = word.w0
        words[index + 1] = word.w1
        words[index + 2] = word.w2
        words[index + 3] = word.w3
    }
}
