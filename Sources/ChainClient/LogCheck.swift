/// Whether logs are an answer to what was asked; pure. Sorting, duplicates and unusable indices are found here too.
package import Ethereum

package enum LogCheck {
    /// What a page is after the checks.
    package struct Outcome: Sendable {
        package var page: LogPage
        /// Blocks whose log indices cannot be used: repeated, restarting per transaction, missing or out of range.
        package var unusable: [BlockNumber] = []
        /// Identical logs that were there twice.
        package var duplicates = 0
        /// Logs with fewer topics than asked for, from nodes that ignore trailing nulls.
        package var shorter = 0
    }

    /// What the logs have to be of.
    package enum Place: Sendable {
        /// - Parameter last: the hash of the range's last block, by its header.
        case range(ClosedRange<BlockNumber>, last: Hash32)
        case block(BlockRef)
    }

    /// Checks every log, then sorts by (block, log index).
    ///
    /// - Throws: ``ErrorClass/inconsistent`` for an answer to something else, which is refused as a whole.
    package static func checked(
        _ scanned: ScannedLogs,
        from place: Place,
        matching filter: LogFilter
    ) throws(Fault) -> Outcome {
        var outcome = Outcome(page: scanned.page)
        let wanted = Wanted(filter)
        var isSorted = true
        var hasShort = false
        var before: (BlockNumber, UInt32) = (0, 0)
        for index in outcome.page.logs.indices {
            try check(outcome.page.logs[index], place, wanted)
            let log = outcome.page.logs[index]
            hasShort = hasShort || Int(log.topicCount) < filter.topicCountMin
            let here = (log.blockNumber, log.logIndex)
            isSorted = isSorted && (index == 0 || before < here)
            before = here
        }
        // Strictly rising means sorted and without duplicates; that is what honest nodes send.
        if !isSorted { sort(&outcome.page) }
        try refuseTwoForks(outcome.page)
        if hasShort {
            let count = outcome.page.logs.count
            outcome.page.logs.removeAll { Int($0.topicCount) < filter.topicCountMin }
            outcome.shorter = count - outcome.page.logs.count
        }
        if !isSorted { removeDuplicates(&outcome) }
        try findUnusable(&outcome)
        return outcome
    }

    /// All logs of one block name the same hash.
    private static func refuseTwoForks(_ page: LogPage) throws(Fault) {
        // By index, because a log is 256 bytes and a pair of them would be copied for two fields.
        for index in page.logs.indices.dropFirst()
        where page.logs[index].blockNumber == page.logs[index - 1].blockNumber {
            guard page.logs[index].blockHash == page.logs[index - 1].blockHash else {
                throw Fault(.inconsistent, "logs of two forks at block \(page.logs[index].blockNumber)")
            }
        }
    }

    private struct Wanted {
        var addresses: Set<Address>
        var topics: Set<Hash32>
        var oneAddress: Address?

        init(_ filter: LogFilter) {
            addresses = Set(filter.addresses)
            topics = Set(filter.topics0)
            oneAddress = filter.addresses.count == 1 ? filter.addresses[0] : nil
        }
    }

    @inline(__always)
    private static func check(_ log: Log, _ place: Place, _ wanted: Wanted) throws(Fault) {
        #if MUTANTS
            if Mutant.is(.otherBlocksTaken), case .range = place { return }
            if Mutant.is(.otherForksTaken), case .block = place { return }
        #endif
        switch place {
        case .range(let range, let last):
            guard range.contains(log.blockNumber) else {
                throw Fault(.inconsistent, "a log of block \(log.blockNumber), which was not asked for")
            }
            // Also of logs that are not kept: whoever has one of another fork has left ours out.
            guard log.blockNumber < range.upperBound || log.blockHash == last else {
                throw Fault(.inconsistent, "logs of block \(range.upperBound) are of another fork than its header")
            }
        case .block(let block):
            guard log.blockHash == block.hash, log.blockNumber == block.number else {
                throw Fault(.inconsistent, "a log of another block than the one asked for by hash")
            }
        }
        #if MUTANTS
            if Mutant.is(.otherContractsTaken) { return }
        #endif
        if let one = wanted.oneAddress {
            guard log.address == one else { throw Fault(.inconsistent, "a log of a contract that was not asked for") }
        } else if !wanted.addresses.isEmpty, !wanted.addresses.contains(log.address) {
            throw Fault(.inconsistent, "a log of a contract that was not asked for")
        }
        if !wanted.topics.isEmpty, log.topicCount == 0 || !wanted.topics.contains(log.topic0) {
            throw Fault(.inconsistent, "a log with a topic that was not asked for")
        }
    }

    /// By place in the chain; stable, so that unusable indices keep the node's order for the receipts to compare with.
    static func sort(_ page: inout LogPage) {
        let order = page.logs.indices.sorted { left, right in
            let (a, b) = (page.logs[left], page.logs[right])
            return (a.blockNumber, a.logIndex, left) < (b.blockNumber, b.logIndex, right)
        }
        page.logs = ContiguousArray(order.map { page.logs[$0] })
    }

    /// Takes out logs that are the same in every byte; those that share only their place are left to be judged.
    private static func removeDuplicates(_ outcome: inout Outcome) {
        var kept = ContiguousArray<Log>()
        kept.reserveCapacity(outcome.page.logs.count)
        var runStart = 0
        for log in outcome.page.logs {
            if let last = kept.last, last.blockNumber != log.blockNumber || last.logIndex != log.logIndex {
                runStart = kept.count
            }
            // Without a usable index two logs that look the same may well be two logs.
            let isKnown = log.logIndex < 1 << 31
            if isKnown, kept[runStart...].contains(where: { isIdentical($0, log, outcome.page.data) }) {
                outcome.duplicates += 1
            } else {
                kept.append(log)
            }
        }
        outcome.page.logs = kept
    }

    private static func isIdentical(_ left: Log, _ right: Log, _ data: ContiguousArray<UInt8>) -> Bool {
        var moved = right
        moved.dataOffset = left.dataOffset
        // Whether a node has filled in the time of a block does not make two logs of one.
        moved.blockTimestamp = left.blockTimestamp
        guard left == moved else { return false }
        return data[left.dataOffset..<(left.dataOffset + left.dataCount)]
            .elementsEqual(data[right.dataOffset..<(right.dataOffset + right.dataCount)])
    }

    /// Blocks where the index is no place in the block; and blocks with two hashes, which no chain has.
    private static func findUnusable(_ outcome: inout Outcome) throws(Fault) {
        let logs = outcome.page.logs
        guard var before = logs.first else { return }
        if before.logIndex >= 1 << 31 { outcome.unusable.append(before.blockNumber) }
        for log in logs.dropFirst() {
            defer { before = log }
            if log.blockNumber == before.blockNumber {
                guard log.blockHash == before.blockHash else {
                    throw Fault(.inconsistent, "logs of two forks in block \(log.blockNumber)")
                }
                let restarts = log.transactionIndex < before.transactionIndex || log.logIndex == before.logIndex
                guard restarts || log.logIndex >= 1 << 31 else { continue }
            } else if log.logIndex < 1 << 31 {
                continue
            }
            if outcome.unusable.last != log.blockNumber { outcome.unusable.append(log.blockNumber) }
        }
    }

    // MARK: Several parts of one answer

    /// Puts pages of one range side by side: each log keeps its data.
    package static func merged(_ parts: [ScannedLogs]) -> ScannedLogs {
        guard parts.count != 1 else { return parts[0] }
        var out = ScannedLogs()
        out.page.logs.reserveCapacity(parts.reduce(0) { $0 + $1.page.logs.count })
        out.page.data.reserveCapacity(parts.reduce(0) { $0 + $1.page.data.count })
        for part in parts {
            let offset = out.page.data.count
            out.page.data.append(contentsOf: part.page.data)
            for var log in part.page.logs {
                log.dataOffset += offset
                out.page.logs.append(log)
            }
            out.pendingCount += part.pendingCount
            out.incompleteCount += part.incompleteCount
        }
        return out
    }

    /// The blocks of `numbers`, with their logs taken from `blocks` instead, still sorted.
    package static func replacing(_ numbers: [BlockNumber], of page: LogPage, by blocks: [LogPage]) -> LogPage {
        let replaced = Set(numbers)
        var rest = ScannedLogs(page: page)
        rest.page.logs.removeAll { replaced.contains($0.blockNumber) }
        var out = merged([rest] + blocks.map { ScannedLogs(page: $0) }).page
        sort(&out)
        return out
    }

    /// The logs of a page that a filter asks for, as a node would choose them.
    package static func filtered(_ page: LogPage, by filter: LogFilter) -> LogPage {
        let wanted = Wanted(filter)
        var out = page
        out.logs.removeAll { log in
            if !wanted.addresses.isEmpty, !wanted.addresses.contains(log.address) { return true }
            if !wanted.topics.isEmpty, log.topicCount == 0 || !wanted.topics.contains(log.topic0) { return true }
            return Int(log.topicCount) < filter.topicCountMin
        }
        return out
    }
}
