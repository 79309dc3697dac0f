/// A chain drawn in few words.
import ChainSync
import Ethereum
import Foundation
import Synchronization
import TokenFixtures
import Tokens

/// A chain without nodes: blocks, branches, and what is asked of it.
final class FakeChain: Chain {
    struct State: Sendable {
        var canonical: [LogBlock] = [LogBlock(0, [])]
        var orphaned: [LogBlock] = []
        var branch: UInt64 = 0
        var finalized: UInt64?
        /// Called final instead, canonical or not.
        var finalBlock: LogBlock?
        /// Heads that are reported instead of the real one, used up one after another.
        var heads: [UInt64] = []
        /// Heights for which `header(number:)` answers nil, so many times.
        var missing: [UInt64: Int] = [:]
        var asked: [ClosedRange<UInt64>] = []
        /// What was asked for, of ranges and of blocks.
        var filters: [LogFilter] = []
        /// What each range had to be of one chain with.
        var besides: [BlockRef?] = []
        /// Log requests after which each further one is refused; nil: none is.
        var requestsLeft: Int?
        /// Logs below this block are served by nobody any more.
        var prunedBelow: UInt64 = 0
        /// Logs below this block are not served at the moment.
        var unavailableBelow: UInt64 = 0
        /// Whether the endpoint that is asked first, for what is beside no other block, still has what was given up.
        var isFirstLeftBehind = false
        /// From this block on answers are numbered from receipts, and then all are.
        var renumbersFrom: UInt64?
        var isRenumbered = false
        /// Whether headers carry times.
        var hasTimes = true
        /// What operators say of any block that is asked about.
        var votes = Votes(same: 0, other: 0)
        /// Operators that serve the canonical chain, in place of ``votes``; and those that serve what was given up, by the
        /// block from which they have nothing to say below.
        var operators: (new: Int, old: Int, silentBelow: UInt64)?
        /// Headers that were asked for by their hash.
        var headersByHash = 0
        /// Before the head is told.
        var headDelay: Duration = .zero
        /// What a contract answers instead of what it would by its own events; nil: just that.
        var onCall: (@Sendable (ContractCall, BlockRef) -> CallOutcome?)?
        /// Calls that are answered before everything ends, as in a crash; nil: all.
        var callsLeft: Int?
        /// Calls, by the block in whose state they were made.
        var calls: [BlockRef] = []
        /// Blocks of whose logs all but the first are left out of answers, unless receipts prove them.
        var hidden: Set<UInt64> = []
        /// Whether blocks asked for one by one are proved from receipts.
        var hasReceipts = false
        /// Whether ranges are held against the blooms of their headers.
        var hasBlooms = false
        /// Runs once, while the first answer with logs of this block is on its way.
        var onLogs: (of: UInt64, run: @Sendable () -> Void)?
    }

    let state = Mutex(State())
    let width: UInt64
    /// The width of page that is promised; more than ``width`` means that pages are cut.
    let widthPromised: UInt64
    let chainID: ChainID
    /// By which its contracts' calls are answered and its ledger is judged.
    let rules: ContractRules

    init(
        width: UInt64 = 7,
        widthPromised: UInt64? = nil,
        chainID: ChainID = 321,
        specials: [SpecialContract] = []
    ) {
        self.chainID = chainID
        rules = .of(specials)
        self.width = width
        self.widthPromised = widthPromised ?? width
    }

    // MARK: Drawing

    func mine(_ logs: [LogSpec]...) {
        state.withLock { state in
            for logs in logs {
                let number = UInt64(state.canonical.count)
                state.canonical.append(LogBlock(number, branch: state.branch, logs))
            }
        }
    }

    /// Gives up all above `number`; what is mined next stands on it under other hashes.
    func fork(at number: UInt64) {
        state.withLock { state in
            state.orphaned += state.canonical.suffix(from: Int(number) + 1)
            state.canonical.removeLast(state.canonical.count - Int(number) - 1)
            state.branch += 1
        }
    }

    func finalize(_ number: UInt64?) { state.withLock { $0.finalized = number } }

    var blocks: [LogBlock] { state.withLock { $0.canonical } }
    var headNumber: UInt64 { UInt64(blocks.count - 1) }
    var asked: [ClosedRange<UInt64>] { state.withLock { $0.asked } }

    // MARK: Chain

    var pagesInFlight: Int { 3 }
    func blocksPerPage(for filter: LogFilter) -> UInt64 { widthPromised }

    func identity() async throws(ChainError) -> ChainIdentity {
        ChainIdentity(chainID: chainID, genesis: blocks[0].hash)
    }

