package import Ethereum
package import Tokens

/// Compares holdings with the contracts' own answers in the state after one block.
///
/// Reads and asks; the one thing it writes are contradictions. Everything is as of the block that it was made with.
package struct Verifier: Sendable {
    package let chain: any Chain
    package let store: any Ledger & HoldingChecks
    package let chainID: ChainID
    package let block: BlockRef
    let bounds: Bounds

    /// How far a difference is looked into.
    package struct Bounds: Sendable {
        /// The longest history of a contract that is read again, in blocks.
        var blocksMax = UInt64.max
        /// Blocks with logs of one contract that are proved from their receipts, newest first.
        var receiptBlocksMax = 1_000
        /// Contracts looked into; a chain on which more differ has another trouble.
        var contractsMax = 100
        /// Whether a contradiction that is on record already is proved once more.
        var provesKnown = true

        /// For somebody who waits for the answer.
        package static let wide = Bounds()
        /// For what goes on beside other work: some hundred requests at most.
        package static let narrow = Bounds(
            blocksMax: 20_000,
            receiptBlocksMax: 50,
            contractsMax: 2,
            provesKnown: false
        )
        /// For what somebody asked for over the network, who may be anybody: the history of a busy contract is not read
        /// whole for each.
        package static let asked = Bounds(
            blocksMax: 500_000,
            receiptBlocksMax: 200,
            contractsMax: 10,
            provesKnown: false
        )
    }

    /// Differences kept with their details; beyond, they are counted only.
    package static let differencesMax = 10_000
    /// Holdings asked for together.
    package static let callsAtOnce = 1_000

    package init(
        chain: any Chain,
        store: any Ledger & HoldingChecks,
        chainID: ChainID,
        block: BlockRef,
        bounds: Bounds = .wide
    ) {
        self.chain = chain
        self.store = store
        self.chainID = chainID
        self.block = block
        self.bounds = bounds
    }

    /// What was counted, and where contract and events differ.
    package struct Result: Sendable {
        package var tally = Tally()
        package var differences: [Difference] = []
        /// What was found to be missing; nil: nothing.
        package var repair: Repair?
        /// Contradictions on record that are none any more.
        var settled: [ClaimedHolding] = []
        /// Holdings about which nobody was heard, at most ``Verifier/differencesMax``, with what there was instead.
        var unheard: [(claimed: ClaimedHolding, outcome: CallOutcome)] = []

        package init() {}
    }

    package struct Difference: Sendable, Hashable {
        package var claimed: ClaimedHolding
        package var observed: ObservedHolding
        package var finding: Finding
        /// Whether the very same contradiction is on record, so that nothing was looked into.
        package var isKnown = false
    }

    /// What a difference turned out to be once the contract's logs were read again.
    package enum Finding: Sendable, Hashable {
        /// The chain has logs of this token that are not held, in these blocks.
        case missed(ClosedRange<BlockNumber>)
        /// All logs are held, and the contract contradicts them.
        case conflict
        /// Neither was shown; why, in words.
        case unproven(String)
    }

    /// Checks a sample.
    ///
    /// - Parameter isAudit: whether it is added to the chain's ``AuditTotals``.
    package func verify(_ sample: [ClaimedHolding], isAudit: Bool = false) async throws -> Result {
        var result = Result()
        let recorded = try recorded()
        try await check(sample, recorded, &result)
        return try await finished(result, isAudit: isAudit)
    }

    /// Checks every holding, in memory that does not grow with their number.
    ///
    /// - Parameter progress: told after each page.
    package func verifyAll(
        contract: Address?,
        progress: (Tally) -> Void = { _ in }
    ) async throws -> Result {
        var result = Result()
        let recorded = try recorded()
        var position: SweepPosition?
        repeat {
            try Task.checkCancellation()
            let page = try store.holdings(
                of: chainID,
                contract: contract,
                at: block,
                PageRequest(position: position, limit: Self.callsAtOnce)
            )
            try await check(page.items, recorded, &result)
            progress(result.tally)
            position = page.next
        } while position != nil
        return try await finished(result)
    }

    func recorded() throws -> [ClaimedHolding.Key: OwnershipConflict] {
        let conflicts = try store.conflicts(of: chainID, limit: Self.differencesMax)
        return Dictionary(conflicts.map { ($0.claimed.key, $0) }) { first, _ in first }
    }

    func check(
        _ holdings: [ClaimedHolding],
        _ recorded: [ClaimedHolding.Key: OwnershipConflict],
        _ result: inout Result
    ) async throws {
        #if MUTANTS
            let block = Mutant.is(.newestStateAsked) ? try await chain.head().ref : block
        #endif
        let rules = ContractRules(try await store.state(of: chainID).scopes)
        let calls = holdings.map { HoldingCheck.call(for: $0, by: rules.rule(of: $0.contract)) }
        let outcomes = try await chain.call(calls, at: block)
        for (holding, outcome) in zip(holdings, outcomes) {
            let verdict = HoldingCheck.judge(holding, outcome)
            result.tally.count(verdict)
            switch verdict {
            case .equal where recorded[holding.key] != nil: result.settled.append(holding)
            case .unanswered(let outcome) where result.unheard.count < Self.differencesMax:
                result.unheard.append((holding, outcome))
            case .different(let observed) where result.differences.count < Self.differencesMax:
                let known = recorded[holding.key]
                let isKnown = !bounds.provesKnown && known?.claimed == holding && known?.observed == observed
                result.differences.append(
                    Difference(
                        claimed: holding,
                        observed: observed,
                        finding: isKnown ? .conflict : .unproven("not looked into"),
                        isKnown: isKnown
                    )
                )
            default: break
            }
        }
    }

    /// The result with its differences looked into, and contradictions put on record.
    func finished(_ result: Result, isAudit: Bool = false) async throws -> Result {
        var result = result
        (result.differences, result.repair) = try await Reproof(self).explained(result.differences)
        let conflicts = result.differences.compactMap { difference in
            difference.finding == .conflict
                ? OwnershipConflict(claimed: difference.claimed, observed: difference.observed, block: block) : nil
        }
        try store.record(
            HoldingFindings(
                conflicts: conflicts,
                settled: result.settled,
                audited: isAudit ? result.tally.totals : nil
            ),
            at: block,
            of: chainID
        )
        return result
    }
}

extension ClaimedHolding {
    /// What is held, whoever holds it for unique tokens.
    struct Key: Hashable, Sendable {
        var contract: Address
        var token: U256
        var holder: Address?
    }

    var key: Key { Key(contract: contract, token: token, holder: rule == .unique ? nil : owner) }
}
