import Ethereum
import HTTPTypes
import Hummingbird
import Tokens

/// Pages for people: the chain's state, and a wallet with its pictures.
struct PageRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?
    let name: @Sendable (ChainID) -> String?
    let marketplaces: Marketplaces

    func add(to router: Router<APIContext>) {
        router.get("/") { _, _ in StatusPage.response() }
        router.get("wallets", use: find)
        router.get("chains/:chain/wallets/:wallet", use: wallet)
    }

    /// Where a form's wallet is; on the only chain there is, where none is named.
    @Sendable func find(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page {
            let inputs = try Inputs(request, context, query: ["chain", "wallet"])
            let wallet = try inputs.queriedWallet()
            let chain = if let named = try inputs.queriedChain(resolve) { named } else { try await onlyChain() }
            return Response(status: .seeOther, headers: [.location: WalletPage.path(wallet, on: chain)])
        }
    }

    @Sendable func wallet(_ request: Request, _ context: APIContext) async throws -> Response {
        try await page {
            let inputs = try Inputs(request, context, query: ["limit", "cursor"])
            let (chain, wallet) = (try inputs.chain(resolve), try inputs.address("wallet"))
            let path = WalletPage.path(wallet, on: chain)
            let page = try inputs.page(TokenPosition.self, limit: WalletPage.cardsStandard, of: path)
            let answer = try await reads.ask {
                try $0.cards(of: wallet, on: chain, imageMax: CardPicture.inlineMax, page.request)
            }
            return WalletPage(
                chain: chain,
                chainName: name(chain),
                wallet: wallet,
                page: answer,
                next: page.cursor(answer.next, answer.standing),
                isMarketplace: marketplaces.hasOnSale(wallet, on: chain) == true,
                isFirst: page.position == nil,
                isChanged: (page.revision ?? answer.standing.revision) != answer.standing.revision
            ).response()
        }
    }

    private func onlyChain() async throws -> ChainID {
        let chains = try await reads.ask { try $0.chains().map(\.identity.chainID) }
        guard let first = chains.first, chains.count == 1 else {
            throw Problem.badInput(
                chains.isEmpty
                    ? "The database holds no chain yet."
                    : "The database holds several chains: name one, as in /wallets?chain=1&wallet=0x…"
            )
        }
        return first
    }

    /// What is wrong is said on a page too.
    private func page(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch {
            guard let problem = Problem(error) else { throw error }
            var response = PageShell.response(
                status: problem.status,
                title: "\(problem.title) · Holdfast",
                chain: nil,
                body: "<div class=\"card empty\"><h2>\(HTMLText.escaped(problem.title))</h2>"
                    + "<p>\(HTMLText.isolated(problem.detail, most: 400))</p><p><a href=\"/\">To the first page</a></p></div>"
            )
            if let seconds = problem.retrySeconds { response.headers[.retryAfter] = String(seconds) }
            return response
        }
    }
}
