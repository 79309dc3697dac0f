import Ethereum
import Foundation
import HTTPTypes
import HummingbirdTesting
import StoreSQLite
import TestLedger
import Testing
import Tokens

@testable import HTTPAPI

/// The page of a wallet: what it shows, and that nothing a stranger wrote can do anything in it.
struct WalletPageTests {
    private static let path = "/chains/321/wallets/\(World.alice.checksummed)"
    private static let picture = "data:image/svg+xml;base64,PHN2Zy8+"

    private static func fields(_ name: String?, image: String? = picture) -> MetadataFields {
        var fields = MetadataFields.named(name)
        fields.image = image
        return fields
    }

    /// Alice has one token of a contract, which says this of it.
    private static func ledger(_ name: String?, image: String? = picture) async throws -> TestLedger {
        let ledger = try TestLedger()
        ledger.at(1_234_567)
        ledger.move(U256(7), of: World.contract, to: World.alice)
        try ledger.commit()
        try ledger.buildIndexes()
        try await ledger.tell([7: fields(name, image: image)], of: World.contract, at: 1)
        return ledger
    }

    // MARK: What it shows

    @Test func `a wallet of one token is this page`() async throws {
        try await World.with(Self.ledger("Lantern #7")) { world in
            let answer = try await world.get(Self.path)
            #expect(answer.status == 200)
            let contract = World.contract.checksummed
            let hash = TestLedger.hash(1_234_567).hex
            let body = answer.text.split(separator: "<main>\n")[1].split(separator: "\n</main>")[0]
            #expect(
                body == """
                    <section class="who"><h2>\(World.alice.checksummed)</h2><span class="note">kcc · chain 321</span></section>
                    <p class="state">As of block <b>1\u{202F}234\u{202F}567</b> <span title="\(hash)">\(HTMLText.short(hash))</span>, \
                    not yet finalized, history complete.</p>
                    <ul class="grid">
                    <li class="token"><img class="art" src="\(Self.picture)" alt="Lantern #7" width="320" height="320" loading="lazy">\
                    <div class="words"><div class="name"><bdi>Lantern #7</bdi></div>\
                    <div class="from" title="\(contract)">\(HTMLText.short(contract))</div>\
                    <div class="id" title="7">id 7</div><div class="marks"></div></div></li>
                    </ul>

                    """
            )
        }
    }

    @Test func `counted tokens show their balance, inconsistent ones and those without metadata say so`() async throws {
        let ledger = try TestLedger()
        ledger.at(1)
        ledger.move(U256(9), of: World.multi, to: World.alice, amount: U256(1_234_567))
        ledger.move(U256(8), of: World.multi, from: World.alice, to: World.bob, amount: U256(3))
        ledger.move(.max, of: World.multi, to: World.alice, amount: .max)
        try ledger.commit(finalized: 1)
        try ledger.buildIndexes()
        try await World.with(ledger) { world in
            let page = try await world.get(Self.path).text
            #expect(page.contains("× 1\u{202F}234\u{202F}567</span>"))
            #expect(page.contains("inconsistent: its events give more than came"))
            #expect(page.contains("not looked at yet"))
            #expect(page.contains("block <b>1</b>") && page.contains(", finalized, history complete.</p>"))
            // The whole number is there, and does not fill the card.
            #expect(page.contains("title=\"\(U256.max.decimal)\">id 1157920892…29639935</div>"))
            #expect(page.contains("× 115\u{202F}792\u{202F}0…"))
        }
    }

    @Test func `a collection is called what its contract calls itself, beside its address`() async throws {
        let ledger = try await Self.ledger("x")
        let tip = try #require(ledger.state.tip)
        let facts = ContractFacts(name: "<i>Lanterns</i>\u{202E}", block: tip)
        _ = try await ledger.store.finishContracts(
            [.init(contract: World.contract, facts: facts, retryAt: nil)],
            of: 321
        )
        try await World.with(ledger) { world in
            let page = try await world.get(Self.path).text
            let address = HTMLText.short(World.contract.checksummed)
            #expect(page.contains("<bdi>&lt;i&gt;Lanterns&lt;/i&gt;\u{FFFD}</bdi> · \(address)</div>"))
        }
    }

    @Test func `a conflict is said in words, with what the contract answered`() async throws {
        let ledger = try await Self.ledger("x")
        let block = try #require(ledger.state.tip)
        let claimed = ClaimedHolding(
            contract: World.contract,
            token: U256(7),
            rule: .unique,
            owner: World.alice,
            amount: SignedSum(1)
        )
        let conflict = OwnershipConflict(claimed: claimed, observed: .owner(World.bob), block: block)
        try ledger.store.record(HoldingFindings(conflicts: [conflict]), at: block, of: 321)
        try await World.with(ledger) { world in
            let page = try await world.get(Self.path).text
            #expect(
                page.contains("conflict: by its events it is here; at block 1\u{202F}234\u{202F}567 the contract said")
            )
            #expect(page.contains("title=\"\(World.bob.checksummed)\""))
        }
    }

    @Test func `an unread history is said in words, and so is an empty wallet`() async throws {
        let ledger = try TestLedger()
        ledger.at(5)
        ledger.move(U256(7), of: World.contract, to: World.alice)
        try ledger.commit(covering: 5...5)
        try ledger.buildIndexes()
        try await World.with(ledger) { world in
            let page = try await world.get(Self.path).text
            #expect(page.contains("Not complete yet: history is still being read"))
            #expect(!page.contains(", history complete.</p>"))
            #expect(try await world.get("/chains/321/wallets/\(World.bob.hex)").text.contains("No tokens here."))
        }
    }

    @Test func `pages of a few tokens together are all tokens, and links lead through them`() async throws {
        try await World.with(World.ledger()) { world in
            let start = "/chains/kcc/wallets/\(World.bob.checksummed)"
            func ids(_ page: String) -> [Substring] {
                page.split(separator: "class=\"id\" title=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
            }
            let all = ids(try await world.get(start + "?limit=100").text)
            #expect(all.count > 24)
            var (found, path): ([Substring], String?) = ([], start)
            var pages = 0
            while let next = path {
                let page = try await world.get(next)
                #expect(page.status == 200)
                found += ids(page.text)
                pages += 1
                #expect(page.text.contains("rel=\"first\"") == (pages > 1))
                path = page.text.split(separator: "<a href=\"").first {
                    $0.contains("rel=\"next\"") && !$0.hasPrefix("<!")
                }
                .map { String($0.prefix { $0 != "\"" }) }
                #expect(pages < 10)
                if pages == 10 { return }
            }
            #expect(found == all && pages == 2)
        }
    }

    // MARK: What strangers write (U-18)

    @Test(arguments: [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"><img src=x onerror=alert(1)>", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"),
        ("' onload='x", "&#39; onload=&#39;x"), ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("</bdi></style><style>*{}", "&lt;/bdi&gt;&lt;/style&gt;&lt;style&gt;*{}"),
        ("a\u{202E}gpj.exe", "a\u{FFFD}gpj.exe"), ("a\u{2066}b\u{2069}", "a\u{FFFD}b\u{FFFD}"),
        ("a\u{1}b\u{1B}[31m\n\u{85}", "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}\u{FFFD}"),
        ("\u{FEFF}\u{200B}x", "\u{FFFD}\u{FFFD}x"),
        ("\u{E0041}x", "\u{FFFD}x"), ("👩\u{200D}🚀 שלום", "👩\u{200D}🚀 שלום"),
        (String(repeating: "a", count: 81), String(repeating: "a", count: 80) + "…"),
        ("a" + String(repeating: "\u{0301}", count: 500), "a" + String(repeating: "\u{0301}", count: 79) + "…"),
    ])
    func `a hostile name is text and nothing else`(name: String, shown: String) async throws {
        try await World.with(Self.ledger(name)) { world in
            let page = try await world.get(Self.path).text
            #expect(
                Array(page.unicodeScalars).contains(
                    Array("<div class=\"name\"><bdi>\(shown)</bdi></div>".unicodeScalars)
                )
            )
            #expect(Array(page.unicodeScalars).contains(Array("alt=\"\(shown)\"".unicodeScalars)))
            #expect(!page.contains("<script") && page.components(separatedBy: "<img").count == 2)
        }
    }

    @Test(arguments: [
        (picture, CardPicture.inline(picture)),
        ("data:image/png;base64,iVBORw==", .inline("data:image/png;base64,iVBORw==")),
        ("data:image/webp;base64,UklGRg==", .inline("data:image/webp;base64,UklGRg==")),
        ("data:image/svg+xml;base64,PHN2Zy8+\" onload=\"x", .unusable), ("data:image/svg+xml;base64,", .unusable),
        ("data:image/svg+xml;utf8,<svg onload=alert(1)>", .unusable), ("data:image/svg+xml,x", .unusable),
        ("data:text/html;base64,PHNjcmlwdD4=", .unusable), ("data:image/x-icon;base64,AAAA", .unusable),
        ("DATA:image/png;base64,AAAA", .unusable),
        ("javascript:alert(1)", .unusable), ("JaVaScRiPt:alert(1)", .unusable), (" javascript:alert(1)", .unusable),
        ("vbscript:x", .unusable), ("file:///etc/passwd", .unusable), ("//evil.example/x.png", .unusable),
        ("http://a.example/x.png", .unusable), ("blob:https://a.example/x", .unusable), ("", .unusable),
        ("https://a.example/x.png?y=1#z", .web(url: "https://a.example/x.png?y=1#z", host: "a.example")),
        ("https://user@a.example/x", .unusable), ("https://", .unusable), ("https:///x", .unusable),
        ("https://a.example/\"onclick=x", .unusable), ("https://a.example/ x", .unusable),
        ("https://ä.example/", .unusable),
        ("https://a.example\\@b.example/", .unusable),
        ("ipfs://bafy/1.png", .network("ipfs")), ("ar://x/1", .network("ar")), ("ipfs:x", .unusable),
    ])
    func `only pictures that lie in the database are shown, and only https is ever a link`(
        image: String,
        expected: CardPicture
    ) async throws {
        var card = TokenCard(
            held: HeldToken(contract: .zero, token: .zero, rule: .unique, owner: .zero, amount: SignedSum(1))
        )
        card.image = image
        #expect(CardPicture(card) == expected)
        try await World.with(Self.ledger("x", image: image)) { world in
            let page = try await world.get(Self.path).text
            let links = page.components(separatedBy: "href=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
            #expect(links.allSatisfy { $0 == "/" || $0.hasPrefix("https://a.example/x.png") })
            let sources = page.components(separatedBy: "src=\"").dropFirst()
            #expect(sources.count == (expected == .inline(image) ? 1 : 0))
            #expect(sources.allSatisfy { $0.hasPrefix("data:image/") })
            #expect(!page.lowercased().contains("javascript:"))
        }
    }

    @Test func `a picture of more than 64 KiB is not shown, and not even read out`() async throws {
        let start = "data:image/png;base64,"
        let most = start + String(repeating: "A", count: CardPicture.inlineMax - start.utf8.count)
        try await World.with(Self.ledger("x", image: most)) { world in
            let page = try await world.get(Self.path).text
            #expect(page.contains("src=\"\(most)\""))
        }
        let ledger = try await Self.ledger("x", image: most + "A")
        let held = try ledger.store.cards(
            of: World.alice,
            on: 321,
            imageMax: CardPicture.inlineMax,
            .init(position: nil, limit: 9)
        )
        #expect(held.items.first?.isImageTooLong == true)
        #expect(held.items.first?.image?.utf8.count == TokenCard.imageStartMax)
        try await World.with(ledger) { world in
            let page = try await world.get(Self.path).text
            #expect(page.contains("picture too large for this page") && !page.contains("<img"))
        }
    }

    // MARK: The envelope

    @Test func `nothing can run in it or be loaded into it, and it sends nobody's address on`() async throws {
        try await World.with(Self.ledger("x")) { world in
            let page = try await world.get(Self.path)
            let policy = try #require(page.headers[.contentSecurityPolicy])
            let nonce = try #require(policy.split(separator: "'nonce-").dropFirst().first?.prefix { $0 != "'" })
            #expect(
                policy == "default-src 'none'; img-src data:; style-src 'nonce-\(nonce)'; base-uri 'none'; "
                    + "form-action 'self'; frame-ancestors 'none'"
            )
            #expect(page.text.contains("<style nonce=\"\(nonce)\">") && nonce.count == 24)
            #expect(page.headers[.xContentTypeOptions] == "nosniff")
            let referrerPolicy = try #require(HTTPField.Name("Referrer-Policy"))
            #expect(page.headers[referrerPolicy] == "no-referrer")
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            #expect(!page.text.contains("<script") && !page.text.contains("http://") && !page.text.contains("style=\""))
            #expect(try await world.get(Self.path).headers[.contentSecurityPolicy] != policy)
        }
    }

    @Test(arguments: [
        ("/wallets?wallet=\(World.alice.hex)&chain=kcc", 303), ("/wallets?chain=&wallet=\(World.alice.hex)", 303),
        ("/wallets?wallet=+\(World.alice.hex)+", 303),
        ("/wallets?wallet=0x12", 400), ("/wallets", 400), ("/wallets?wallet=%3Cb%3E", 400),
        ("/wallets?wallet=\(World.alice.hex)&chain=nowhere", 404), ("/chains/9/wallets/\(World.alice.hex)", 404),
        ("/chains/321/wallets/0x12", 400), ("/chains/321/wallets/\(World.alice.hex)?cursor=xyz", 400),
        ("/chains/321/wallets/\(World.alice.hex)?limit=101", 400),
        ("/chains/321/wallets/\(World.alice.hex)?page=2", 400),
    ])
    func `a form's wallet is found, and what is wrong is said on a page`(path: String, status: Int) async throws {
        try await World.with(Self.ledger("x")) { world in
            let answer = try await world.get(path)
            #expect(answer.status == status)
            if status == 303 {
                #expect(answer.headers[.location] == Self.path)
            } else {
                #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
                #expect(answer.text.contains("<h2>") && !answer.text.contains("<b>"))
            }
        }
    }

    @Test func `the first page leads to a wallet's, with and without its script`() async throws {
        try await World.with(World.ledger()) { world in
            let page = try await world.get("/")
            #expect(page.text.contains("<form id=\"ask-wallet\" action=\"/wallets\" method=\"get\">"))
            #expect(page.headers[.contentSecurityPolicy]?.contains("form-action 'self'") == true)
        }
    }
}
