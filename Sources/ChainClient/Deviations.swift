/// Which blocks break a check wherever they are read: then it is the chain that is so, not an endpoint that lies; pure.
///
/// A check that fails on one endpoint is that endpoint's fault; one that fails on all of them, and again, is a property of
/// the chain (rpc-quirks, rule 10). Such a block is taken without the evidence, never with it.
package import Ethereum

package struct Deviations: Sendable {
    /// Looks at each endpoint before its word counts: the first may fall between two backends of one URL.
    static let looksNeeded = 2
    /// Blocks remembered; the oldest is forgotten, and asked about again if it comes back.
    package static let blocksMax = 256

    /// Blocks that failed everywhere before the check is the chain's own way.
    static let blocksNeeded = 3

    /// What a chain may do in its own way.
    package enum Check: Sendable, Hashable {
        case bloom, receipts, numbers
    }

    private var looks: [Hash32: [Int: Int]] = [:]
    private var order: [Hash32] = []
    private var everywhere: [Check: Set<Hash32>] = [:]

    package init() {}

    /// Notes a failed check and says whether it has failed everywhere.
    ///
    /// - Parameter usable: the endpoints that could be asked about it.
    package mutating func failed(_ block: Hash32, _ check: Check, at endpoint: Int, usable: [Int]) -> Bool {
        if looks[block] == nil {
            order.append(block)
            if order.count > Self.blocksMax { looks[order.removeFirst()] = nil }
        }
        looks[block, default: [:]][endpoint, default: 0] += 1
        let seen = looks[block] ?? [:]
        guard usable.allSatisfy({ seen[$0] ?? 0 >= Self.looksNeeded }) else { return false }
        if !isChains(check) { everywhere[check, default: []].insert(block) }
        return true
    }

    /// Whether enough blocks have failed a check everywhere.
    package func isChains(_ check: Check) -> Bool { everywhere[check]?.count ?? 0 >= Self.blocksNeeded }
}
