import Ethereum
import Proofs
import Tokens

/// What the bench chain's transactions log: the text, the bloom and the receipts are all made of this.
extension Dataset {
    /// All logs of an item's transaction: its ERC-20 transfers, then the NFT log.
    func entries(of item: Item) -> [Receipt.Entry] {
        var entries: [Receipt.Entry] = []
        entries.reserveCapacity(fungiblePerLog + 1)
        for number in 0..<fungiblePerLog { entries.append(fungible(number, of: item)) }
        entries.append(Self.entry(item))
        return entries
    }

    private static func entry(_ item: Item) -> Receipt.Entry {
        func bytes(_ words: [U256]) -> [UInt8] { words.flatMap(\.bytes) }
        let move = item.moves[0]
        switch item.kind {
        case .erc721:
            return Receipt.Entry(
                address: item.contract,
                topics: [ERC721.transfer, item.from.word, item.to.word, move.token.word],
                data: []
            )
        case .erc1155Single:
            return Receipt.Entry(
                address: item.contract,
                topics: [ERC1155.transferSingle, item.from.word, item.from.word, item.to.word],
                data: bytes([move.token, U256(move.amount)])
            )
        default:
            let count = U256(UInt64(item.moves.count))
            let amounts = U256(96 + 32 * UInt64(item.moves.count))
            return Receipt.Entry(
                address: item.contract,
                topics: [ERC1155.transferBatch, item.from.word, item.from.word, item.to.word],
                data: bytes(
                    [U256(64), amounts, count] + item.moves.map(\.token) + [count]
                        + item.moves.map { U256($0.amount) }
                )
            )
        }
    }

    /// The same topic as ERC-721's, with three topics and the amount as data.
    private func fungible(_ number: Int, of item: Item) -> Receipt.Entry {
        let draw = Self.mixed(item.block << 20 | UInt64(item.logIndex) << 8 | UInt64(number))
        func wallet(_ bits: UInt64) -> Address { Self.address(bits % UInt64(walletCount) + 1_000_000) }
        return Receipt.Entry(
            address: Self.address(100 + draw % 50),
            topics: [ERC721.transfer, wallet(draw >> 8).word, wallet(draw >> 32).word],
            data: U256(draw >> 20).bytes
        )
    }
}
