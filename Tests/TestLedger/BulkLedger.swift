package import Ethereum
package import StoreSQLite
import Tokens

/// Fills a database with many tokens quickly, for measurements: no chain, no engine, the ledger's own transactions.
package enum BulkLedger {
    package static let chain: ChainID = 321
    package static let contract = Address(high: 0xc0ff_ee00_0000_0000, middle: 7, low: 7)

    /// About 6 s for a million in release.
    ///
    /// - Parameter tokens: unique tokens of ``contract``, ids from 1, spread over 100,000 wallets.
    package static func fill(_ store: SQLiteStore, tokens: Int) throws {
        var random = SystemRandomNumberGenerator()
        var version = try store.opening(
            ChainRequest(
                identity: ChainIdentity(chainID: chain, genesis: Hash32(w0: 1, w1: 2, w2: 3, w3: 4)),
                contracts: [],
                firstBlock: 0,
                eventSets: [.indexed]
            ),
            holder: ID128(high: 1, low: 1)
        )
        let scope = version.scopes.first?.id ?? 1
        let transfersPerBlock = 100
        let transfersPerCommit = 20_000
        for start in stride(from: 0, to: tokens, by: transfersPerCommit) {
            var update = ChainUpdate(base: version.version, commitID: .random(using: &random))
            let first = BlockNumber(start / transfersPerBlock)
            var last = first
            for index in start..<min(start + transfersPerCommit, tokens) {
                last = BlockNumber(index / transfersPerBlock)
                if update.rows.blocks.last?.number != last {
                    update.rows.blocks.append(
                        BlockRecord(number: last, hash: hash(last), timestamp: last, role: .events)
                    )
                }
                update.rows.transfers.append(transfer(index, in: last, of: contract))
            }
            update.tip = BlockRef(number: last, hash: hash(last))
            update.finalized = last
            update.covered = [
                ChainUpdate.CoveredRange(
                    key: CoverageKey(scope: scope, eventSet: .indexed),
                    range: first...last,
                    evidence: .anchored
                )
            ]
            _ = try store.applying(update, to: chain)
            version = try store.reading(chain)
        }
        try store.buildingIndexes(of: chain, as: version.version)
    }

    private static func transfer(_ index: Int, in block: BlockNumber, of contract: Address) -> Transfer {
        let wallet = UInt64(index) &* 0x9e37_79b9_7f4a_7c15 % 100_000
        return Transfer(
            place: Place(block: block, logIndex: UInt32(index % 100)),
            contract: contract,
            token: U256(UInt64(index) + 1),
            from: .zero,
            to: Address(high: wallet &* 0xd6e8_feb8_6659_fd93, middle: wallet, low: 1),
            operator: .zero,
            amount: .one,
            transactionHash: Hash32(w0: UInt64(index), w1: 1, w2: 2, w3: 3),
            transactionIndex: UInt32(index % 100),
            kind: .erc721,
            flags: []
        )
    }

    private static func hash(_ block: BlockNumber) -> Hash32 { Hash32(w0: 0xb10c, w1: 0, w2: 0, w3: block) }
}
