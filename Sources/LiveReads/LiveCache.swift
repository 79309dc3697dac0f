import Ethereum
import Tokens

/// Answers that were read, at most so many: the one that was not used for longest makes room, nearly.
///
/// A clock with one bit for each entry: as good as an order of use here, without one to keep. Entries stay after their
/// time, as the last that is known. Pure: the time is an argument.
struct LiveCache {
    struct Entry: Sendable {
        var value: LiveValue
        /// The state that it was read from.
        var block: BlockRef
        /// The ledger's state before it was read; nil where no database followed the chain, or could not be asked.
        var position: LedgerPosition?
        var readAt: Duration

        /// Asks for whatever the ledger took in since: in a block that was there already too, for the chain may have been
        /// another one above the ledger's tip.
        func probe(of subject: MoveProbe.Subject) -> MoveProbe {
            MoveProbe(subject, readAt: block, since: min(block.number, position?.tip?.number ?? block.number))
        }

        /// Only of a block that the ledger holds is it known that it is the one that became final.
        func isFinal(upTo finalized: BlockNumber) -> Bool { block == position?.tip && block.number <= finalized }
    }

    private struct Slot {
        var question: LiveQuestion
        var entry: Entry
        var isUsed = false
    }

    private var slots: [Slot] = []
    private var places: [LiveQuestion: Int] = [:]
    private var hand = 0
    private let entriesMax: Int

    init(entriesMax: Int) { self.entriesMax = max(1, entriesMax) }

    var count: Int { slots.count }

    mutating func entry(for question: LiveQuestion) -> Entry? {
        guard let place = places[question] else { return nil }
        slots[place].isUsed = true
        return slots[place].entry
    }

    /// An entry of a later block stays, unless the chain was rewound since: two reads may end in the wrong order.
    mutating func put(_ entry: Entry, for question: LiveQuestion) {
        if let place = places[question] {
            let held = slots[place].entry
            if held.position?.rewinds == entry.position?.rewinds, held.block.number > entry.block.number { return }
            slots[place].entry = entry
            return
        }
        guard slots.count >= entriesMax else {
            places[question] = slots.count
            return slots.append(Slot(question: question, entry: entry))
        }
        while slots[hand].isUsed {
            slots[hand].isUsed = false
            hand = (hand + 1) % slots.count
        }
        places[slots[hand].question] = nil
        places[question] = hand
        slots[hand] = Slot(question: question, entry: entry)
        hand = (hand + 1) % slots.count
    }

    /// Drops what is known to be outdated, if it still is what was looked at.
    mutating func drop(_ question: LiveQuestion, readAt: Duration) -> Bool {
        guard let place = places[question], slots[place].entry.readAt == readAt else { return false }
        places[question] = nil
        let last = slots.removeLast()
        if place < slots.count {
            slots[place] = last
            places[last.question] = place
        }
        if hand >= slots.count { hand = 0 }
        return true
    }
}

/// Whether a kept answer may be given again.
enum Freshness: Equatable {
    case fresh
    /// Too old to be given, but the last that is known.
    case expired
    /// Something moved since, or its block is gone: it must not be given at all.
    case void

    /// - Parameters:
    ///   - isOutdated: whether the ledger holds something newer, or another block at that height; nil where it was not asked.
    ///   - marks: the ledger's state; nil where no database follows the chain.
    init(
        _ entry: LiveCache.Entry,
        isOutdated: Bool?,
        _ marks: LedgerMarks?,
        now: Duration,
        _ limits: LiveLimits
    ) {
        // What was read without the ledger cannot be held against it.
        let isOfThisChain = marks.map { $0.rewinds == entry.position?.rewinds } ?? true
        if isOutdated == true || !isOfThisChain {
            self = .void
        } else {
            self = now - entry.readAt < limits.cacheAge ? .fresh : .expired
        }
    }
}
