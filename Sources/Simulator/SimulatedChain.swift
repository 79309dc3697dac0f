package import Ethereum
package import Oracle
import Proofs

/// A chain that a seed writes: blocks with token events, branches, finality; and who owns what after each block.
///
/// A value, so that a copy is another world with the same past. Blocks are kept for ever, as archive nodes do.
package struct SimulatedChain: Sendable {
    package struct Options: Sendable {
        package var chainID: ChainID = 31_337
        /// Transactions in a block.
        package var transactions: ClosedRange<Int> = 0...3
        /// Events in a transaction.
        package var events: ClosedRange<Int> = 1...3
        /// Blocks without any transaction, in a thousand.
        package var emptyPerMille = 250
        /// Whether contracts with the older, unindexed events are used.
        package var usesUnindexedForms = true
        /// Hostile and broken logs, in a thousand events.
        package var malformedPerMille = 40
        /// Logs of fungible tokens, in a thousand events.
        package var noisePerMille = 80
        package var secondsPerBlock: UInt64 = 2
        /// Small token ids in use, from 0; at least 4.
        package var smallIDs: UInt64 = 10
        /// Whether tokens have ids at the end of 256 bits as well, and ranges are longer than lists go through.
        package var usesHugeNumbers = true
        /// Whether counted tokens are also sent by accounts that do not have them, as hostile contracts log it.
        package var overdraws = true

        package init() {}
    }

    package let options: Options
    /// What it was written from; pictures are drawn from it as well.
    package let seed: UInt64
    package private(set) var random: SplitMix64
    private var blocks: [Hash32: SimulatedBlock] = [:]
    /// The canonical chain, by height.
    package private(set) var canonical: [Hash32] = []
    /// No block up to here will ever change.
    package private(set) var finalized: BlockNumber = 0
    /// Branches given up so far.
    package private(set) var reorgCount = 0
    private var events: EventMaker
    private var bits = BloomBits()

    package init(seed: UInt64, options: Options = Options()) {
        self.options = options
        self.seed = seed
        random = SplitMix64(seed: seed)
        events = EventMaker(options)
        let genesis = SimulatedBlock(
            number: 0,
            parent: .zero,
            timestamp: 1_700_000_000,
            salt: Hash32(w0: 0, w1: 0, w2: 0, w3: seed),
            transactions: [],
            owners: OwnerTable(),
            bits: &bits
        )
        blocks[genesis.hash] = genesis
        canonical = [genesis.hash]
    }

    // MARK: Reading

    package var head: SimulatedBlock { canonicalBlock(canonical.count - 1) }
    package var headNumber: BlockNumber { BlockNumber(canonical.count - 1) }

    package func block(_ hash: Hash32) -> SimulatedBlock? { blocks[hash] }

    package func block(at number: BlockNumber) -> SimulatedBlock? {
        number < UInt64(canonical.count) ? canonicalBlock(Int(number)) : nil
    }

    private func canonicalBlock(_ index: Int) -> SimulatedBlock {
        guard let block = blocks[canonical[index]] else { preconditionFailure("every canonical block is kept") }
        return block
    }

    /// The hashes from the first block to `head`, by height: the chain as a node on that branch sees it.
    package func lineage(of head: Hash32) -> [Hash32] {
        var suffix: [Hash32] = []
        var hash = head
        while let block = blocks[hash] {
            let index = Int(block.number)
            if index < canonical.count, canonical[index] == hash {
                return canonical[...index] + suffix.reversed()
            }
            suffix.append(hash)
            hash = block.header.parentHash
        }
        return suffix.reversed()
    }

    // MARK: Growing

    /// Adds one block.
    @discardableResult
    package mutating func mine() -> SimulatedBlock {
        let isEmpty = random.happens(options.emptyPerMille)
        let parent = head
        var owners = parent.owners
        var transactions: [SimulatedBlock.Transaction] = []
        if !isEmpty {
            for _ in 0..<random.pick(options.transactions) {
                let logs = (0..<random.pick(options.events)).flatMap { _ in
                    events.next(&random, &owners)
                }
                transactions.append(SimulatedBlock.Transaction(hash: hash(), logs: logs))
            }
        }
        return seal(transactions, owners)
    }

    /// Adds a block with exactly these transactions; `owners` is what they lead to.
    @discardableResult
    package mutating func seal(
        _ transactions: [SimulatedBlock.Transaction],
        _ owners: OwnerTable
    ) -> SimulatedBlock {
        let parent = head
        let block = SimulatedBlock(
            number: parent.number + 1,
            parent: parent.hash,
            timestamp: parent.header.timestamp + options.secondsPerBlock,
            salt: hash(),
            transactions: transactions,
            owners: owners,
            bits: &bits
        )
        blocks[block.hash] = block
        canonical.append(block.hash)
        return block
    }

    private mutating func hash() -> Hash32 {
        Hash32(w0: random.next(), w1: random.next(), w2: random.next(), w3: random.next())
    }

    /// Calls blocks final; never goes back, never beyond the head.
    package mutating func finalize(through number: BlockNumber) {
        finalized = max(finalized, min(number, headNumber))
    }

    // MARK: Branches

    /// How many blocks may be given up at most.
    package var depthMax: Int { Int(headNumber - finalized) }

    /// Gives up the last `depth` blocks and mines `length` others in their place.
    ///
    /// - Parameter isTwin: the new blocks carry the same transactions under other hashes, as far as there are any.
    /// - Returns: the head that was given up.
    @discardableResult
    package mutating func reorg(depth: Int, length: Int, isTwin: Bool = false) -> Hash32 {
        let lost = canonical.suffix(depth).compactMap { blocks[$0] }
        let old = giveUp(depth)
        for index in 0..<length {
            if isTwin, index < lost.count {
                seal(lost[index].transactions, lost[index].owners)
            } else {
                mine()
            }
        }
        return old
    }

    /// Goes back by `depth` blocks; what is mined next stands on the block that is left.
    ///
    /// - Returns: the head that was given up.
    package mutating func giveUp(_ depth: Int) -> Hash32 {
        precondition(depth >= 1 && depth <= depthMax, "a final block was to be given up")
        let old = head.hash
        canonical.removeLast(depth)
        reorgCount += 1
        return old
    }

    /// Makes the branch that ends in `head` canonical again.
    ///
    /// False, and nothing done, where that would undo a final block.
    package mutating func adopt(_ head: Hash32) -> Bool {
        let path = lineage(of: head)
        guard path.count > Int(finalized), path[Int(finalized)] == canonical[Int(finalized)] else { return false }
        if path != canonical { reorgCount += 1 }
        canonical = path
        return true
    }

    /// The height at which the branch that ends in `head` leaves the canonical chain; its last common block.
    package func forkHeight(of head: Hash32) -> BlockNumber {
        var height: BlockNumber = 0
        for (index, pair) in zip(lineage(of: head), canonical).enumerated() where pair.0 == pair.1 {
            height = BlockNumber(index)
        }
        return height
    }
}
