/// The blocks that a look at the chain brings: all of one chain, whichever endpoints gave them.
import Ethereum

extension SyncEngine {
    /// The blocks after the tip, linked, as far as one commit takes them; the head alone where it is not above the tip.
    func newBlocks(above tip: BlockRef, to head: Header, _ goal: Goal) async throws -> [Header] {
        var last = head.number
        if case .block(let block) = goal { last = min(last, max(block, tip.number)) }
        guard last > tip.number else { return [head] }
        last = min(last, tip.number + UInt64(options.followBlocksMax))
        if last == head.number, last == tip.number + 1 { return [head] }
        var numbers = Array(tip.number + 1...last)
        var known: [Header] = []
        if last == head.number {
            numbers.removeLast()
            known = [head]
        }
        let found = try await chain.headers(numbers: numbers) + known
        // A block that nobody serves yet is a hole and no reorg: what is below it can be taken all the same.
        let headers = zip(found, tip.number + 1...last).prefix { $0.number == $1 }.map(\.0)
        #if MUTANTS
            if Mutant.is(.holeIsReorg), headers.count < found.count { throw ChainError.reorged("a hole") }
        #endif
        // Heights may have been answered by endpoints on two branches, and would be so again: hashes say which is meant.
        guard zip(headers, headers.dropFirst()).allSatisfy({ $0.hash == $1.parentHash }) else {
            return try await ancestry(of: last, on: head, downTo: tip.number + 1)
        }
        guard let first = headers.first, first.number == tip.number + 1 else {
            throw ChainError.unavailable("block \(tip.number + 1) is not served yet")
        }
        return headers
    }

    /// The blocks from `first` to `last` of the chain that `head` is the head of, each asked for by the hash its child names.
    ///
    /// - Cost: a request for each block.
    private func ancestry(
        of last: BlockNumber,
        on head: Header,
        downTo first: BlockNumber
    ) async throws -> [Header] {
        guard let newest = last == head.number ? head : try await header(number: last, ofChainWith: head.ref) else {
            throw ChainError.reorged("nobody has block \(last) and the head, block \(head.number), of one chain")
        }
        var headers = [newest]
        while let child = headers.last, child.number > first {
            guard let parent = try await chain.header(hash: child.parentHash), parent.number == child.number - 1 else {
                throw ChainError.reorged("the parent of block \(child.number) is not known any more")
            }
            headers.append(parent)
        }
        return headers.reversed()
    }

    /// The block of a height from an endpoint that has another block as well; nil where nobody has both.
    ///
    /// What two endpoints have may be of two branches.
    func header(number: BlockNumber, ofChainWith block: BlockRef) async throws -> Header? {
        do {
            return try await chain.header(number: number, beside: block)
        } catch ChainError.reorged {
            return nil
        }
    }
}
