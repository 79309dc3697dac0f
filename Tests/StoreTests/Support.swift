/// What the contract suite needs of an engine, and a writer that makes updates in few words.
import Ethereum
import Foundation
import Testing
import TokenFixtures
import Tokens

/// A storage engine under the contract.
///
/// A new one is one more line in ``available``.
struct StoreEngine: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Makes a new database in a directory of its own.
    var make: @Sendable (_ directory: String) throws -> any StoreUnderTest

    static let available: [StoreEngine] = [.sqlite]
}

/// One database and what its rows say when nobody interprets them.
protocol StoreUnderTest: Sendable {
    var store: any Ledger & HoldingChecks { get }
    /// Another handle on the same database, as another process has it; closed with this one.
    func another() throws -> any Ledger & HoldingChecks
    func counts(of chain: ChainID) throws -> RowCounts
    /// Every row of every table, in an order that does not depend on when it was written; addresses as text.
    ///
    /// - Parameter bookkeeping: also what grows with every commit: versions, rewinds, orphans, outbox.
    func dump(bookkeeping: Bool) throws -> [String]
    /// Runs a statement behind the store's back, where the engine has such a thing.
    func tamper(_ sql: String) throws
    func close() throws
}

/// Rows as they lie, and the counters that must say the same.
struct RowCounts: Equatable {
    var transfers: Int64
    var malformed: Int64
    var tokens: Int64
    var counters: [Int64]

    var expected: [Int64] { [transfers, tokens, malformed] }
}

func withStore<Result>(
    _ engine: StoreEngine,
    _ body: (any StoreUnderTest) async throws -> Result
) async throws -> Result {
    try await withDirectory { directory in
        let made = try engine.make(directory)
        do {
            let result = try await body(made)
            try made.close()
            return result
        } catch {
            try? made.close()
            throw error
        }
    }
}

func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

extension ChainRequest {
    static func test(
        _ chainID: ChainID = 321,
        genesis: Hash32 = hash(0),
        contracts: [Address] = [],
        from first: UInt64? = nil,
        eventSets: [EventSet] = [.indexed]
    ) -> ChainRequest {
        ChainRequest(
            identity: ChainIdentity(chainID: chainID, genesis: genesis),
            contracts: contracts,
            firstBlock: first,
            eventSets: eventSets
        )
    }
}

/// Applies updates one after another, as a process that holds the chain does.
struct Writer {
    let ledger: any Ledger
    private(set) var state: ChainState
    private var commits: UInt64 = 0

    init(_ ledger: any Ledger, _ request: ChainRequest = .test(), holder: UInt64 = 1) async throws {
        self.ledger = ledger
        state = try await ledger.open(request, holder: ID128(high: 7, low: holder))
    }

    var chainID: ChainID { state.identity.chainID }

    mutating func update() -> ChainUpdate {
        commits += 1
        return ChainUpdate(base: state.version, commitID: ID128(high: state.version.holder.low, low: commits))
    }

    @discardableResult
    mutating func apply(_ change: (inout ChainUpdate) -> Void) async throws -> Committed {
        var update = update()
        change(&update)
        let committed = try await ledger.apply(update, to: chainID)
        state = try await ledger.state(of: chainID)
        return committed
    }

    func buildIndexes() async throws {
        try await ledger.buildIndexes(of: chainID, as: state.version)
    }

    /// Takes blocks over in one update: rows, hashes, coverage of every scope, tip.
    @discardableResult
    mutating func take(
        _ blocks: [LogBlock],
        rewindTo keep: UInt64? = nil,
        change: (inout ChainUpdate) -> Void = { _ in }
    ) async throws -> Committed {
        let state = state
        return try await apply { update in
            update.rewindTo = keep
            update.add(blocks, for: state)
            update.tip = blocks.last?.ref ?? update.tip
            change(&update)
        }
    }

    /// Undoes all above `block`.
    @discardableResult
    mutating func rewind(to block: LogBlock) async throws -> Committed {
        try await apply { update in
            update.rewindTo = block.number
            update.tip = block.ref
        }
    }
}

extension ChainUpdate {
    /// Rows, hashes and coverage of blocks that follow one another.
    mutating func add(_ blocks: [LogBlock], for state: ChainState) {
        rows.append(decode(blocks, by: ContractRules(state.scopes)))
        self.blocks += blocks.map { BlockRecord(number: $0.number, hash: $0.hash, timestamp: nil, role: []) }
        guard let first = blocks.first, let last = blocks.last else { return }
        for scope in state.scopes {
            for eventSet in scope.eventSets(of: state.eventSets) {
                let key = CoverageKey(scope: scope.id, eventSet: eventSet)
                covered.append(.init(key: key, range: first.number...last.number, evidence: .anchored))
            }
        }
    }
}

/// The export as text, and what it counted.
func export(
    _ store: any Catalog,
    _ chain: ChainID = 321,
    at block: UInt64? = nil
) throws -> (lines: [HoldingLine], text: [String], summary: HoldingsSummary) {
    var lines: [HoldingLine] = []
    let summary = try store.holdings(of: chain, at: block) { lines.append($0) }
    return (lines, lines.map { describe($0) }, summary)
}

/// Whatever happened, each counter is a count of rows.
func expectCounters(
    _ made: any StoreUnderTest,
    _ chain: ChainID = 321,
    _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let counts = try made.counts(of: chain)
    #expect(counts.counters == counts.expected, "\(comment)", sourceLocation: sourceLocation)
}
