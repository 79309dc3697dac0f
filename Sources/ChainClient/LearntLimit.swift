/// What was learnt of an endpoint the hard way and is worth knowing after a restart.
import Ethereum

/// One fact, to be believed for a day.
///
/// Facts are numbers with a name, so that whoever keeps them need not know what they mean. Providers
/// change their plans, and nodes are upgraded.
package struct LearntLimit: Sendable, Hashable {
    package enum Name: String, Sendable, Hashable, CaseIterable {
        /// Blocks a request for logs may span, with and without contracts named.
        case rangeOfEveryContract, rangeOfContracts
        case addressesPerRequest, batchSize
        /// Things that the node does not offer; the value is 1.
        case refusesLogs, refusesLogsByHash, refusesReceipts, refusesBatches
        /// 0: the logs of an unknown hash are `[]`.
        case refusesUnknownHash
        /// Requests sent since the moment given, of a daily budget.
        case requestsToday
    }

    package var name: Name
    package var value: UInt64
    /// Seconds since 1970; for ``Name/requestsToday`` when the day began.
    package var learntAt: Int64

    package init(_ name: Name, _ value: UInt64, learntAt: Int64) {
        self.name = name
        self.value = value
        self.learntAt = learntAt
    }

    package static let believedForSeconds: Int64 = 24 * 3_600

    func isBelieved(_ wallSeconds: Int64) -> Bool {
        // A clock that went back makes facts of the future: old ones as well, for all we know.
        learntAt <= wallSeconds && wallSeconds - learntAt < Self.believedForSeconds
    }
}

extension Upstream {
    private static let refusals: [(name: LearntLimit.Name, capability: Capability)] = [
        (.refusesLogs, .logs), (.refusesLogsByHash, .logsByHash), (.refusesReceipts, .receipts),
        (.refusesBatches, .batches),
    ]

    /// All that is known at present, without when.
    func learnt(_ now: Duration) -> [LearntLimit.Name: UInt64] {
        var facts: [LearntLimit.Name: UInt64] = [:]
        facts[.rangeOfEveryContract] = everyContract.learntCap
        facts[.rangeOfContracts] = contracts.learntCap
        if addressesMax < LogFilter.addressesMax { facts[.addressesPerRequest] = UInt64(addressesMax) }
        if batchSize != batchSizeInitial { facts[.batchSize] = UInt64(batchSize) }
        for (name, capability) in Self.refusals where refusesForLong(capability, now: now) { facts[name] = 1 }
        // That it refuses is asked again by every process: a node behind the same URL that answers `[]` instead would have
        // its empty answers believed.
        if unknownHash == .answersEmpty { facts[.refusesUnknownHash] = 0 }
        return facts
    }

    /// Takes over one fact; nothing of it can do more harm than the first request without it.
    mutating func recall(_ fact: LearntLimit, _ options: RPCOptions, now: Duration) {
        let number = Int(clamping: fact.value)
        switch fact.name {
        case .rangeOfEveryContract: everyContract.recall(cap: fact.value, now: now)
        case .rangeOfContracts: contracts.recall(cap: fact.value, now: now)
        case .addressesPerRequest: addressesMax = min(addressesMax, max(1, number))
        case .batchSize: batchSize = min(options.batchMax, max(2, number))
        case .refusesUnknownHash: if fact.value == 0 { unknownHash = .answersEmpty }
        case .refusesLogs, .refusesLogsByHash, .refusesReceipts, .refusesBatches:
            for (name, capability) in Self.refusals where name == fact.name { refuses(capability, now: now) }
        case .requestsToday: break
        }
    }
}

extension RangeControl {
    /// A cap from an earlier life; tried again after a day like any other.
    mutating func recall(cap width: UInt64, now: Duration) {
        guard width > 0, width < widthMax else { return }
        cap = Cap(width: width, isExact: true, since: now)
    }
}
