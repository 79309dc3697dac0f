/// Base64 (RFC 4648 §4 and §5) as contracts write it: either alphabet, with or without padding, with white space.
enum Base64 {
    /// Nil for another character, for padding in the middle and for a length that no bytes have.
    ///
    /// Set bits after the last byte are let pass: the bytes are the same.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 * 3 + 2)
        var (bits, held, characters, padding) = (UInt32(0), 0, 0, 0)
        for byte in text where !ASCII.isSpace(byte) {
            if byte == 0x3D {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(byte) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            held += 6
            characters += 1
            guard held >= 8 else { continue }
            held -= 8
            out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
        }
        return characters % 4 == 1 || padding > 2 ? nil : out
    }

    /// Standard alphabet with padding.
    static func encoded(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let (rest, first) = (bytes.count - start, UInt32(bytes[start]))
            let second = rest > 1 ? UInt32(bytes[start + 1]) : 0
            let third = rest > 2 ? UInt32(bytes[start + 2]) : 0
            let group = first << 16 | second << 8 | third
            out.append(alphabet[Int(group >> 18)])
            out.append(alphabet[Int(group >> 12 & 63)])
            out.append(rest > 1 ? alphabet[Int(group >> 6 & 63)] : 0x3D)
            out.append(rest > 2 ? alphabet[Int(group & 63)] : 0x3D)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Letters, digits, `-` and `_`: what Arweave's identifiers are made of.
    static func isURLSafe(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen || byte == 0x5F
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2B, 0x2D: 62
        case 0x2F, 0x5F: 63
        default: nil
        }
    }
}
