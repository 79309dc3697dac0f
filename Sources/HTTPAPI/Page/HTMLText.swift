/// Text from strangers as part of a page: it can neither be markup, nor turn the line around, nor fill the screen.
enum HTMLText {
    /// Characters of a name that are shown; a name may have a thousand bytes, of marks piled on one letter.
    static let nameMax = 80

    /// Safe between tags and in a quoted attribute; what has no place in a line is shown as U+FFFD.
    static func escaped(_ text: some StringProtocol) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out.append(contentsOf: "&amp;".unicodeScalars)
            case "<": out.append(contentsOf: "&lt;".unicodeScalars)
            case ">": out.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
            case "'": out.append(contentsOf: "&#39;".unicodeScalars)
            default: out.append(isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(out)
    }

    /// As ``escaped(_:)``, at most `most` code points of it, in a box of its own direction (UAX #9: isolated).
    static func isolated(_ text: String, most: Int = nameMax) -> String {
        "<bdi>\(escaped(cut(text, to: most)))</bdi>"
    }

    /// The first `most` code points, with a sign where there were more.
    static func cut(_ text: String, to most: Int = nameMax) -> String {
        let scalars = text.unicodeScalars.prefix(most + 1)
        guard scalars.count > most else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(most))) + "…"
    }

    /// Controls, line and paragraph separators, what changes the direction of text, what cannot be seen, and tags.
    ///
    /// The joiners U+200C and U+200D stay: words and emoji need them.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// The start and the end of a text too long for its place.
    static func short(_ text: String, head: Int = 8, tail: Int = 6) -> String {
        text.count > head + tail + 2 ? "\(text.prefix(head))…\(text.suffix(tail))" : text
    }

    /// A number in groups of three.
    static func grouped(_ digits: String) -> String {
        var out = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { out.append("\u{202F}") }
            out.append(digit)
        }
        return out
    }
}
