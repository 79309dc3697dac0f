package import Ethereum

/// Snapshots of contracts: who owned each token at one final block, as the contract itself said.
///
/// One for each contract. What is read is staged under a generation that no reader sees, each batch with its cursor in one
/// transaction, and published at once: from then on the contract is followed from the block after, and the owners read are
/// where its tokens start. Where events are completely read they decide, and what was published gives way to them. Times are
/// seconds since 1970, given by the caller.
package protocol Snapshots: Ledger, Catalog {
    /// Makes a snapshot, or gives the contract's unfinished one; one asked for with other ids or block starts again.
    ///
    /// Makes the chain's row where the database is new, with nothing that is followed.
    /// - Throws: ``SnapshotRefusal``, with nothing written; ``LedgerError/otherChain(stored:found:)``.
    func requestSnapshot(_ request: SnapshotRequest, now: Int64) async throws -> SnapshotJob
    /// A contract's snapshot; nil: there never was one.
    func snapshot(of contract: Address, on chain: ChainID) throws -> SnapshotJob?
    /// Claims a snapshot that nobody works on; nil: somebody does.
    ///
    /// One whose worker is certainly gone is free at once, others when their claim ends.
    func claimSnapshot(_ id: Int64, as claim: ID128, now: Int64, until: Int64) async throws -> SnapshotJob?
    /// Takes a step of a claimed snapshot, all in one transaction, and holds the claim until `until`.
    ///
    /// - Throws: ``SnapshotRefusal/passedOn`` where the claim is not the snapshot's any more, with nothing written.
    func advanceSnapshot(_ id: Int64, _ step: SnapshotStep, as claim: ID128, until: Int64) async throws
    /// Gives a claimed snapshot back; does nothing where it is lost.
    func releaseSnapshot(_ id: Int64, as claim: ID128) async throws
    /// What could not be read, in order; at most ``SnapshotJob/failuresMax``.
    func snapshotFailures(_ id: Int64) throws -> [SnapshotFailure]
}

package struct SnapshotRequest: Sendable, Hashable {
    package var identity: ChainIdentity
    package var contract: Address
    /// The ids to ask for; nil: as the contract enumerates them.
    package var ids: ClosedRange<U256>?
    /// The block in whose state they are asked for; nil: the newest final one.
    package var block: BlockNumber?
    /// Whether what a published snapshot could not read is asked for again.
    package var retriesFailed = false

    package init(
        identity: ChainIdentity,
        contract: Address,
        ids: ClosedRange<U256>? = nil,
        block: BlockNumber? = nil
    ) {
        self.identity = identity
        self.contract = contract
        self.ids = ids
        self.block = block
    }
}

package enum SnapshotRefusal: Error, Sendable, Hashable {
    /// The contract's events are read up to the newest block, from the block given on: they decide.
    case eventsDecide(from: BlockNumber)
    /// Published already, and followed since.
    case published(BlockRef)
    /// Nothing is left that could be tried again.
    case nothingFailed
    case passedOn
}

extension SnapshotRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .eventsDecide(let first):
            "its events are read from block \(first) on and decide; `holdfast verify --contract` compares them with the "
                + "contract. `holdfast contracts remove` it first where a snapshot shall take their place"
        case .published(let block):
            "its snapshot of block \(block.number) is published, and its events since are followed; `holdfast contracts "
                + "remove` it first to take another"
        case .nothingFailed: "no token is listed that could not be read"
        case .passedOn: "somebody else works on this snapshot by now"
        }
    }
}

