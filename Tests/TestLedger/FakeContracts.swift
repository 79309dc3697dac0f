package import Ethereum
import Synchronization

/// A chain of which only the head and contract calls can be asked.
package final class FakeContracts: Chain {
    package struct State: Sendable {
        package var head: BlockRef
        /// By the call's data, whichever contract is asked; everything else is refused by the contract.
        package var outcomes: [[UInt8]: CallOutcome] = [:]
        /// What every request meets.
        package var fault: ChainError?
        /// What the next calls meet, used up one after another.
        package var nextFaults: [ChainError] = []
        /// Requests with one of these calls are not answered before they are cancelled.
        package var hanging: Set<[UInt8]> = []
        /// No call is answered before this ends.
        package var isHeld = false
        /// Requests of the head.
        package var headsAsked = 0
        /// Requests of calls: how many calls each had, and in the state of which block.
        package var asked: [(count: Int, block: BlockRef)] = []
        /// Those of them that were answered.
        package var answered = 0
    }

    private let state: Mutex<State>

    package init(head: BlockRef) { state = Mutex(State(head: head)) }

    package func set(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }

    package var now: State { state.withLock { $0 } }
    /// How many requests of calls there were.
    package var requests: Int { state.withLock { $0.asked.count } }

    package func head() async throws(ChainError) -> Header {
        let (head, fault) = state.withLock { state in
            state.headsAsked += 1
            return (state.head, state.fault)
        }
        if let fault { throw fault }
        return Header(number: head.number, hash: head.hash, parentHash: .zero, timestamp: 0)
    }

    package func call(_ calls: [ContractCall], at block: BlockRef) async throws(ChainError) -> [CallOutcome] {
        let (fault, hangs) = state.withLock { state in
            state.asked.append((calls.count, block))
            let fault = state.nextFaults.isEmpty ? state.fault : state.nextFaults.removeFirst()
            return (fault, calls.contains { state.hanging.contains($0.data) })
        }
        if let fault { throw fault }
        do {
            if hangs { try await Task.sleep(for: .seconds(3_600)) }
            while state.withLock({ $0.isHeld }) { try await Task.sleep(for: .milliseconds(1)) }
        } catch {
            throw .cancelled
        }
        return state.withLock { state in
            state.answered += 1
            return calls.map { state.outcomes[$0.data] ?? .reverted }
        }
    }

    package var pagesInFlight: Int { 1 }

    // MARK: What live reads never ask

    private static let never = ChainError.unservable("live reads do not ask this")

    package func identity() async throws(ChainError) -> ChainIdentity { throw Self.never }
    package func finalized() async throws(ChainError) -> Header? { throw Self.never }
    package func header(number: BlockNumber) async throws(ChainError) -> Header? { throw Self.never }
    package func header(number: BlockNumber, beside: BlockRef) async throws(ChainError) -> Header? { throw Self.never }
    package func header(hash: Hash32) async throws(ChainError) -> Header? { throw Self.never }
    package func logs(
        in range: ClosedRange<BlockNumber>,
        matching filter: LogFilter,
        beside: BlockRef?
    ) async throws(ChainError) -> RangeAnswer { throw Self.never }
    package func logs(of block: Header, matching filter: LogFilter) async throws(ChainError) -> LogPage {
        throw Self.never
    }
    package func headers(numbers: [BlockNumber]) async throws(ChainError) -> [Header] { throw Self.never }
}
