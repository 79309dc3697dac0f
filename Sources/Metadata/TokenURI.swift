/// What a contract returned for a token, made into the one place that it means.
package import Ethereum

package enum TokenURI {
    /// Bytes of text that is no inline content, before and after `{id}` is filled in; servers refuse longer ones.
    package static let textMax = 8 << 10
    /// Bytes of inline content after decoding: what is read from a server is bounded the same.
    package static let contentMax = 1 << 20
    /// Bytes of the text of inline content: every byte of it percent-encoded, and a header.
    package static let inlineTextMax = 3 * contentMax + 1_024

    /// The place that `raw` names for token `id`.
    ///
    /// Trims white space, NUL, byte order marks and one pair of quotes. Gateways' addresses and the spellings of IPFS
    /// become one form; `{id}` is filled in everywhere but in inline content. Reading a canonical text gives the same
    /// place again. Linear in the text.
    ///
    /// - Parameters:
    ///   - raw: the bytes of the string that `tokenURI`, `uri` or an event gave.
    ///   - base: what a relative text is joined with, an absolute URI that the operator set for the contract.
    /// - Throws: what is wrong with the text; the same text never becomes right.
    package static func locate(
        _ raw: [UInt8],
        id: U256,
        base: String? = nil
    ) throws(URIDefect) -> MetadataLocation {
        guard raw.count <= inlineTextMax else { throw .tooLong }
        let text = try bare(raw)
        if let inline = try DataURI.inline(text) { return inline }
        guard text.count <= textMax else { throw .tooLong }
        guard String(validating: text, as: UTF8.self) != nil else { throw .notUTF8 }
        let filled = IDTemplate.fill(Array(text), id: id)
        guard filled.count <= textMax else { throw .tooLong }
        let location = try place(filled[...], id: id, base: base)
        guard location.canonical.utf8.count <= textMax else { throw .tooLong }
        return location
    }

    /// The same place for hosts that expect the decimal number although they say `{id}`; nil when the id is not in it.
    ///
    /// A guess to be made once after a 404, and to be marked as one.
    package static func decimalVariant(of location: MetadataLocation, id: U256) -> MetadataLocation? {
        let replaced: (String) -> String? = { text in
            let parts = text.split(separator: IDTemplate.hex(id), omittingEmptySubsequences: false)
            let joined = parts.joined(separator: id.decimal)
            return parts.count > 1 && joined.utf8.count <= textMax ? joined : nil
        }
        return switch location {
        case .inline: nil
        case .web(let url): replaced(url).map { .web($0) }
        case .ipfs(let cid, let path): replaced(path).map { .ipfs(cid, path: $0) }
        case .ipns(let name, let path): replaced(path).map { .ipns(name: name, path: $0) }
        case .arweave(let transaction, let path): replaced(path).map { .arweave(id: transaction, path: $0) }
        }
    }

    // MARK: Trimming

    private static func bare(_ raw: [UInt8]) throws(URIDefect) -> ArraySlice<UInt8> {
        var text = trimmed(raw[...])
        if let first = text.first, first == ASCII.quote || first == 0x27, text.count > 1, text.last == first {
            if first == ASCII.quote, text.contains(ASCII.backslash), let inner = JSONDocument.string(Array(text)) {
                text = trimmed(Array(inner.utf8)[...])
            } else {
                text = trimmed(text.dropFirst().dropLast())
            }
        }
        guard !text.isEmpty else { throw .empty }
        return text
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static func trimmed(_ raw: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { ASCII.isSpace($0) || $0 == 0 }
        var (text, before) = (raw, -1)
        while text.count != before {
            before = text.count
            text = text.drop(while: isBlank)
            while let last = text.last, isBlank(last) { text.removeLast() }
            if text.starts(with: byteOrderMark) { text.removeFirst(3) }
            if text.suffix(3).elementsEqual(byteOrderMark) { text.removeLast(3) }
        }
        return text
    }

    // MARK: Schemes

    private static func place(
        _ text: ArraySlice<UInt8>,
        id: U256,
        base: String?
    ) throws(URIDefect) -> MetadataLocation {
        guard let scheme = scheme(text) else { return try schemeless(text, id: id, base: base) }
        let rest = text.dropFirst(scheme.utf8.count + 1)
        switch scheme {
        case "http", "https":
            let url = try WebURL(text)
            return try ContentURI.gateway(url, id: id) ?? .web(url.text)
        case "ipfs", "dweb": return try ContentURI.locate(rest, as: .ipfs, id: id)
        case "ipns": return try ContentURI.locate(rest, as: .ipns, id: id)
        case "ar": return try ContentURI.arweave(rest, id: id)
        default: throw .badScheme
        }
    }

    /// What stands before the first colon, in lower case; nil when that is no scheme (RFC 3986 §3.1).
    private static func scheme(_ text: ArraySlice<UInt8>) -> String? {
        guard let colon = text.firstIndex(of: ASCII.colon), let first = text.first, ASCII.isLetter(first) else {
            return nil
        }
        let name = text[..<colon]
        // + - .
        let isName = name.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2B || $0 == ASCII.hyphen || $0 == ASCII.dot
        }
        return isName ? name.lowercasedASCII : nil
    }

    private static func schemeless(
        _ text: ArraySlice<UInt8>,
        id: U256,
        base: String?
    ) throws(URIDefect) -> MetadataLocation {
        if let kind = ContentURI.prefixed(text.first == ASCII.slash ? text.dropFirst() : text) {
            return try ContentURI.locate(text, as: kind, id: id)
        }
        let head = text.prefix { $0 != ASCII.slash && $0 != ASCII.question && $0 != ASCII.hash }
        if CID(head) != nil { return try ContentURI.locate(text, as: .ipfs, id: id) }
        // `//host/path` would leave the base's host.
        guard let base, !text.starts(with: [ASCII.slash, ASCII.slash]) else { throw .unresolvable }
        return try joined(IDTemplate.fill(Array(base.utf8), id: id), text, id: id)
    }

    /// Appends, as contracts that keep a base do themselves; a slash goes between unless the base asks for something.
    private static func joined(
        _ base: [UInt8],
        _ text: ArraySlice<UInt8>,
        id: U256
    ) throws(URIDefect) -> MetadataLocation {
        guard scheme(base[...]) != nil, base.last != nil else { throw .unresolvable }
        var whole = base
        let endsOpen = base.last == ASCII.slash || base.last == 0x3D
        if endsOpen, text.first == ASCII.slash {
            whole += text.dropFirst()
        } else {
            whole += endsOpen || text.first == ASCII.slash ? [] : [ASCII.slash]
            whole += text
        }
        guard whole.count <= textMax else { throw .tooLong }
        return try place(whole[...], id: id, base: nil)
    }
}
