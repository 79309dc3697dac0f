import Ethereum
import Hummingbird
import Tokens

/// The contracts of a chain, one of them, and its tokens.
struct ContractRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?
    let marketplaces: Marketplaces

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts", use: list)
        group.get("contracts/:contract", use: summary)
        group.get("contracts/:contract/tokens", use: tokens)
    }

    @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let chain = try inputs.chain(resolve)
        let page = try inputs.page(Address.self)
        let answer = try await reads.ask { try $0.contracts(of: chain, page.request) }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contracts", each: answer.items) { $0.object($1) }
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, contract) = (try inputs.chain(resolve), try inputs.address("contract"))
        guard let answer = try await reads.ask({ try $0.contract(contract, on: chain) }) else {
            throw Problem.unknownContract(contract, isComplete: try await isComplete(contract, chain))
        }
        return .json { json in
            json.field("chainId", chain)
            json.fields(answer.summary)
            json.fields(answer.standing)
        }
    }

    @Sendable func tokens(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(
            request,
            context,
            query: ["atBlock", "name", "trait", "onSale", "limit", "cursor", "consistent"],
            repeatable: ["trait"]
        )
        let (chain, contract) = (try inputs.chain(resolve), try inputs.address("contract"))
        let wallets = marketplaces.wallets(on: chain)
        let onSale = try inputs.isOnSale(wallets)
        if let filter = try inputs.filter() {
            return try await TraitRoutes(reads: reads, resolve: resolve, marketplaces: marketplaces)
                .found(filter, contract, chain, inputs)
        }
        let block = try inputs.block()
        let page = try inputs.page(TokenPosition.self)
        let answer = try await reads.ask { catalog in
            let answer =
                onSale
                ? try catalog.tokens(in: contract, on: chain, heldBy: wallets, page.request)
                : try catalog.tokens(in: contract, on: chain, at: block, page.request)
            if answer.items.isEmpty, page.position == nil, try catalog.contract(contract, on: chain) == nil {
                throw Problem.unknownContract(contract, isComplete: answer.standing.isComplete)
            }
            return answer
        }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contract", contract.checksummed)
            json.field("tokens", each: answer.items) { $0.object(ofContract: $1, wallets) }
            json.field("truncated", answer.isTruncated)
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    private func isComplete(_ contract: Address, _ chain: ChainID) async throws -> Bool {
        try await reads.ask {
            try $0.tokens(in: contract, on: chain, at: nil, PageRequest(position: nil, limit: 1)).standing.isComplete
        }
    }
}
