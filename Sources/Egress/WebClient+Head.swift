/// What the head of an answer says: take it, go elsewhere, or leave it.
import Metadata
import AsyncHTTPClient
import Glibc
import NIOHTTP1

extension WebClient {
    private static let redirects: Set<UInt> = [301, 302, 303, 307, 308]
    /// Bytes; the longest registered ones have some 80.
    private static let mediaTypeBytesMax = 127

    /// Where it leads; nil: this is the answer.
    static func redirect(_ response: HTTPClientResponse, from url: WebURL) throws(WebFault) -> WebURL? {
        guard redirects.contains(response.status.code) else { return nil }
        let locations = Set(response.headers["Location"])
        guard locations.count <= 1 else { throw .refused("several Location headers") }
        guard let location = locations.first else { return nil }
        return try url.redirected(to: location)
    }

    /// - Throws: ``WebFault`` unless the status is 200 and the body comes in a way that we read.
    static func check(_ response: HTTPClientResponse, bytesMax: Int) throws(WebFault) {
        let status = Int(response.status.code)
        guard status == 200 else {
            let wait = response.headers.first(name: "Retry-After").flatMap {
                RetryAfter.duration($0, now: Int64(time(nil)))
            }
            throw .status(status, retryAfter: wait)
        }
        let encodings = tokens(response.headers["Content-Encoding"]).filter { $0 != "identity" }
        guard encodings.count <= 1 else { throw .refused("more than one content encoding") }
        guard encodings.allSatisfy({ $0 == "gzip" || $0 == "deflate" }) else {
            throw .refused("an unknown content encoding")
        }
        // The library looks at the first name only: what it would not inflate must not get through as inflated.
        guard encodings.isEmpty || response.headers["Content-Encoding"].joined().utf8.count < 8 else {
            throw .refused("more than one content encoding")
        }
        guard tokens(response.headers["Transfer-Encoding"]).allSatisfy({ $0 == "chunked" }) else {
            throw .refused("an unknown transfer encoding")
        }
        if let text = response.headers.first(name: "Content-Length"), Int(text) ?? .max > bytesMax { throw .tooLarge }
    }

    private static func tokens(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",") }.map { token in
            let trimmed = token.drop { $0 == " " || $0 == "\t" }
            return String(trimmed.prefix { $0 != " " && $0 != "\t" }).lowercased()
        }.filter { !$0.isEmpty }
    }

    /// `type/subtype` in lower case, of the characters that RFC 6838 §4.2 allows.
    static func mediaType(_ header: String) -> String? {
        let text = header.prefix { $0 != ";" && $0 != "," && $0 != " " && $0 != "\t" }.lowercased()
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= mediaTypeBytesMax else { return nil }
        let isNamed = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || "!#$&-^_.+*".utf8.contains($0)
                }
        }
        return isNamed ? text : nil
    }
}
