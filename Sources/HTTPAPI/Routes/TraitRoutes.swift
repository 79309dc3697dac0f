import Ethereum
import Hummingbird
import Tokens

/// What a collection's tokens have, how rare each is by it, and which have what is looked for.
struct TraitRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?
    let marketplaces: Marketplaces

    /// Says in each answer how ranks are made; docs/metadata.md has the formula.
    private static let method = "information-content"

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts/:contract/traits", use: traits)
        group.get("contracts/:contract/rarity", use: ranking)
        group.get("contracts/:contract/tokens/:id/rarity", use: rarity)
    }

    @Sendable func traits(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let (chain, contract) = (try inputs.chain(resolve), try inputs.address("contract"))
        let page = try inputs.page(TraitPosition.self)
        let answer = try await ask(contract, chain) { try $0.traits(of: contract, on: chain, page.request) }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contract", contract.checksummed)
            json.fields(answer.tally)
            json.field("traits", each: answer.items) { $0.object($1, of: answer.tally) }
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    @Sendable func ranking(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let (chain, contract) = (try inputs.chain(resolve), try inputs.address("contract"))
        let page = try inputs.page(RarityPosition.self)
        let answer = try await ask(contract, chain) { try $0.ranking(of: contract, on: chain, page.request) }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contract", contract.checksummed)
            json.field("method", Self.method)
            json.field("entropy", decimal: answer.tally?.entropy)
            json.fields(answer.tally)
            json.field("ranking", each: answer.items) { $0.object($1) }
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    @Sendable func rarity(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        let answer = try await ask(token.contract, chain) { try $0.rarity(of: token, on: chain) }
        return .json { json in
            json.field("chainId", chain)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.field("method", Self.method)
            json.fields(answer.items.first)
            json.field("entropy", decimal: answer.tally?.entropy)
            json.fields(answer.tally)
            json.fields(answer.standing)
        }
    }

    /// A contract's tokens that match.
    func found(
        _ filter: TokenFilter,
        _ contract: Address,
        _ chain: ChainID,
        _ inputs: Inputs
    ) async throws -> Response {
        let page = try inputs.page(TokenPosition.self)
        let answer = try await ask(contract, chain) {
            try $0.tokens(in: contract, on: chain, matching: filter, page.request)
        }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contract", contract.checksummed)
            json.field("tokens", each: answer.items) { json, found in
                json.object { json in
                    json.fields(ofContract: found.token, marketplaces.wallets(on: chain))
                    json.field("name", found.name)
                }
            }
            json.field("truncated", false)
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    /// "None" about a contract that was never seen would look like knowledge.
    private func ask<Item, Position>(
        _ contract: Address,
        _ chain: ChainID,
        _ question: @escaping @Sendable (any Listings) throws -> CollectionPage<Item, Position>
    ) async throws -> CollectionPage<Item, Position> {
        try await reads.ask { catalog in
            let answer = try question(catalog)
            if answer.items.isEmpty, try catalog.contract(contract, on: chain) == nil {
                throw Problem.unknownContract(contract, isComplete: answer.standing.isComplete)
            }
            return answer
        }
    }
}
