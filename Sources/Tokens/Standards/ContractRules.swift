package import Ethereum

/// Which contracts of one chain are read by a rule of their own; few or none.
///
/// What a log means must not depend on the question that brought it: every answer of a chain is read by all its rules.
package struct ContractRules: Sendable {
    private let rules: [Address: ReadingRule]

    package static let none = ContractRules([])

    /// Scopes that are not followed any more count too: what their contract's events mean has not changed.
    package init(_ scopes: [Scope]) {
        var rules: [Address: ReadingRule] = [:]
        for scope in scopes where scope.rule != .byShape {
            if let contract = scope.contract { rules[contract] = scope.rule }
        }
        self.rules = rules
    }

    /// Costs a comparison where the chain has no rules, else a look-up: ask only for logs that a rule could change.
    package func rule(of contract: Address) -> ReadingRule {
        rules.isEmpty ? .byShape : rules[contract] ?? .byShape
    }
}
