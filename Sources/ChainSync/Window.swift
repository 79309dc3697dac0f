package import Ethereum

/// The blocks that can still change, as hashes held by height, and what a new head can mean for them.
///
/// Every held hash is on one chain: ours. The newest are linked without holes, older ones may be sparse.
package struct Window: Sendable, Equatable {
    /// Oldest first; the last is the tip.
    package private(set) var held: [BlockRef]

    /// A rewind goes no deeper than this by itself, unless the unfinalized part is longer still.
    package static let depthMax: UInt64 = 1_024

    package init(held: [BlockRef]) {
        self.held = held
    }

    package var tip: BlockRef? { held.last }

    package enum Step: Equatable, Sendable {
        /// The head is a block we hold: a lagging node, or nothing new.
        case known
        /// The branch does not reach us yet: put this parent before it and ask again.
        case needsParent(Hash32)
        /// The branch starts on `base`. Where `base` is not the tip, what is above it has to be undone.
        case extends(base: BlockRef)
        /// The branch leaves our chain below everything we hold: no guess is made.
        case tooDeep
    }

    /// What `branch` (oldest first, linked by parent hashes, not empty) means.
    ///
    /// Only a different hash at a held height is a reorg; a lower head is not, and a missing block never is.
    package func step(toward branch: [Header]) -> Step {
        guard let first = branch.first, let last = branch.last else { return .known }
        if contains(last.ref) { return .known }
        #if MUTANTS
            if Mutant.is(.lowerHeadRewinds), let tip, last.number < tip.number,
                let base = held.last(where: { $0.number < last.number })
            {
                return .extends(base: base)
            }
            if Mutant.is(.oldHeadIsDeep), let oldest = held.first, last.number < oldest.number { return .tooDeep }
        #endif
        // A head below everything we hold says nothing about what we hold.
        if let oldest = held.first, last.number < oldest.number { return .known }
        if let base = ref(at: first.number, before: 1), base.hash == first.parentHash {
            // Between sparse hashes a lagging head stands where nothing is held: without another hash at a held height
            // nothing is proved.
            let isProved =
                base == tip
                || branch.contains { header in ref(at: header.number).map { $0.hash != header.hash } ?? false }
            return isProved ? .extends(base: base) : .known
        }
        guard let oldest = held.first, first.number > oldest.number + 1 else { return .tooDeep }
        return .needsParent(first.parentHash)
    }

    /// Takes the branch over in place of what was above `base`.
    package mutating func accept(base: BlockRef, branch: [Header]) {
        held.removeAll { $0.number > base.number }
        held.append(contentsOf: branch.map(\.ref))
    }

    /// Holds one more block of our chain, below the tip.
    package mutating func hold(_ block: BlockRef) {
        guard let tip, block.number < tip.number, ref(at: block.number) == nil else { return }
        held.insert(block, at: held.firstIndex { $0.number > block.number } ?? held.endIndex)
    }

    /// Forgets hashes that no rewind can reach any more; the newest one at or below `number` stays as the base.
    package mutating func forget(below number: BlockNumber) {
        guard let base = held.lastIndex(where: { $0.number <= number }) else { return }
        held.removeFirst(base)
    }

    /// The held block of a height.
    package func ref(at number: BlockNumber) -> BlockRef? {
        var low = 0
        var high = held.count
        while low < high {
            let middle = (low + high) / 2
            if held[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < held.count && held[low].number == number ? held[low] : nil
    }

    private func ref(at number: BlockNumber, before count: UInt64) -> BlockRef? {
        number >= count ? ref(at: number - count) : nil
    }

    private func contains(_ block: BlockRef) -> Bool {
        ref(at: block.number)?.hash == block.hash
    }
}
