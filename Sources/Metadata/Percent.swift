/// Percent-encoding (RFC 3986 §2.1), once and never twice.
enum Percent {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// The byte that `%XX` at `index` stands for; nil for anything else, a lone percent sign among it.
    static func byte(in text: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard text.endIndex - index >= 3, text[index] == ASCII.percent,
            let high = ASCII.hexDigit(text[index + 1]), let low = ASCII.hexDigit(text[index + 2])
        else { return nil }
        return high << 4 | low
    }

    /// A percent sign without two digits stands for itself, as in `width='100%'`.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if let byte = byte(in: text, at: index) {
                out.append(byte)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    /// Encodes everything that `isPlain` does not let stand.
    static func encoded(_ bytes: some Sequence<UInt8>, _ isPlain: (UInt8) -> Bool) -> [UInt8] {
        var out: [UInt8] = []
        for byte in bytes {
            if isPlain(byte) { out.append(byte) } else { append(byte, to: &out) }
        }
        return out
    }

    /// Keeps what is encoded, with upper-case digits, and encodes what should have been.
    ///
    /// For web addresses, where `%2F` and `/` are two things and only the server knows about the others.
    static func completed(_ text: ArraySlice<UInt8>, _ isPlain: (UInt8) -> Bool) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if let byte = byte(in: text, at: index) {
                append(byte, to: &out)
                index += 3
                continue
            }
            if isPlain(text[index]) { out.append(text[index]) } else { append(text[index], to: &out) }
            index += 1
        }
        return out
    }

    private static func append(_ byte: UInt8, to out: inout [UInt8]) {
        out.append(ASCII.percent)
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }
}
