/// A block's height on its chain.
package typealias BlockNumber = UInt64

/// The number that names an EVM network (EIP-155).
///
/// KCC is 321, Ethereum 1.
package typealias ChainID = UInt64

/// A block by place and identity: the number says where, only the hash says which.
package struct BlockRef: Sendable, Hashable {
    package var number: BlockNumber
    package var hash: Hash32

    package init(number: BlockNumber, hash: Hash32) {
        self.number = number
        self.hash = hash
    }
}

/// What a block's header says, as far as an index needs it.
package struct Header: Sendable, Hashable {
    package var number: BlockNumber
    package var hash: Hash32
    package var parentHash: Hash32
    /// Seconds since 1970; 0 where the node sent none.
    package var timestamp: UInt64
    /// The 2048-bit filter over addresses and topics; nil where the chain has none.
    package var logsBloom: Bloom?
    /// Root of the receipts' trie; nil where the node sent none.
    package var receiptsRoot: Hash32?

    package init(
        number: BlockNumber,
        hash: Hash32,
        parentHash: Hash32,
        timestamp: UInt64,
        logsBloom: Bloom? = nil,
        receiptsRoot: Hash32? = nil
    ) {
        self.number = number
        self.hash = hash
        self.parentHash = parentHash
        self.timestamp = timestamp
        self.logsBloom = logsBloom
        self.receiptsRoot = receiptsRoot
    }

    package var ref: BlockRef { BlockRef(number: number, hash: hash) }
}
