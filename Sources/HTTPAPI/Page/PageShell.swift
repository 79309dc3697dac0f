import Ethereum
import HTTPTypes
import Hummingbird
import NIOCore

/// What is round the pages that are made here: head, search, style, and headers that let nothing else in.
enum PageShell {
    /// The program's sign.
    static let mark = """
        <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true"><path d="M16 2 28 7v8c0 8-5 13-12 15C9 28 4 23 4 15V7z" \
        fill="none" stroke="currentColor" stroke-width="2.4" stroke-linejoin="round"/><path d="M11 16.5 15 20l6.5-8" fill="none" \
        stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>
        """

    /// A page without scripts, its style by this answer's own nonce, and with no pictures but those that are in it.
    ///
    /// - Parameters:
    ///   - title: plain text of ours.
    ///   - chain: where the search looks; nil: on the only one there is.
    static func response(
        status: HTTPResponse.Status = .ok,
        title: String,
        chain: ChainID?,
        body: String
    ) -> Response {
        let nonce = Base64URL.text((0..<18).map { _ in UInt8.random(in: .min ... .max) })
        let html = html(title: title, chain: chain, body: body, nonce: nonce)
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; img-src data:; style-src 'nonce-\(nonce)'; base-uri 'none'; "
                    + "form-action 'self'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }

    private static func html(title: String, chain: ChainID?, body: String, nonce: String) -> String {
        let chain = chain.map { "<input type=\"hidden\" name=\"chain\" value=\"\($0)\">" } ?? ""
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(HTMLText.escaped(title))</title>
            <style nonce="\(nonce)">\(PageStyle.text)\(WalletStyle.text)</style>
            </head>
            <body>
            <header>
              <a class="brand" href="/">\(mark)<div><h1>Holdfast</h1><p>who owns which NFT, exactly</p></div></a>
              <form class="find" action="/wallets" method="get" role="search">\(chain)<input name="wallet" required \
            spellcheck="false" autocomplete="off" placeholder="0x… another wallet" aria-label="Wallet"><button>Show</button></form>
            </header>
            <main>
            \(body)
            </main>
            <footer>Everything here comes from this machine’s own copy of the chain. Pictures are shown where they lie in the
            contract itself; pictures elsewhere are named and not loaded, so that nobody learns what you look at.</footer>
            </body>
            </html>

            """
    }
}
