package import Ethereum
package import Tokens

/// What is left to read, cut into ranges that one filter can ask for.
package struct ReadPlan: Sendable, Equatable {
    /// A range of blocks and all that is missing in it.
    package struct Segment: Sendable, Equatable {
        package var range: ClosedRange<BlockNumber>
        /// What is covered once the range is read; in order.
        package var keys: [CoverageKey]
        package var filter: LogFilter
    }

    package var segments: [Segment]

    package var isEmpty: Bool { segments.isEmpty }

    /// How many blocks are left, each counted once whatever it is read for.
    package var blockCount: UInt64 {
        var counted: BlockNumber?
        return segments.reduce(0) { sum, segment in
            defer { counted = segment.range.upperBound }
            return counted == segment.range.upperBound ? sum : sum + UInt64(segment.range.count)
        }
    }

    /// Everything that the scopes of `state` want up to `last` and do not have, oldest first.
    ///
    /// Scopes that miss the same blocks are asked for together; a whole-chain request serves every contract.
    package init(state: ChainState, through last: BlockNumber) {
        var missing: [CoverageKey: [ClosedRange<BlockNumber>]] = [:]
        for scope in state.scopes where scope.isActive && scope.firstBlock <= last {
            for eventSet in scope.eventSets(of: state.eventSets) {
                let key = CoverageKey(scope: scope.id, eventSet: eventSet)
                let ranges = (state.coverage[key] ?? Coverage()).missing(in: scope.firstBlock...last)
                if !ranges.isEmpty { missing[key] = ranges }
            }
        }
        self.init(missing: missing, scopes: state.scopes)
    }

    init(missing: [CoverageKey: [ClosedRange<BlockNumber>]], scopes: [Scope]) {
        let keys = missing.keys.sorted()
        var cuts: Set<BlockNumber> = []
        for range in missing.values.joined() {
            cuts.insert(range.lowerBound)
            cuts.insert(range.upperBound + 1)
        }
        let starts = cuts.sorted()
        segments = []
        for (start, next) in zip(starts, starts.dropFirst()) {
            let wanted = keys.filter { key in missing[key]?.contains { $0.contains(start) } ?? false }
            guard !wanted.isEmpty else { continue }
            for question in ReadPlan.questions(for: wanted, scopes: scopes) {
                segments.append(Segment(range: start...(next - 1), keys: question.keys, filter: question.filter))
            }
        }
    }

    /// The filters that together ask for what `keys` miss, or for a little more where nodes cannot be asked for less; each
    /// with the keys that it serves.
    ///
    /// One, but where the whole of a chain is read and a contract for more: then the chain's filter leaves some of the
    /// contract's events on the node, older forms or ones of its own, and they are asked for by address. All such contracts
    /// in one question: a topic that only one of them has costs the others nothing, a second question costs a request a page.
    package static func questions(
        for keys: [CoverageKey],
        scopes: [Scope]
    ) -> [(keys: [CoverageKey], filter: LogFilter)] {
        let contracts = Dictionary(uniqueKeysWithValues: scopes.map { ($0.id, $0.contract) })
        func isWhole(_ key: CoverageKey) -> Bool { contracts[key.scope] == .some(nil) }
        func byAddress(_ keys: [CoverageKey]) -> LogFilter {
            let addresses = Set(keys.compactMap { contracts[$0.scope] ?? nil })
            let own = Set(keys.map(\.eventSet)).sorted().flatMap(\.ownTopics)
            return LogFilter(addresses: addresses.sorted(), topics0: EventSet.topics + own, topicCountMin: 1)
        }
        let whole = keys.filter(isWhole)
        if whole.isEmpty { return [(keys, byAddress(keys))] }
        let isWide = whole.contains { $0.eventSet != .indexed }
        func isServed(_ key: CoverageKey) -> Bool {
            isWide ? key.eventSet.ownTopics.isEmpty : key.eventSet == .indexed
        }
        let wide = LogFilter(topics0: EventSet.topics, topicCountMin: isWide ? 1 : 4)
        let rest = keys.filter { !isServed($0) }
        guard !rest.isEmpty else { return [(keys, wide)] }
        return [(keys.filter(isServed), wide), (rest, byAddress(rest))]
    }
}
