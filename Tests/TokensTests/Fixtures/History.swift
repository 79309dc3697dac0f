/// Seeded histories: few accounts, few ids near the edges, every event shape, blocks without events.
import Ethereum

extension SplitMix64 {
    /// The logs of one block; every third block has none.
    package mutating func someLogs() -> [LogSpec] {
        guard below(3) != 0 else { return [] }
        return (0..<1 + below(4)).map { _ in someLog().inTransaction(UInt32(below(2))) }
    }

    private mutating func someLog() -> LogSpec {
        let nft = Contract(100 + UInt32(below(2)))
        let items = Contract(101 + UInt32(below(2)))
        let (from, to) = (UInt32(below(5)), UInt32(below(5)))
        let token = below(2) == 0 ? U256(below(6)) : edgyNumber()
        switch below(10) {
        case 0...3: return nft.moves(token, from, to: to)
        case 4, 5: return items.sends(token, amount: edgyNumber(), from, to: to)
        case 6:
            let ids = (0..<1 + below(3)).map { _ in U256(below(4)) }
            return items.sends(ids: ids, amounts: ids.map { _ in U256(below(9)) }, from, to: to)
        case 7:
            let last = edgyNumber()
            return nft.movesRange(min(token, last), through: max(token, last), from, to: to)
        case 8: return items.sends(ids: [token], amounts: [], from, to: to)
        default: return nft.pays(5, from, to: to)
        }
    }

    /// Blocks `range` with seeded logs.
    package mutating func history(_ range: ClosedRange<UInt64>, branch: UInt64 = 0) -> [LogBlock] {
        range.map { LogBlock($0, branch: branch, someLogs()) }
    }
}
