/// The bytes that URLs and identifiers are made of; nothing here knows a locale or a code point above 127.
enum ASCII {
    static let slash: UInt8 = 0x2F
    static let percent: UInt8 = 0x25
    static let question: UInt8 = 0x3F
    static let hash: UInt8 = 0x23
    static let colon: UInt8 = 0x3A
    static let dot: UInt8 = 0x2E
    static let hyphen: UInt8 = 0x2D
    static let backslash: UInt8 = 0x5C
    static let quote: UInt8 = 0x22
    static let braceOpen: UInt8 = 0x7B
    static let braceClose: UInt8 = 0x7D
    static let comma: UInt8 = 0x2C
    static let at: UInt8 = 0x40

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }

    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    /// Space and the five controls that count as one in text formats.
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// In either case; nil for what is no digit.
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - 0x30 }
        let letter = byte | 0x20
        return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : nil
    }

    /// RFC 3986 `pchar` but the percent sign: what stands in a path segment as itself.
    static func isPathCharacter(_ byte: UInt8) -> Bool {
        if isLetter(byte) || isDigit(byte) { return true }
        return switch byte {
        // - . _ ~ and ! $ & ' ( ) * + , ; = : @
        case 0x2D, 0x2E, 0x5F, 0x7E, 0x21, 0x24, 0x26...0x2C, 0x3B, 0x3D, 0x3A, 0x40: true
        default: false
        }
    }

    /// RFC 3986 `query` but the percent sign.
    static func isQueryCharacter(_ byte: UInt8) -> Bool { isPathCharacter(byte) || byte == slash || byte == question }
}

extension Collection<UInt8> where SubSequence: Collection<UInt8> {
    /// Whether it starts with `prefix`, which is lower-case ASCII, in either case.
    func hasPrefixIgnoringCase(_ prefix: StaticString) -> Bool {
        let wanted = prefix.description.utf8
        guard count >= wanted.count else { return false }
        return zip(self, wanted).allSatisfy { ASCII.lower($0) == $1 }
    }

    /// As text with its ASCII letters lower-case; bytes that are no UTF-8 become U+FFFD.
    var lowercasedASCII: String { String(decoding: map(ASCII.lower), as: UTF8.self) }

    var text: String { String(decoding: self, as: UTF8.self) }
}
