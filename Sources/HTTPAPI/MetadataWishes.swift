import Ethereum
import Foundation
import Logging
import Synchronization
import Tokens

/// Tokens that somebody asked about and nobody has looked at yet; written into the queue together, every second.
///
/// A page of answers must not cost a transaction each, and a reader must not wait for the writer.
package final class MetadataWishes: Sendable {
    private let news: any MetadataNews
    private let wallSeconds: @Sendable () -> Int64
    private let logger: Logger
    private let wishes = Mutex<[ChainID: Set<MetadataWish>]>([:])

    /// Tokens that wait to be written; what comes beyond is asked for again by whoever looks again.
    private static let wishesMax = 10_000
    /// In one transaction: the writer is shared with whoever follows the chain.
    private static let wishesPerWrite = 500
    private static let interval = Duration.seconds(1)

    init(_ news: any MetadataNews, wallSeconds: @escaping @Sendable () -> Int64, _ logger: Logger) {
        self.news = news
        self.wallSeconds = wallSeconds
        self.logger = logger
    }

    func add(_ wish: MetadataWish, on chain: ChainID) {
        wishes.withLock { wishes in
            guard wishes.values.reduce(0, { $0 + $1.count }) < Self.wishesMax else { return }
            wishes[chain, default: []].insert(wish)
        }
    }

    /// Asks for one token at once, also where metadata is held; false where its contract's budget is used up.
    func askAgain(_ wish: MetadataWish, on chain: ChainID) async throws -> Bool {
        try await !news.requestMetadata([wish], of: chain, again: true, now: wallSeconds()).isEmpty
    }

    /// Writes wishes down until cancelled; what cannot be written is dropped and said, because it will be asked for again.
    func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            await flush()
        }
    }

    func flush() async {
        let taken = wishes.withLock { wishes in
            defer { wishes = [:] }
            return wishes
        }
        for (chain, wishes) in taken {
            var rest = Array(wishes)[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.wishesPerWrite))
                rest = rest.dropFirst(part.count)
                do {
                    _ = try await news.requestMetadata(part, of: chain, again: false, now: wallSeconds())
                } catch {
                    logger.warning("tokens could not be queued for metadata", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
