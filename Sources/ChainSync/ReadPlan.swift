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
    package var blockCount: UInt64 { segments.reduce(0) { $0 + UInt64($1.range.count) } }

    /// Everything that the scopes of `state` want up to `last` and do not have, oldest first.
    ///
    /// Scopes that miss the same blocks are asked for together; a whole-chain request serves every contract.
    package init(state: ChainState, through last: BlockNumber) {
        var missing: [CoverageKey: [ClosedRange<BlockNumber>]] = [:]
        for scope in state.scopes where scope.isActive && scope.firstBlock <= last {
            for eventSet in state.eventSets {
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
            segments.append(
                Segment(range: start...(next - 1), keys: wanted, filter: ReadPlan.filter(for: wanted, scopes: scopes))
            )
        }
    }

    /// The filter that asks for exactly what `keys` miss, or for a little more where nodes cannot be asked for less.
    package static func filter(for keys: [CoverageKey], scopes: [Scope]) -> LogFilter {
        let ids = Set(keys.map(\.scope))
        let wanted = scopes.filter { ids.contains($0.id) }
        let isWholeChain = wanted.contains { $0.contract == nil }
        let onlyIndexed = keys.allSatisfy { $0.eventSet == .indexed }
        return LogFilter(
            addresses: isWholeChain ? [] : wanted.compactMap(\.contract).sorted(),
            topics0: EventSet.topics,
            topicCountMin: isWholeChain && onlyIndexed ? 4 : 1
        )
    }
}
