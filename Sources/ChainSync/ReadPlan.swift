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
    /// One, but where the whole of a busy chain is read for indexed forms and a contract for all: then the chain's
    /// filter leaves the contract's older forms on the node, and they are asked for by address.
    package static func questions(
        for keys: [CoverageKey],
        scopes: [Scope]
    ) -> [(keys: [CoverageKey], filter: LogFilter)] {
        let contracts = Dictionary(uniqueKeysWithValues: scopes.map { ($0.id, $0.contract) })
        func isWhole(_ key: CoverageKey) -> Bool { contracts[key.scope] == .some(nil) }
        func byAddress(_ keys: [CoverageKey]) -> LogFilter {
            let addresses = Set(keys.compactMap { contracts[$0.scope] ?? nil })
            return LogFilter(addresses: addresses.sorted(), topics0: EventSet.topics, topicCountMin: 1)
        }
        let whole = keys.filter(isWhole)
        if whole.isEmpty { return [(keys, byAddress(keys))] }
        if whole.contains(where: { $0.eventSet != .indexed }) {
            return [(keys, LogFilter(topics0: EventSet.topics, topicCountMin: 1))]
        }
        let indexed = LogFilter(topics0: EventSet.topics, topicCountMin: 4)
        let older = keys.filter { $0.eventSet != .indexed }
        guard !older.isEmpty else { return [(keys, indexed)] }
        return [(keys.filter { $0.eventSet == .indexed }, indexed), (older, byAddress(older))]
    }
}
