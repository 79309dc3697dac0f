/// JSON as it was written: numbers keep their text and members their order.

/// One value; nothing in it was rounded.
package indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The digits as they stood, such as `1e400` or a number of 78 digits.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Each name once.
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The member's value; nil when it is no object or has none of that name.
    ///
    /// Linear.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// Compact text without white space; characters above 159 stand for themselves, but line separators; markup is escaped.
    ///
    /// Parsing it gives the same value again. Linear.
    package var json: String {
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .number(let text): out += text.utf8
        case .string(let text): Self.write(text, to: &out)
        case .array(let values):
            out.append(0x5B)
            for (index, value) in values.enumerated() {
                if index > 0 { out.append(ASCII.comma) }
                value.write(to: &out)
            }
            out.append(0x5D)
        case .object(let members):
            out.append(ASCII.braceOpen)
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(ASCII.comma) }
                Self.write(member.name, to: &out)
                out.append(ASCII.colon)
                member.value.write(to: &out)
            }
            out.append(ASCII.braceClose)
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(ASCII.quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += [ASCII.backslash, UInt8(truncatingIfNeeded: scalar.value)]
            case "\n": out += "\\n".utf8
            case "\r": out += "\\r".utf8
            case "\t": out += "\\t".utf8
            // Controls move a terminal's cursor; line separators and markup mean something where JSON stands in a page.
            case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}", "<", ">", "&":
                out += "\\u".utf8
                for shift in [12, 8, 4, 0] as [UInt32] { out.append(hexDigits[Int(scalar.value >> shift & 15)]) }
            default: out += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
        out.append(ASCII.quote)
    }
}
