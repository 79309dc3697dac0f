/// Logs as contracts emit them, written word by word: nothing of the decoder under test is used.
package import Ethereum

/// One log before it has a place.
package struct LogSpec: Sendable {
    package var contract: Address
    package var topics: [Hash32]
    package var data: [UInt8]
    package var transaction: UInt32
    /// nil: the next free one of the block.
    package var logIndex: UInt32?
    /// nil: made of the block and the index.
    package var transactionHash: Hash32?

    package init(
        _ contract: Address,
        topics: [Hash32],
        data: [UInt8] = [],
        transaction: UInt32 = 0,
        logIndex: UInt32? = nil
    ) {
        self.contract = contract
        self.topics = topics
        self.data = data
        self.transaction = transaction
        self.logIndex = logIndex
    }

    /// The same log in another transaction of the block.
    package func inTransaction(_ index: UInt32) -> LogSpec {
        var copy = self
        copy.transaction = index
        return copy
    }

    /// The same log in the transaction of this hash, whatever its block.
    package func of(transaction hash: Hash32) -> LogSpec {
        var copy = self
        copy.transactionHash = hash
        return copy
    }

    /// The same log at a given index of the block.
    package func at(_ index: UInt32) -> LogSpec {
        var copy = self
        copy.logIndex = index
        return copy
    }
}

/// The topics as nft-edge-cases.md §1 prints them, so that a wrong constant in the decoder is seen.
package enum Topics {
    package static let transfer = topic(
        0xddf2_52ad_1be2_c89b,
        0x69c2_b068_fc37_8daa,
        0x952b_a7f1_63c4_a116,
        0x28f5_5a4d_f523_b3ef
    )
    package static let single = topic(
        0xc3d5_8168_c5ae_7397,
        0x731d_063d_5bbf_3d65,
        0x7854_4273_43f4_c083,
        0x240f_7aac_aa2d_0f62
    )
    package static let batch = topic(
        0x4a39_dc06_d4c0_dbc6,
        0x4b70_af90_fd69_8a23,
        0x3a51_8aa5_d07e_595d,
        0x983b_8c05_26c8_f7fb
    )
    package static let consecutive = topic(
        0xdeaa_91b6_123d_068f,
        0x5821_d0fb_0678_463d,
        0x1a8a_6079_fe8a_f5de,
        0x3ce5_e896_dcf9_133d
    )
    package static let approval = topic(
        0x8c5b_e1e5_ebec_7d5b,
        0xd14f_7142_7d1e_84f3,
        0xdd03_14c0_f7b2_291e,
        0x5b20_0ac8_c7c3_b925
    )

    package static let assign = topic(
        0x8a0e_37b7_3a0d_9c82,
        0xe205_d4d1_a3ff_3d0b,
        0x57ce_5f4d_7bcc_f6ba,
        0xc033_36dc_101c_b7ba
    )
    package static let punkTransfer = topic(
        0x05af_636b_70da_6819,
        0x000c_49f8_5b21_fa82,
        0x081c_6320_69bb_626f,
        0x3093_2034_0991_07d8
    )
    package static let punkBought = topic(
        0x58e5_d5a5_25e3_b40b,
        0xc15a_baa3_8b58_8267,
        0x8db1_ee68_befd_2f60,
        0xbafe_3a7f_d06d_b9e3
    )

    private static func topic(_ w0: UInt64, _ w1: UInt64, _ w2: UInt64, _ w3: UInt64) -> Hash32 {
        Hash32(w0: w0, w1: w1, w2: w2, w3: w3)
    }
}

