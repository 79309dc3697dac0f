/// What every engine must do: undoing, counters, checkpoints, chains side by side, readers beside a writer.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct StoreUndoContract {
    // MARK: Undo

    @Test(arguments: StoreEngine.available, Vector.all)
    func `a vector's holdings are right, and each block undone returns the earlier state byte for byte`(
        engine: StoreEngine,
        vector: Vector
    ) async throws {
        try await withStore(engine) { made in
            var request = ChainRequest.test()
            request.specialContracts = vector.specials
            var writer = try await Writer(made.store, request)
            let blocks = [LogBlock(0, [])] + vector.blocks
            try await rise(&writer, made, blocks, vector.rules)
            let (_, text, summary) = try export(made.store)
            #expect(text == vector.holdings)
            #expect(summary.negativeSums == vector.negativeSums)
            #expect(summary.lines == text.count)
            if let sqlite = made as? SQLiteUnderTest { #expect(try sqlite.supplies() == vector.supplies) }
            guard let reorg = vector.reorg else { return }
            let undone = decode(blocks.filter { $0.number > reorg.keep }, by: vector.rules).rowCount
            let committed = try await writer.take(reorg.blocks, rewindTo: reorg.keep)
            #expect(committed.undone == undone)
            #expect(writer.state.rewinds > 0)
            #expect(try export(made.store).text == reorg.holdings)
            try expectCounters(made, 321, "after the reorg")
        }
    }

    /// Takes the blocks one by one, undoes them one by one, and takes them again, comparing at each height.
    private func rise(
        _ writer: inout Writer,
        _ made: any StoreUnderTest,
        _ blocks: [LogBlock],
        _ rules: ContractRules
    ) async throws {
        var states: [[String]] = []
        var exports: [[String]] = []
        for (index, block) in blocks.enumerated() {
            try await writer.take([block])
            states.append(try made.dump(bookkeeping: false))
            let (lines, text, _) = try export(made.store)
            exports.append(text)
            #expect(try Oracle(decode(Array(blocks[...index]), by: rules)).differences(from: lines) == [])
            try expectCounters(made, 321, "block \(block.number)")
        }
        for (block, text) in zip(blocks, exports) {
            #expect(try export(made.store, at: block.number).text == text, "at block \(block.number)")
        }
        for index in blocks.indices.dropLast().reversed() {
            let undone = decode([blocks[index + 1]], by: rules).rowCount
            let committed = try await writer.rewind(to: blocks[index])
            #expect(committed.undone == undone)
            #expect(
                try made.dump(bookkeeping: false) == states[index],
                "after undoing block \(blocks[index + 1].number)"
            )
            #expect(try export(made.store).text == exports[index])
            try expectCounters(made, 321, "undone to \(blocks[index].number)")
        }
        for block in blocks.dropFirst() { try await writer.take([block]) }
        #expect(try made.dump(bookkeeping: false) == states.last)
    }

    @Test(arguments: StoreEngine.available, Array(0..<UInt64(12)))
    func `a seeded history with rewinds equals the branch that is left, at every step`(
        engine: StoreEngine,
        seed: UInt64
    ) async throws {
        try await withStore(engine) { made in
            var random = SplitMix64(seed: seed)
            var writer = try await Writer(made.store)
            if seed % 2 == 0 { try await writer.buildIndexes() }
            var chain = random.history(0...5)
            try await writer.take(chain)
            for branch in 1...12 {
                let keep = UInt64(chain.count - 1) - random.below(UInt64(chain.count))
                let isReorg = random.below(2) == 0
                let base = isReorg ? keep : UInt64(chain.count - 1)
                let new = random.history(base + 1...base + 1 + random.below(4), branch: UInt64(branch))
                chain = Array(chain.prefix(Int(base) + 1)) + new
                try await writer.take(new, rewindTo: isReorg ? keep : nil)
                let lines = try export(made.store).lines
                #expect(try Oracle(decode(chain)).differences(from: lines) == [], "seed \(seed), step \(branch)")
                try expectCounters(made, 321, "seed \(seed), step \(branch)")
            }
            let left = try made.dump(bookkeeping: false)
            let fresh = try await withStore(engine) { other in
                var writer = try await Writer(other.store)
                try await writer.take(chain)
                return try other.dump(bookkeeping: false)
            }
            #expect(left == fresh, "seed \(seed)")
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a rewind and its replacement are one commit`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let nft = Contract(20)
            try await writer.take([
                LogBlock(0, []), LogBlock(1, [nft.moves(1, 0, to: 1)]), LogBlock(2, [nft.moves(1, 1, to: 2)]),
            ])
            let before = writer.state
            let new = LogBlock(2, branch: 1, [nft.moves(1, 1, to: 3), nft.moves(2, 0, to: 3)])
            let committed = try await writer.take([new], rewindTo: 1)
            #expect(
                committed
                    == Committed(
                        version: writer.state.version,
                        inserted: 2,
                        repeated: 0,
                        undone: 1,
                        checkpoint: 2
                    )
            )
            #expect(writer.state.version.revision == before.version.revision + 1)
            #expect(writer.state.rewinds == before.rewinds + 1)
            #expect(writer.state.tip == new.ref)
            #expect(writer.state.window.map(\.hash) == [hash(0), hash(1), new.hash])
            #expect(try export(made.store).text == ["u 20#1 3 x1", "u 20#2 3 x1"])
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a rewind cuts coverage and hashes above it, and never goes below a final block`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let blocks = (0...9).map { LogBlock($0, []) }
            try await writer.take(blocks)
            try await writer.apply { $0.finalized = 4 }
            try await writer.apply { $0.finalized = 2 }
            #expect(writer.state.finalized == 4)
            let before = try made.dump(bookkeeping: true)
            var deep = writer.update()
            deep.rewindTo = 3
            deep.tip = blocks[3].ref
            await #expect { try await made.store.apply(deep, to: 321) } throws: { error in
                if case LedgerError.tooDeep = error { true } else { false }
            }
            #expect(try made.dump(bookkeeping: true) == before)
            try await writer.rewind(to: blocks[5])
            #expect(writer.state.coverage.values.map { $0.contiguousEnd(from: 0) } == [5])
            #expect(writer.state.checkpoint == 5)
            #expect(writer.state.window.last == blocks[5].ref)
            #expect(try made.store.chains().first?.checkpointHash == blocks[5].hash)
        }
    }

    // MARK: Checkpoint

    @Test(arguments: StoreEngine.available)
    func `the checkpoint goes back when a contract or an event set is added, and comes again`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            let request = ChainRequest.test(contracts: [account(20)], from: 3)
            var writer = try await Writer(made.store, request)
            let blocks = (3...9).map { LogBlock($0, [Contract(20).moves(1, 0, to: UInt32($0))]) }
            #expect(try await made.store.state(of: 321).checkpoint == nil)
            try await writer.take(blocks)
            #expect(try made.store.chains().first?.checkpoint == 9)
            writer = try await Writer(made.store, .test(contracts: [account(20), account(21)], from: 5))
            #expect(writer.state.checkpoint == 4)
            #expect(try made.store.chains().first?.checkpoint == 4)
            #expect(try export(made.store).summary.asOf.isComplete == false)
            let token = TokenID(contract: account(20), token: .one)
            #expect(try made.store.holders(of: token, on: 321, at: nil).asOf.isComplete)
            #expect(
                try made.store.holders(of: TokenID(contract: account(21), token: .one), on: 321, at: nil).asOf
                    .isComplete == false
            )
            try await writer.take(Array(blocks[2...]))
            #expect(try made.store.chains().first?.checkpoint == 9)
            #expect(try export(made.store).summary.asOf == AsOf(block: blocks[6].ref, isComplete: true))
        }
    }

    @Test(arguments: StoreEngine.available)
    func `the checkpoint goes back when the whole chain is read for one more event set`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store, .test(from: 3))
            let blocks = (3...9).map { LogBlock($0, [Contract(20).moves(1, 0, to: UInt32($0))]) }
            try await writer.take(blocks)
            #expect(try made.store.chains().first?.checkpoint == 9)
            writer = try await Writer(made.store, .test(eventSets: [.indexed, .unindexed]))
            #expect(writer.state.eventSets == [.indexed, .unindexed])
            #expect(try made.store.chains().first?.checkpoint == 2)
            try await writer.take(blocks)
            #expect(try made.store.chains().first?.checkpoint == 9)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `special contracts are followed beside a whole chain, unless an operator removed them`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var request = ChainRequest.test()
            request.specialContracts = [SpecialContract(account(70), .idInData)]
            let scopes = try await Writer(made.store, request).state.scopes
            #expect(scopes.map(\.contract) == [nil, account(70)])
            #expect(scopes.map(\.rule) == [.byShape, .idInData])
            try made.tamper("UPDATE scope SET active = 0 WHERE contract IS NOT NULL")
            let again = try await Writer(made.store, request)
            #expect(again.state.scopes.map(\.isActive) == [true, false])
            #expect(again.state.scopes.map(\.rule) == [.byShape, .idInData])
        }
        try await withStore(engine) { made in
            var request = ChainRequest.test()
            (request.firstBlock, request.specialContracts) = (500, [SpecialContract(account(70), .byShape)])
            let scopes = try await Writer(made.store, request).state.scopes
            #expect(scopes.map(\.firstBlock) == [500, 500])
            // One that a later release lists starts where the whole chain does.
            request.firstBlock = nil
            request.specialContracts.append(SpecialContract(account(71), .cryptoPunks))
            let later = try await Writer(made.store, request).state.scopes
            #expect(later.map(\.firstBlock) == [500, 500, 500])
        }
        try await withStore(engine) { made in
            var request = ChainRequest.test(contracts: [account(20)])
            request.specialContracts = [SpecialContract(account(70), .idInData)]
            let scopes = try await Writer(made.store, request).state.scopes
            #expect(scopes.map(\.contract) == [account(20)])
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a chain that is numbered anew is undone whole, marked for ever, and read again`(
        engine: StoreEngine
    ) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store, .test())
            let blocks = (0...9).map { LogBlock($0, $0 == 0 ? [] : [Contract(20).moves(1, 0, to: UInt32($0))]) }
            try await writer.take(blocks)
            try await writer.apply { update in update.finalized = 8 }
            let before = try export(made.store).text
            try await writer.apply { update in
                update.renumbers = true
                update.rewindTo = 0
                update.tip = blocks[0].ref
            }
            #expect(try export(made.store).text == [])
            writer = try await Writer(made.store, .test())
            #expect(writer.state.isRenumbered)
            #expect(writer.state.tip == blocks[0].ref)
            try await writer.take(blocks)
            #expect(try export(made.store).text == before)
            #expect(try await made.store.state(of: 321).isRenumbered)
            try expectCounters(made)
        }
    }

    @Test(arguments: StoreEngine.available)
    func `blocks with events and no time are found in order, and no others`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store, .test())
            let blocks = (0...9).map { LogBlock($0, $0 % 3 == 0 ? [] : [Contract(20).moves(1, 0, to: UInt32($0))]) }
            try await writer.take(blocks) { update in
                for index in update.rows.blocks.indices { update.rows.blocks[index].timestamp = nil }
            }
            try await writer.buildIndexes()
            func untimed(_ from: UInt64, _ limit: Int) async throws -> [UInt64] {
                try await made.store.untimedBlocks(of: 321, from: from, limit: limit).map(\.number)
            }
            #expect(try await untimed(0, 3) == [1, 2, 4])
            #expect(try await untimed(5, 9) == [5, 7, 8])
            try await writer.apply { update in
                update.blocks = [BlockRecord(number: 2, hash: blocks[2].hash, timestamp: 1_234, role: [])]
            }
            #expect(try await untimed(0, 9) == [1, 4, 5, 7, 8])
            await #expect(throws: LedgerError.self) {
                try await writer.apply { update in
                    update.blocks = [BlockRecord(number: 4, hash: hash(999), timestamp: 1, role: [])]
                }
            }
        }
    }

    @Test(arguments: StoreEngine.available)
    func `a first block that is named moves the scope that is there`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            _ = try await Writer(made.store, .test(contracts: [account(20)], from: 100))
            let kept = try await Writer(made.store, .test(contracts: [account(20)]))
            #expect(kept.state.scopes.map(\.firstBlock) == [100])
            let moved = try await Writer(made.store, .test(contracts: [account(20)], from: 10))
            #expect(moved.state.scopes.map(\.firstBlock) == [10])
        }
    }

    // MARK: Chains

    @Test(arguments: StoreEngine.available)
    func `another chain with the same id is refused, and nothing is written`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            try await writer.take([LogBlock(0, [Contract(20).moves(1, 0, to: 1)])])
            let before = try made.dump(bookkeeping: true)
            let found = ChainRequest.test(genesis: hash(666), contracts: [account(5)], eventSets: [.unindexed])
            let error = LedgerError.otherChain(stored: writer.state.identity, found: found.identity)
            await #expect(throws: error) { try await made.store.open(found, holder: ID128(high: 1, low: 1)) }
            #expect(try made.dump(bookkeeping: true) == before)
        }
    }

    @Test(arguments: StoreEngine.available) func `chains in one database do not mix`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var (first, second) = (SplitMix64(seed: 1), SplitMix64(seed: 2))
            let (ours, theirs) = (first.history(0...20), second.history(0...20, branch: 5))
            var one = try await Writer(made.store)
            var two = try await Writer(made.store, .test(1, genesis: hash(0, branch: 5)))
            for index in ours.indices {
                try await one.take([ours[index]])
                try await two.take([theirs[index]])
            }
            #expect(try Oracle(decode(ours)).differences(from: export(made.store).lines) == [])
            let text = try export(made.store, 1).text
            try await one.rewind(to: ours[3])
            #expect(try export(made.store, 1).text == text)
            #expect(try Oracle(decode(theirs)).differences(from: export(made.store, 1).lines) == [])
            #expect(try Oracle(decode(Array(ours[...3]))).differences(from: export(made.store).lines) == [])
            try expectCounters(made)
            try expectCounters(made, 1)
            #expect(try made.store.chains().map(\.identity.chainID) == [321, 1])
        }
    }

    // MARK: Readers

    @Test(arguments: StoreEngine.available)
    func `a reader never sees half of a commit`(engine: StoreEngine) async throws {
        try await withStore(engine) { made in
            var writer = try await Writer(made.store)
            let nft = Contract(20)
            func block(_ number: UInt64) -> LogBlock {
                let owner = UInt32(number + 1)
                return LogBlock(number, (0..<40).map { nft.moves($0, owner - 1, to: owner) })
            }
            try await writer.take([block(0)])
            let reader = Task.detached {
                var seen: Set<UInt64> = []
                while !Task.isCancelled {
                    let (lines, _, summary) = try export(made.store)
                    let tip = summary.asOf.block?.number ?? .max
                    #expect(lines.count == 40)
                    #expect(Set(lines.map(\.owner)) == [account(UInt32(tip + 1))])
                    seen.insert(tip)
                    let counters = try made.store.chains().first?.counters.transfersProcessed
                    #expect(counters.map { $0 % 40 } == 0)
                    await Task.yield()
                }
                return seen.count
            }
            for number in 1...60 { try await writer.take([block(UInt64(number))]) }
            // The way back, too: each rewind takes 40 rows away and gives 40 owners back.
            for number in (40..<60).reversed() { try await writer.rewind(to: block(UInt64(number))) }
            reader.cancel()
            #expect(try await reader.value > 1)
        }
    }
}
