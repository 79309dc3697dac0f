/// The many spellings of one place in IPFS, IPNS and Arweave.
import Ethereum

enum ContentURI {
    enum Kind {
        case ipfs, ipns
    }

    /// Characters of an Arweave transaction: 32 bytes in base64.
    static let transactionLength = 43

    /// What follows the scheme, or `/ipfs/` in a path: an identifier and a path.
    ///
    /// Slashes before it and a repeated `ipfs/` or `ipns/` are skipped, as in `ipfs://ipfs/…`; the last one counts.
    static func locate(
        _ text: ArraySlice<UInt8>,
        as kind: Kind,
        id: U256
    ) throws(URIDefect) -> MetadataLocation {
        var (kind, rest) = (kind, text.drop { $0 == ASCII.slash })
        while let inner = prefixed(rest) {
            kind = inner
            rest = rest.dropFirst(5).drop { $0 == ASCII.slash }
        }
        let (name, path) = try split(rest, id: id)
        switch kind {
        case .ipfs:
            guard let cid = CID(name) else { throw .badCID }
            return .ipfs(cid, path: path)
        case .ipns:
            guard let name = ipnsName(name) else { throw .badName }
            return .ipns(name: name, path: path)
        }
    }

    /// What follows `ar:`.
    static func arweave(_ text: ArraySlice<UInt8>, id: U256) throws(URIDefect) -> MetadataLocation {
        let (name, path) = try split(text.drop { $0 == ASCII.slash }, id: id)
        guard name.count == transactionLength, name.allSatisfy(Base64.isURLSafe) else { throw .badTransaction }
        return .arweave(id: name.text, path: path)
    }

    /// The place that the address of a gateway stands for; nil when it is the address of anything else.
    ///
    /// Any host: whoever serves it, the identifier says what has to come. Its query is for the gateway and goes.
    static func gateway(_ url: WebURL, id: U256) throws(URIDefect) -> MetadataLocation? {
        let path = Array(url.path.utf8)[...]
        if let kind = prefixed(path.dropFirst()), let location = try? locate(path, as: kind, id: id) {
            return location
        }
        guard case .name(let host) = url.host else { return nil }
        let labels = Array(host.utf8)[...].split(separator: ASCII.dot)
        guard labels.count >= 3 else { return nil }
        if labels[1].elementsEqual("ipfs".utf8), let cid = CID(labels[0]), cid.version == 1 {
            return .ipfs(cid, path: try ContentPath.normalised(path, id: id))
        }
        if labels[1].elementsEqual("ipns".utf8), let name = ipnsName(labels[0]) ?? domain(inlined: labels[0]) {
            return .ipns(name: name, path: try ContentPath.normalised(path, id: id))
        }
        return nil
    }

    /// Whether it begins with `ipfs/` or `ipns/`.
    static func prefixed(_ text: ArraySlice<UInt8>) -> Kind? {
        if text.hasPrefixIgnoringCase("ipfs/") { return .ipfs }
        return text.hasPrefixIgnoringCase("ipns/") ? .ipns : nil
    }

    /// The first segment and the path behind it; a query or fragment right behind the identifier is no name of a file.
    private static func split(
        _ text: ArraySlice<UInt8>,
        id: U256
    ) throws(URIDefect) -> (name: ArraySlice<UInt8>, path: String) {
        let name = text.prefix { $0 != ASCII.slash && $0 != ASCII.question && $0 != ASCII.hash }
        let rest = text.dropFirst(name.count)
        return (name, rest.first == ASCII.slash ? try ContentPath.normalised(rest, id: id) : "")
    }

    // MARK: IPNS

    /// A key in any of its spellings, or a domain name of at least two labels.
    static func ipnsName(_ text: ArraySlice<UInt8>) -> String? {
        if let key = CID(text) ?? CID(peer: text) { return key.text }
        guard text.contains(ASCII.dot), case .name(let name)? = try? WebHost(text) else { return nil }
        return name
    }

    /// The label that a domain name becomes in front of `.ipns.host` (IPFS subdomain gateway specification).
    static func inlined(_ domain: String) -> String {
        domain.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "--")
            .split(separator: ".", omittingEmptySubsequences: false).joined(separator: "-")
    }

    private static func domain(inlined label: ArraySlice<UInt8>) -> String? {
        var out: [UInt8] = []
        var rest = label
        while let byte = rest.popFirst() {
            guard byte == ASCII.hyphen else {
                out.append(byte)
                continue
            }
            if rest.first == ASCII.hyphen {
                rest.removeFirst()
                out.append(ASCII.hyphen)
            } else {
                out.append(ASCII.dot)
            }
        }
        return ipnsName(out[...])
    }
}