/// Events of one contract, in the words of the standards.
package struct Contract: Sendable {
    package let address: Address

    package init(_ number: UInt32) { address = account(number) }

    package init(_ address: Address) { self.address = address }

    /// ERC-721 `Transfer` with four topics.
    package func moves(_ token: U256, _ from: UInt32, to: UInt32, data: [UInt8] = []) -> LogSpec {
        LogSpec(
            address,
            topics: [Topics.transfer, account(from).word, account(to).word, token.word],
            data: data
        )
    }

    package func moves(_ token: UInt64, _ from: UInt32, to: UInt32) -> LogSpec { moves(U256(token), from, to: to) }

    /// ERC-1155 `TransferSingle`.
    package func sends(_ token: U256, amount: U256, _ from: UInt32, to: UInt32, by mover: UInt32 = 9) -> LogSpec {
        LogSpec(
            address,
            topics: [Topics.single, account(mover).word, account(from).word, account(to).word],
            data: words(token, amount)
        )
    }

    /// ERC-1155 `TransferBatch`; the two arrays may differ in length.
    package func sends(ids: [U256], amounts: [U256], _ from: UInt32, to: UInt32, by mover: UInt32 = 9) -> LogSpec {
        let head = [U256(64), U256(UInt64(64 + 32 * (ids.count + 1)))]
        let body = [U256(UInt64(ids.count))] + ids + [U256(UInt64(amounts.count))] + amounts
        return LogSpec(
            address,
            topics: [Topics.batch, account(mover).word, account(from).word, account(to).word],
            data: (head + body).flatMap(\.bytes)
        )
    }

    /// ERC-2309 `ConsecutiveTransfer`.
    package func movesRange(_ first: U256, through last: U256, _ from: UInt32, to: UInt32) -> LogSpec {
        LogSpec(
            address,
            topics: [Topics.consecutive, first.word, account(from).word, account(to).word],
            data: words(last)
        )
    }

    /// `Transfer` with three topics: ERC-20.
    package func pays(_ value: UInt64, _ from: UInt32, to: UInt32) -> LogSpec {
        LogSpec(address, topics: [Topics.transfer, account(from).word, account(to).word], data: words(U256(value)))
    }

    /// `Transfer` with nothing indexed: CryptoKitties.
    package func movesUnindexed(_ token: UInt64, _ from: UInt32, to: UInt32) -> LogSpec {
        LogSpec(
            address,
            topics: [Topics.transfer],
            data: account(from).word.bytes + account(to).word.bytes + words(U256(token))
        )
    }
}

/// Events of CryptoPunks.
extension Contract {
    package func assigns(_ punk: UInt64, to: UInt32) -> LogSpec {
        LogSpec(address, topics: [Topics.assign, account(to).word], data: words(U256(punk)))
    }

    package func givesPunk(_ punk: UInt64, _ from: UInt32, to: UInt32) -> LogSpec {
        LogSpec(address, topics: [Topics.punkTransfer, account(from).word, account(to).word], data: words(U256(punk)))
    }

    /// Where a bid was accepted the contract says 0 for price and buyer.
    package func sellsPunk(_ punk: UInt64, for price: UInt64, _ from: UInt32, to: UInt32) -> LogSpec {
        LogSpec(
            address,
            topics: [Topics.punkBought, U256(punk).word, account(from).word, account(to).word],
            data: words(U256(price))
        )
    }
}

package func words(_ numbers: U256...) -> [UInt8] { numbers.flatMap(\.bytes) }

/// A block and its logs.
package struct LogBlock: Sendable {
    package var number: UInt64
    package var branch: UInt64
    package var logs: [LogSpec]

    package init(_ number: UInt64, branch: UInt64 = 0, _ logs: [LogSpec]) {
        self.number = number
        self.branch = branch
        self.logs = logs
    }

    package var hash: Hash32 { TokenFixtures.hash(number, branch: branch) }
    package var ref: BlockRef { BlockRef(number: number, hash: hash) }
}

/// The answer of a node to "all logs of these blocks".
package func page(_ blocks: [LogBlock]) -> LogPage {
    var page = LogPage()
    for block in blocks {
        var next: UInt32 = 0
        for spec in block.logs {
            let index = spec.logIndex ?? next
            next = index &+ 1
            let topics = spec.topics + Array(repeating: Hash32.zero, count: 4 - spec.topics.count)
            page.logs.append(
                Log(
                    blockNumber: block.number,
                    blockHash: block.hash,
                    transactionHash: spec.transactionHash
                        ?? TokenFixtures.hash(
                            block.number << 32 | UInt64(spec.transaction),
                            branch: block.branch,
                            kind: 2
                        ),
                    transactionIndex: spec.transaction,
                    logIndex: index,
                    address: spec.contract,
                    topicCount: UInt8(spec.topics.count),
                    topic0: topics[0],
                    topic1: topics[1],
                    topic2: topics[2],
                    topic3: topics[3],
                    dataOffset: page.data.count,
                    dataCount: spec.data.count,
                    blockTimestamp: 1_700_000_000 + block.number
                )
            )
            page.data.append(contentsOf: spec.data)
        }
    }
    return page
}
