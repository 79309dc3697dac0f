/// The one reader of http and https addresses: for what contracts say, for what redirects say, for what operators set.

/// A web address that was read strictly and is written one way.
package struct WebURL: Sendable, Hashable {
    package enum Scheme: String, Sendable, Hashable {
        case http, https

        package var port: UInt16 { self == .http ? 80 : 443 }
    }

    package let scheme: Scheme
    package let host: WebHost
    /// Always there: the scheme's own where the text had none.
    package let port: UInt16
    /// Begins with a slash; percent-encoded once.
    package let path: String
    /// Without the question mark; nil when there is none or an empty one.
    package let query: String?

    /// Reads an absolute address; a user part and a fragment are dropped, since neither is ever sent.
    ///
    /// - Throws: `badScheme`; `badHost` for a host, port or user part that is not certain; `dotDot` for a path that
    ///   climbs; `badEncoding` for control characters anywhere and for a backslash in the path; `tooLong`.
    package init(_ text: String) throws(URIDefect) {
        try self.init(Array(text.utf8)[...])
    }

    init(_ text: ArraySlice<UInt8>) throws(URIDefect) {
        guard text.count <= TokenURI.textMax else { throw .tooLong }
        guard !text.contains(where: ASCII.isControl) else { throw .badEncoding }
        let rest: ArraySlice<UInt8>
        if text.hasPrefixIgnoringCase("https://") {
            (scheme, rest) = (.https, text.dropFirst(8))
        } else if text.hasPrefixIgnoringCase("http://") {
            (scheme, rest) = (.http, text.dropFirst(7))
        } else {
            throw .badScheme
        }
        let isEnd: (UInt8) -> Bool = { $0 == ASCII.slash || $0 == ASCII.question || $0 == ASCII.hash }
        let authority = rest.prefix { !isEnd($0) }
        (host, port) = try Self.authority(authority, scheme)
        let target = rest.dropFirst(authority.count).prefix { $0 != ASCII.hash }
        let path = target.prefix { $0 != ASCII.question }
        self.path = try Self.path(path)
        let query = Percent.completed(target.dropFirst(path.count + 1), ASCII.isQueryCharacter)
        self.query = query.isEmpty ? nil : query.text
    }

    package var text: String {
        let port = port == scheme.port ? "" : ":\(port)"
        return "\(scheme.rawValue)://\(host.text)\(port)\(path)" + (query.map { "?\($0)" } ?? "")
    }

    private static func authority(
        _ text: ArraySlice<UInt8>,
        _ scheme: Scheme
    ) throws(URIDefect) -> (WebHost, UInt16) {
        var text = text
        if let at = text.firstIndex(of: ASCII.at) {
            // A second one would let two readers choose two hosts.
            guard text[..<at].allSatisfy({ ASCII.isPathCharacter($0) || $0 == ASCII.percent }) else { throw .badHost }
            text = text[(at + 1)...]
        }
        var port = scheme.port
        let afterAddress = text.first == 0x5B ? text.firstIndex(of: 0x5D) ?? text.endIndex : text.startIndex
        if let colon = text[afterAddress...].firstIndex(of: ASCII.colon) {
            let digits = text[(colon + 1)...]
            if !digits.isEmpty {
                guard digits.count <= 5, digits.allSatisfy(ASCII.isDigit), digits.first != 0x30,
                    let number = UInt16(digits.text)
                else { throw .badHost }
                port = number
            }
            text = text[..<colon]
        }
        return (try WebHost(text), port)
    }

    private static func path(_ text: ArraySlice<UInt8>) throws(URIDefect) -> String {
        guard !text.contains(ASCII.backslash) else { throw .badEncoding }
        var segments: [String] = []
        for segment in text.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
            let name = Percent.decoded(segment)
            for part in name.split(whereSeparator: { $0 == ASCII.slash || $0 == ASCII.backslash }) {
                guard !ContentPath.isTwoDots(part) else { throw .dotDot }
            }
            if name == [ASCII.dot] { continue }
            segments.append(Percent.completed(segment, ASCII.isPathCharacter).text)
        }
        return "/" + segments.joined(separator: "/")
    }
}
