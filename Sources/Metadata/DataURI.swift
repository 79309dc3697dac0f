/// Content that the contract itself holds: `data:` URIs (RFC 2397) and documents without any scheme.

/// Reads inline content by its bytes alone: a URL parser would end raw JSON at the first colour, as in `fill='#fff'`.
enum DataURI {
    /// Characters, RFC 6838 §4.2: two names of at most 127 each would be 255; nobody's is longer than this.
    static let mediaTypeMax = 127

    /// The content of trimmed text; nil when the text is no inline content.
    ///
    /// `{id}` stays as it is: in a document it is filled in string by string, and never in a key.
    ///
    /// - Throws: `badEncoding` for a missing comma or broken base64, `empty`, `tooLong`.
    static func inline(_ text: ArraySlice<UInt8>) throws(URIDefect) -> MetadataLocation? {
        let (content, mediaType): ([UInt8], String)
        if text.hasPrefixIgnoringCase("data:") {
            (content, mediaType) = try body(text.dropFirst(5))
        } else if text.first == ASCII.braceOpen, IDTemplate.end(of: text, at: text.startIndex) == nil {
            (content, mediaType) = (Array(text), json)
        } else if text.hasPrefixIgnoringCase("%7b"), IDTemplate.end(of: text, at: text.startIndex) == nil {
            (content, mediaType) = (Percent.decoded(text), json)
        } else if isSVG(text) {
            (content, mediaType) = (Array(text), svg)
        } else {
            return nil
        }
        guard !content.isEmpty else { throw .empty }
        guard content.count <= TokenURI.contentMax else { throw .tooLong }
        return .inline(content, mediaType: mediaType)
    }

    /// Whether it is the text of a picture, with or without an XML declaration.
    static func isSVG(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.hasPrefixIgnoringCase("<svg") || text.hasPrefixIgnoringCase("<?xml") else { return false }
        return text.hasPrefixIgnoringCase("<svg") || text.prefix(1_024).text.contains("<svg")
    }

    private static let json = "application/json"
    private static let svg = "image/svg+xml"

    private static func body(_ text: ArraySlice<UInt8>) throws(URIDefect) -> ([UInt8], String) {
        // Seen on chains: a document right behind the colon.
        if text.first == ASCII.braceOpen { return (Array(text), json) }
        guard let comma = text.firstIndex(of: ASCII.comma) else { throw .badEncoding }
        let header = text[..<comma].lowercasedASCII.split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " } }
        let data = text[(comma + 1)...]
        let mediaType = mediaType(header.first ?? "")
        guard header.contains("base64") else { return (unescaped(data), mediaType) }
        let encoded = data.contains(ASCII.percent) ? Percent.decoded(data)[...] : data
        guard let content = Base64.decoded(encoded) else { throw .badEncoding }
        return (content, mediaType)
    }

    /// Raw JSON as it is, all else percent-decoded.
    ///
    /// `%` and `#` are common inside raw documents, so what is valid JSON as it stands is not touched.
    private static func unescaped(_ data: ArraySlice<UInt8>) -> [UInt8] {
        guard data.contains(ASCII.percent) else { return Array(data) }
        if data.first(where: { !ASCII.isSpace($0) }) == ASCII.braceOpen {
            do throws(JSONDefect) {
                _ = try JSONDocument.parse(Array(data))
                return Array(data)
            } catch {
                // Refused for its size and not for its grammar: it is raw all the same.
                if error != .syntax { return Array(data) }
            }
        }
        return Percent.decoded(data)
    }

    private static func mediaType(_ text: String) -> String {
        if text.isEmpty { return "text/plain" }
        let parts = text.utf8.split(separator: ASCII.slash, omittingEmptySubsequences: false)
        let isName: (UInt8) -> Bool = {
            // ! # $ & - ^ _ . +
            ASCII.isLetter($0) || ASCII.isDigit($0)
                || [0x21, 0x23, 0x24, 0x26, 0x2D, 0x5E, 0x5F, 0x2E, 0x2B].contains($0)
        }
        guard parts.count == 2, text.utf8.count <= mediaTypeMax,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isName) })
        else { return ["utf8", "utf-8", "base64"].contains(text) ? "text/plain" : "application/octet-stream" }
        return text
    }
}
