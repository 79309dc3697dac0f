package import Ethereum
import GRDB
package import Tokens

/// Which tokens' metadata is to be found out, or found out again.
extension SQLiteStore: MetadataNews {
    package func enqueueNews(
        of chain: ChainID,
        _ whose: MetadataScope,
        now: Int64
    ) async throws -> (made: Int, isDone: Bool) {
        try await run {
            // Most often there is nothing new, and then nobody has to wait for the writer.
            guard try self.pool.read({ db in try NewsRows(ListReading(db, chain), whose).hasNews(now: now) }) else {
                return (0, true)
            }
            return try self.writing { db in
                var rows = try NewsRows(ListReading(db, chain), whose)
                guard try rows.hasNews(now: now) else { return (0, true) }
                return (try rows.advance(now: now), false)
            }
        }
    }

    // MARK: Events

    package func signalCursor(of chain: ChainID) async throws -> SignalCursor? {
        try await run { try self.pool.read { db in try Self.signalCursor(ListReading(db, chain)) } }
    }

    private static func signalCursor(_ reading: ListReading) throws -> SignalCursor? {
        let now = reading.row.rewinds
        let held = try reading.first("SELECT block, rewinds FROM metadata_signal WHERE chain = ?1", [reading.chain])
        guard let held else {
            // Whatever was asked in the state of a block knows all events up to it.
            let first = try reading.first("SELECT min(block) FROM token_metadata WHERE chain = ?1", [reading.chain])
            guard let block: Int64 = first?[0] else { return nil }
            return SignalCursor(block: UInt64(bitPattern: block), rewinds: now)
        }
        var block: Int64 = held[0]
        let undone = try reading.first(
            "SELECT min(to_block) FROM rewind WHERE chain = ?1 AND number > ?2",
            [reading.chain, held[1] as Int64]
        )
        #if MUTANTS
            if Mutant.is(.signalsOfUndoneKept) { return SignalCursor(block: UInt64(bitPattern: block), rewinds: now) }
        #endif
        if let kept: Int64 = undone?[0] { block = min(block, kept) }
        return SignalCursor(block: UInt64(bitPattern: block), rewinds: now)
    }

    package func takeSignals(
        _ signals: [MetadataSignal],
        through block: BlockNumber,
        after cursor: SignalCursor,
        of chain: ChainID,
        now: Int64
    ) async throws {
        try await run {
            try self.writing { db in
                let reading = try ListReading(db, chain)
                let isCurrent = try Self.signalCursor(reading) == cursor
                #if MUTANTS
                    guard isCurrent || Mutant.is(.signalsTakenTwice) else { return }
                #else
                    guard isCurrent else { return }
                #endif
                for (contract, signals) in Dictionary(grouping: signals, by: \.contract) {
                    guard let contract = try reading.id(of: contract) else { continue }
                    var collection = try CollectionRows(reading, contract, now: now)
                    // Coalesced: a token or a range that is named twice is looked at once.
                    for subject in Self.coalesced(Set(signals.map(\.subject))) {
                        guard case .tokens(let tokens) = subject else {
                            try ContractRows.askAgain(contract, now: now, reading)
                            continue
                        }
                        if tokens.lowerBound == tokens.upperBound {
                            try collection.ask(for: tokens.lowerBound, now: now)
                        } else {
                            try collection.ask(for: tokens, now: now)
                        }
                    }
                    if collection.isChanged { try collection.write() }
                }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO metadata_signal VALUES(?, ?, ?)",
                    arguments: [
                        reading.chain, Int64(bitPattern: block), Int64(bitPattern: cursor.rewinds),
                    ]
                )
            }
        }
    }

    /// Tokens named one by one, of one contract in one transaction; more are swept, which goes by steps.
    private static let namedMax = 500

    private static func coalesced(_ subjects: Set<MetadataSignal.Subject>) -> Set<MetadataSignal.Subject> {
        guard subjects.count > namedMax else { return subjects }
        let ranges = subjects.compactMap { subject in
            if case .tokens(let tokens) = subject { tokens } else { nil as ClosedRange<U256>? }
        }
        guard let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max() else {
            return subjects
        }
        return subjects.contains(.contract) ? [.contract, .tokens(first...last)] : [.tokens(first...last)]
    }

    // MARK: Sweeps and requests

    package func sweepMetadata(of chain: ChainID, now: Int64) async throws -> Int? {
        try await run {
            guard try self.pool.read({ db in try CollectionRows.due(now, ListReading(db, chain)) != nil }) else {
                return nil
            }
            return try self.writing { db in
                guard var collection = try CollectionRows.due(now, ListReading(db, chain)) else { return nil }
                let made = try collection.step(now: now)
                try collection.write()
                return made
            }
        }
    }

    package func requestMetadata(
        _ tokens: [MetadataWish],
        of chain: ChainID,
        again: Bool,
        now: Int64
    ) async throws -> [TokenID] {
        guard !tokens.isEmpty else { return [] }
        return try await run {
            try self.writing { db in
                let reading = try ListReading(db, chain)
                return try tokens.filter { try Self.request($0, again, now, reading) }.map(\.token)
            }
        }
    }

    private static func request(
        _ wish: MetadataWish,
        _ again: Bool,
        _ now: Int64,
        _ reading: ListReading
    ) throws -> Bool {
        guard let contract = try reading.id(of: wish.token.contract) else { return false }
        let place: StatementArguments = [reading.chain, contract, ListReading.key(wish.token.token)]
        let isHeld =
            try reading.first(
                "SELECT 1 FROM token_metadata WHERE chain = ?1 AND contract = ?2 AND token = ?3",
                place
            ) != nil
        if isHeld, !again { return true }
        if again {
            var collection = try CollectionRows(reading, contract, now: now)
            guard collection.grants(now: now) else { return false }
            try collection.write()
        }
        // What somebody works on at this moment stays theirs: it is asked for now.
        try reading.db.cachedStatement(
            sql: """
                INSERT INTO metadata_job(chain, contract, token, rule) VALUES(?1, ?2, ?3, ?4)
                ON CONFLICT(chain, contract, token)
                \(again ? "DO UPDATE SET due = 0, attempts = 0 WHERE claim_until = 0" : "DO NOTHING")
                """
        ).execute(arguments: place + [wish.rule == .unique ? 0 : 1])
        return true
    }
}
