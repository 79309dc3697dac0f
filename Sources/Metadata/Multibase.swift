/// The text forms of binary identifiers: base16, base32, base36 and base58btc, each strictly one alphabet.
enum Multibase {
    static let base58 = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    static let base36 = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    static let base32 = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    static let base16 = Array("0123456789abcdef".utf8)

    /// Bytes as one big number in a base that is no power of two; leading zero bytes are leading zero digits.
    ///
    /// Quadratic: the caller bounds the length.
    static func number(_ text: ArraySlice<UInt8>, _ alphabet: [UInt8]) -> [UInt8]? {
        // Least significant first.
        var bytes: [UInt8] = []
        for character in text {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            var carry = digit
            for index in bytes.indices {
                carry += Int(bytes[index]) * alphabet.count
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(truncatingIfNeeded: carry)) }
        }
        let zeros = text.prefix { $0 == alphabet[0] }.count
        return [UInt8](repeating: 0, count: zeros) + bytes.reversed()
    }

    /// The inverse of ``number(_:_:)``.
    static func numberText(_ bytes: [UInt8], _ alphabet: [UInt8]) -> [UInt8] {
        var digits: [Int] = []
        for byte in bytes {
            var carry = Int(byte)
            for index in digits.indices {
                carry += digits[index] << 8
                digits[index] = carry % alphabet.count
                carry /= alphabet.count
            }
            while carry > 0 {
                digits.append(carry % alphabet.count)
                carry /= alphabet.count
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        return [UInt8](repeating: alphabet[0], count: zeros) + digits.reversed().map { alphabet[$0] }
    }

    /// A base of 2^`width`, without padding; nil for another character and for set bits after the last byte.
    static func bits(_ text: ArraySlice<UInt8>, _ alphabet: [UInt8], width: Int) -> [UInt8]? {
        var (out, held, count) = ([UInt8](), UInt32(0), 0)
        for character in text {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            held = (held << UInt32(width) | UInt32(digit)) & 0xFFFF
            count += width
            guard count >= 8 else { continue }
            count -= 8
            out.append(UInt8(truncatingIfNeeded: held >> UInt32(count)))
        }
        // A whole unused character would be a second spelling of the same bytes.
        guard count < width, held & ((1 << UInt32(count)) - 1) == 0 else { return nil }
        return out
    }

    /// The inverse of ``bits(_:_:width:)`` for base32.
    static func base32Text(_ bytes: [UInt8]) -> [UInt8] {
        var (out, held, count) = ([UInt8](), UInt32(0), 0)
        for byte in bytes {
            held = (held << 8 | UInt32(byte)) & 0xFFFF
            count += 8
            while count >= 5 {
                count -= 5
                out.append(base32[Int(held >> UInt32(count) & 31)])
            }
        }
        if count > 0 { out.append(base32[Int(held << UInt32(5 - count) & 31)]) }
        return out
    }
}