/// One snapshot, as far as it is.
package struct SnapshotJob: Sendable, Hashable {
    package enum Phase: Int64, Sendable, Hashable, CaseIterable {
        /// Stored: never renumber.
        case running = 0
        case published = 1
        case failed = 2
    }

    package var id: Int64
    package var chain: ChainID
    package var contract: Address
    package var phase: Phase
    /// What was asked for; see ``SnapshotRequest``.
    package var ids: ClosedRange<U256>?
    package var blockWanted: BlockNumber?
    /// In whose state tokens are read; nil: not chosen yet.
    package var block: BlockRef?
    package var plan: SnapshotPlan?
    /// The first index or id that is still to be read; nil: all were.
    package var next: U256?
    package var counts: SnapshotCounts
    /// Why it failed; nil otherwise.
    package var reason: String?
    package var requestedAt: Int64

    package init(id: Int64, chain: ChainID, contract: Address, phase: Phase, requestedAt: Int64) {
        self.id = id
        self.chain = chain
        self.contract = contract
        self.phase = phase
        self.requestedAt = requestedAt
        counts = SnapshotCounts()
    }

    /// Ids of one snapshot: they are published in one transaction, which takes some ten seconds for so many.
    package static let tokensMax: UInt64 = 1_000_000
    /// More fail only where a contract or an endpoint is out of its mind.
    package static let failuresMax = 10_000
    /// The most rows that one step may stage; the store's bound for a transaction beside a running writer.
    package static let rowsPerStepMax = 20_000
}

/// Which ids are asked for.
package struct SnapshotPlan: Sendable, Hashable {
    package enum Source: Int64, Sendable, Hashable {
        /// Stored: never renumber. By `tokenByIndex`, from 0 on.
        case enumerated = 1
        /// From 0 to `totalSupply`, for contracts that only count.
        case numbered = 2
        case given = 3
    }

    package var source: Source
    /// Indexes or ids; nil: there is none.
    package var range: ClosedRange<U256>?
    /// How many tokens the contract says there are; nil where it does not.
    package var supply: U256?

    package init(source: Source, range: ClosedRange<U256>?, supply: U256?) {
        self.source = source
        self.range = range
        self.supply = supply
    }
}

package struct SnapshotCounts: Sendable, Hashable {
    /// Tokens whose owner was read.
    package var read = 0
    /// Ids that do not exist, said by the contract.
    package var absent = 0
    /// What could not be read, listed.
    package var failed = 0

    package init() {}

    package var total: Int { read + absent + failed }
}

/// One token and who owns it, as the contract said.
package struct OwnedToken: Sendable, Hashable {
    package var token: U256
    package var owner: Address

    package init(token: U256, owner: Address) {
        self.token = token
        self.owner = owner
    }
}

/// What is asked for: a token by its id, or one by its place in the enumeration.
package enum SnapshotItem: Sendable, Hashable {
    case token(U256)
    case index(U256)
}

/// Something of which no owner could be read.
package struct SnapshotFailure: Sendable, Hashable {
    package enum Reason: Int64, Sendable, Hashable, CaseIterable {
        /// Stored: never renumber. Nobody answered, which is no fact about the token.
        case unanswered = 0
        /// The contract takes more gas, time or bytes than is given.
        case outOfResource = 1
        /// The contract answered something that is no owner.
        case malformed = 2

        package var text: String {
            switch self {
            case .unanswered: "no endpoint answered"
            case .outOfResource: "the contract takes more gas or bytes than is given"
            case .malformed: "the contract's answer is no owner"
            }
        }
    }

    package var item: SnapshotItem
    package var reason: Reason
    /// How often it was asked for, all retries of one attempt together.
    package var tries: Int

    package init(item: SnapshotItem, reason: Reason, tries: Int = 1) {
        self.item = item
        self.reason = reason
        self.tries = tries
    }
}

/// What one batch found out.
package struct SnapshotBatch: Sendable, Hashable {
    package var read: [OwnedToken] = []
    /// Ids that do not exist.
    package var absent = 0
    package var failures: [SnapshotFailure] = []

    package init() {}
}

/// How a snapshot goes on.
package enum SnapshotStep: Sendable {
    /// From the start, at this block: what was staged for another is forgotten.
    case pinned(BlockRef, isFinal: Bool, SnapshotPlan)
    /// A batch was read; `next` nil: it was the last.
    case read(SnapshotBatch, next: U256?)
    /// These were on the list of failures and were asked for again; those that failed again stay on it.
    case retried([SnapshotItem], SnapshotBatch)
    /// Held for longer; nothing else.
    case renewed
    /// All is read: readers see it from now on. The id names the commit.
    case published(ID128, at: Int64)
    case failed(String, at: Int64)
}
