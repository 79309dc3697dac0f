package import Ethereum

/// Which blocks of a scope are completely read, and how well that was checked: disjoint ranges in order.
///
/// Backfill, restart and "a contract was added later" are all the same subtraction: what is wanted minus what is covered.
package struct Coverage: Sendable, Hashable {
    /// Sorted, disjoint; neighbours that touch have different evidence.
    package private(set) var ranges: [Covered]

    package struct Covered: Sendable, Hashable {
        package var range: ClosedRange<BlockNumber>
        package var evidence: Evidence

        package init(range: ClosedRange<BlockNumber>, evidence: Evidence) {
            self.range = range
            self.evidence = evidence
        }
    }

    package init() { ranges = [] }

    /// Rebuilds the set from stored rows, in any order.
    package init(rows: [Covered]) {
        ranges = []
        for row in rows { insert(row.range, evidence: row.evidence) }
    }

    /// Records that `range` was read.
    ///
    /// Where it was read before, the evidence adds up.
    ///
    /// - Cost: O(n) in the number of ranges, which is small once neighbours have merged.
    package mutating func insert(_ range: ClosedRange<BlockNumber>, evidence: Evidence) {
        var pieces: [Covered] = []
        pieces.reserveCapacity(ranges.count + 2)
        var rest: ClosedRange<BlockNumber>? = range
        for old in ranges {
            guard let open = rest, old.range.overlaps(open) else {
                if let open = rest, open.upperBound < old.range.lowerBound {
                    pieces.append(Covered(range: open, evidence: evidence))
                    rest = nil
                }
                pieces.append(old)
                continue
            }
            if open.lowerBound < old.range.lowerBound {
                pieces.append(Covered(range: open.lowerBound...(old.range.lowerBound - 1), evidence: evidence))
            } else if old.range.lowerBound < open.lowerBound {
                pieces.append(Covered(range: old.range.lowerBound...(open.lowerBound - 1), evidence: old.evidence))
            }
            let lower = max(open.lowerBound, old.range.lowerBound)
            let upper = min(open.upperBound, old.range.upperBound)
            pieces.append(Covered(range: lower...upper, evidence: old.evidence.union(evidence)))
            if old.range.upperBound > open.upperBound {
                pieces.append(Covered(range: (open.upperBound + 1)...old.range.upperBound, evidence: old.evidence))
                rest = nil
            } else {
                rest = open.upperBound > old.range.upperBound ? (old.range.upperBound + 1)...open.upperBound : nil
            }
        }
        if let open = rest { pieces.append(Covered(range: open, evidence: evidence)) }
        ranges = Coverage.merged(pieces)
    }

    /// Forgets all blocks above `block`.
    package mutating func cut(above block: BlockNumber) {
        #if MUTANTS
            if Mutant.is(.cutKeepsCoverage) { return }
        #endif
        ranges = ranges.compactMap { covered in
            if covered.range.upperBound <= block { return covered }
            guard covered.range.lowerBound <= block else { return nil }
            return Covered(range: covered.range.lowerBound...block, evidence: covered.evidence)
        }
    }

    /// What of `wanted` is not covered, in order.
    package func missing(in wanted: ClosedRange<BlockNumber>) -> [ClosedRange<BlockNumber>] {
        var out: [ClosedRange<BlockNumber>] = []
        var next = wanted.lowerBound
        for covered in ranges where covered.range.upperBound >= next {
            if covered.range.lowerBound > wanted.upperBound { break }
            if covered.range.lowerBound > next { out.append(next...(covered.range.lowerBound - 1)) }
            if covered.range.upperBound >= wanted.upperBound { return out }
            next = covered.range.upperBound + 1
        }
        out.append(next...wanted.upperBound)
        return out
    }

    /// The greatest block b such that `first`…b is covered without a hole; nil when `first` itself is not.
    package func contiguousEnd(from first: BlockNumber) -> BlockNumber? {
        var end: BlockNumber?
        for covered in ranges where covered.range.upperBound >= first {
            if let reached = end {
                #if MUTANTS
                    if Mutant.is(.gapsAreCovered) {
                        end = covered.range.upperBound
                        continue
                    }
                #endif
                guard covered.range.lowerBound == reached + 1 else { break }
            } else {
                guard covered.range.lowerBound <= first else { break }
            }
            end = covered.range.upperBound
        }
        return end
    }

    /// The evidence that every block of `range` has; nil when some block is not covered.
    package func evidence(of range: ClosedRange<BlockNumber>) -> Evidence? {
        guard missing(in: range).isEmpty else { return nil }
        return ranges.filter { $0.range.overlaps(range) }
            .reduce(Evidence(rawValue: .max)) { $0.intersection($1.evidence) }
    }

    private static func merged(_ pieces: [Covered]) -> [Covered] {
        var out: [Covered] = []
        for piece in pieces {
            if let last = out.last, last.evidence == piece.evidence, last.range.upperBound + 1 == piece.range.lowerBound
            {
                out[out.count - 1].range = last.range.lowerBound...piece.range.upperBound
            } else {
                out.append(piece)
            }
        }
        return out
    }
}