    func head() async throws(ChainError) -> Header {
        let delay = state.withLock { $0.headDelay }
        if delay > .zero { try? await Task.sleep(for: delay) }
        let number = state.withLock { $0.heads.isEmpty ? UInt64($0.canonical.count - 1) : $0.heads.removeFirst() }
        return header(blocks[Int(min(number, headNumber))])
    }

    func votes(on block: BlockRef) async -> Votes {
        state.withLock { state in
            guard let operators = state.operators else { return state.votes }
            guard block.number >= operators.silentBelow else { return Votes(same: 0, other: 0) }
            let canonical = state.canonical.first { $0.number == block.number }
            let old = state.orphaned.last { $0.number == block.number } ?? canonical
            func voices(_ theirs: LogBlock?, _ count: Int) -> Votes {
                guard let theirs else { return Votes(same: 0, other: 0) }
                return theirs.hash == block.hash ? Votes(same: count, other: 0) : Votes(same: 0, other: count)
            }
            let new = voices(canonical, operators.new)
            let rest = voices(old, operators.old)
            return Votes(same: new.same + rest.same, other: new.other + rest.other)
        }
    }

    func finalized() async throws(ChainError) -> Header? {
        if let block = state.withLock({ $0.finalBlock }) { return header(block) }
        guard let number = state.withLock({ $0.finalized }) else { return nil }
        return header(blocks[Int(min(number, headNumber))])
    }

    func header(number: BlockNumber) async throws(ChainError) -> Header? {
        let isMissing = state.withLock { state in
            guard let left = state.missing[number], left > 0 else { return false }
            state.missing[number] = left - 1
            return true
        }
        if isMissing { return nil }
        let old = state.withLock { state in
            state.isFirstLeftBehind ? state.orphaned.last { $0.number == number } : nil
        }
        if let old { return header(old) }
        return ownHeader(number)
    }

    private func ownHeader(_ number: BlockNumber) -> Header? {
        let blocks = blocks
        return number < UInt64(blocks.count) ? header(blocks[Int(number)]) : nil
    }

    func header(hash: Hash32) async throws(ChainError) -> Header? {
        state.withLock { state in
            state.headersByHash += 1
            return state.canonical.first { $0.hash == hash } ?? state.orphaned.first { $0.hash == hash }
        }.map(header)
    }

    func headers(numbers: [BlockNumber]) async throws(ChainError) -> [Header] {
        var found: [Header] = []
        for number in numbers {
            guard let header = try await header(number: number) else { throw ChainError.unavailable("block \(number)") }
            found.append(header)
        }
        return found
    }

    func header(number: BlockNumber, beside: BlockRef) async throws(ChainError) -> Header? {
        try expect(beside)
        return ownHeader(number)
    }

    private func expect(_ beside: BlockRef) throws(ChainError) {
        let blocks = blocks
        guard beside.number < UInt64(blocks.count) else { throw ChainError.unavailable("block \(beside.number)") }
        guard blocks[Int(beside.number)].hash == beside.hash else {
            throw ChainError.reorged("block \(beside.number) has another hash here")
        }
    }

