/// What the other operators say: asked before anything held is given up for one endpoint's word (rpc-quirks §7).
package import Ethereum
import Logging
import Synchronization

extension RPCChain {
    /// Blocks this far below an endpoint's head differ by more than a reorg that travels.
    static let settledDepth: UInt64 = 64

    package func votes(on block: BlockRef) async -> Votes {
        let now = timeline.now
        let asked = endpoints.indices.filter { index in
            let upstream = upstream(index)
            return upstream.isUsable(for: [.head], now) && upstream.throttle.closedUntil <= now
                && !upstream.needsVerifying(now) && state.withLock { $0.pool.allows(index, now: now) }
        }
        let said = await withTaskGroup(of: Numbered<Bool?>.self) { group in
            for index in asked {
                group.addTask {
                    do throws(Fault) {
                        let answer = try await self.readHeader(index, number: block.number)
                        return Numbered(index, answer.header.hash == block.hash)
                    } catch {
                        self.report(index, error, .blockByNumber)
                        return Numbered(index, nil)
                    }
                }
            }
            var said: [Int: Bool] = [:]
            for await answer in group { said[answer.index] = answer.value }
            return said
        }
        let votes = Self.count(said, operators: endpoints.map(\.operator))
        if votes.same > votes.other {
            // Whoever is alone with another block far below its head is on a fork that the others do not know. Near the
            // head it may be the first to see a reorg.
            for index in said.keys.sorted()
            where said[index] == false && upstream(index).head ?? 0 >= block.number + Self.settledDepth {
                let text = "block \(block.number) is another one here than at the other operators'"
                report(index, Fault(.inconsistent, text), .blockByNumber)
            }
        }
        return votes
    }

    /// An operator whose endpoints contradict each other has no voice.
    static func count(_ said: [Int: Bool], operators: [String]) -> Votes {
        var voices: [String: Set<Bool>] = [:]
        for (index, isSame) in said { voices[operators[index], default: []].insert(isSame) }
        return Votes(
            same: voices.values.count { $0 == [true] },
            other: voices.values.count { $0 == [false] }
        )
    }
}
