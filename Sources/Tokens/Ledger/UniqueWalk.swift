package import Ethereum

/// Walks the ids of a contract's unique tokens in order and a page at a time: single rows and ranges, whoever is newer.
///
/// Unlike ``UniqueRuns`` it starts anywhere, stops anywhere and says where to go on; ranges of any size cost nothing
/// where they are passed over.
package struct UniqueWalk {
    /// Which range decides for an id.
    private let segments: [RangeOwnership.Segment]
    /// Ranges older than this were not looked at, because there are too many; nil: all were.
    private let oldestRange: Place?
    /// Whose tokens are wanted; nil: everybody's.
    private let owner: Address?
    /// Ids that are still to be emitted.
    package var left: Int
    /// Rows that may still be read.
    package private(set) var budget: Int
    /// Whether an id was passed: the first is, whatever it costs, so that every walk gets on.
    private var hasPassed = false

    /// An id that has a row of its own.
    package struct Row {
        package var token: U256
        /// What the row says; nil when it says nothing of the block that is asked for.
        package var single: UniqueRuns.Single?

        package init(token: U256, single: UniqueRuns.Single?) {
            self.token = token
            self.single = single
        }
    }

    package init(_ ranges: RangeOwnership, oldestRange: Place?, owner: Address?, left: Int, budget: Int) {
        segments = ranges.segments
        self.oldestRange = oldestRange
        self.owner = owner
        self.left = left
        self.budget = budget
    }

    /// Emits the wanted ids of `zone`, in order.
    ///
    /// - Parameter next: the ids of the zone that have rows, in order; nil at the end. When only one owner is wanted and
    ///   no range in the zone is his, his own rows are enough. One row is charged for each; what a look-up reads beyond
    ///   that, it takes from the budget it is given.
    /// - Returns: the id to go on with when ``left`` or ``budget`` ended the walk; nil when the zone is done.
    package mutating func walk(
        _ zone: ClosedRange<U256>,
        next: (_ budget: inout Int) throws -> Row?,
        emit: (UniqueRuns.Single) throws -> Void
    ) throws -> U256? {
        var position = zone.lowerBound
        var row = try read(next)
        while true {
            let segment = segment(from: position).flatMap { $0.first <= zone.upperBound ? $0 : nil }
            let start = segment.map { max(position, $0.first) }
            let id: U256
            if let row, start.map({ row.token <= $0 }) ?? true {
                id = row.token
            } else if let start {
                id = start
            } else {
                return nil
            }
            guard left > 0 else { return id }
            guard budget >= 0 || !hasPassed else { return id }
            hasPassed = true
            if let own = row, own.token == id {
                try emitNewer(own, segment: start == id ? segment : nil, emit)
                row = try read(next)
            } else if let segment {
                let end = min(segment.last, zone.upperBound, row.map { before($0.token) } ?? .max)
                if let open = try emitRun(id...end, segment, emit) { return open }
                guard end < zone.upperBound else { return nil }
                position = after(end)
                continue
            }
            guard id < zone.upperBound else { return nil }
            position = after(id)
        }
    }

    private mutating func read(_ next: (inout Int) throws -> Row?) throws -> Row? {
        budget -= 1
        return try next(&budget)
    }

    private mutating func emitNewer(
        _ row: Row,
        segment: RangeOwnership.Segment?,
        _ emit: (UniqueRuns.Single) throws -> Void
    ) throws {
        var newest = row.single
        if let segment {
            if newest.map({ segment.place > $0.place }) ?? true {
                newest = UniqueRuns.Single(token: row.token, owner: segment.owner, place: segment.place)
            }
        } else if let oldestRange, let single = newest, single.place < oldestRange {
            // A range that was not looked at may be newer than this row: who holds the id is not known here.
            return
        }
        guard let newest else { return }
        guard newest.owner != .zero, owner == nil || owner == newest.owner else { return }
        left -= 1
        try emit(newest)
    }

    /// Emits ids that a range decides; returns the first that found no room.
    private mutating func emitRun(
        _ ids: ClosedRange<U256>,
        _ segment: RangeOwnership.Segment,
        _ emit: (UniqueRuns.Single) throws -> Void
    ) throws -> U256? {
        guard segment.owner != .zero, owner == nil || owner == segment.owner else { return nil }
        var id = ids.lowerBound
        while true {
            guard left > 0 else { return id }
            left -= 1
            try emit(UniqueRuns.Single(token: id, owner: segment.owner, place: segment.place))
            if id == ids.upperBound { return nil }
            id = after(id)
        }
    }

    /// The first segment that ends at or after an id.
    ///
    /// O(log n).
    private func segment(from id: U256) -> RangeOwnership.Segment? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].last < id { low = middle + 1 } else { high = middle }
        }
        return low < segments.count ? segments[low] : nil
    }

    private func after(_ id: U256) -> U256 { id.addingReportingOverflow(.one).partialValue }

    private func before(_ id: U256) -> U256 { id.subtractingReportingOverflow(.one).partialValue }
}
