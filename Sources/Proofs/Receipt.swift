package import Ethereum

/// A transaction's receipt as the chain commits to it: the bytes that a block's receipts root is made of.
///
/// A value of its own, for making blocks; ``BlockReceipts`` holds those of a whole block and writes the bytes.
package struct Receipt: Sendable, Hashable {
    /// How the transaction ended.
    package enum Outcome: Sendable, Hashable {
        /// Since Byzantium.
        case status(succeeded: Bool)
        /// Before it: the state's root after the transaction.
        case stateRoot(Hash32)
    }

    /// What receipts of OP-stack deposits (``depositType``) have besides.
    package struct Deposit: Sendable, Hashable {
        /// Kept by nodes since Regolith, but committed to only together with a version.
        package var nonce: UInt64?
        /// Since Canyon.
        package var version: UInt64?

        package init(nonce: UInt64?, version: UInt64?) {
            self.nonce = nonce
            self.version = version
        }
    }

    /// One log; where it stands is not part of what is committed to.
    package struct Entry: Sendable, Hashable {
        package var address: Address
        /// At most four.
        package var topics: [Hash32]
        package var data: [UInt8]

        package init(address: Address, topics: [Hash32], data: [UInt8]) {
            precondition(topics.count <= 4, "a log has at most four topics")
            self.address = address
            self.topics = topics
            self.data = data
        }
    }

    /// An OP-stack deposit's type byte.
    package static let depositType: UInt8 = 0x7E

    /// The envelope's type byte (EIP-2718); 0 is a receipt without an envelope.
    package var type: UInt8
    package var outcome: Outcome
    /// Gas of this transaction and all before it in the block.
    package var cumulativeGasUsed: UInt64
    package var logs: [Entry]
    /// The filter over the logs.
    package var bloom: Bloom
    package var deposit: Deposit?

    /// - Parameter bloom: worked out from the logs where it is left out; costs a Keccak per address and topic.
    package init(
        type: UInt8 = 0,
        outcome: Outcome,
        cumulativeGasUsed: UInt64,
        logs: [Entry],
        bloom: Bloom? = nil,
        deposit: Deposit? = nil
    ) {
        precondition(type < 0x80, "types from 0x80 up cannot be told from a list")
        self.type = type
        self.outcome = outcome
        self.cumulativeGasUsed = cumulativeGasUsed
        self.logs = logs
        self.bloom = bloom ?? Receipt.bloom(of: logs)
        self.deposit = deposit
    }

    package static func bloom(of logs: [Entry]) -> Bloom {
        var bloom = Bloom()
        for log in logs {
            bloom.insert(log.address)
            for topic in log.topics { bloom.insert(topic) }
        }
        return bloom
    }

    /// The value in the receipts' trie: RLP, behind the type byte where there is one.
    package var encoded: [UInt8] { BlockReceipts([self]).encoded.bytes }

    /// What a header's `receiptsRoot` has to be.
    package static func root(of receipts: [Receipt]) -> Hash32 {
        BlockReceipts(receipts).root
    }
}
