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

    private var looks: [Hash32: [Int: Int]] = [:]
    private var order: [Hash32] = []

    package init() {}

    /// Notes a failed check and says whether it has failed everywhere.
    ///
    /// - Parameter usable: the endpoints that could be asked about it.
    package mutating func failed(_ block: Hash32, at endpoint: Int, usable: [Int]) -> Bool {
        if looks[block] == nil {
            order.append(block)
            if order.count > Self.blocksMax { looks[order.removeFirst()] = nil }
        }
        looks[block, default: [:]][endpoint, default: 0] += 1
        let seen = looks[block] ?? [:]
        return usable.allSatisfy { seen[$0] ?? 0 >= Self.looksNeeded }
    }
}
