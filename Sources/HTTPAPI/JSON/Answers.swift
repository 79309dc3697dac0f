import Ethereum
import Tokens

/// How values of the ledger look in answers: every field is named here once.
extension JSONWriter {
    /// `complete` and `asOf`: which state the answer is from, and whether it can be relied on.
    mutating func fields(_ standing: Standing) {
        field("complete", standing.isComplete)
        guard let block = standing.block else {
            field("asOf", nil as String?)
            return
        }
        field("asOf") { json in
            json.field("blockNumber", block)
            json.field("blockHash", standing.hash?.hex)
            json.field("finality", standing.isFinal ? "finalized" : "unfinalized")
        }
    }

    /// An amount as people see it: never below zero, and said when the events are inconsistent.
    mutating func fields(amount: SignedSum, named name: StaticString = "amount") {
        field(name, amount.clampedToZero.decimal)
        if amount.isNegative { field("inconsistent", true) }
    }

    /// What holds one token: the owner where it is unique, the balances where it is counted.
    ///
    /// - Parameter marketplaces: the wallets in which what is on sale is kept; where there are none, nothing is said of it.
    mutating func fields(_ answer: TokenOwner, _ marketplaces: Set<Address> = []) {
        field("chainId", answer.standing.chain)
        field("contract", answer.token.contract.checksummed)
        field("tokenId", answer.token.token.decimal)
        field("standard", Self.standard(unique: answer.unique != nil, counted: answer.isCounted))
        let isBurned = answer.unique?.owner == .zero
        let owner = answer.unique.flatMap { isBurned ? nil : $0.owner.checksummed }
        field("owner", owner)
        field("claimedOwner", answer.observedAt == nil ? owner : nil)
        fields(observed: answer, owner)
        field("burned", isBurned)
        if !marketplaces.isEmpty, let unique = answer.unique {
            field("onSale", marketplaces.contains(unique.owner))
        }
        if let unique = answer.unique, !unique.place.isOpening {
            field("since") { json in
                json.field("blockNumber", unique.place.block)
                json.field("logIndex", UInt64(unique.place.logIndex))
                json.field("range", unique.isRange)
            }
        } else {
            field("since", nil as String?)
        }
        field("owners", each: answer.counted) { json, balance in
            json.object { json in
                json.field("owner", balance.owner.checksummed)
                json.fields(amount: balance.amount)
                if !marketplaces.isEmpty { json.field("onSale", marketplaces.contains(balance.owner)) }
            }
        }
    }

    /// Who decided, and what the contract itself said where it contradicts that.
    private mutating func fields(observed answer: TokenOwner, _ owner: String?) {
        guard let conflict = answer.conflict else {
            field("observedOwner", answer.observedAt == nil ? nil : owner)
            field("ownership", answer.ownership)
            guard let block = answer.observedAt else { return }
            return field("observedAt") { json in
                json.field("blockNumber", block.number)
                json.field("blockHash", block.hash.hex)
            }
        }
        if case .owner(let owner) = conflict.observed {
            field("observedOwner", owner.checksummed)
        } else {
            field("observedOwner", nil as String?)
        }
        field("ownership", "conflict")
        field("observedAt") { json in
            json.field("blockNumber", conflict.block.number)
            json.field("blockHash", conflict.block.hash.hex)
        }
    }

    mutating func object(_ contract: ContractSummary) {
        object { $0.fields(contract, isListed: true) }
    }

    /// Under a name of its own, because it is the contract's word and not what its events show.
    ///
    /// - Parameter isListed: among many, of which each may have a URI of ``ContractFacts/uriMax``: it is left out.
    private mutating func reported(_ facts: ContractFacts?, isListed: Bool) {
        guard let facts else { return field("reported", nil as String?) }
        field("reported") { json in
            json.field("name", facts.name)
            json.field("symbol", facts.symbol)
            json.field("totalSupply", facts.totalSupply?.decimal)
            if !isListed { json.field("contractURI", facts.uri) }
            if let interfaces = facts.interfaces {
                json.field("interfaces", each: interfaces.names) { $0.string($1) }
            } else {
                json.field("interfaces", nil as String?)
            }
            json.field("at") { json in
                json.field("blockNumber", facts.block.number)
                json.field("blockHash", facts.block.hash.hex)
            }
        }
    }

    mutating func fields(_ contract: ContractSummary, isListed: Bool = false) {
        field("contract", contract.contract.checksummed)
        field("standard", Self.standard(unique: contract.hasUnique, counted: contract.hasCounted))
        field("transfers", contract.transfers)
        reported(contract.facts, isListed: isListed)
    }

    /// A token in a wallet's list.
    ///
    /// - Parameter isOnSale: nil where nobody said which wallets are marketplaces'.
    mutating func object(ofWallet token: HeldToken, isOnSale: Bool?) {
        object { json in
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.field("standard", token.rule.standard)
            json.fields(amount: token.amount)
            if token.isObserved { json.field("ownership", "observed") }
            if let isOnSale { json.field("onSale", isOnSale) }
        }
    }

    /// A token in a contract's list.
    mutating func object(ofContract token: HeldToken, _ marketplaces: Set<Address>) {
        object { $0.fields(ofContract: token, marketplaces) }
    }

    mutating func fields(ofContract token: HeldToken, _ marketplaces: Set<Address>) {
        field("tokenId", token.token.decimal)
        field("standard", token.rule.standard)
        switch token.rule {
        case .unique:
            field("owner", token.owner?.checksummed)
            if token.isObserved { field("ownership", "observed") }
            if !marketplaces.isEmpty { field("onSale", token.owner.map(marketplaces.contains) ?? false) }
        case .counted: fields(amount: token.amount, named: "supply")
        }
    }

    mutating func object(_ line: TransferLine) {
        let transfer = line.transfer
        object { json in
            json.field("blockNumber", transfer.place.block)
            json.field("logIndex", UInt64(transfer.place.logIndex))
            json.field("ordinal", UInt64(transfer.place.ordinal))
            json.field("timestamp", line.timestamp)
            json.field("transactionHash", transfer.transactionHash.hex)
            json.field("transactionIndex", UInt64(transfer.transactionIndex))
            json.field("contract", transfer.contract.checksummed)
            json.field("tokenId", transfer.token.decimal)
            if let last = line.tokenTo { json.field("tokenIdTo", last.decimal) }
            json.field("from", transfer.from.checksummed)
            json.field("to", transfer.to.checksummed)
            json.field("operator", transfer.operator.checksummed)
            json.field("amount", transfer.amount.decimal)
            json.field("kind", transfer.kind.name)
            if transfer.flags.contains(.presumed) { json.field("presumed", true) }
        }
    }

    /// The standard by what the events showed; null when there was none yet.
    private static func standard(unique: Bool, counted: Bool) -> String? {
        switch (unique, counted) {
        case (true, true): "mixed"
        case (true, false): "erc721"
        case (false, true): "erc1155"
        case (false, false): nil
        }
    }
}
