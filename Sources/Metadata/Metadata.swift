/// What a token's document says, bounded and in one form; the raw bytes are kept by whoever fetched them.
package import Ethereum

package struct Metadata: Sendable, Hashable {
    /// Bytes; longer ones are cut at a character.
    package static let nameMax = 1 << 10
    /// Bytes; longer ones are cut at a character.
    package static let descriptionMax = 32 << 10
    /// Bytes of a place that is no inline content; longer ones are left out, since half an address is another one.
    package static let linkMax = TokenURI.textMax
    /// Bytes of a place that is inline content: the largest in base64, with its header.
    package static let inlineMax = (TokenURI.contentMax + 2) / 3 * 4 + 256
    package static let attributesMax = 1_000

    /// What was odd about the document; the numbers are stored and never change their meaning.
    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Bytes that were not of the encoding became U+FFFD.
        package static let lossyText = Flags(rawValue: 1 << 0)
        package static let duplicateKeys = Flags(rawValue: 1 << 1)
        /// More than ``Metadata/attributesMax``.
        package static let attributesTruncated = Flags(rawValue: 1 << 2)
        /// Half characters in escapes became U+FFFD.
        package static let loneSurrogates = Flags(rawValue: 1 << 3)
        /// Line ends or tabs stood in strings unescaped.
        package static let controlCharacters = Flags(rawValue: 1 << 4)
        /// Some text was longer than its cap and was cut or left out.
        package static let textTruncated = Flags(rawValue: 1 << 5)
        /// There is no document: the token's URI is the picture itself.
        package static let synthetic = Flags(rawValue: 1 << 6)
        /// The picture is inline content.
        package static let imageIsInline = Flags(rawValue: 1 << 7)
        /// The picture's text names no place and is kept as it was.
        package static let imageUnlocated = Flags(rawValue: 1 << 8)
        /// The animation's text names no place and is kept as it was.
        package static let animationUnlocated = Flags(rawValue: 1 << 9)
        /// The external link was neither web nor IPFS nor Arweave, such as `javascript:`, and was left out.
        package static let linkRefused = Flags(rawValue: 1 << 10)
    }

    package var name: String?
    package var description: String?
    /// The canonical text of its place, or what the document said where that names none.
    package var image: String?
    /// As ``image``.
    package var animation: String?
    /// As the document said, fragment and all; only what can be opened without harm.
    package var externalURL: String?
    /// At most ``attributesMax``, in the document's order.
    package var attributes: [Trait]
    package var flags: Flags
    /// SHA-256 of the bytes as they came, and of nothing else: the same from whatever place.
    package var contentHash: Hash32

    package init(
        name: String? = nil,
        description: String? = nil,
        image: String? = nil,
        animation: String? = nil,
        externalURL: String? = nil,
        attributes: [Trait] = [],
        flags: Flags = [],
        contentHash: Hash32
    ) {
        self.name = name
        self.description = description
        self.image = image
        self.animation = animation
        self.externalURL = externalURL
        self.attributes = attributes
        self.flags = flags
        self.contentHash = contentHash
    }

    /// The document in the form that most readers know; what it did not have is not in it.
    package var normalised: JSONValue {
        var members: [JSONValue.Member] = []
        let texts = [
            ("name", name), ("description", description), ("image", image), ("animation_url", animation),
            ("external_url", externalURL),
        ]
        for case (let key, let text?) in texts { members.append(JSONValue.Member(key, .string(text))) }
        return .object(members + [JSONValue.Member("attributes", traits)])
    }

    /// The attributes alone, as an array in the same form.
    package var traits: JSONValue {
        let traits = attributes.map { trait in
            var members: [JSONValue.Member] = []
            if let type = trait.traitType { members.append(JSONValue.Member("trait_type", .string(type))) }
            members.append(JSONValue.Member("value", trait.value.json))
            if let type = trait.displayType { members.append(JSONValue.Member("display_type", .string(type))) }
            if let most = trait.maxValue { members.append(JSONValue.Member("max_value", .string(most))) }
            return JSONValue.object(members)
        }
        return .array(traits)
    }
}
