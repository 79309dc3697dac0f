import Ethereum
import Hummingbird
import Tokens

/// One token: who holds it, all its holders, its transfers, what it is.
struct TokenRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?
    let marketplaces: Marketplaces

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts/:contract/tokens/:id", use: summary)
        group.get("contracts/:contract/tokens/:id/owners", use: owners)
        group.get("contracts/:contract/tokens/:id/transfers", use: transfers)
        group.get("contracts/:contract/tokens/:id/metadata", use: metadata)
    }

    /// The one that has to be fast: no list, no queue, no intermediate values.
    @Sendable func summary(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        let answer = try await reads.owner(of: token, on: chain)
        try await refuseUnknownContract(answer)
        return .json { json in
            json.fields(answer, marketplaces.wallets(on: chain))
            json.field("moreOwners", answer.nextHolder != nil)
            json.fields(answer.standing)
        }
    }

    @Sendable func owners(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["atBlock", "limit", "cursor", "consistent"])
        let (chain, token, block) = (try inputs.chain(resolve), try inputs.token(), try inputs.block())
        let page = try inputs.page(Address.self)
        let answer = try await reads.ask { try $0.owners(of: token, on: chain, at: block, page.request) }
        try await refuseUnknownContract(answer)
        return try .json { json in
            json.fields(answer, marketplaces.wallets(on: chain))
            try page.write(&json, next: answer.nextHolder, answer.standing)
        }
    }

    @Sendable func transfers(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["limit", "cursor", "consistent"])
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        let page = try inputs.page(Place.self)
        let answer = try await reads.ask { try $0.transfers(of: .token(token), on: chain, page.request) }
        return try .json { json in
            json.field("chainId", chain)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.field("transfers", each: answer.items) { $0.object($1) }
            try page.write(&json, next: answer.next, answer.standing)
        }
    }

    /// A minimal answer, ids and states, where metadata never came.
    @Sendable func metadata(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        try await refuseUnknownContract(try await reads.owner(of: token, on: chain))
        let held = try await reads.ask { try $0.metadata(of: token, on: chain) }
        return .json { json in
            json.field("chainId", chain)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.fields(held)
        }
    }

    /// "Nobody" about a contract that was never seen would look like knowledge.
    private func refuseUnknownContract(_ answer: TokenOwner) async throws {
        guard answer.unique == nil, !answer.isCounted else { return }
        let (contract, chain) = (answer.token.contract, answer.standing.chain)
        if try await reads.ask({ try $0.contract(contract, on: chain) == nil }) {
            throw Problem.unknownContract(contract, isComplete: answer.standing.isComplete)
        }
    }
}

extension Response {
    static func json(_ body: (inout JSONWriter) throws -> Void) rethrows -> Response {
        Response(
            status: .ok,
            headers: Envelope.json,
            body: ResponseBody(byteBuffer: try JSONWriter.document(body))
        )
    }
}
