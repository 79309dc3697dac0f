/// The fields of one document, in the spellings that documents have for them.
import Ethereum

struct MetadataFields {
    private let value: JSONValue
    private let id: U256
    private(set) var flags: Metadata.Flags = []

    init(document: JSONDocument, id: U256) {
        value = document.value
        self.id = id
        if document.isLossy { flags.insert(.lossyText) }
        if document.hasDuplicateKeys { flags.insert(.duplicateKeys) }
        if document.hasLoneSurrogates { flags.insert(.loneSurrogates) }
        if document.hasControlCharacters { flags.insert(.controlCharacters) }
    }

    mutating func metadata(_ hash: Hash32) -> Metadata {
        var metadata = Metadata(contentHash: hash)
        metadata.name = value["name"].flatMap(scalar).map { cut($0, Metadata.nameMax) }
        metadata.description = value["description"].flatMap(scalar).map { cut($0, Metadata.descriptionMax) }
        metadata.image = image()
        metadata.animation = value["animation_url"].flatMap(link).flatMap { place($0, else: .animationUnlocated) }
        metadata.externalURL = externalURL()
        metadata.attributes = TraitReader.traits(of: value, id: id, flags: &flags)
        metadata.flags = flags
        return metadata
    }

    // MARK: Text

    /// A string with its `{id}` filled in, or the text of a number or truth value; nil for all else and for no text.
    private func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? nil : IDTemplate.fill(text, id: id)
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    private mutating func cut(_ text: String, _ most: Int) -> String {
        text.cut(to: most) {
            flags.insert(.textTruncated)
        }
    }

    // MARK: Places

    private static let imageNames = ["image", "image_data", "image_url"]
    /// Where an object says a place, in the order of trust.
    private static let linkNames = ["description", "url", "uri", "src", "href"]

    private mutating func image() -> String? {
        let candidates = Self.imageNames.map { value[$0] } + [value["properties"]?["image"]]
        for case let candidate? in candidates {
            guard let text = link(candidate) else { continue }
            guard let place = place(text, else: .imageUnlocated) else { continue }
            if place.hasPrefix("data:"), !flags.contains(.imageUnlocated) { flags.insert(.imageIsInline) }
            return place
        }
        return nil
    }

    /// The text of a place: a string, the first of an array that has one, or a member of an object.
    private func link(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text.allSatisfy(\.isWhitespace) ? nil : IDTemplate.fill(text, id: id)
        case .array(let values): values.lazy.compactMap { leaf($0) }.first
        case .object: leaf(value)
        case .null, .bool, .number: nil
        }
    }

    private func leaf(_ value: JSONValue) -> String? {
        if case .string = value { return link(value) }
        for name in Self.linkNames {
            if case .string(let text)? = value[name], let link = link(.string(text)) { return link }
        }
        return nil
    }

    /// The canonical text, or `text` itself under its cap; nil when it is over it.
    private mutating func place(_ text: String, else flag: Metadata.Flags) -> String? {
        if let location = try? TokenURI.locate(Array(text.utf8), id: id) {
            let canonical = location.canonical
            if canonical.utf8.count <= Metadata.inlineMax { return canonical }
        }
        guard text.utf8.count <= Metadata.linkMax else {
            flags.insert(.textTruncated)
            return nil
        }
        flags.insert(flag)
        return text
    }

    private mutating func externalURL() -> String? {
        guard let text = (value["external_url"] ?? value["external_link"]).flatMap(link) else { return nil }
        guard text.utf8.count <= Metadata.linkMax else {
            flags.insert(.textTruncated)
            return nil
        }
        guard let location = try? TokenURI.locate(Array(text.utf8), id: id), !location.isInline else {
            flags.insert(.linkRefused)
            return nil
        }
        return text
    }
}

extension String {
    /// The longest start of whole characters that has at most `most` bytes; `isCut` is told when it is not all.
    package func cut(to most: Int, _ isCut: () -> Void) -> String {
        guard utf8.count > most else { return self }
        isCut()
        var end = utf8.index(startIndex, offsetBy: most)
        // By code points: one "character" may have thousands of them.
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
