/// Interval sets against a bitmap.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct CoverageTests {
    /// Blocks 0…63, the evidence of each; nil is a hole.
    private struct Bitmap {
        static let blocks: UInt64 = 64
        var evidence: [Evidence?] = Array(repeating: nil, count: Int(Bitmap.blocks))

        mutating func insert(_ range: ClosedRange<UInt64>, _ new: Evidence) {
            for block in range { evidence[Int(block)] = (evidence[Int(block)] ?? []).union(new) }
        }

        func missing(in wanted: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
            var out: [ClosedRange<UInt64>] = []
            for block in wanted where evidence[Int(block)] == nil {
                if let last = out.last, last.upperBound + 1 == block {
                    out[out.count - 1] = last.lowerBound...block
                } else {
                    out.append(block...block)
                }
            }
            return out
        }

        func contiguousEnd(from first: UInt64) -> UInt64? {
            var end: UInt64?
            for block in first..<Bitmap.blocks {
                if evidence[Int(block)] == nil { return end }
                end = block
            }
            return end
        }
    }

    private func someRange(_ random: inout SplitMix64) -> ClosedRange<UInt64> {
        let (left, right) = (random.below(Bitmap.blocks), random.below(Bitmap.blocks))
        return random.below(4) == 0 ? left...left : min(left, right)...max(left, right)
    }

    @Test(arguments: 0..<UInt64(300))
    func `inserting, cutting and asking agree with a bitmap`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var coverage = Coverage()
        var bitmap = Bitmap()
        for _ in 0..<30 {
            if random.below(8) == 0 {
                let cut = random.below(Bitmap.blocks)
                coverage.cut(above: cut)
                for block in (cut + 1)..<max(cut + 1, Bitmap.blocks) { bitmap.evidence[Int(block)] = nil }
            } else {
                let range = someRange(&random)
                let evidence = Evidence(rawValue: UInt8(random.below(4)))
                coverage.insert(range, evidence: evidence)
                bitmap.insert(range, evidence)
            }
            for (block, evidence) in bitmap.evidence.enumerated() {
                #expect(coverage.evidence(of: UInt64(block)...UInt64(block)) == evidence, "block \(block)")
            }
            let wanted = someRange(&random)
            #expect(coverage.missing(in: wanted) == bitmap.missing(in: wanted))
            #expect(coverage.contiguousEnd(from: wanted.lowerBound) == bitmap.contiguousEnd(from: wanted.lowerBound))
            let common = wanted.reduce(Evidence?(Evidence(rawValue: .max))) { common, block in
                guard let common, let evidence = bitmap.evidence[Int(block)] else { return nil }
                return common.intersection(evidence)
            }
            #expect(coverage.evidence(of: wanted) == common)
        }
    }

    @Test(arguments: 0..<UInt64(50))
    func `ranges are sorted, disjoint and merged, and stored rows give the set back`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var coverage = Coverage()
        for _ in 0..<40 { coverage.insert(someRange(&random), evidence: Evidence(rawValue: UInt8(random.below(3)))) }
        for (left, right) in zip(coverage.ranges, coverage.ranges.dropFirst()) {
            #expect(left.range.upperBound < right.range.lowerBound)
            #expect(left.range.upperBound + 1 < right.range.lowerBound || left.evidence != right.evidence)
        }
        #expect(Coverage(rows: coverage.ranges.shuffled(using: &random)) == coverage)
    }

    @Test(arguments: 0..<UInt64(50))
    func `the order in which ranges come does not matter`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let inserts = (0..<12).map { _ in (someRange(&random), Evidence(rawValue: UInt8(random.below(4)))) }
        func made(_ list: [(ClosedRange<UInt64>, Evidence)]) -> Coverage {
            var coverage = Coverage()
            for (range, evidence) in list { coverage.insert(range, evidence: evidence) }
            return coverage
        }
        #expect(made(inserts) == made(inserts.shuffled(using: &random)))
        #expect(made(inserts) == made(inserts + inserts))
    }

    @Test func `the last block number there is can be covered`() {
        var coverage = Coverage()
        coverage.insert((.max - 1)...UInt64.max, evidence: .anchored)
        coverage.insert(0...5, evidence: .anchored)
        #expect(coverage.missing(in: 0...UInt64.max) == [6...(.max - 2)])
        #expect(coverage.contiguousEnd(from: .max) == .max)
        coverage.insert(UInt64.max...UInt64.max, evidence: .bloom)
        #expect(coverage.evidence(of: .max...UInt64.max) == [.anchored, .bloom])
    }

    @Test func `nothing covered is all missing`() {
        #expect(Coverage().missing(in: 3...9) == [3...9])
        #expect(Coverage().contiguousEnd(from: 0) == nil)
        #expect(Coverage().evidence(of: 0...0) == nil)
    }
}
