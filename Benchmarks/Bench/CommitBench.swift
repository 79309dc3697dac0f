import Ethereum
import Floor
import StoreSQLite
import Tokens

/// What one block costs at the head, with all indexes there, beside what the disk asks for a durable write.
enum CommitBench {
    private static let commits = 300

    static func judge(_ judge: inout Judge) throws {
        _ = try Part.run(["ingest", "--url", try judge.node(judge.size), "--database", database])
        let values = try Part.run(["commit", "--database", database] + judge.size)
        func text(_ key: String) -> String { Verdicts.text(values[key] ?? .nan) }
        judge.verdicts.report(
            "one-block commit, ms: p50 \(text("p50")), p99 \(text("p99")); fsync of this disk: p50 \(text("fsync50")), "
                + "p99 \(text("fsync99"))"
        )
        judge.verdicts.judge(
            "one-block commit less two fsyncs, ms (medians)",
            (values["p50"] ?? .nan) - 2 * (values["fsync50"] ?? .nan),
            .atMost(2)
        )
        judge.verdicts.report(
            "swap of the chain's row, µs: \(text("swap")) without a lease, \(text("swapWithLease")) with one"
        )
        judge.verdicts.judge(
            "the lease's part of a one-block commit, % (median)",
            ((values["swapWithLease"] ?? .nan) - (values["swap"] ?? .nan)) / (values["p50"] ?? .nan) / 10,
            .atMost(1)
        )
    }

    /// Commits the blocks behind the bench chain one by one to a database that holds the chain, an fsync before each.
    static func run(_ data: Dataset, database: String) throws -> Part.Values {
        let store = try SQLiteStore(path: database)
        var state = try store.reading(1)
        let scope = state.scopes.first?.id ?? 1
        let disk = try Disk(besides: database)
        var commits: [Double] = []
        var fsyncs: [Double] = []
        for block in blocks(behind: data, count: Self.commits) {
            fsyncs.append(try disk.fsync().milliseconds)
            var update = ChainUpdate(base: state.version, commitID: ID128(high: 7, low: block.number))
            update.rows = block.rows
            update.tip = block.ref
            update.covered = [
                .init(
                    key: CoverageKey(scope: scope, eventSet: .indexed),
                    range: block.number...block.number,
                    evidence: .anchored
                )
            ]
            let start = ContinuousClock.now
            state.version = try store.applying(update, to: 1).version
            commits.append(start.duration(to: .now).milliseconds)
        }
        try store.close()
        var (withLease, without) = (0.0, 0.0)
        guard floor_lease(database, 2_000, &withLease, &without) == 0 else {
            throw BenchError("the lease's part was not measured")
        }
        return [
            "swap": without / 1_000, "swapWithLease": withLease / 1_000,
            "p50": commits.percentile(0.5), "p99": commits.percentile(0.99), "fsync50": fsyncs.percentile(0.5),
            "fsync99": fsyncs.percentile(0.99),
        ]
    }

    private struct Block {
        var number: BlockNumber
        var rows = DecodedLogs()
        var ref: BlockRef { BlockRef(number: number, hash: Dataset.hash(number, 7)) }
    }

    /// The chain goes on as it was: the same tokens, wallets and contracts.
    private static func blocks(behind data: Dataset, count: Int) -> [Block] {
        let longer = Dataset(
            logs: data.logCount + count * Dataset.logsPerBlock,
            tokens: data.tokenCount,
            wallets: data.walletCount
        )
        var blocks: [Block] = []
        longer.forEach { item in
            guard item.block > data.blockCount else { return }
            if blocks.last?.number != item.block { blocks.append(Block(number: item.block)) }
            let block = blocks.count - 1
            if blocks[block].rows.blocks.isEmpty {
                blocks[block].rows.blocks.append(
                    BlockRecord(number: item.block, hash: blocks[block].ref.hash, timestamp: nil, role: .events)
                )
            }
            for (ordinal, move) in item.moves.enumerated() {
                blocks[block].rows.transfers.append(
                    Transfer(
                        place: Place(block: item.block, logIndex: item.logIndex, ordinal: UInt32(ordinal)),
                        contract: item.contract,
                        token: move.token,
                        from: item.from,
                        to: item.to,
                        operator: item.from,
                        amount: U256(move.amount),
                        transactionHash: item.transactionHash,
                        transactionIndex: item.transactionIndex,
                        kind: item.kind,
                        flags: []
                    )
                )
            }
        }
        return blocks
    }
}
