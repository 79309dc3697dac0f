/// Which addresses serve a place; pure, so that the order can be tested.

/// The configured gateways to IPFS, and the one to Arweave.
package struct Gateways: Sendable, Hashable {
    /// Why an operator's setting is no gateway; the text is the setting.
    package struct Defect: Error, Sendable, Hashable {
        package let template: String
    }

    private enum Style: Sendable, Hashable {
        /// What stands before `/ipfs/…`.
        case path(String)
        /// What stands around the identifier, which is the first label of the host.
        case subdomain(before: String, after: String)
    }

    static let placeholder = "{cid}"
    private static let arweaveHost = "https://arweave.net/"
    private let styles: [Style]

    /// Reads settings such as `https://ipfs.io` (path style) and `https://{cid}.ipfs.dweb.link` (subdomain style).
    ///
    /// A last slash and a last `/ipfs` are let pass.
    ///
    /// - Throws: for a setting that is no web address, has a query, or a `{cid}` that is not the first label in front
    ///   of `.ipfs.`; shown to the operator.
    package init(_ templates: [String]) throws(Defect) {
        var styles: [Style] = []
        for template in templates {
            guard let style = Self.style(template) else { throw Defect(template: template) }
            styles.append(style)
        }
        self.styles = styles
    }

    /// The addresses to try, best first; none for inline content and where no gateway is set.
    ///
    /// - Parameter rotation: any number; each gateway is first for an equal share of them.
    package func urls(for location: MetadataLocation, rotation: UInt64 = 0) -> [String] {
        switch location {
        case .inline: []
        case .web(let url): [url]
        case .arweave(let id, let path): ["\(Self.arweaveHost)\(id)\(path)"]
        case .ipfs(let cid, let path):
            rotated(rotation) { style in
                switch style {
                case .path(let start): "\(start)/ipfs/\(cid.text)\(path)"
                case .subdomain(let before, let after):
                    Self.label(cid).map { "\(before)\($0).ipfs.\(after)\(Self.rooted(path))" }
                }
            }
        case .ipns(let name, let path):
            rotated(rotation) { style in
                switch style {
                case .path(let start): "\(start)/ipns/\(name)\(path)"
                case .subdomain(let before, let after):
                    Self.label(name).map { "\(before)\($0).ipns.\(after)\(Self.rooted(path))" }
                }
            }
        }
    }

    private func rotated(_ rotation: UInt64, _ url: (Style) -> String?) -> [String] {
        guard !styles.isEmpty else { return [] }
        let first = Int(rotation % UInt64(styles.count))
        return (styles[first...] + styles[..<first]).compactMap(url)
    }

    private static func rooted(_ path: String) -> String { path.isEmpty ? "/" : path }

    /// Base32 where it fits a host name, else base36; nil where neither does.
    private static func label(_ cid: CID) -> String? {
        if cid.base32.utf8.count <= WebHost.labelMax { return cid.base32 }
        return cid.base36.utf8.count <= WebHost.labelMax ? cid.base36 : nil
    }

    private static func label(_ name: String) -> String? {
        let text = Array(name.utf8)[...]
        if let key = CID(text) ?? CID(peer: text) {
            let label = CID(libp2pKey: key).base36
            return label.utf8.count <= WebHost.labelMax ? label : nil
        }
        let label = ContentURI.inlined(name)
        return label.utf8.count <= WebHost.labelMax ? label : nil
    }

    private static func style(_ template: String) -> Style? {
        let parts = template.split(separator: placeholder, omittingEmptySubsequences: false)
        guard parts.count <= 2, let url = try? WebURL(parts.joined(separator: "cid")), url.query == nil else {
            return nil
        }
        let port = url.port == url.scheme.port ? "" : ":\(url.port)"
        if parts.count == 2 {
            guard case .name(let host) = url.host, host.hasPrefix("cid.ipfs."), url.path == "/",
                template.lowercased().hasPrefix("\(url.scheme.rawValue)://\(placeholder).")
            else { return nil }
            return .subdomain(before: "\(url.scheme.rawValue)://", after: "\(host.dropFirst(9))\(port)")
        }
        var path = url.path[...]
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix("/ipfs") { path = path.dropLast(5) }
        return .path("\(url.scheme.rawValue)://\(url.host.text)\(port)\(path)")
    }
}
