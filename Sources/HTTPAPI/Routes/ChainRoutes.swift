import Ethereum
import Hummingbird
import Tokens

/// A wallet's tokens, and what moved on the chain last.
struct ChainRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?
    let marketplaces: Marketplaces

    func add(to group: RouterGroup<APIContext>) {
        group.get("wallets/:address/tokens", use: wallet)
        group.get("transfers", use: transfers)
    }

    @Sendable func wallet(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["atBlock", "limit", "cursor", "consistent"])
        let (chain, wallet) = (try inputs.chain(resolve), try inputs.address("address"))
        let block = try inputs.block()
        let page = try inputs.page(TokenPosition.self)
        let answer = try await reads.ask { try $0.tokens(of: wallet, on: chain, at: block, page.request) }
        return try .json { json in
            json.field("chainId", chain)
            json.field("wallet", wallet.checksummed)
            let isOnSale = marketplaces.hasOnSale(wallet, on: chain)
            json.field("tokens", each: answer.items) { $0.object(ofWallet: $1, isOnSale: isOnSale) }
            json.field("truncated", answer.isTruncated)
            // Each token that a snapshot alone knows says so itself.
            json.field("ownership", answer.items.contains(where: \.isObserved) ? "mixed" : "events")
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    @Sendable func transfers(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["wallet", "contract", "limit", "cursor", "consistent"])
        let (chain, subject) = (try inputs.chain(resolve), try inputs.transferSubject())
        let page = try inputs.page(Place.self)
        let answer = try await reads.ask { catalog in
            let answer = try catalog.transfers(of: subject, on: chain, page.request)
            if case .contract(let contract) = subject, answer.items.isEmpty, page.position == nil,
                try catalog.contract(contract, on: chain) == nil
            {
                throw Problem.unknownContract(contract, isComplete: answer.standing.isComplete)
            }
            return answer
        }
        return try .json { json in
            json.field("chainId", chain)
            json.field("transfers", each: answer.items) { $0.object($1) }
            try page.write(&json, next: answer.next, answer.standing)
        }
    }
}
