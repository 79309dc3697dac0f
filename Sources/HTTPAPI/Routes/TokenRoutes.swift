import Ethereum
import HTTPTypes
import Hummingbird
import Tokens

/// One token: who holds it, all its holders, its transfers, what it is.
struct TokenRoutes: Sendable {
    let reads: Reads
    /// nil: nobody finds out what tokens are.
    let wishes: MetadataWishes?
    let resolve: @Sendable (String) -> ChainID?
    let marketplaces: Marketplaces

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts/:contract/tokens/:id", use: summary)
        group.get("contracts/:contract/tokens/:id/owners", use: owners)
        group.get("contracts/:contract/tokens/:id/transfers", use: transfers)
        group.get("contracts/:contract/tokens/:id/metadata", use: metadata)
        if wishes != nil { group.post("contracts/:contract/tokens/:id/metadata/refresh", use: refreshMetadata) }
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

    /// A minimal answer, ids and states, where metadata never came; who asks first has it looked up.
    @Sendable func metadata(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        let owner = try await reads.owner(of: token, on: chain)
        try await refuseUnknownContract(owner)
        let held = try await reads.ask { try $0.metadata(of: token, on: chain) }
        if held == nil, let wish = Self.wish(owner) { wishes?.add(wish, on: chain) }
        return .json { json in
            json.field("chainId", chain)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.fields(held)
        }
    }

    /// Has a token looked at again, within its contract's budget.
    ///
    /// May be repeated: a job that waits is the same job. Pages of other sites are refused, where the browser says so.
    @Sendable func refreshMetadata(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (chain, token) = (try inputs.chain(resolve), try inputs.token())
        guard Self.isOwnSite(request) else { throw Problem.otherSite }
        let owner = try await reads.owner(of: token, on: chain)
        try await refuseUnknownContract(owner)
        guard let wishes, let wish = Self.wish(owner) else { throw Problem.notHeld(token) }
        guard try await wishes.askAgain(wish, on: chain) else { throw Problem.refreshBudget }
        var response = Response.json { json in
            json.field("chainId", chain)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.field("queued", true)
        }
        response.status = .accepted
        return response
    }

    /// Who owns nothing has nothing to show; a token that was burned keeps what is held of it.
    private static func wish(_ owner: TokenOwner) -> MetadataWish? {
        if let unique = owner.unique, unique.owner != .zero { return MetadataWish(token: owner.token, rule: .unique) }
        return owner.isCounted ? MetadataWish(token: owner.token, rule: .counted) : nil
    }

    private static func isOwnSite(_ request: Request) -> Bool {
        guard let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] else { return true }
        return site == "same-origin" || site == "none"
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

extension Problem {
    fileprivate static let otherSite = Problem(
        .forbidden,
        "other-site",
        "Another site's page cannot ask for this",
        "Send the request from a program, or from a page of this server."
    )

    fileprivate static func notHeld(_ token: TokenID) -> Problem {
        Problem(
            .notFound,
            "unknown-token",
            "Nobody holds this token",
            "\(token.contract.checksummed) has no token \(token.token.decimal) that anybody holds now."
        )
    }

    fileprivate static let refreshBudget = Problem(
        .tooManyRequests,
        "refresh-budget",
        "This contract's tokens were looked at too often",
        "At most \(RefreshBudget.capacity) of them are looked at again within "
            + "\(RefreshBudget.secondsToFill / 60) minutes. Ask again in a few.",
        retrySeconds: 60
    )
}
