/// What every engine must do: idempotence, freedom of order, conflicts, the compare-and-swap.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct StoreContract {
    private static func history(_ seed: UInt64, _ range: ClosedRange<UInt64> = 0...40) -> [LogBlock] {
        var random = SplitMix64(seed: seed)
        return random.history(range)
    }

    // MARK: Once

    @Test(arguments: StoreEngine.available)
    func `idempotency: applying the same rows twice changes nothing but the version`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = Self.history(1)
            let first = try await writer.take(blocks)
            let before = try made.dump(bookkeeping: false)
            let second = try await writer.take(blocks)
            #expect(try made.dump(bookkeeping: false) == before)
            #expect(first.inserted == decode(blocks).rowCount)
            #expect(first.repeated == 0)
            #expect(second.inserted == 0)
            #expect(second.repeated == first.inserted)
            #expect(second.version.revision == first.version.revision + 1)
            try expectCounters(made)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `rows that come twice in one update count once`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = Self.history(2)
            let state = writer.state
            let committed = try await writer.apply { update in
                update.add(blocks, for: state)
                update.add(blocks, for: state)
                update.tip = blocks.last?.ref
            }
            #expect(committed.inserted == decode(blocks).rowCount)
            #expect(committed.repeated == committed.inserted)
            #expect(try Oracle(decode(blocks)).differences(from: export(made.store).lines) == [])
            try expectCounters(made)
        }
    }

    // MARK: Any order

    @Test(arguments: StoreEngine.available, Array(0..<UInt64(8)))
    func `updates in any order give the same rows, export and digest`(engine: StoreEngine, seed: UInt64) async throws {
        let blocks = Self.history(seed)
        let ordered = try await dump(engine, [blocks], tip: blocks.last)
        var random = SplitMix64(seed: seed)
        let single = try await dump(engine, blocks.shuffled(using: &random).map { [$0] }, tip: blocks.last)
        let halves = try await dump(engine, [Array(blocks[20...]), Array(blocks[..<20])], tip: blocks.last)
        #expect(single.rows == ordered.rows)
        #expect(halves.rows == ordered.rows)
        #expect(single.text == ordered.text)
        #expect(halves.text == ordered.text)
        #expect(try Oracle(decode(blocks)).differences(from: ordered.lines) == [])
    }

    private func dump(
        _ engine: StoreEngine,
        _ pieces: [[LogBlock]],
        tip: LogBlock?
    ) async throws -> (rows: [String], text: [String], lines: [HoldingLine]) {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let state = writer.state
            for piece in pieces {
                try await writer.apply { update in
                    update.add(piece, for: state)
                    update.tip = tip?.ref
                }
            }
            try expectCounters(made)
            let (lines, text, _) = try export(made.store)
            return (try made.dump(bookkeeping: false), text, lines)
        }
    }

    // MARK: Conflicts

    /// Each changes one column of one row of the blocks in ``conflicting``.
    static let conflicts: [@Sendable (inout ChainUpdate) -> Void] = [
        { $0.rows.transfers[0].contract = account(99) }, { $0.rows.transfers[0].token = .max },
        { $0.rows.transfers[0].from = account(99) }, { $0.rows.transfers[0].to = account(99) },
        { $0.rows.transfers[1].operator = account(99) }, { $0.rows.transfers[1].amount = U256(99) },
        { $0.rows.transfers[0].transactionHash = hash(99) }, { $0.rows.transfers[0].transactionIndex = 99 },
        { $0.rows.transfers[0].kind = .unindexed721 }, { $0.rows.transfers[0].flags = .extraData },
        { $0.rows.ranges[0].contract = account(99) }, { $0.rows.ranges[0].first = .zero },
        { $0.rows.ranges[0].last = .max }, { $0.rows.ranges[0].from = account(99) },
        { $0.rows.ranges[0].to = account(99) }, { $0.rows.ranges[0].transactionHash = hash(99) },
        { $0.rows.ranges[0].transactionIndex = 99 }, { $0.rows.malformed[0].contract = account(99) },
        { $0.rows.malformed[0].topics[1] = hash(99) }, { $0.rows.malformed[0].data[0] = 99 },
        { $0.rows.malformed[0].dataCount = 99 }, { $0.rows.malformed[0].reason = .badData },
        { $0.rows.blocks[0].hash = hash(99) }, { $0.blocks[0].hash = hash(99) }, { $0.blocks[1].hash = hash(99) },
    ]

    private static let conflicting = [
        LogBlock(1, [Contract(20).moves(1, 0, to: 1), Contract(30).sends(U256(2), amount: U256(5), 0, to: 1)]),
        LogBlock(2, []),
        LogBlock(
            3,
            [
                Contract(20).movesRange(U256(10), through: U256(19), 0, to: 2),
                Contract(30).sends(ids: [.one], amounts: [], 0, to: 1),
            ]
        ),
    ]

    @Test(arguments: StoreEngine.available, Array(conflicts.indices))
    func `a held row with another column refuses the whole update`(engine: StoreEngine, index: Int) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            try await writer.take(Self.conflicting)
            let before = try made.dump(bookkeeping: true)
            var update = writer.update()
            update.add([LogBlock(0, [Contract(77).moves(5, 0, to: 8)])] + Self.conflicting, for: writer.state)
            // The new row must not be written either.
            update.rows.transfers.append(update.rows.transfers.removeFirst())
            update.rows.blocks.append(update.rows.blocks.removeFirst())
            update.blocks.append(update.blocks.removeFirst())
            Self.conflicts[index](&update)
            await #expect { try await made.store.apply(update, to: 321) } throws: { error in
                if case LedgerError.inconsistent = error { true } else { false }
            }
            #expect(try made.dump(bookkeeping: true) == before)
            #expect(try await made.store.state(of: 321) == writer.state)
            // And the same update without the change goes through.
            try await writer.take([LogBlock(0, [Contract(77).moves(5, 0, to: 8)])] + Self.conflicting)
            try expectCounters(made)
        }
    }

    // MARK: Compare and swap

    static let stale: [@Sendable (inout ChainVersion) -> Void] = [
        { $0.revision -= 1 }, { $0.revision += 1 }, { $0.commitID.high ^= 1 }, { $0.commitID.low ^= 1 },
        { $0.epoch -= 1 }, { $0.epoch += 1 }, { $0.holder.high ^= 1 }, { $0.holder.low ^= 1 },
    ]

    @Test(arguments: StoreEngine.available, Array(stale.indices))
    func `an update from another state is refused, and nothing is written`(engine: StoreEngine, index: Int) async throws
    {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            try await writer.take(Self.history(3))
            let before = try made.dump(bookkeeping: true)
            var update = writer.update()
            update.rewindTo = 3
            update.add([LogBlock(4, branch: 1, [Contract(20).moves(1, 0, to: 1)])], for: writer.state)
            Self.stale[index](&update.base)
            let current = writer.state.version
            await #expect(throws: LedgerError.stale(current: current)) { try await made.store.apply(update, to: 321) }
            #expect(try made.dump(bookkeeping: true) == before)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `an update that was applied is stale when it comes again`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            var update = writer.update()
            update.add(Self.history(4), for: writer.state)
            let committed = try await made.store.apply(update, to: 321)
            await #expect(throws: LedgerError.stale(current: committed.version)) {
                try await made.store.apply(update, to: 321)
            }
            // The fate of a commit is told by its name.
            #expect(try await made.store.state(of: 321).version.commitID == update.commitID)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `who opens a chain takes it over from who held it`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var first = try await Writer(made.store, holder: 1)
            var second = try await Writer(try made.another(), holder: 2)
            #expect(second.state.version.epoch == first.state.version.epoch + 1)
            let blocks = Self.history(5)
            try await second.take(blocks)
            var late = first.update()
            late.add(blocks, for: first.state)
            await #expect(throws: LedgerError.stale(current: second.state.version)) {
                try await made.store.apply(late, to: 321)
            }
        }
    }
}