    func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter,
        beside: BlockRef?
    ) async throws(ChainError) -> RangeAnswer {
        state.withLock { $0.besides.append(beside) }
        if let beside { try expect(beside) }
        let refused = state.withLock { state in
            state.asked.append(range)
            guard let left = state.requestsLeft else { return false }
            state.requestsLeft = max(0, left - 1)
            return left == 0
        }
        if refused { throw ChainError.unavailable("no more requests") }
        if range.lowerBound < state.withLock({ $0.prunedBelow }) { throw ChainError.unservable("pruned") }
        if range.lowerBound < state.withLock({ $0.unavailableBelow }) { throw ChainError.unavailable("not now") }
        let blocks = blocks
        let last = min(range.upperBound, range.lowerBound + width - 1, UInt64(blocks.count - 1))
        let served = blocks[Int(range.lowerBound)...Int(last)]
        let meanwhile =
            state.withLock { state in
                guard let onLogs = state.onLogs, (range.lowerBound...last).contains(onLogs.of) else { return nil }
                state.onLogs = nil
                return onLogs.run
            } as (@Sendable () -> Void)?
        meanwhile?()
        return RangeAnswer(
            range: range.lowerBound...last,
            anchor: header(blocks[Int(last)]),
            page: hiding(numbered(matching(page(Array(served)), filter)))
        )
    }

    /// Whoever numbers from receipts gives every log another place: here a hundred further on.
    private func numbered(_ page: LogPage) -> LogPage {
        let last = page.logs.last?.blockNumber
        let isRenumbered = state.withLock { state in
            if let from = state.renumbersFrom, let last, last >= from { state.isRenumbered = true }
            return state.isRenumbered
        }
        guard isRenumbered else { return page }
        var page = page
        page.isRenumbered = true
        for index in page.logs.indices { page.logs[index].logIndex += 100 }
        return page
    }

    func logs(of block: Header, matching filter: LogFilter) async throws(ChainError) -> LogPage {
        guard let found = state.withLock({ $0.canonical + $0.orphaned }).first(where: { $0.hash == block.hash }) else {
            throw ChainError.reorged("unknown block")
        }
        var proved = numbered(matching(page([found]), filter))
        guard state.withLock({ $0.hasReceipts }) else { return hiding(proved) }
        proved.evidence = [.anchored, .bloom, .receipts]
        return proved
    }

    func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        let history = blocks.prefix { $0.number <= block.number }
        guard history.last?.hash == block.hash else { throw ChainError.reorged("block \(block.number) is another one") }
        let oracle = Oracle(decode(Array(history), by: rules))
        let isGone = state.withLock { state in
            guard let left = state.callsLeft else { return false }
            state.callsLeft = max(0, left - 1)
            return left == 0
        }
        if isGone { throw ChainError.unavailable("the process is gone") }
        let onCall = state.withLock { state in
            state.calls += calls.map { _ in block }
            return state.onCall
        }
        return calls.map { call in onCall?(call, block) ?? Self.honest(call, oracle) }
    }

    /// Answers by the events alone; calls are taken apart by hand.
    private static func honest(_ call: ContractCall, _ oracle: Oracle) -> CallOutcome {
        let words = stride(from: 4, to: call.data.count, by: 32).compactMap { U256(bytes: call.data[$0..<($0 + 32)]) }
        // ownerOf, and what CryptoPunks has instead.
        if [[0x63, 0x52, 0x21, 0x1e], [0x58, 0x17, 0x81, 0x68]].contains(Array(call.data.prefix(4))) {
            let owner = oracle.owner(of: words[0], in: call.contract)
            return owner == .zero ? .reverted : .returned(owner.word.bytes)
        }
        let holder = Address(truncating: words[0].word)
        if call.data.prefix(4) == [0x70, 0xa0, 0x82, 0x31] {
            return .returned(U256(UInt64(oracle.count(in: call.contract, of: holder))).bytes)
        }
        let balance = try? oracle.balance(of: words[1], in: call.contract, for: holder)
        return .returned((balance?.amount ?? .zero).bytes)
    }

    private func hiding(_ page: LogPage) -> LogPage {
        var page = page
        let hidden = state.withLock { $0.hidden }
        page.logs.removeAll { hidden.contains($0.blockNumber) && $0.logIndex > 0 }
        if state.withLock({ $0.hasBlooms }) { page.evidence = [.anchored, .bloom] }
        return page
    }

    private func matching(_ page: LogPage, _ filter: LogFilter) -> LogPage {
        state.withLock { $0.filters.append(filter) }
        var page = page
        if !state.withLock({ $0.hasTimes }) { for index in page.logs.indices { page.logs[index].blockTimestamp = 0 } }
        page.logs.removeAll { log in
            (!filter.addresses.isEmpty && !filter.addresses.contains(log.address))
                || Int(log.topicCount) < filter.topicCountMin || !filter.topics0.contains(log.topic0)
        }
        return page
    }

    private func header(_ block: LogBlock) -> Header {
        let parent =
            block.number == 0
            ? Hash32.zero
            : state.withLock { state in
                // The parent on the same branch, or the canonical one where the branch starts.
                (state.canonical + state.orphaned.reversed()).filter { $0.number == block.number - 1 }
                    .max {
                        ($0.branch <= block.branch ? $0.branch + 1 : 0)
                            < ($1.branch <= block.branch ? $1.branch + 1 : 0)
                    }
                    .map(\.hash) ?? .zero
            }
        let time = state.withLock { $0.hasTimes } ? 1_700_000_000 + block.number : 0
        return Header(number: block.number, hash: block.hash, parentHash: parent, timestamp: time)
    }
}

/// Whether something comes true within a minute; beside all other tests of a run a step may wait for many seconds.
func eventually(_ isTrue: () -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if isTrue() { return true }
        try? await Task.sleep(for: .milliseconds(4))
    }
    return false
}

func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory.path)
}

/// What an independent reading of the canonical blocks finds different from the lines; empty when nothing is.
func differences(_ chain: FakeChain, _ lines: [HoldingLine]) throws -> [String] {
    try Oracle(decode(chain.blocks, by: chain.rules)).differences(from: lines)
}
