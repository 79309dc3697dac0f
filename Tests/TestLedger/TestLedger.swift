package import Ethereum
import Foundation
package import StoreSQLite
package import Tokens

/// A ledger in a temporary SQLite file that tests draw block by block, without a chain or an engine.
///
/// Unchecked: a test draws from one task at a time.
package final class TestLedger: @unchecked Sendable {
    package let store: SQLiteStore
    package let chain: ChainID
    package private(set) var state: ChainState
    private let directory: URL
    private var random = SystemRandomNumberGenerator()
    /// The next free log index of the block being drawn.
    private var logIndex: UInt32 = 0
    private var rows = DecodedLogs()
    private var block: BlockNumber

    package init(
        chain: ChainID = 321,
        contracts: [Address] = [],
        firstBlock: BlockNumber = 0,
        indexes: Set<OptionalIndex> = []
    ) throws {
        self.chain = chain
        block = firstBlock
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("test-ledger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        store = try SQLiteStore(
            path: directory.appendingPathComponent("test.db").path,
            optionalIndexes: indexes
        )
        state = try store.opening(
            ChainRequest(
                identity: ChainIdentity(chainID: chain, genesis: Self.hash(0, 999)),
                contracts: contracts,
                firstBlock: firstBlock,
                eventSets: [.indexed]
            ),
            holder: ID128(high: 1, low: 1)
        )
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: directory)
    }

    package func buildIndexes() throws {
        try store.buildingIndexes(of: chain, as: state.version)
    }

    package var path: String { directory.appendingPathComponent("test.db").path }

    // MARK: Drawing a block

    /// Goes on to this block; what follows belongs to it.
    package func at(_ block: BlockNumber) {
        self.block = block
        logIndex = 0
    }

    @discardableResult
    package func move(
        _ token: U256,
        of contract: Address,
        from: Address = .zero,
        to: Address,
        amount: U256? = nil
    ) -> Place {
        let place = Place(block: block, logIndex: logIndex)
        logIndex += 1
        rows.transfers.append(
            Transfer(
                place: place,
                contract: contract,
                token: token,
                from: from,
                to: to,
                operator: from,
                amount: amount ?? .one,
                transactionHash: Self.hash(block, UInt64(place.logIndex) + 1),
                transactionIndex: place.logIndex,
                kind: amount == nil ? .erc721 : .erc1155Single,
                flags: []
            )
        )
        noteBlock()
        return place
    }

    package func moveRange(
        _ ids: ClosedRange<U256>,
        of contract: Address,
        from: Address = .zero,
        to: Address
    ) {
        rows.ranges.append(
            RangeTransfer(
                place: Place(block: block, logIndex: logIndex),
                contract: contract,
                first: ids.lowerBound,
                last: ids.upperBound,
                from: from,
                to: to,
                transactionHash: Self.hash(block, UInt64(logIndex) + 1),
                transactionIndex: logIndex
            )
        )
        logIndex += 1
        noteBlock()
    }

    private func noteBlock() {
        guard rows.blocks.last?.number != block else { return }
        rows.blocks.append(
            BlockRecord(number: block, hash: Self.hash(block), timestamp: 1_700_000_000 + block, role: .events)
        )
    }

    /// Commits what was drawn; covers everything up to the block unless `covering` says otherwise.
    package func commit(covering range: ClosedRange<BlockNumber>? = nil, finalized: BlockNumber? = nil) throws {
        var update = ChainUpdate(base: state.version, commitID: .random(using: &random))
        update.rows = rows
        update.tip = BlockRef(number: max(block, state.tip?.number ?? 0), hash: Self.hash(block))
        update.blocks = [BlockRecord(number: block, hash: Self.hash(block), timestamp: nil, role: .anchor)]
        update.finalized = finalized
        for scope in state.scopes {
            for eventSet in scope.eventSets(of: state.eventSets) {
                update.covered.append(
                    ChainUpdate.CoveredRange(
                        key: CoverageKey(scope: scope.id, eventSet: eventSet),
                        range: range ?? min(scope.firstBlock, block)...block,
                        evidence: .anchored
                    )
                )
            }
        }
        _ = try store.applying(update, to: chain)
        state = try store.reading(chain)
        rows = DecodedLogs()
    }

    /// Takes over what somebody else committed.
    package func refresh() throws { state = try store.reading(chain) }

    package func rewind(to keep: BlockNumber) throws {
        var update = ChainUpdate(base: state.version, commitID: .random(using: &random))
        update.rewindTo = keep
        update.tip = BlockRef(number: keep, hash: Self.hash(keep))
        _ = try store.applying(update, to: chain)
        state = try store.reading(chain)
    }

    /// Puts metadata with this name in, as an enricher would.
    package func tell(_ token: UInt64, of contract: Address, _ name: String) async throws {
        let claim = ID128(high: 5, low: 5)
        _ = try await store.enqueueMetadata(of: chain, contract: contract, after: nil, all: true)
        let jobs = try await store.claimMetadata(
            of: chain,
            contract: contract,
            as: claim,
            now: 1,
            until: 2,
            limit: 100,
            avoiding: [],
            rotation: 0
        )
        let document = MetadataDocument(
            raw: Array(name.utf8),
            hash: Self.hash(1, 2),
            fields: MetadataFields(name: name, attributes: #"[{"trait_type":"Hat","value":"Red"}]"#)
        )
        let results = jobs.filter { $0.token.token == U256(token) }.map { job in
            MetadataResult(
                job: job,
                uri: ObservedURI(
                    state: .ok,
                    raw: Array("https://a.example/1".utf8),
                    location: "https://a.example/1",
                    block: BlockRef(number: 3, hash: Self.hash(3))
                ),
                finding: .document(document),
                retryAt: nil,
                host: ""
            )
        }
        _ = try await store.finishMetadata(results, of: chain, as: claim, now: 1_000)
    }

    // MARK: Names

    package static func hash(_ block: BlockNumber, _ salt: UInt64 = 0) -> Hash32 {
        Hash32(w0: 0xb10c, w1: salt, w2: 0, w3: block)
    }

    package static func address(_ number: UInt64) -> Address {
        Address(high: 0xabcd_ef00_0000_0000, middle: number, low: 0x1234_5678)
    }
}
