import Ethereum
import Hummingbird
import LiveReads
import Tokens

/// The database's lists beside live answers: a wallet's tokens each held against its contract, a token's transactions.
struct LiveListRoutes: Sendable {
    let live: LiveChains
    let reads: Reads

    func add(to group: RouterGroup<APIContext>) {
        group.get("wallets/:address/tokens", use: tokens)
        group.get("contracts/:contract/tokens/:id/transactions", use: transactions)
    }

    /// No token is left out because it could not be checked, or because its contract says something else.
    @Sendable func tokens(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let (reader, wallet) = (try live.reader(inputs), try inputs.address("address"))
        let page = try inputs.page(TokenPosition.self)
        let list = try await reads.ask { try $0.tokens(of: wallet, on: reader.chainID, at: nil, page.request) }
        let answers = try await live.answers(
            reader,
            to: list.items.map { token in
                let id = TokenID(contract: token.contract, token: token.token)
                return token.rule == .unique ? .owner(id) : .amount(of: wallet, id)
            }
        )
        let checks = zip(list.items, answers).map { WalletCheck($0, of: wallet, $1) }
        return try .json { json in
            json.field("chainId", reader.chainID)
            json.field("wallet", wallet.checksummed)
            json.field("tokens", each: zip(list.items, checks)) { json, line in
                json.object { json in
                    json.field("contract", line.0.contract.checksummed)
                    json.field("tokenId", line.0.token.decimal)
                    json.field("standard", line.0.rule.standard)
                    json.fields(amount: line.0.amount)
                    json.fields(line.1)
                }
            }
            for state in WalletCheck.State.allCases {
                json.field(state.key, UInt64(checks.count { $0.state == state }))
            }
            json.field("truncated", list.isTruncated)
            try page.write(&json, next: list.next, list.standing)
        }
    }

    @Sendable func transactions(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let (reader, token) = (try live.reader(inputs), try inputs.token())
        let page = try inputs.page(Place.self)
        let list = try await reads.ask { catalog in
            let list = try catalog.transfers(of: .token(token), on: reader.chainID, page.request)
            // "None" about a contract that nobody reads would look like knowledge.
            if list.items.isEmpty, page.position == nil, try catalog.contract(token.contract, on: reader.chainID) == nil
            {
                throw Problem.notFollowed(token.contract, isComplete: list.standing.isComplete)
            }
            return list
        }
        return try .json { json in
            json.field("chainId", reader.chainID)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.field("transactions", each: list.items) { json, line in
                json.object { json in
                    json.field("hash", line.transfer.transactionHash.hex)
                    json.field("type", Self.type(of: line.transfer))
                    json.field("from", line.transfer.from.checksummed)
                    json.field("to", line.transfer.to.checksummed)
                    json.field("amount", line.transfer.amount.decimal)
                    json.field("timestamp", line.timestamp)
                    json.field("blockNumber", line.transfer.place.block)
                    json.field("logIndex", UInt64(line.transfer.place.logIndex))
                }
            }
            json.field("source", LiveAnswer.Source.store.rawValue)
            try page.write(&json, next: list.next, list.standing)
        }
    }

    private static func type(of transfer: Transfer) -> String {
        if transfer.from == .zero { return "mint" }
        return transfer.to == .zero ? "burn" : "transfer"
    }
}

/// One held token against its contract's own answer.
struct WalletCheck {
    enum State: String, CaseIterable {
        case confirmed, differs
        /// The contract was not heard, which says nothing about the token.
        case unchecked

        /// Its number's name in answers.
        var key: StaticString {
            switch self {
            case .confirmed: "confirmed"
            case .differs: "differing"
            case .unchecked: "unchecked"
            }
        }
    }

    var state: State
    /// What the contract said instead.
    var observed: String?
    var reason: String?
    /// The state in which it was asked.
    var block: BlockNumber?

    /// A last known value is no check.
    init(_ token: HeldToken, of wallet: Address, _ answer: Result<LiveAnswer, LiveFailure>) {
        switch answer {
        case .failure(let failure):
            (state, reason) = (.unchecked, failure.description)
        case .success(let answer):
            if let why = answer.staleBecause {
                (state, reason) = (.unchecked, why.description)
                return
            }
            block = answer.block.number
            switch answer.value {
            case .owner(let owner):
                state = owner == wallet ? .confirmed : .differs
                observed = owner.checksummed
            case .amount(let amount):
                state = token.amount.amount == amount ? .confirmed : .differs
                observed = amount.decimal
            case .absent(let absence): (state, reason) = (.differs, absence.rawValue)
            case .text: (state, reason) = (.unchecked, LiveFailure.malformed.description)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func fields(_ check: WalletCheck) {
        field("check", check.state.rawValue)
        field("observed", check.state == .differs ? check.observed : nil)
        field("reason", check.reason)
        field("checkedAtBlock", check.block)
    }
}

extension Problem {
    fileprivate static func notFollowed(_ contract: Address, isComplete: Bool) -> Problem {
        var problem = unknownContract(contract, isComplete: isComplete)
        problem.detail +=
            " Transactions come from this database alone: no node can list one token's. `holdfast contracts add` follows a contract."
        return problem
    }
}
