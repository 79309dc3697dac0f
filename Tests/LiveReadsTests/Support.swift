/// A chain, a ledger and a clock that tests move by hand.
import Ethereum
import Synchronization
import TestLedger
import Tokens

@testable import LiveReads

let art = TestLedger.address(1)
let alice = TestLedger.address(100)
let bob = TestLedger.address(101)

func block(_ number: BlockNumber, branch: UInt64 = 0) -> BlockRef {
    BlockRef(number: number, hash: TestLedger.hash(number, branch))
}

func token(_ number: UInt64) -> TokenID { TokenID(contract: art, token: U256(number)) }

func owner(_ number: UInt64) -> LiveQuestion { .owner(token(number)) }

/// What an owner's call is sent as.
func call(_ number: UInt64) -> [UInt8] { ABI.call("ownerOf(uint256)", [.uint(U256(number))]) }

/// A ledger that says what it is told to.
final class FakeLedger: LiveLedger {
    struct State: Sendable {
        /// nil: the database does not hold the chain.
        var position: LedgerPosition? = LedgerPosition(rewinds: 0, tip: block(100))
        var finalized: BlockNumber?
        /// The newest block in which each moved.
        var moved: [MoveProbe.Subject: BlockNumber] = [:]
        /// Blocks in whose place others are held.
        var replaced: Set<BlockRef> = []
        var words: [HoldingQuestion: LedgerWord] = [:]
        var fails = false
    }

    struct Unreadable: Error {}

    let state = Mutex(State())

    func set(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }

    func marks(for probes: [MoveProbe], on chain: ChainID) async throws -> LedgerMarks? {
        try state.withLock { state in
            guard !state.fails else { throw Unreadable() }
            return state.position.map { position in
                LedgerMarks(
                    rewinds: position.rewinds,
                    tip: position.tip,
                    finalized: state.finalized,
                    isOutdated: probes.map { probe in
                        state.replaced.contains(probe.block) || state.moved[probe.subject] ?? 0 > probe.since
                    }
                )
            }
        }
    }

    func word(on holding: HoldingQuestion, of chain: ChainID) async throws -> LedgerWord? {
        try state.withLock { state in
            guard !state.fails else { throw Unreadable() }
            return state.words[holding]
        }
    }

    func census(of contract: Address, on chain: ChainID) async throws -> HolderCensus? { nil }
}

/// A reader at block 103, of a ledger at block 100; token 1 is Alice's, token 2 Bob's.
struct Setup: Sendable {
    let chain = FakeContracts(head: block(103))
    let ledger = FakeLedger()
    let clock = Clock()
    let reader: LiveReader

    final class Clock: Sendable {
        private let time = Mutex(Duration.seconds(1_000))

        var now: Duration { time.withLock { $0 } }
        func pass(_ duration: Duration) { time.withLock { $0 += duration } }

        /// Until so much was passed by hand.
        func sleep(_ duration: Duration) async throws {
            let end = now + duration
            while now < end { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    init(_ change: (inout LiveLimits) -> Void = { _ in }, hasEndpoint: Bool = true) {
        var limits = LiveLimits()
        change(&limits)
        let (chain, clock) = (chain, clock)
        reader = LiveReader(
            chainID: 321,
            chain: { hasEndpoint ? chain : nil },
            ledger: ledger,
            limits: limits,
            now: { clock.now },
            sleep: { try await clock.sleep($0) },
            wallSeconds: { 5_000 }
        )
        owns(1, alice)
        owns(2, bob)
    }

    func owns(_ number: UInt64, _ owner: Address) {
        chain.set { $0.outcomes[call(number)] = .returned(owner.word.bytes) }
    }

    func ask(_ question: LiveQuestion = owner(1)) async -> Result<LiveAnswer, LiveFailure>? {
        await reader.answers(to: [question]).first
    }
}

extension Result where Success == LiveAnswer, Failure == LiveFailure {
    var answer: LiveAnswer? { try? get() }
    var value: LiveValue? { answer?.value }
    var failure: LiveFailure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}
