import Ethereum
import HTTPTypes
import Hummingbird
import NIOCore
import Tokens

/// What a wallet holds, with pictures: HTML made here, without a script and without anything from elsewhere.
struct WalletPage {
    var chain: ChainID
    /// The preset's; nil where there is none.
    var chainName: String?
    var wallet: Address
    var page: Page<TokenCard, TokenPosition>
    /// Where the next page starts, as a cursor; nil at the end.
    var next: String?
    /// What it holds is on sale.
    var isMarketplace: Bool
    /// Whether this is the first page.
    var isFirst: Bool
    /// The data changed since the first page.
    var isChanged: Bool

    /// Tokens of one page; each may bring a picture of ``CardPicture/inlineMax``.
    static let cardsStandard = 24

    /// Where a wallet's page is.
    static func path(_ wallet: Address, on chain: ChainID) -> String {
        "/chains/\(chain)/wallets/\(wallet.checksummed)"
    }

    func response() -> Response {
        PageShell.response(title: "\(HTMLText.short(wallet.checksummed)) · Holdfast", chain: chain, body: body)
    }

    var body: String {
        let cards = page.items.map(card).joined(separator: "\n")
        return """
            <section class="who"><h2>\(wallet.checksummed)</h2><span class="note">\(chainText)</span></section>
            \(state)
            \(cards.isEmpty ? empty : "<ul class=\"grid\">\n\(cards)\n</ul>")
            \(pages)
            """
    }

    // MARK: From when, and how far to be trusted

    private var chainText: String {
        chainName.map { "\(HTMLText.escaped($0)) · chain \(chain)" } ?? "chain \(chain)"
    }

    private var state: String {
        let standing = page.standing
        var out = "<p class=\"state\">As of no block yet.</p>"
        if let block = standing.block {
            let hash = standing.hash.map { " <span title=\"\($0.hex)\">\(HTMLText.short($0.hex))</span>" } ?? ""
            let finality = standing.isFinal ? "finalized" : "not yet finalized"
            out = "<p class=\"state\">As of block <b>\(HTMLText.grouped(String(block)))</b>\(hash), \(finality)"
            out += standing.isComplete ? ", history complete.</p>" : ".</p>"
        }
        if !standing.isComplete {
            out += warning(
                "Not complete yet: history is still being read, so tokens may be missing, or be somebody else’s by now."
            )
        }
        if isMarketplace {
            out += warning("This is a marketplace’s wallet: by the operator’s word, what it holds is on sale there.")
        }
        if page.isTruncated {
            out += warning("Some tokens may be missing: a contract has more ranges than a list looks through.")
        }
        if isChanged {
            out += warning("The data changed since the first page: a token may be on two pages, or on none.")
        }
        return out
    }

    private func warning(_ text: String) -> String { "<p class=\"warn\" role=\"note\">\(text)</p>" }

    private var empty: String {
        "<div class=\"card empty\">\(next == nil ? "No tokens here." : "Nothing on this page; there is more on the next.")</div>"
    }

    private var pages: String {
        let path = Self.path(wallet, on: chain)
        let first = isFirst ? "" : "<a href=\"\(path)\" rel=\"first\">First page</a>"
        let more = next.map { "<a href=\"\(path)?cursor=\($0)\" rel=\"next\">More tokens</a>" } ?? ""
        return first + more == "" ? "" : "<nav class=\"pages\">\(first)\(more)</nav>"
    }

    // MARK: One token

    private func card(_ card: TokenCard) -> String {
        let held = card.held
        let id = held.token.decimal
        let number = HTMLText.short(id, head: 10, tail: 8)
        let name = card.name.map { HTMLText.isolated($0) } ?? "#\(number)"
        let label = card.name.map { HTMLText.escaped(HTMLText.cut($0)) } ?? "#\(number)"
        return """
            <li class="token">\(picture(card, label))<div class="words"><div class="name">\(name)</div>\
            <div class="from" title="\(held.contract.checksummed)">\(collection(card))</div>\
            <div class="id" title="\(id)">id \(number)</div><div class="marks">\(marks(card))</div></div></li>
            """
    }

    /// What the contract calls itself is anybody's word: its address stands beside it.
    private func collection(_ card: TokenCard) -> String {
        let address = HTMLText.short(card.held.contract.checksummed)
        guard let name = card.collection, !name.isEmpty else { return address }
        return "\(HTMLText.isolated(name, most: 40)) · \(address)"
    }

    private func marks(_ card: TokenCard) -> String {
        var out = ""
        let amount = card.held.amount.clampedToZero.decimal
        if card.held.rule == .counted {
            out +=
                "<span class=\"mark\" title=\"\(amount)\">× \(HTMLText.short(HTMLText.grouped(amount), head: 9, tail: 4))</span>"
        }
        if card.held.isObserved { out += "<span class=\"mark\">observed: its contract said so, and no event</span>" }
        if card.held.amount.isNegative {
            out += "<span class=\"mark bad\">inconsistent: its events give more than came</span>"
        }
        if let conflict = card.conflict {
            let said = Self.said(conflict.observed)
            let block = HTMLText.grouped(String(conflict.block.number))
            out +=
                "<span class=\"mark bad\">conflict: by its events it is here; at block \(block) the contract said \(said)</span>"
        }
        return out
    }

    private static func said(_ observed: ObservedHolding) -> String {
        switch observed {
        case .nothing: "nothing"
        case .owner(let owner): "<span title=\"\(owner.checksummed)\">\(HTMLText.short(owner.checksummed))</span>"
        case .amount(let amount): "<span title=\"\(amount.decimal)\">\(HTMLText.short(amount.decimal))</span>"
        case .malformed: "something that is no answer"
        }
    }

    private func picture(_ card: TokenCard, _ label: String) -> String {
        switch CardPicture(card) {
        case .inline(let uri):
            return
                "<img class=\"art\" src=\"\(HTMLText.escaped(uri))\" alt=\"\(label)\" width=\"320\" height=\"320\" loading=\"lazy\">"
        case .web(let url, let host):
            let link =
                "<a href=\"\(HTMLText.escaped(url))\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">open it there</a>"
            return placeholder("picture on \(HTMLText.isolated(host, most: 60)), not loaded: \(link)")
        case .network(let scheme): return placeholder("picture on \(scheme)://, not loaded")
        case .tooLong: return placeholder("picture too large for this page")
        case .unusable: return placeholder("what is given as its picture is none")
        case .none: return placeholder(missing(card))
        }
    }

    private func missing(_ card: TokenCard) -> String {
        switch card.state {
        case nil, .pending: "not looked at yet"
        case .ok: "no picture"
        case .failed, .refused: card.detail.map { HTMLText.isolated($0, most: 100) } ?? "no document"
        }
    }

    private func placeholder(_ text: String) -> String {
        """
        <div class="none"><svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true" fill="none" stroke="currentColor" \
        stroke-width="2"><rect x="5" y="8" width="38" height="32" rx="5"/><circle cx="16" cy="19" r="4"/>\
        <path d="M6 36l12-11 8 7 8-9 9 9"/></svg><span>\(text)</span></div>
        """
    }
}
