package import Ethereum

/// Contracts that are to be asked what they are, and what they said; kept by the store.
///
/// Nobody claims anything: two who ask the same contract write the same row. Times are seconds since 1970.
package protocol ContractQueue: Sendable {
    /// Contracts with events behind `after`, in a stable order: those never heard and those due for another try, or all.
    ///
    /// - Parameters:
    ///   - contract: that one alone; nil: any.
    ///   - whose: of contracts that are followed by name alone, or of any.
    /// - Returns: a bounded number, and where to go on; nil: that was the end.
    func contractsToRead(
        of chain: ChainID,
        contract: Address?,
        whose: MetadataScope,
        after: ContractPosition?,
        now: Int64,
        all: Bool
    ) async throws -> (contracts: [ContractToRead], next: ContractPosition?)

    /// Takes what was found, all in one transaction; writes nothing where nothing changed.
    ///
    /// What was asked in the state of a block that is not on the chain any more is not taken, and is asked again next time.
    func finishContracts(_ readings: [ContractReading], of chain: ChainID) async throws -> ContractTally
}

/// A place in the order of contracts; opaque to all but the store.
package struct ContractPosition: Sendable, Hashable {
    package var contract: Int64

    package init(contract: Int64) { self.contract = contract }
}

package struct ContractToRead: Sendable, Hashable {
    package var contract: Address
    /// Tries that came to nothing so far.
    package var attempts: Int

    package init(contract: Address, attempts: Int) {
        self.contract = contract
        self.attempts = attempts
    }
}

/// What asking one contract came to.
package struct ContractReading: Sendable, Hashable {
    package var contract: Address
    /// nil: its answers cost too much to be heard.
    package var facts: ContractFacts?
    /// When it is tried again; nil: not by itself.
    package var retryAt: Int64?

    package init(contract: Address, facts: ContractFacts?, retryAt: Int64?) {
        self.contract = contract
        self.facts = facts
        self.retryAt = retryAt
    }
}

/// What a run over contracts came to.
package struct ContractTally: Sendable, Hashable {
    package var changed = 0
    package var unchanged = 0
    /// Not heard, because it cost too much.
    package var failed = 0
    /// Reorganised meanwhile, or no endpoint answered: asked again next time.
    package var unheard = 0

    package init() {}

    package static func += (left: inout ContractTally, right: ContractTally) {
        left.changed += right.changed
        left.unchanged += right.unchanged
        left.failed += right.failed
        left.unheard += right.unheard
    }
}
