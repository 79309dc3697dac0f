/// A web address as something to connect to, and where its redirects lead.
package import Metadata

extension WebURL {
    package var isSecure: Bool { scheme == .https }

    /// As in the Host header: the port only where it is not the scheme's own.
    package var authority: String { port == scheme.port ? host.text : "\(host.text):\(port)" }

    /// The address that stands in the text itself; nil where it is a name, which has to be looked up.
    var address: IPAddress? {
        switch host {
        case .name: nil
        case .ipv4(let number): .v4(number)
        case .ipv6(let high, let low): .v6(high, low)
        }
    }

    /// Reads an absolute address.
    ///
    /// - Throws: ``WebFault/refused(_:)`` in words that hold nothing of the text.
    static func parse(_ text: String) throws(WebFault) -> WebURL {
        do { return try WebURL(text) } catch { throw .refused("the URL is not one that is asked: \(error.rawValue)") }
    }

    /// Where a Location header leads (RFC 9110 §10.2.2, RFC 3986 §5.2).
    ///
    /// - Throws: ``WebFault/refused(_:)``, also when it leads from https to http.
    func redirected(to location: String) throws(WebFault) -> WebURL {
        let bytes = Array(location.utf8)
        guard bytes.count <= TokenURI.textMax else { throw .refused("the URL is too long") }
        let next: WebURL
        let stem = bytes.prefix { ![0x3A, 0x2F, 0x3F, 0x23].contains($0) }
        if stem.count < bytes.count, bytes[stem.count] == 0x3A {
            next = try Self.parse(location)
        } else if bytes.starts(with: [0x2F, 0x2F]) {
            next = try Self.parse("\(scheme.rawValue):\(location)")
        } else {
            let reference = bytes.prefix { $0 != 0x23 }
            let path = reference.prefix { $0 != 0x3F }
            let rest = reference[path.endIndex...]
            switch reference.first {
            case nil: next = self
            case 0x2F: next = try beside(path[...], rest)
            case 0x3F: next = try beside(Array(self.path.utf8)[...], rest)
            default:
                let own = Array(self.path.utf8)
                next = try beside(own.prefix(through: own.lastIndex(of: 0x2F) ?? 0) + path, rest)
            }
        }
        if isSecure, !next.isSecure { throw .refused("a redirect from https to http") }
        return next
    }

    /// Another path and query at the same server.
    private func beside(_ path: ArraySlice<UInt8>, _ query: ArraySlice<UInt8>) throws(WebFault) -> WebURL {
        let target = String(decoding: Self.withoutDots(path) + query, as: UTF8.self)
        return try Self.parse("\(scheme.rawValue)://\(authority)\(target)")
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDots(_ path: ArraySlice<UInt8>) -> [UInt8] {
        var kept: [ArraySlice<UInt8>] = []
        let segments = path.split(separator: 0x2F, omittingEmptySubsequences: false)
            .dropFirst(path.first == 0x2F ? 1 : 0)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case [0x2E]: if isLast { kept.append([]) }
            case [0x2E, 0x2E]:
                _ = kept.popLast()
                if isLast { kept.append([]) }
            default: kept.append(segment)
            }
        }
        return [0x2F] + kept.joined(separator: [0x2F])
    }
}
