import HTTPTypes
import Hummingbird
import NIOCore

/// The page for people at `/`: one HTML file without a foreign resource; all it shows it asks of the API.
enum StatusPage {
    /// Scripts and styles run only with this answer's own nonce, so that no text from a chain can become either.
    static func response() -> Response {
        let nonce = Base64URL.text((0..<18).map { _ in UInt8.random(in: .min ... .max) })
        let html = html(nonce: nonce)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }

    private static func html(nonce: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Holdfast</title>
        <style nonce="\(nonce)">\(PageStyle.text)</style>
        </head>
        \(PageBody.text)
        <script nonce="\(nonce)">\(PageScript.text)</script>
        </body>
        </html>
        """
    }
}
