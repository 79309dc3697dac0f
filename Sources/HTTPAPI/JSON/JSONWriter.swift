package import NIOCore

/// Writes JSON straight into the bytes of an answer, fields in the order given; no reflection, no intermediate tree.
package struct JSONWriter {
    private var text: [UInt8] = []
    private var needsComma = false

    private init(reserving capacity: Int) { text.reserveCapacity(capacity) }

    /// One whole document.
    package static func document(
        reserving capacity: Int = 1_024,
        _ body: (inout JSONWriter) throws -> Void
    ) rethrows -> ByteBuffer {
        var writer = JSONWriter(reserving: capacity)
        try writer.object(body)
        return ByteBuffer(bytes: writer.text)
    }

    // MARK: Values

    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        text.append(UInt8(ascii: "{"))
        needsComma = false
        try body(&self)
        text.append(UInt8(ascii: "}"))
        needsComma = true
    }

    package mutating func array<Items: Sequence>(
        of items: Items,
        _ body: (inout JSONWriter, Items.Element) throws -> Void
    ) rethrows {
        separate()
        text.append(UInt8(ascii: "["))
        needsComma = false
        for item in items { try body(&self, item) }
        text.append(UInt8(ascii: "]"))
        needsComma = true
    }

    package mutating func string(_ text: String) {
        separate()
        write(quoted: text)
        needsComma = true
    }

    package mutating func null() { raw("null") }

    private mutating func raw(_ text: String) {
        separate()
        self.text.append(contentsOf: text.utf8)
        needsComma = true
    }

    // MARK: Fields

    package mutating func key(_ name: StaticString) {
        separate()
        text.append(UInt8(ascii: "\""))
        // Unsafe: the bytes of a literal, which live as long as the program; copied here.
        name.withUTF8Buffer { unsafe text.append(contentsOf: $0) }
        text.append(UInt8(ascii: "\""))
        text.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A text, or null.
    package mutating func field(_ name: StaticString, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    /// A number that JSON readers keep exactly (block numbers, counts), or null.
    ///
    /// Larger numbers are texts.
    package mutating func field(_ name: StaticString, _ number: UInt64?) {
        key(name)
        raw(number.map(String.init) ?? "null")
    }

    /// A number from 0 to 1, or null.
    package mutating func field(_ name: StaticString, share: Double?) {
        key(name)
        raw(share.map(Self.text) ?? "null")
    }

    /// Rounded down to six digits, so that only what is whole is shown as 1.
    package static func text(share: Double) -> String {
        let millionths = String(Int((min(1, max(0, share)) * 1_000_000).rounded(.down)))
        if millionths.count > 6 { return "1.000000" }
        return "0." + String(repeating: "0", count: 6 - millionths.count) + millionths
    }

    /// A value that is JSON already, made by ourselves.
    package mutating func field(_ name: StaticString, json: String) {
        key(name)
        raw(json)
    }

    package mutating func field(_ name: StaticString, _ flag: Bool) {
        key(name)
        raw(flag ? "true" : "false")
    }

    package mutating func field(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(body)
    }

    package mutating func field<Items: Sequence>(
        _ name: StaticString,
        each items: Items,
        _ body: (inout JSONWriter, Items.Element) throws -> Void
    ) rethrows {
        key(name)
        try array(of: items, body)
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { text.append(UInt8(ascii: ",")) }
    }

    /// Escapes what JSON demands, and `<`, `>`, `&` and U+2028/9 besides, so that no answer is markup anywhere.
    private mutating func write(quoted text: String) {
        self.text.append(UInt8(ascii: "\""))
        let start = self.text.count
        var isPlain = true
        for byte in text.utf8 {
            isPlain = isPlain && Self.isPlain(byte)
            self.text.append(byte)
        }
        if !isPlain {
            self.text.removeSubrange(start...)
            for scalar in text.unicodeScalars { write(escaped: scalar) }
        }
        self.text.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c && byte != 0x3c && byte != 0x3e && byte != 0x26
    }

    private mutating func write(escaped scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": append("\\\"")
        case "\\": append("\\\\")
        case "\n": append("\\n")
        case "\u{0}"..."\u{1f}", "<", ">", "&", "\u{7f}", "\u{2028}", "\u{2029}":
            let digits = String(scalar.value, radix: 16)
            append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        default: append(String(scalar))
        }
    }

    private mutating func append(_ text: String) { self.text.append(contentsOf: text.utf8) }
}
