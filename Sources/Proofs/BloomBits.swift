package import Ethereum

/// The bits of addresses and topics met so far: a look-up costs a fraction of a Keccak, and few of them are new.
package struct BloomBits: Sendable {
    private var addresses: [Address: Bloom.Bits] = [:]
    private var topics: [Hash32: Bloom.Bits] = [:]

    package init() {}

    package mutating func bits(of address: Address) -> Bloom.Bits {
        if let bits = addresses[address] { return bits }
        let bits = Bloom.Bits(address)
        addresses[address] = bits
        return bits
    }

    package mutating func bits(of topic: Hash32) -> Bloom.Bits {
        if let bits = topics[topic] { return bits }
        let bits = Bloom.Bits(topic)
        topics[topic] = bits
        return bits
    }

    /// The address and the topics of one log.
    package mutating func insert(_ log: Log, into bloom: inout Bloom) {
        bloom.insert(bits(of: log.address))
        if log.topicCount > 0 { bloom.insert(bits(of: log.topic0)) }
        if log.topicCount > 1 { bloom.insert(bits(of: log.topic1)) }
        if log.topicCount > 2 { bloom.insert(bits(of: log.topic2)) }
        if log.topicCount > 3 { bloom.insert(bits(of: log.topic3)) }
    }

    /// The filter over the logs of one receipt.
    package mutating func bloom(of logs: [Receipt.Entry]) -> Bloom {
        var bloom = Bloom()
        for log in logs {
            bloom.insert(bits(of: log.address))
            for topic in log.topics { bloom.insert(bits(of: topic)) }
        }
        return bloom
    }
}
