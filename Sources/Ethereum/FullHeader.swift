/// All fields of a block's header through the Prague fork, so that its hash can be computed instead of believed.
///
/// The engine works with the smaller ``Header``; this one is for checks and for the simulator, which seals blocks.
package struct FullHeader: Sendable, Hashable {
    package var parentHash: Hash32
    /// Hash of the list of uncles; ``noOmmers`` in every block since the merge.
    package var ommersHash: Hash32 = noOmmers
    package var beneficiary = Address.zero
    package var stateRoot: Hash32 = emptyRoot
    package var transactionsRoot: Hash32 = emptyRoot
    package var receiptsRoot: Hash32 = emptyRoot
    package var logsBloom = Bloom()
    package var difficulty = U256.zero
    package var number: BlockNumber
    package var gasLimit: UInt64 = 0
    package var gasUsed: UInt64 = 0
    /// Seconds since 1970.
    package var timestamp: UInt64
    /// Up to 32 bytes on Ethereum; chains with signing validators (KCC, BSC) keep their seals here.
    package var extraData: [UInt8] = []
    package var mixHash = Hash32.zero
    /// Eight bytes in the hash, whatever the value.
    package var nonce: UInt64 = 0
    // Each fork added fields behind the others, so one that is there demands all before it.
    /// Since London.
    package var baseFeePerGas: U256?
    /// Since Shanghai.
    package var withdrawalsRoot: Hash32?
    /// Since Cancun, with the next two.
    package var blobGasUsed: UInt64?
    package var excessBlobGas: UInt64?
    package var parentBeaconBlockRoot: Hash32?
    /// Since Prague.
    package var requestsHash: Hash32?

    /// Everything not given is as in an empty block; set the rest field by field.
    package init(number: BlockNumber, parentHash: Hash32, timestamp: UInt64) {
        self.number = number
        self.parentHash = parentHash
        self.timestamp = timestamp
    }

    /// Keccak of the RLP of the empty list.
    package static let noOmmers = Hash32(
        w0: 0x1dcc_4de8_dec7_5d7a,
        w1: 0xab85_b567_b6cc_d41a,
        w2: 0xd312_451b_948a_7413,
        w3: 0xf0a1_42fd_40d4_9347
    )
    /// Root of the trie that holds nothing: Keccak of the RLP of the empty string.
    package static let emptyRoot = Hash32(
        w0: 0x56e8_1f17_1bcc_55a6,
        w1: 0xff83_45e6_92c0_f86e,
        w2: 0x5b48_e01b_996c_adc0,
        w3: 0x0162_2fb5_e363_b421
    )

    /// The block's hash; nil when a fork's field is missing before one that is there, which has no encoding.
    ///
    /// A chain whose headers have other fields gives another hash: ask its profile whether this check applies.
    package var computedHash: Hash32? {
        rlp.map { Keccak256.hash($0) }
    }

    /// The bytes that are hashed; nil where ``computedHash`` is.
    package var rlp: [UInt8]? {
        let later: [Bool] = [
            baseFeePerGas != nil, withdrawalsRoot != nil, blobGasUsed != nil,
            excessBlobGas != nil, parentBeaconBlockRoot != nil, requestsHash != nil,
        ]
        let count = later.count { $0 }
        guard later.prefix(count).allSatisfy({ $0 }) else { return nil }
        var encoder = RLPEncoder(reserving: 640 + extraData.count)
        encoder.list { list in
            list.append(parentHash)
            list.append(ommersHash)
            list.append(beneficiary)
            list.append(stateRoot)
            list.append(transactionsRoot)
            list.append(receiptsRoot)
            list.append(logsBloom)
            list.append(difficulty)
            list.append(number)
            list.append(gasLimit)
            list.append(gasUsed)
            list.append(timestamp)
            list.append(extraData)
            list.append(mixHash)
            list.append(U256(nonce).bytes.suffix(8))
            if let baseFeePerGas { list.append(baseFeePerGas) }
            if let withdrawalsRoot { list.append(withdrawalsRoot) }
            if let blobGasUsed { list.append(blobGasUsed) }
            if let excessBlobGas { list.append(excessBlobGas) }
            if let parentBeaconBlockRoot { list.append(parentBeaconBlockRoot) }
            if let requestsHash { list.append(requestsHash) }
        }
        return encoder.bytes
    }

    /// What the engine needs of it, under its computed hash; nil where there is none.
    package var header: Header? {
        computedHash.map { hash in
            Header(
                number: number,
                hash: hash,
                parentHash: parentHash,
                timestamp: timestamp,
                logsBloom: logsBloom,
                receiptsRoot: receiptsRoot
            )
        }
    }
}
