package import Ethereum

/// Holds the headers' blooms against an answer to `eth_getLogs`: which blocks are proved empty, which are suspicious.
///
/// Made once for a filter. A bloom proves absence only: full blocks let nearly everything pass.
package struct BloomCheck: Sendable {
    package enum Verdict: UInt8, Sendable, Hashable, CaseIterable {
        /// The header has no bloom: nothing is told.
        case unknown
        /// The bloom excludes the filter and there is no log: proved empty, as far as the chain keeps its blooms.
        case excluded
        /// Possible, but no log was given: a false positive of the bloom, or an omission.
        case unanswered
        /// Possible, and logs were given.
        case answered
        /// A log was given whose address or topic the bloom excludes: the header or the log is wrong.
        case contradicted
    }

    private let addresses: [Address: Bloom.Bits]
    private let topics: [(topic: Hash32, bits: Bloom.Bits)]

    /// - Cost: a Keccak for each address and topic.
    package init(_ filter: LogFilter) {
        addresses = Dictionary(filter.addresses.map { ($0, Bloom.Bits($0)) }) { first, _ in first }
        topics = filter.topics0.map { ($0, Bloom.Bits($0)) }
    }

    /// Whether a block with this bloom can have a log that the filter matches.
    package func mayMatch(_ bloom: Bloom) -> Bool {
        (topics.isEmpty || topics.contains { bloom.mayContain($0.bits) })
            && (addresses.isEmpty || addresses.values.contains { bloom.mayContain($0) })
    }

    /// Whether this bloom says anything: with so many bits set that one block in twenty would match by chance, it does not.
    package func tells(_ bloom: Bloom?) -> Bool {
        guard let bloom else { return false }
        let filled = Double(bloom.bitCount) / 2_048
        let one = filled * filled * filled
        func byChance(_ count: Int) -> Double {
            var none = 1.0
            for _ in 0..<min(count, 1_000) { none *= 1 - one }
            return count == 0 ? 1 : 1 - none
        }
        return byChance(topics.count) * byChance(addresses.count) < 0.05
    }

    /// Writes one verdict for each header and returns how many logs are of none of these blocks.
    ///
    /// A log's topic 0 and address are looked up each for itself; those that the filter does not name, which another
    /// check refuses, say nothing here.
    /// - Parameters:
    ///   - headers: by rising number, fastest without gaps.
    ///   - logs: in any order.
    ///   - verdicts: replaced; its memory is used again.
    /// - Cost: for each header three bits for each topic and address of the filter; allocates nothing per header.
    package func judge(_ headers: [Header], _ logs: ContiguousArray<Log>, into verdicts: inout [Verdict]) -> Int {
        verdicts.removeAll(keepingCapacity: true)
        verdicts.reserveCapacity(headers.count)
        for header in headers {
            guard let bloom = header.logsBloom else {
                verdicts.append(.unknown)
                continue
            }
            verdicts.append(mayMatch(bloom) ? .unanswered : .excluded)
        }
        var strayCount = 0
        for log in logs {
            guard let place = Self.place(of: log, in: headers) else {
                strayCount += 1
                continue
            }
            switch verdicts[place] {
            case .unknown, .contradicted: break
            case .excluded: verdicts[place] = .contradicted
            case .unanswered, .answered:
                guard let bloom = headers[place].logsBloom else { continue }
                verdicts[place] = excludes(bloom, log) ? .contradicted : .answered
            }
        }
        return strayCount
    }

    private func excludes(_ bloom: Bloom, _ log: Log) -> Bool {
        if let bits = addresses[log.address], !bloom.mayContain(bits) { return true }
        guard log.topicCount > 0, let named = topics.first(where: { $0.topic == log.topic0 }) else { return false }
        return !bloom.mayContain(named.bits)
    }

    /// Where the log's block is, by number and hash.
    private static func place(of log: Log, in headers: [Header]) -> Int? {
        guard let first = headers.first, log.blockNumber >= first.number else { return nil }
        let distance = log.blockNumber - first.number
        var (low, high) = (0, headers.count)
        // Without gaps the distance is the place; with gaps the place is before it.
        if distance < UInt64(high) {
            low = Int(distance)
            if headers[low].number != log.blockNumber { (low, high) = (0, low) }
        }
        if headers[low].number != log.blockNumber {
            while low < high {
                let middle = low + (high - low) / 2
                if headers[middle].number < log.blockNumber { low = middle + 1 } else { high = middle }
            }
        }
        guard low < headers.count, headers[low].number == log.blockNumber, headers[low].hash == log.blockHash else {
            return nil
        }
        return low
    }
}
