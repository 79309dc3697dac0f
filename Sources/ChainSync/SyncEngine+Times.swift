import Ethereum
import Tokens

/// Times of blocks whose logs came without them: asked for in what a round at the head leaves over.
extension SyncEngine {
    /// Headers that one commit of times asks for: a batch or two.
    private static var timesPerCommit: Int { 200 }

    /// Fills times until none is missing or the round is over.
    ///
    /// A block that is not served, or whose hash is another than the held one, is passed over: times are no proof of a
    /// reorg. The next round begins with it again.
    func fillTimes(_ state: inout ChainState, until deadline: Time.Instant) async throws {
        guard state.isIndexed else { return }
        var next: BlockNumber = 0
        while clock.now < deadline {
            let held = try await ledger.untimedBlocks(
                of: state.identity.chainID,
                from: next,
                limit: Self.timesPerCommit
            )
            guard let last = held.last else { return }
            next = last.number + 1
            let hashes = Dictionary(held.map { ($0.number, $0.hash) }, uniquingKeysWith: { first, _ in first })
            var update = update(from: state)
            for header in try await chain.headers(numbers: held.map(\.number))
            where header.hash == hashes[header.number] && header.timestamp > 0 {
                update.blocks.append(
                    BlockRecord(number: header.number, hash: header.hash, timestamp: header.timestamp, role: [])
                )
            }
            if !update.blocks.isEmpty { _ = try await commit(update, &state) }
        }
    }
}
