package import Ethereum

/// What a chain is read for: the whole chain, or one contract.
package struct Scope: Sendable, Hashable, Identifiable {
    /// The store's number of the scope.
    package var id: Int64
    /// nil: every NFT contract of the chain, found by event shape.
    package var contract: Address?
    /// The scope is complete when coverage reaches from here to where an answer is given.
    package var firstBlock: BlockNumber
    package var isActive: Bool
    /// By what the contract's logs are read.
    package var rule: ReadingRule

    /// The event sets that the scope reads, of those that a chain is read for as a whole.
    ///
    /// A contract that is named is read for every form, and for what its rule adds. On a busy chain the whole is read for
    /// indexed forms only.
    package func eventSets(of chain: [EventSet]) -> [EventSet] {
        contract == nil ? chain : EventSet.ofEveryContract + rule.eventSets
    }

    package init(
        id: Int64,
        contract: Address?,
        firstBlock: BlockNumber,
        isActive: Bool,
        rule: ReadingRule = .byShape
    ) {
        self.id = id
        self.contract = contract
        self.firstBlock = firstBlock
        self.isActive = isActive
        self.rule = rule
    }
}

/// Coverage is kept for each scope and event set apart.
package struct CoverageKey: Sendable, Hashable, Comparable {
    package var scope: Int64
    package var eventSet: EventSet

    package init(scope: Int64, eventSet: EventSet) {
        self.scope = scope
        self.eventSet = eventSet
    }

    package static func < (left: CoverageKey, right: CoverageKey) -> Bool {
        (left.scope, left.eventSet) < (right.scope, right.eventSet)
    }
}
