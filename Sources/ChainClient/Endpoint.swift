/// One place to ask, and the only text about it that may be shown.

/// A JSON-RPC URL with who runs it and what it allows.
///
/// Printing it never shows a key.
package struct Endpoint: Sendable, Hashable {
    /// What the operator calls it; used in logs and metrics.
    package var name: String
    package var url: String
    /// Who runs it.
    ///
    /// Two URLs of one operator are one source of truth.
    package var `operator`: String
    /// Extra headers, such as an API key; values are secret.
    package var headers: [Header]
    /// Requests a second this endpoint may be sent; nil: as it bears.
    package var requestsPerSecond: Double?
    /// Requests a day this endpoint may be sent; nil: no limit.
    package var requestsPerDay: Int?

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// - Parameter name: the place (`scheme://host:port`) when left out; a name that contains a secret is replaced too.
    package init(
        url: String,
        name: String? = nil,
        operator: String? = nil,
        headers: [Header] = [],
        requestsPerSecond: Double? = nil,
        requestsPerDay: Int? = nil
    ) {
        self.url = url
        self.headers = headers
        self.requestsPerSecond = requestsPerSecond
        self.requestsPerDay = requestsPerDay
        let parts = URLParts(url)
        self.name = name ?? parts.place
        self.operator = `operator` ?? parts.host
    }

    /// Scheme, host and port: what may be shown of the URL.
    package var place: String { URLParts(url).place }

    /// `name (place)`, or the place alone where it is the name.
    ///
    /// Safe to print.
    package var label: String {
        let place = place
        let shown = redact(name)
        return shown == place ? place : "\(shown) (\(place))"
    }

    /// `text` without this endpoint's keys and without anything that could break a log line; at most 240 characters.
    ///
    /// Nodes echo keys in their errors ("apikey … is on another chain"), so what they say passes through here.
    package func redact(_ text: String) -> String {
        let secrets = secrets
        var out = ""
        var rest = Substring(text)
        // One pass, so that no secret, however short, is looked for in what was written instead of another.
        while let first = rest.first {
            if let secret = secrets.first(where: { rest.hasPrefix($0) || Self.isCut(rest, of: $0) }) {
                out += "[redacted]"
                rest = rest.dropFirst(secret.count)
            } else {
                out.append(first)
                rest.removeFirst()
            }
        }
        return String(String.UnicodeScalarView(out.unicodeScalars.map(Self.printable)).prefix(240))
    }

    /// Whether a text that was cut ends inside a secret.
    private static func isCut(_ rest: Substring, of secret: String) -> Bool {
        // A bad character at the end is half of one that was cut.
        let rest = rest.last == "\u{FFFD}" ? rest.dropLast() : rest
        return rest.count >= pieceMin && secret.hasPrefix(rest)
    }

    /// Fewer characters of a key are no use to anybody, and every text would end in one.
    private static let pieceMin = 4

    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: " "
        default: scalar
        }
    }

    /// The pieces of the URL and the headers that may be keys, longest first so that none is left half shown.
    private var secrets: [String] {
        let parts = URLParts(url)
        var found = [parts.pathAndQuery]
        found += parts.pathAndQuery.split { "/?&=#".contains($0) }.map(String.init)
        for header in headers {
            found.append(header.value)
            found += header.value.split(separator: " ").map(String.init)
        }
        // Shorter pieces ("v2", "rpc", "mainnet") are words, not keys, and would make every text unreadable.
        found = found.filter { $0.count >= 8 }
        // A password is one at any length; a user's name beside it is not.
        found += [parts.userinfo, String(parts.userinfo.drop { $0 != ":" }.dropFirst())].filter { !$0.isEmpty }
        return found.sorted { ($0.count, $0) > ($1.count, $1) }
    }
}

extension Endpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { label }
    package var debugDescription: String { label }
    /// Keeps `dump` and test failures from printing the stored URL.
    package var customMirror: Mirror { Mirror(self, children: ["label": label]) }
}

/// A URL cut at its separators; nothing is decoded or checked, the HTTP client does that.
struct URLParts {
    var scheme = ""
    var userinfo = ""
    var host = ""
    var port = ""
    var pathAndQuery = ""

    init(_ url: String) {
        var rest = Substring(url)
        if let range = rest.firstRange(of: "://") {
            scheme = String(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        if let end = rest.firstIndex(where: { "/?#".contains($0) }) {
            pathAndQuery = String(rest[end...])
            rest = rest[..<end]
        }
        if let at = rest.lastIndex(of: "@") {
            userinfo = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        let bracket = rest.lastIndex(of: "]") ?? rest.startIndex
        if let colon = rest[bracket...].lastIndex(of: ":") {
            port = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        host = String(rest)
    }

    /// A URL that was not understood shows nothing of itself.
    var place: String {
        guard !scheme.isEmpty, !host.isEmpty else { return "(not a URL)" }
        return port.isEmpty ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
    }
}
