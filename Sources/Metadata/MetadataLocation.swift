/// Where a document or a picture is, in one spelling whatever the contract's was.

/// One place; equal places are equal values, so that one fetch serves all tokens that name it.
package enum MetadataLocation: Sendable, Hashable {
    /// The content itself, at most ``TokenURI/contentMax`` bytes; the media type is lower-case and without parameters.
    case inline([UInt8], mediaType: String)
    /// http or https: ASCII, percent-encoded once, scheme and host lower-case, no user part, no fragment.
    case web(String)
    case ipfs(CID, path: String)
    /// A key as given, or a domain name in lower case.
    case ipns(name: String, path: String)
    /// An Arweave transaction: 43 characters, case-sensitive.
    case arweave(id: String, path: String)

    /// The text that ``TokenURI/locate(_:id:base:)`` reads back as this same place.
    ///
    /// A path is empty or begins with a slash; each segment is percent-encoded once and none of them climbs.
    package var canonical: String {
        switch self {
        case .inline(let content, let mediaType): "data:\(mediaType);base64,\(Base64.encoded(content))"
        case .web(let url): url
        case .ipfs(let cid, let path): "ipfs://\(cid.text)\(path)"
        case .ipns(let name, let path): "ipns://\(name)\(path)"
        case .arweave(let id, let path): "ar://\(id)\(path)"
        }
    }

    package var isInline: Bool {
        if case .inline = self { true } else { false }
    }
}
