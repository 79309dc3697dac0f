package import Ethereum

/// Who owns what by ERC-2309 ranges: for each id the newest range that covers it decides.
///
/// Ranges are kept as they came, so nothing derived has to be undone; this computes disjoint segments when somebody asks.
package struct RangeOwnership: Sendable {
    /// Consecutive ids for which one range decides.
    package struct Segment: Sendable, Hashable {
        package var first: U256
        package var last: U256
        package var owner: Address
        /// Where the deciding range stands.
        package var place: Place
    }

    /// Disjoint, in order of ids; neighbours may have the same owner from different ranges.
    package let segments: [Segment]

    /// - Cost: O(n log n) for n ranges, whatever their lengths.
    package init(_ ranges: [RangeTransfer]) {
        let starts = ranges.indices.sorted { ranges[$0].first < ranges[$1].first }
        var cuts: [U256] = ranges.map(\.first)
        for range in ranges where range.last < .max {
            cuts.append(range.last.addingReportingOverflow(.one).partialValue)
        }
        cuts.sort()
        var active = NewestFirst(ranges)
        var out: [Segment] = []
        var next = 0
        for (index, cut) in cuts.enumerated() {
            if index + 1 < cuts.count, cuts[index + 1] == cut { continue }
            while next < starts.count, ranges[starts[next]].first <= cut {
                active.insert(starts[next])
                next += 1
            }
            guard let newest = active.newest(covering: cut) else { continue }
            let end = index + 1 < cuts.count ? cuts[index + 1].subtractingReportingOverflow(.one).partialValue : .max
            let range = ranges[newest]
            if let last = out.last, last.place == range.place,
                last.last.addingReportingOverflow(.one).partialValue == cut
            {
                out[out.count - 1].last = end
            } else {
                out.append(Segment(first: cut, last: end, owner: range.to, place: range.place))
            }
        }
        segments = out
    }

    /// The segment that covers an id.
    ///
    /// O(log n).
    package func segment(covering token: U256) -> Segment? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].last < token { low = middle + 1 } else { high = middle }
        }
        guard low < segments.count, segments[low].first <= token else { return nil }
        return segments[low]
    }

    /// A binary heap of ranges by place, greatest first; ranges that have ended are dropped when they come up.
    private struct NewestFirst {
        private let ranges: [RangeTransfer]
        private var heap: [Int] = []

        init(_ ranges: [RangeTransfer]) { self.ranges = ranges }

        mutating func insert(_ index: Int) {
            heap.append(index)
            var child = heap.count - 1
            while child > 0, ranges[heap[(child - 1) / 2]].place < ranges[heap[child]].place {
                heap.swapAt((child - 1) / 2, child)
                child = (child - 1) / 2
            }
        }

        mutating func newest(covering token: U256) -> Int? {
            while let top = heap.first {
                if ranges[top].last >= token { return top }
                heap[0] = heap[heap.count - 1]
                heap.removeLast()
                sink()
            }
            return nil
        }

        private mutating func sink() {
            var parent = 0
            while true {
                var greatest = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if ranges[heap[greatest]].place < ranges[heap[child]].place { greatest = child }
                }
                guard greatest != parent else { return }
                heap.swapAt(parent, greatest)
                parent = greatest
            }
        }
    }
}
