/// From the bytes that came to what they say.
import Crypto
package import Ethereum

/// Why bytes are no document of a token; the last good version stays.
package enum MetadataDefect: Error, Sendable, Hashable {
    case empty
    /// Compressed without saying so; whoever fetches inflates one layer and asks again.
    case compressed
    case json(JSONDefect)
    /// JSON, but an array, a number or a text.
    case notObject
}

package enum MetadataParser {
    /// Reads a document, leniently about its fields and strictly about its size.
    ///
    /// The content decides what it is: a document that came as a picture is read all the same, and a picture that came
    /// as text too. A picture at a token's URI gives a document that has nothing but that picture.
    ///
    /// - Parameters:
    ///   - mediaType: as the server or the `data:` header claims, with or without parameters.
    ///   - id: fills `{id}` in every string value and in no name (EIP-1155).
    ///   - source: the canonical text of the place that the bytes came from.
    /// - Throws: ``MetadataDefect``; the same bytes never become right. Linear in `bytes`.
    package static func parse(
        _ bytes: [UInt8],
        mediaType: String?,
        id: U256,
        source: String
    ) throws(MetadataDefect) -> Metadata {
        guard let hash = Hash32(bytes: Array(SHA256.hash(data: bytes))) else { throw .empty }
        let isBlank = bytes.allSatisfy { ASCII.isSpace($0) || $0 == 0 }
        guard !isBlank else { throw .empty }
        let claimsPicture =
            mediaType.map { $0.utf8.drop(while: ASCII.isSpace).hasPrefixIgnoringCase("image/") } ?? false
        do throws(JSONDefect) {
            let document = try JSONDocument.parse(bytes)
            if case .object = document.value {
                var fields = MetadataFields(document: document, id: id)
                return fields.metadata(hash)
            }
        } catch {
            guard claimsPicture || isPicture(bytes) else {
                throw bytes.starts(with: [0x1F, 0x8B]) ? .compressed : .json(error)
            }
        }
        guard claimsPicture || isPicture(bytes) else { throw .notObject }
        return picture(source, hash)
    }

    private static func isPicture(_ bytes: [UInt8]) -> Bool {
        let text = bytes.drop(while: ASCII.isSpace)
        if DataURI.isSVG(text) { return true }
        // PNG, JPEG, GIF; and WebP, whose name stands behind a length.
        return text.starts(with: [0x89, 0x50, 0x4E, 0x47]) || text.starts(with: [0xFF, 0xD8, 0xFF])
            || text.starts(with: Array("GIF8".utf8))
            || text.starts(with: Array("RIFF".utf8)) && text.dropFirst(8).starts(with: Array("WEBP".utf8))
    }

    private static func picture(_ source: String, _ hash: Hash32) -> Metadata {
        var metadata = Metadata(flags: .synthetic, contentHash: hash)
        guard source.utf8.count <= Metadata.inlineMax else {
            metadata.flags.insert(.textTruncated)
            return metadata
        }
        metadata.image = source
        if source.hasPrefix("data:") { metadata.flags.insert(.imageIsInline) }
        return metadata
    }
}
