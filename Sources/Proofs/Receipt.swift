package import Ethereum

/// A transaction's receipt as the chain commits to it: the bytes that a block's receipts root is made of.
package struct Receipt: Sendable, Hashable {
    /// How the transaction ended.
    package enum Outcome: Sendable, Hashable {
        /// Since Byzantium.
        case status(succeeded: Bool)
        /// Before it: the state's root after the transaction.
        case stateRoot(Hash32)
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

    /// The envelope's type byte (EIP-2718); 0 is a receipt without an envelope.
    package var type: UInt8
    package var outcome: Outcome
    /// Gas of this transaction and all before it in the block.
    package var cumulativeGasUsed: UInt64
    package var logs: [Entry]
    /// The filter over the logs.
    package var bloom: Bloom

    /// - Parameter bloom: worked out from the logs where it is left out; costs a Keccak per address and topic.
    package init(
        type: UInt8 = 0,
        outcome: Outcome,
        cumulativeGasUsed: UInt64,
        logs: [Entry],
        bloom: Bloom? = nil
    ) {
        precondition(type < 0x80, "types from 0x80 up cannot be told from a list")
        self.type = type
        self.outcome = outcome
        self.cumulativeGasUsed = cumulativeGasUsed
        self.logs = logs
        self.bloom = bloom ?? Receipt.bloom(of: logs)
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
    package var encoded: [UInt8] {
        var encoder = RLPEncoder(reserving: 320 + logs.reduce(0) { $0 + 200 + $1.data.count })
        encoder.list { list in
            switch outcome {
            case .status(let succeeded): list.append(succeeded ? 1 : 0)
            case .stateRoot(let root): list.append(root)
            }
            list.append(cumulativeGasUsed)
            list.append(bloom.bytes)
            list.list { entries in
                for log in logs {
                    entries.list { entry in
                        entry.append(log.address)
                        entry.list { topics in
                            for topic in log.topics { topics.append(topic) }
                        }
                        entry.append(log.data)
                    }
                }
            }
        }
        return type == 0 ? encoder.bytes : [type] + encoder.bytes
    }

    /// What a header's `receiptsRoot` has to be.
    package static func root(of receipts: [Receipt]) -> Hash32 {
        OrderedTrie.root(of: receipts.map(\.encoded))
    }
}
