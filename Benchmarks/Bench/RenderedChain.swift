import Ethereum
import Foundation
import Synchronization

/// The bench chain as text, rendered before any clock starts: a log answer is one slice of one buffer.
///
/// All cores render; about 700 bytes a log and 1.3 KB a block stay in memory, and as much again for each receipt.
struct RenderedChain {
    private(set) var text = BlockText()
    private(set) var numbers: [Hash32: Int] = [:]
    let data: Dataset

    /// Blocks that are drafted and rendered together; bounds what is in memory besides the text.
    private static let blocksPerRound = 4_096
    private static let blocksPerPiece = 512

    /// - Parameter receiptBlocks: how many blocks, from the first, have receipts to serve.
    init(_ data: Dataset, receiptBlocks: Int) {
        self.data = data
        text.logs.bytes.reserveCapacity(data.logCount * 700)
        numbers.reserveCapacity(data.blockCount + 1)
        var parent = Hash32.zero
        var round: [(number: BlockNumber, items: [Dataset.Item])] = [(0, [])]
        let sealers = (0..<Self.blocksPerRound / Self.blocksPerPiece).map { _ in BlockSealer() }
        data.forEach { item in
            if round[round.count - 1].number != item.block {
                if round.count == Self.blocksPerRound { take(&round, sealers, &parent, receiptBlocks) }
                round.append((item.block, []))
            }
            round[round.count - 1].items.append(item)
        }
        take(&round, sealers, &parent, receiptBlocks)
    }

    private mutating func take(
        _ round: inout [(number: BlockNumber, items: [Dataset.Item])],
        _ sealers: [BlockSealer],
        _ parent: inout Hash32,
        _ receiptBlocks: Int
    ) {
        let pieces = stride(from: 0, to: round.count, by: Self.blocksPerPiece).map {
            round[$0..<min($0 + Self.blocksPerPiece, round.count)]
        }
        let data = data
        var drafts = Self.concurrently(pieces.count) { index in
            pieces[index].map { sealers[index].draft($0.number, $0.items, of: data) }
        }
        // Each hash needs the one before: the only part that cannot be shared out.
        for piece in drafts.indices {
            for index in drafts[piece].indices {
                drafts[piece][index].header.parentHash = parent
                parent = drafts[piece][index].header.computedHash ?? .zero
                drafts[piece][index].hash = parent
                numbers[parent] = Int(drafts[piece][index].number)
            }
        }
        let linked = drafts
        let texts = Self.concurrently(linked.count) { index in
            var text = BlockText()
            for block in linked[index] { text.append(block, withReceipts: block.number <= receiptBlocks) }
            return text
        }
        for piece in texts {
            text.logs.append(piece.logs)
            text.allLogs.append(piece.allLogs)
            text.headers.append(piece.headers)
            text.receipts.append(piece.receipts)
        }
        round.removeAll(keepingCapacity: true)
    }

    private static func concurrently<Out>(_ count: Int, _ body: @Sendable (Int) -> Out) -> [Out] {
        let results = Mutex([Out?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let result = body(index)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }
}
