package import Ethereum
package import Logging
package import Tokens

/// Asks contracts what they are: name, symbol, supply, URI and interfaces, in the state of the newest block that is held.
package struct ContractReader: Sendable {
    package typealias Store = any Ledger & ContractQueue

    let chain: any Chain
    let store: Store
    let chainID: ChainID
    /// That one alone; nil: all.
    let contract: Address?
    /// Whether only contracts that are followed by name are asked.
    let whose: MetadataScope
    /// Seconds since 1970.
    let wallSeconds: @Sendable () -> Int64
    let random: @Sendable () -> UInt64
    let logger: Logger

    /// Contracts asked at once: a hundred calls, which is one request where the chain has Multicall3.
    private static let contractsAtOnce = 12

    package init(
        chain: any Chain,
        store: Store,
        chainID: ChainID,
        contract: Address? = nil,
        whose: MetadataScope = .everything,
        wallSeconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64,
        logger: Logger
    ) {
        self.chain = chain
        self.store = store
        self.chainID = chainID
        self.contract = contract
        self.whose = whose
        self.wallSeconds = wallSeconds
        self.random = random
        self.logger = logger
    }

    /// Goes through the contracts once: those never heard and those due for another try, or all of them.
    ///
    /// Safe to call again and in several processes. One contract's failure is its own.
    /// - Throws: ``ChainError`` where the block or the chain as a whole cannot be asked; what the database said.
    package func run(all: Bool = false) async throws -> ContractTally {
        var tally = ContractTally()
        var position: ContractPosition?
        repeat {
            try Task.checkCancellation()
            let (contracts, next) = try await store.contractsToRead(
                of: chainID,
                contract: contract,
                whose: whose,
                after: position,
                now: wallSeconds(),
                all: all
            )
            var rest = contracts[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.contractsAtOnce))
                rest = rest.dropFirst(part.count)
                tally += try await read(part)
            }
            position = next
        } while position != nil
        return tally
    }

    private func read(_ contracts: [ContractToRead]) async throws -> ContractTally {
        guard let tip = try await store.state(of: chainID).tip else {
            throw ChainError.unavailable("nothing of the chain is held yet")
        }
        let outcomes = try await chain.call(contracts.flatMap { ContractAnswers.calls(to: $0.contract) }, at: tip)
        var tally = ContractTally()
        var readings: [ContractReading] = []
        for (index, item) in contracts.enumerated() {
            let start = index * ContractAnswers.count
            let retryAt = RetryPlan.next(after: item.attempts, now: wallSeconds(), random: random())
            let answers = outcomes.dropFirst(start).prefix(ContractAnswers.count)
            switch ContractAnswers.finding(answers, at: tip, isLast: retryAt == nil) {
            case .facts(let facts):
                readings.append(ContractReading(contract: item.contract, facts: facts, retryAt: nil))
            case .tooCostly:
                readings.append(ContractReading(contract: item.contract, facts: nil, retryAt: retryAt))
            case .unheard: tally.unheard += 1
            }
        }
        if tally.unheard > 0 {
            logger.warning("contracts were not heard about themselves", metadata: ["contracts": "\(tally.unheard)"])
        }
        tally += try await store.finishContracts(readings, of: chainID)
        return tally
    }
}
