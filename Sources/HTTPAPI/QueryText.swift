import Tokens

/// Texts of people in a query: every character can be said, and what cannot be read is refused rather than guessed.
///
/// As forms send them: a plus is a space, `%XX` a byte of UTF-8. A plus itself is `%2B`.
enum QueryText {
    /// The values of these names, in the order given.
    /// - Throws: ``Problem`` for what is no such text.
    static func values(of names: Set<String>, in query: String) throws -> [String: [String]] {
        var out: [String: [String]] = [:]
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let name = String(decoding: pair.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            guard names.contains(name) else { continue }
            guard let text = decoded(pair.dropFirst(name.utf8.count + 1)) else {
                throw Problem.badInput("The value of \(name) is no percent-encoded UTF-8.")
            }
            out[name, default: []].append(text)
        }
        return out
    }

    private static func decoded(_ bytes: Substring.UTF8View) -> String? {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                out.append(high << 4 | low)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

extension TokenFilter.Trait {
    /// Reads `Type:Value`, cut at the first colon that has no backslash before it.
    ///
    /// In the type a backslash makes the next character an ordinary one. The value is everything after, as it is.
    init?(text: String) {
        var type = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case ":":
                self.init(type: String(type), value: String(rest))
                return
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                type.append(next)
            default: type.append(scalar)
            }
        }
        return nil
    }
}
