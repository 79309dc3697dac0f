/// A whole document and what was odd about it.
package struct JSONDocument: Sendable, Hashable {
    /// Bytes; a document of the largest content there is, should it come in UTF-16.
    package static let bytesMax = 2 << 20
    /// Arrays and objects within each other; what a recursive reader's stack bears many times over.
    package static let depthMax = 32
    /// Values of any kind; bounds the memory, some hundred bytes each.
    package static let valuesMax = 10_000
    /// Bytes of a string or name, decoded.
    package static let stringMax = 64 << 10
    /// Bytes of a string that is a picture itself: it begins with `data:` or `<svg`.
    package static let pictureMax = 1 << 20
    /// Characters; 2^256 has 78 digits.
    package static let numberMax = 1_000

    package var value: JSONValue
    /// A name came twice in an object; the last value counts and stands where the first stood.
    package var hasDuplicateKeys = false
    /// Some bytes were not of the encoding and became U+FFFD.
    package var isLossy = false
    /// An escape was half a character and became U+FFFD.
    package var hasLoneSurrogates = false
    /// A string had a line end or tab in it that ought to be escaped.
    package var hasControlCharacters = false

    /// Reads UTF-8, with or without a byte order mark, and UTF-16 of either order; white space and NUL around it go.
    ///
    /// Without a mark UTF-16 is known by its first character, which is ASCII in every document (RFC 4627 §3).
    ///
    /// - Throws: `syntax`, or the limit that was met. Time and memory are linear in `bytes`, whatever they are.
    package static func parse(_ bytes: [UInt8]) throws(JSONDefect) -> JSONDocument {
        guard bytes.count <= bytesMax else { throw .tooLarge }
        let (text, isLossy) = decoded(bytes)
        var reader = JSONReader(text)
        let value = try reader.document()
        return JSONDocument(
            value: value,
            hasDuplicateKeys: reader.hasDuplicateKeys,
            isLossy: isLossy,
            hasLoneSurrogates: reader.hasLoneSurrogates,
            hasControlCharacters: reader.hasControlCharacters
        )
    }

    /// The text that `bytes`, a JSON string and nothing else, stand for; nil when they are none.
    static func string(_ bytes: [UInt8]) -> String? {
        guard bytes.count <= TokenURI.inlineTextMax, let valid = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        var reader = JSONReader(Array(valid.utf8), stringMax: TokenURI.inlineTextMax)
        guard case .string(let text)? = try? reader.document() else { return nil }
        return text
    }

    /// Valid UTF-8, and whether something was lost on the way.
    private static func decoded(_ bytes: [UInt8]) -> (text: [UInt8], isLossy: Bool) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return utf8(Array(bytes[3...])) }
        if bytes.starts(with: [0xFF, 0xFE]) { return utf16(bytes[2...], isBigEndian: false) }
        if bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes[2...], isBigEndian: true) }
        if bytes.count >= 4, bytes[0] == 0, bytes[1] != 0, bytes[2] == 0 { return utf16(bytes[...], isBigEndian: true) }
        if bytes.count >= 4, bytes[0] != 0, bytes[1] == 0, bytes[3] == 0 {
            return utf16(bytes[...], isBigEndian: false)
        }
        return utf8(bytes)
    }

    private static func utf8(_ bytes: [UInt8]) -> ([UInt8], Bool) {
        guard String(validating: bytes, as: UTF8.self) == nil else { return (bytes, false) }
        return (Array(String(decoding: bytes, as: UTF8.self).utf8), true)
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) -> ([UInt8], Bool) {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(isBigEndian ? first << 8 | second : second << 8 | first)
            index += 2
        }
        let isWhole = bytes.count % 2 == 0 && String(validating: units, as: UTF16.self) != nil
        return (Array(String(decoding: units, as: UTF16.self).utf8), !isWhole)
    }
}
